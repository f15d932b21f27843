/* Joining by a Welcome (RFC 9420 12.4.3.1): from the private part of a KeyPackage to the group's secrets,
 *     init_key -> GroupSecrets -> PSKs -> GroupInfo -> tree -> our leaf, path secret -> epoch -> confirmation_tag
 * each step checked before the next, in the order of the RFC. */
#include "mls/describe.h"
#include "mls/group_info_check.h"
#include "mls/mls_message.h"
#include "mls/staged.h"
#include "mls/successor_check.h"
#include "mls/tree_math.h"
#include "mls/welcome_open.h"

/* What is known of a group on the way into it. */
struct joining {
    const sotto_mls_join_options *options;
    struct key_package_private own;
    struct welcome_opened welcome;
    struct epoch *epoch;
};

static void joining_clear(struct joining *j)
{
    key_package_private_clear(&j->own);
    welcome_opened_clear(&j->welcome);
    epoch_free(j->epoch);
}

static sotto_err welcome_parse(struct step *s, view bytes, struct welcome *ret_welcome)
{
    struct mls_message message;
    TRY(mls_message_parse(bytes, &message, &s->fault));
    if (message.wire_format != WIRE_WELCOME)
        return SOTTO_E_UNEXPECTED;
    *ret_welcome = message.welcome;
    return SOTTO_OK;
}

/* We can know of one other group alone. */
static sotto_err group_is_new(struct step *s, const struct joining *j)
{
    const sotto_group *other = j->options->predecessor;
    bool same = other != NULL && sotto_group_is_active(other) &&
                view_equal(sotto_group_id(other), j->welcome.info.group_context.group_id);
    return check_that(CHECK_WELCOME_GROUP_NEW, !same, 0, &s->fault);
}

/* Our leaf is found by its key, which no other node has, and must be that of the KeyPackage byte for byte. */
static sotto_err own_leaf_find(struct step *s, struct joining *j)
{
    const struct leaf_node *own = &j->own.package.leaf_node;
    uint32_t node = 0;
    bool same = tree_find_key(j->epoch->tree, TREE_ENCRYPTION_KEY, own->encryption_key, UINT32_MAX,
                              &node) &&
                tree_math_is_leaf(node) &&
                view_equal(tree_node_encoded(tree_node(j->epoch->tree, node)), own->encoded);
    TRY(check_that(CHECK_WELCOME_OWN_LEAF, same, node, &s->fault));
    j->epoch->own_leaf = same ? tree_math_leaf_index(node) : 0;
    return SOTTO_OK;
}

static bool is_unmerged(const struct tree_node *parent, uint32_t leaf_index)
{
    for (uint32_t i = 0; i < parent->unmerged_count; i++)
        if (parent->unmerged[i] == leaf_index)
            return true;
    return false;
}

/* The path secret is that of the node where the signer's path meets ours. A commit with a path put a key there, which we must be
 * able to use; without one, the node is blank or we are unmerged in it. */
static sotto_err path_take(struct step *s, struct joining *j)
{
    DEFER(secret_clear) struct secret path_secret = {0};
    struct epoch *e = j->epoch;
    uint32_t meeting = tree_math_common_ancestor(tree_math_leaf_node(e->own_leaf),
                                                 tree_math_leaf_node(j->welcome.info.signer));
    const struct tree_node *parent =
        tree_math_is_leaf(meeting) ? NULL : tree_node(e->tree, meeting);
    bool due = parent != NULL && !is_unmerged(parent, e->own_leaf);
    TRY(check_that(CHECK_WELCOME_PATH_PLACE, j->welcome.secrets.has_path_secret == due, meeting,
                   &s->fault));
    if (!j->welcome.secrets.has_path_secret)
        return SOTTO_OK;
    TRY(secret_set(&path_secret, j->welcome.secrets.path_secret));
    return treekem_private_set_path(s->c, e->tree, &e->keys, meeting, &path_secret, &s->fault);
}

static sotto_err keys_take(struct step *s, struct joining *j)
{
    struct epoch *e = j->epoch;
    TRY(treekem_private_new(e->own_leaf, MOVE(j->own.leaf_key), &e->keys));
    e->sign_key = MOVE(j->own.sign_key);
    return path_take(s, j);
}

static sotto_err epoch_enter(struct step *s, struct joining *j)
{
    struct epoch *e = j->epoch;
    TRY(epoch_derive(s->c, e, &j->welcome.member));
    sotto_err err = confirmation_tag_check(s->c, e->suite, &e->secrets.confirmation_key,
                                           e->context.confirmed_transcript_hash,
                                           j->welcome.info.confirmation_tag);
    secret_clear(&e->secrets.confirmation_key); /* has no other use */
    return check_result(CHECK_WELCOME_CONFIRMATION_TAG, err, 0, &s->fault);
}

/* What the application is shown: a group that we join, by the hand of the GroupInfo's signer. */
static sotto_err stage(struct step *s, struct joining *j, sotto_staged **ret_staged)
{
    DEFER(staged_freep) sotto_staged *staged = NULL;
    TRY(staged_alloc(j->own.suite, &staged));
    staged->settings = j->options->settings;
    staged->next = MOVE(j->epoch);
    const struct epoch *e = staged->next;
    staged->change =
        (sotto_mls_change){.group_id = e->context.group_id,
                           .epoch = e->context.epoch,
                           .suite = e->suite->id,
                           .sender_type = SOTTO_MLS_MEMBER,
                           .sender = j->welcome.info.signer,
                           .has_path = j->welcome.secrets.has_path_secret,
                           .committer_before = {.index = UINT32_MAX},
                           .committer_after = describe_member(e->tree, j->welcome.info.signer),
                           .extensions_after = e->context.extensions};
    TRY(staged_judge(s, staged));
    *ret_staged = MOVE(staged);
    return SOTTO_OK;
}

static sotto_err join(struct step *s, view welcome, view private_part,
                      const sotto_mls_join_options *options, sotto_staged **ret_staged)
{
    DEFER(joining_clear) struct joining j = {.options = options};
    struct welcome sealed;
    TRY(welcome_parse(s, welcome, &sealed));
    TRY(key_package_private_read(s->c, private_part, &j.own));
    TRY(welcome_open(s, &j.own, &sealed, options->predecessor, &j.welcome));
    TRY(group_is_new(s, &j));
    TRY(group_info_check_supported(s, j.welcome.info.group_context.extensions,
                                   &j.own.package.leaf_node.capabilities));
    TRY(group_info_check(s, j.own.suite, &j.welcome.info, options->tree, &j.epoch));
    TRY(own_leaf_find(s, &j));
    TRY(keys_take(s, &j));
    TRY(epoch_enter(s, &j));
    TRY(successor_check(s, options->predecessor, j.epoch, j.welcome.psks, j.welcome.psk_count));
    return stage(s, &j, ret_staged);
}

sotto_err sotto_mls_join(sotto_mls *m, sotto_view welcome, sotto_view private_part,
                         const sotto_mls_join_options *options, sotto_staged **ret_staged)
{
    static const sotto_mls_join_options usual;
    DEFER(step_clear) struct step s = {0};
    TRY(step_begin(m, &s));
    return step_end(
        m, &s, join(&s, welcome, private_part, options != NULL ? options : &usual, ret_staged));
}

/* Passes by entries without parsing what others look at: a Welcome may be for thousands. */
bool sotto_mls_welcome_for(sotto_view welcome, size_t i, sotto_view *ret_ref)
{
    struct rd r = rd_of(welcome);
    view ref = {0};
    bool is_welcome = rd_u16(&r) == PROTOCOL_MLS10 && rd_u16(&r) == WIRE_WELCOME;
    (void)rd_u16(&r);
    struct rd entries = rd_vector(&r, MLS_MESSAGE_MAX);
    for (size_t k = 0; is_welcome && k <= i; k++) {
        ref = rd_opaque(&entries, MLS_HASH_MAX);
        (void)rd_opaque(&entries, MLS_KEY_MAX);
        (void)rd_opaque(&entries, MLS_SEALED_MAX);
    }
    if (!is_welcome || !rd_ok(&r) || !rd_ok(&entries))
        return false;
    *ret_ref = ref;
    return true;
}
