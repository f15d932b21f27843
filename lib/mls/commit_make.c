#include "mls/commit_make.h"

#include <stdlib.h>

#include "mls/commit_apply.h"
#include "mls/handshake.h"
#include "mls/key_package_make.h"
#include "mls/safe_aad.h"
#include "mls/welcome_make.h"

/* A commit on the way from a list of proposals to a message and an epoch. */
struct making {
    struct step *s;
    const struct commit_base *base;
    const sotto_mls_commit_options *options;
    struct commit_apply apply;
    bool has_path;
    struct treekem_path path;
    sotto_buf leaf_storage;
    sotto_buf update_path; /* encoded */
    sotto_buf signature;
    struct authenticated_content content;
    struct secret joiner, member;
};

static void making_clear(struct making *m)
{
    commit_apply_clear(&m->apply);
    treekem_path_clear(&m->path);
    buf_clear(&m->leaf_storage);
    buf_clear(&m->update_path);
    buf_clear(&m->signature);
    secret_clear(&m->joiner);
    secret_clear(&m->member);
}

static bool is_external(const struct making *m)
{
    return m->base->sender.sender_type == SENDER_NEW_MEMBER_COMMIT;
}

static bool wants_path(const struct making *m)
{
    return !m->options->without_path || is_external(m) || m->base->client != NULL ||
           m->apply.list->count == 0 || proposal_list_needs_path(m->apply.list);
}

/* Our leaf as it will be, but for what treekem_create() sets. */
static sotto_err leaf_of(struct making *m, struct leaf_node *ret_leaf)
{
    if (m->base->client != NULL)
        return leaf_node_of_client(m->base->client, &m->leaf_storage, ret_leaf);
    return tree_leaf_read(m->base->epoch->tree, m->apply.leaf_index, ret_leaf);
}

static const sotto_sign_key *next_sign_key(const struct making *m)
{
    return m->base->client != NULL ? m->base->client->sign_key : m->base->sign_key;
}

/* A leaf that says what it said before was judged then. */
static sotto_err path_create(struct making *m)
{
    static const struct treekem_private none;
    struct step *s = m->s;
    struct epoch *next = m->apply.staged->next;
    struct leaf_node leaf = {0};
    TRY(leaf_of(m, &leaf));
    const struct treekem_sender sender = {.leaf_index = m->apply.leaf_index,
                                          .leaf = &leaf,
                                          .sign_key = next_sign_key(m),
                                          .group_id = m->base->epoch->context.group_id};
    TRY(treekem_create(s->c, next->tree, &sender, &s->rng,
                       is_external(m) ? &none : &m->base->epoch->keys, &m->path));
    treekem_private_copy(&m->path.keys, &next->keys);
    TRY(commit_set_context(s, &m->apply, m->base->epoch->context.confirmed_transcript_hash));
    if (m->base->client != NULL)
        TRY(commit_check_leaf(s, &m->apply));
    return treekem_seal(s->c, next->tree, &m->path, &m->apply.applied.added,
                        buf_view(&next->encoded_context), &s->rng, &m->update_path);
}

static void path_keep(struct making *m)
{
    struct epoch *next = m->apply.staged->next;
    treekem_private_copy(&m->base->epoch->keys, &next->keys);
    treekem_private_drop(&next->keys, next->tree);
    secret_resize(&m->path.commit_secret, next->suite->hash_len);
}

/* What was just sealed is not read again: there may be a ciphertext for every member. */
static sotto_err path_parts(const sotto_buf *encoded, struct update_path *ret_path)
{
    struct rd r = rd_of(buf_view(encoded));
    leaf_node_read(&r, &ret_path->leaf_node);
    ret_path->nodes = rd_opaque(&r, MLS_MESSAGE_MAX);
    return rd_end(&r);
}

static bool is_private(const struct making *m)
{
    return !is_external(m) && !m->base->settings->public_handshakes;
}

static sotto_err content_sign(struct making *m, view proposals)
{
    const struct message_protection protection = epoch_protection(m->base->epoch);
    struct framed_content *content = &m->content.content;
    m->content.wire_format = is_private(m) ? WIRE_PRIVATE_MESSAGE : WIRE_PUBLIC_MESSAGE;
    *content = (struct framed_content){.group_id = protection.group_id,
                                       .epoch = protection.epoch,
                                       .sender = m->base->sender,
                                       .authenticated_data = m->options->authenticated_data,
                                       .content_type = CONTENT_COMMIT,
                                       .commit = {.proposals = proposals, .has_path = m->has_path}};
    if (m->has_path)
        TRY(path_parts(&m->update_path, &content->commit.path));
    TRY(framed_content_sign(m->s->c, &protection, m->base->sign_key, m->content.wire_format,
                            content, &m->signature));
    m->content.auth.signature = buf_view(&m->signature);
    return SOTTO_OK;
}

static sotto_err epoch_make(struct making *m)
{
    struct step *s = m->s;
    struct epoch *next = m->apply.staged->next;
    uint8_t confirmed[HASH_MAX];
    TRY(transcript_hash_confirmed(s->c, next->suite, epoch_interim(m->base->epoch), &m->content,
                                  confirmed));
    TRY(commit_set_context(s, &m->apply, view_of(confirmed, next->suite->hash_len)));
    TRY(commit_derive(s, &m->apply, m->base->init_secret, &m->path.commit_secret, &m->joiner,
                      &m->member));
    m->content.auth.confirmation_tag = epoch_confirmation_tag(next);
    return sign_key_copy(next_sign_key(m), &next->sign_key);
}

/* The proposals by value are shown from where the staged object keeps them. */
static sotto_err list_rebase(struct proposal_list *list, view proposals)
{
    struct rd at = rd_of(proposals);
    for (size_t i = 0; rd_more(&at) && i < list->count; i++) {
        struct proposal_or_ref item;
        proposal_or_ref_read(&at, &item);
        if (item.type == PROPOSAL_OR_REF_PROPOSAL)
            list->items[i].proposal = item.proposal;
    }
    return rd_end(&at);
}

static sotto_err show(struct making *m, view proposals)
{
    sotto_staged *staged = m->apply.staged;
    TRY(buf_set(&staged->plain, proposals));
    TRY(buf_set(&staged->received, m->options->authenticated_data));
    TRY(list_rebase(m->apply.list, buf_view(&staged->plain)));
    staged->settings = *m->base->settings;
    return commit_show(m->s, &m->apply, true, m->has_path, staged->next->context.group_id,
                       buf_view(&staged->received));
}

struct new_members {
    struct new_member *items;
    size_t count;
};

static void new_members_clear(struct new_members *members)
{
    free(members->items);
}

static sotto_err new_members_list(const struct proposal_list *list, struct new_members *members)
{
    members->items = calloc(list->count + 1, sizeof *members->items);
    if (members->items == NULL)
        return SOTTO_E_NOMEM;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].proposal.proposal_type == PROPOSAL_ADD)
            members->items[members->count++] =
                (struct new_member){list->items[i].proposal.add.encoded, list->items[i].leaf_index};
    return SOTTO_OK;
}

static sotto_err welcome_send(struct making *m)
{
    DEFER(buf_clear) sotto_buf group_info = {0};
    DEFER(new_members_clear) struct new_members members = {0};
    sotto_staged *staged = m->apply.staged;
    if (m->apply.applied.added.count == 0)
        return SOTTO_OK;
    TRY(new_members_list(m->apply.list, &members));
    TRY(group_info_make(m->s, staged->next, !m->options->tree_beside, m->options->with_external_pub,
                        &group_info));
    const struct welcome_parts parts = {.epoch = staged->next,
                                        .joiner_secret = &m->joiner,
                                        .member = &m->member,
                                        .psks = m->apply.applied.psks,
                                        .psk_count = m->apply.applied.psk_count,
                                        .path = m->has_path ? &m->path : NULL,
                                        .group_info = &group_info};
    return welcome_make(m->s, &parts, members.items, members.count, &staged->welcome);
}

/* In the order of RFC 9420 12.4.1. The message comes last, since it alone uses something of the group up. */
static sotto_err make(struct making *m, view proposals)
{
    struct step *s = m->s;
    m->has_path = wants_path(m);
    TRY(proposal_list_check(s, m->base->epoch, m->apply.list, &m->base->sender, !m->has_path));
    TRY(commit_apply(s, &m->apply));
    if (m->has_path)
        TRY(path_create(m));
    else
        path_keep(m);
    TRY(content_sign(m, proposals));
    TRY(epoch_make(m));
    TRY(show(m, proposals));
    TRY(welcome_send(m));
    const struct message_protection protection = epoch_protection(m->base->epoch);
    return handshake_protect(s, &protection, m->base->settings, &m->content,
                             &m->apply.staged->commit);
}

sotto_err commit_make(struct step *s, const struct commit_base *base, struct proposal_list *list,
                      view proposals, const sotto_mls_commit_options *options,
                      sotto_staged **ret_staged)
{
    const sotto_mls_client *client = base->client;
    if (client != NULL &&
        (client->sign_key == NULL || sign_key_id(client->sign_key) != base->epoch->suite->sign))
        return SOTTO_E_USAGE;
    DEFER(making_clear)
    struct making m = {.s = s,
                       .base = base,
                       .options = options,
                       .apply = {.group = base->group,
                                 .predecessor = base->predecessor,
                                 .base = base->epoch,
                                 .sender = base->sender,
                                 .sending = true,
                                 .lifetime_max_s = base->settings->lifetime_max_s,
                                 .list = list}};
    TRY(safe_aad_check(base->epoch->context.extensions, options->authenticated_data, &s->fault));
    TRY(make(&m, proposals));
    *ret_staged = MOVE(m.apply.staged);
    return SOTTO_OK;
}
