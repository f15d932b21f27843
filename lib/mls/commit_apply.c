#include "mls/commit_apply.h"

#include "mls/describe.h"

void commit_apply_clear(struct commit_apply *a)
{
    staged_freep(&a->staged);
    proposals_applied_clear(&a->applied);
}

static bool is_external(const struct commit_apply *a)
{
    return a->sender.sender_type == SENDER_NEW_MEMBER_COMMIT;
}

sotto_err commit_apply(struct step *s, struct commit_apply *a)
{
    const struct mls_suite *suite = a->base->suite;
    bool joins = a->group == NULL;
    uint32_t own_leaf = joins ? UINT32_MAX : a->base->own_leaf;
    TRY(check_that(CHECK_COMMIT_EPOCH_LEFT, a->base->context.epoch != UINT64_MAX, 0, &s->fault));
    if (a->staged == NULL)
        TRY(staged_alloc(suite, &a->staged));
    TRY(staged_set_base(a->staged, a->base, joins));
    TRY(epoch_new(suite, &a->staged->next));
    struct epoch *next = a->staged->next;
    TRY(tree_clone(a->base->tree, &next->tree));
    TRY(proposal_list_apply(s, a->base, a->list, next->tree, own_leaf, a->sending,
                            a->lifetime_max_s, &a->applied));
    a->leaf_index = a->sender.leaf_index;
    if (is_external(a))
        TRY(tree_blank_leaf(next->tree, &a->leaf_index));
    next->own_leaf = joins ? a->leaf_index : own_leaf;
    return SOTTO_OK;
}

sotto_err commit_set_context(struct step *s, struct commit_apply *a, view confirmed)
{
    const struct group_context *before = &a->base->context;
    return epoch_set_context(s->c, a->staged->next, before->group_id, before->epoch + 1, confirmed,
                             buf_view(&a->applied.extensions));
}

/* The leaf that a new member removes: its own old one (RFC 9420 12.2). NULL: none. */
static const struct proposed *old_leaf(const struct commit_apply *a)
{
    for (size_t i = 0; i < a->list->count; i++)
        if (a->list->items[i].proposal.proposal_type == PROPOSAL_REMOVE)
            return &a->list->items[i];
    return NULL;
}

static sotto_err check_joiner(struct step *s, struct commit_apply *a, const sotto_mls_leaf *leaf)
{
    const struct mls_suite *suite = a->base->suite;
    const struct proposed *removal = old_leaf(a);
    if (removal == NULL)
        return credential_judge(s, suite, leaf, NULL, CHECK_CREDENTIAL_ACCEPTED);
    const sotto_mls_leaf before = describe_member(a->base->tree, removal->leaf_index);
    TRY(check_that(CHECK_EXTERNAL_KEY_NEW, !view_equal(before.encryption_key, leaf->encryption_key),
                   a->leaf_index, &s->fault));
    return credential_judge(s, suite, leaf, &before, CHECK_EXTERNAL_SAME_CLIENT);
}

static bool names_the_same(const sotto_mls_leaf *a, const sotto_mls_leaf *b)
{
    return view_equal(a->signature_key, b->signature_key) &&
           a->credential.type == b->credential.type &&
           view_equal(a->credential.content, b->credential.content);
}

/* RFC 9420 5.3.1 asks for credentials that are new in the group: most paths bring none. */
sotto_err commit_check_leaf(struct step *s, struct commit_apply *a)
{
    struct required_capabilities required;
    struct epoch *next = a->staged->next;
    struct tree_check_context context = epoch_check_context(next, &required, s->now_s, 0);
    TRY(tree_check_leaf(s->c, next->tree, &context, a->leaf_index, LEAF_NODE_COMMIT, &s->fault));
    const sotto_mls_leaf leaf = describe_member(next->tree, a->leaf_index);
    if (is_external(a))
        return check_joiner(s, a, &leaf);
    const sotto_mls_leaf before = describe_member(a->base->tree, a->leaf_index);
    if (names_the_same(&leaf, &before))
        return SOTTO_OK;
    return credential_judge(s, next->suite, &leaf, &before, CHECK_CREDENTIAL_SUCCESSOR);
}

sotto_err commit_derive(struct step *s, struct commit_apply *a, const struct secret *init_secret,
                        const struct secret *commit_secret, struct secret *ret_joiner,
                        struct secret *ret_member)
{
    struct epoch *next = a->staged->next;
    DEFER(secret_clear) struct secret psk_secret = {0};
    DEFER(secret_clear) struct secret joiner = {0};
    DEFER(secret_clear) struct secret member = {0};
    TRY(group_psk_secret(s, next->suite, a->group, a->predecessor, a->applied.psks,
                         a->applied.psk_count, CHECK_PSK_KNOWN, &psk_secret));
    TRY(key_schedule_joiner(s->c, next->suite, init_secret, commit_secret,
                            buf_view(&next->encoded_context), &joiner));
    TRY(key_schedule_member(s->c, next->suite, &joiner, &psk_secret, &member));
    TRY(epoch_derive(s->c, next, &member));
    TRY(epoch_confirm(s->c, next));
    *ret_joiner = joiner;
    *ret_member = member;
    return SOTTO_OK;
}

sotto_err commit_show(struct step *s, struct commit_apply *a, bool own, bool has_path,
                      view group_id, view authenticated_data)
{
    sotto_staged *staged = a->staged;
    sotto_mls_change *change = &staged->change;
    change->group = a->group;
    change->group_id = group_id;
    change->epoch = a->base->context.epoch + 1;
    change->suite = staged->suite->id;
    change->own = own;
    change->sender_type = (sotto_mls_sender_type)a->sender.sender_type;
    change->sender = a->leaf_index;
    change->has_path = has_path;
    change->committer_before =
        describe_member(staged->before, is_external(a) ? UINT32_MAX : a->leaf_index);
    change->committer_after = describe_member(staged_tree(staged), a->leaf_index);
    change->extensions_after = staged->next->context.extensions;
    change->authenticated_data = authenticated_data;
    TRY(staged_describe(staged, a->list, &a->applied));
    if (change->removes_us)
        staged_leave(staged);
    return staged_judge(s, staged);
}
