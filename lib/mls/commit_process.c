#include "mls/commit_process.h"

#include "base/ct.h"
#include "mls/commit_apply.h"
#include "mls/tree_math.h"

/* A commit on the way from a message to an epoch. */
struct processing {
    struct step *s;
    const sotto_group *group;
    const struct authenticated_content *content;
    const struct commit *commit;
    struct proposal_list list;
    struct commit_apply apply;
    struct secret init_secret, commit_secret;
};

static void processing_clear(struct processing *p)
{
    commit_apply_clear(&p->apply);
    proposal_list_clear(&p->list);
    secret_clear(&p->init_secret);
    secret_clear(&p->commit_secret);
}

static bool is_external(const struct processing *p)
{
    return p->content->content.sender.sender_type == SENDER_NEW_MEMBER_COMMIT;
}

/* What all members can see of a path. */
static sotto_err path_merge(struct processing *p)
{
    struct step *s = p->s;
    TRY(treekem_merge(s->c, p->apply.staged->next->tree, p->apply.leaf_index, is_external(p),
                      &p->commit->path, &p->apply.applied.added, &s->fault));
    TRY(commit_set_context(s, &p->apply, p->group->epoch->context.confirmed_transcript_hash));
    return commit_check_leaf(s, &p->apply);
}

/* A key of our own that a commit takes into use; the pending Update keeps its own, until the commit is merged. */
static sotto_err kem_key_copy(sotto_crypto *c, const struct kem_key *key, struct kem_key **ret_key)
{
    DEFER(secret_clear) struct secret private_key = {0};
    kem_key_export(key, &private_key);
    return kem_key_import(c, kem_key_id(key), &private_key, ret_key);
}

/* Our keys before the path: the old ones, but for the leaf's if the commit holds an Update of ours. */
static sotto_err keys_begin(struct processing *p, struct treekem_private *ret_keys)
{
    const struct epoch *base = p->group->epoch;
    const struct pending_proposal *update = p->apply.applied.own_update;
    struct kem_key *leaf_key = NULL;
    treekem_private_copy(&base->keys, ret_keys);
    if (update == NULL)
        return SOTTO_OK;
    TRY(kem_key_copy(p->s->c, update->leaf_key, &leaf_key));
    return treekem_private_set(ret_keys, tree_math_leaf_node(base->own_leaf), leaf_key);
}

static sotto_err keys_make(struct processing *p)
{
    struct step *s = p->s;
    struct epoch *next = p->apply.staged->next;
    const struct pending_proposal *update = p->apply.applied.own_update;
    DEFER(treekem_private_clear) struct treekem_private keys = {0};
    TRY(keys_begin(p, &keys));
    TRY(sign_key_copy(update != NULL && update->sign_key != NULL ? update->sign_key
                                                                 : p->group->epoch->sign_key,
                      &next->sign_key));
    if (p->commit->has_path)
        return treekem_open(s->c, next->tree, p->apply.leaf_index, &p->commit->path,
                            &p->apply.applied.added, buf_view(&next->encoded_context), &keys,
                            &next->keys, &p->commit_secret, &s->fault);
    treekem_private_copy(&keys, &next->keys);
    treekem_private_drop(&next->keys, next->tree);
    secret_resize(&p->commit_secret, next->suite->hash_len);
    return SOTTO_OK;
}

/* RFC 9420 8.3: of an external commit the init_secret comes with it. */
static sotto_err init_secret_find(struct processing *p)
{
    struct step *s = p->s;
    const struct epoch *base = p->group->epoch;
    DEFER(kem_key_freep) struct kem_key *key = NULL;
    if (!is_external(p)) {
        p->init_secret = base->secrets.init_secret;
        return SOTTO_OK;
    }
    TRY(key_schedule_external_key(s->c, base->suite, &base->secrets.external_secret, &key));
    return check_result(CHECK_EXTERNAL_KEM_OUTPUT,
                        key_schedule_external_init_recv(
                            s->c, base->suite, key, p->apply.applied.kem_output, &p->init_secret),
                        0, &s->fault);
}

static sotto_err context_finish(struct processing *p)
{
    const struct epoch *base = p->group->epoch;
    uint8_t confirmed[HASH_MAX];
    TRY(transcript_hash_confirmed(p->s->c, base->suite, epoch_interim(base), p->content,
                                  confirmed));
    return commit_set_context(p->s, &p->apply, view_of(confirmed, base->suite->hash_len));
}

static sotto_err epoch_make(struct processing *p)
{
    struct step *s = p->s;
    DEFER(secret_clear) struct secret joiner = {0};
    DEFER(secret_clear) struct secret member = {0};
    TRY(keys_make(p));
    TRY(context_finish(p));
    TRY(init_secret_find(p));
    TRY(commit_derive(s, &p->apply, &p->init_secret, &p->commit_secret, &joiner, &member));
    bool right =
        ct_equal(epoch_confirmation_tag(p->apply.staged->next), p->content->auth.confirmation_tag);
    return check_that(CHECK_COMMIT_CONFIRMATION_TAG, right, 0, &s->fault);
}

/* In the order of RFC 9420 12.4.2. Who is removed can't open the path, and so not go on from there. */
static sotto_err process(struct processing *p)
{
    struct step *s = p->s;
    const struct epoch *base = p->group->epoch;
    const struct framed_content *content = &p->content->content;
    TRY(group_check_active(p->group, &s->fault));
    TRY(proposal_list_resolve(s, base->suite, &p->group->pending, p->commit->proposals,
                              &content->sender, &p->list));
    TRY(proposal_list_check(s, base, &p->list, &content->sender, !p->commit->has_path));
    TRY(commit_apply(s, &p->apply));
    if (p->commit->has_path)
        TRY(path_merge(p));
    if (p->apply.applied.removes_us)
        TRY(context_finish(p));
    else
        TRY(epoch_make(p));
    return commit_show(s, &p->apply, false, p->commit->has_path, content->group_id,
                       content->authenticated_data);
}

sotto_err commit_process(struct step *s, const sotto_group *g,
                         const struct authenticated_content *content, sotto_staged **ret_staged)
{
    DEFER(processing_clear)
    struct processing p = {.s = s,
                           .group = g,
                           .content = content,
                           .commit = &content->content.commit,
                           .apply = {.group = g,
                                     .base = g->epoch,
                                     .sender = content->content.sender,
                                     .lifetime_max_s = g->settings.lifetime_max_s}};
    p.apply.list = &p.list;
    TRY(process(&p));
    *ret_staged = MOVE(p.apply.staged);
    return SOTTO_OK;
}
