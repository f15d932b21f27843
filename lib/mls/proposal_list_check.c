/* What can be said of a commit's proposals before they are applied: of each alone, then of all together, by the two lists of RFC
 * 9420 12.2. Nothing here is quadratic: what may be there once is sorted, and members are looked up in the tree's indexes. */
#include <stdlib.h>

#include "mls/app_data.h"
#include "mls/key_package_make.h"
#include "mls/proposal_list.h"
#include "mls/proposal_list_local.h"
#include "mls/tree_check.h"
#include "mls/tree_math.h"

bool proposal_is_default(uint16_t proposal_type)
{
    return proposal_type >= PROPOSAL_ADD && proposal_type <= PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
}

bool proposal_type_supported(const struct tree *tree, const struct tree_list *removed,
                             uint16_t proposal_type)
{
    if (proposal_is_default(proposal_type))
        return true;
    uint32_t stay = tree_member_count(tree);
    uint32_t support = tree_census(tree, CENSUS_PROPOSAL, proposal_type);
    for (size_t i = 0; i < removed->count; i++) {
        struct leaf_node leaf;
        if ((i > 0 && removed->items[i] == removed->items[i - 1]) ||
            tree_leaf_read(tree, removed->items[i], &leaf) != SOTTO_OK)
            continue;
        stay--;
        support -= codec_has_u16(leaf.capabilities.proposals, proposal_type) ? 1 : 0;
    }
    return support == stay;
}

bool proposal_add_is_new(const struct tree *tree, const struct tree_list *removed,
                         const struct proposed *item)
{
    uint32_t node;
    return !tree_find_key(tree, TREE_SIGNATURE_KEY, item->proposal.add.leaf_node.signature_key,
                          UINT32_MAX, &node) ||
           tree_list_has(removed, tree_math_leaf_index(node));
}

/* ---- one proposal ---- */

static sotto_err update_check(const struct epoch *epoch, const struct proposed *item,
                              uint32_t where, struct fault *ret_fault)
{
    const struct tree_node *old = tree_leaf(epoch->tree, item->leaf_index);
    TRY(check_that(CHECK_SENDER_MEMBER, old != NULL, where, ret_fault));
    return check_that(CHECK_UPDATE_KEY_NEW,
                      old == NULL || !view_equal(tree_node_key(old, TREE_ENCRYPTION_KEY),
                                                 item->proposal.update.encryption_key),
                      where, ret_fault);
}

static sotto_err psk_check(const struct epoch *epoch, const struct pre_shared_key_id *id,
                           enum psk_usage successor, uint32_t where, struct fault *ret_fault)
{
    bool usage_right = id->psktype != PSK_RESUMPTION || id->usage == PSK_USAGE_APPLICATION ||
                       id->usage == successor;
    TRY(check_that(CHECK_PSK_USAGE, usage_right, where, ret_fault));
    return check_that(CHECK_PSK_NONCE, id->psk_nonce.len == epoch->suite->hash_len, where,
                      ret_fault);
}

static sotto_err self_remove_check(const struct epoch *epoch, const struct proposed *item,
                                   uint32_t where, struct fault *ret_fault)
{
    TRY(check_that(CHECK_SELF_REMOVE_REFERENCE, item->pending != NULL, where, ret_fault));
    TRY(check_that(CHECK_SELF_REMOVE_PUBLIC,
                   item->pending == NULL ||
                       item->pending->content.wire_format == WIRE_PUBLIC_MESSAGE,
                   where, ret_fault));
    return check_that(CHECK_SENDER_MEMBER, tree_leaf(epoch->tree, item->leaf_index) != NULL, where,
                      ret_fault);
}

sotto_err proposed_check(const struct epoch *epoch, const struct proposed *item,
                         enum psk_usage successor, uint32_t where, struct fault *ret_fault)
{
    const struct proposal *proposal = &item->proposal;
    switch (proposal->proposal_type) {
    case PROPOSAL_UPDATE:
        return update_check(epoch, item, where, ret_fault);
    case PROPOSAL_REMOVE:
        return check_that(CHECK_REMOVE_MEMBER, tree_leaf(epoch->tree, item->leaf_index) != NULL,
                          where, ret_fault);
    case PROPOSAL_PSK:
        return psk_check(epoch, &proposal->psk, successor, where, ret_fault);
    case PROPOSAL_REINIT:
        return check_that(CHECK_REINIT_VERSION, proposal->reinit.version >= PROTOCOL_MLS10, where,
                          ret_fault);
    case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        return app_data_kept(epoch->context.extensions, proposal->extensions, where, ret_fault);
    case PROPOSAL_SELF_REMOVE:
        return self_remove_check(epoch, item, where, ret_fault);
    default: /* what an Add and the rest must be shows when they are applied */
        return SOTTO_OK;
    }
}

/* ---- as it arrives ---- */

static sotto_err arriving_add(struct step *s, const struct epoch *epoch,
                              const struct tree_check_context *context,
                              const struct proposed *proposed)
{
    const struct key_package *package = &proposed->proposal.add;
    TRY(key_package_check(s, epoch->suite, package, 0, context));
    const sotto_mls_leaf leaf = describe_leaf(&package->leaf_node, UINT32_MAX);
    return credential_judge(s, epoch->suite, &leaf, NULL, CHECK_CREDENTIAL_ACCEPTED);
}

static sotto_err arriving_update(struct step *s, const struct epoch *epoch,
                                 const struct tree_check_context *context,
                                 const struct proposed *proposed)
{
    const struct leaf_node *update = &proposed->proposal.update;
    uint32_t index = proposed->leaf_index;
    TRY(leaf_node_check(s->c, epoch->suite, context, update, index, LEAF_NODE_UPDATE,
                        tree_math_leaf_node(index), &s->fault));
    const sotto_mls_leaf leaf = describe_leaf(update, index);
    const sotto_mls_leaf before = describe_member(epoch->tree, index);
    return credential_judge(s, epoch->suite, &leaf, &before, CHECK_CREDENTIAL_SUCCESSOR);
}

sotto_err proposal_check(struct step *s, const struct epoch *epoch, uint64_t lifetime_max_s,
                         const struct proposed *proposed)
{
    const struct sender *sender = &proposed->sender;
    bool own = sender->sender_type == SENDER_MEMBER && sender->leaf_index == epoch->own_leaf;
    const struct tree_check_context context = {.group_id = epoch->context.group_id,
                                               .now_s = own ? s->now_s : 0,
                                               .lifetime_max_s = lifetime_max_s,
                                               .sending = own};
    struct proposed arriving = proposed_by(sender, &proposed->proposal);
    arriving.pending = proposed->pending;
    TRY(proposed_check(epoch, &arriving, 0, 0, &s->fault));
    switch (proposed->proposal.proposal_type) {
    case PROPOSAL_ADD:
        return arriving_add(s, epoch, &context, &arriving);
    case PROPOSAL_UPDATE:
        return arriving_update(s, epoch, &context, &arriving);
    case PROPOSAL_EXTERNAL_INIT: /* 12.1.6: nobody could commit it */
        return check_that(CHECK_LIST_EXTERNAL_INIT, false, 0, &s->fault);
    case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        return external_senders_judge(s, epoch->suite, epoch->context.extensions,
                                      proposed->proposal.extensions);
    default:
        return SOTTO_OK;
    }
}

/* ---- all together ---- */

/* A list and by whom it is committed. */
struct judged {
    const struct epoch *epoch;
    const struct proposal_list *list;
    const struct sender *committer;
    struct fault *fault;
};

static uint32_t place_of(const struct judged *j, const struct proposed *item)
{
    return (uint32_t)(item - j->list->items);
}

static void items_free(struct proposed ***items)
{
    free(*items);
}

static sotto_err once(const struct judged *j, const struct likeness *likeness, enum mls_check check)
{
    DEFER(items_free) struct proposed **items = NULL;
    size_t count = 0;
    TRY(proposal_list_sorted(j->list, likeness, &items, &count));
    for (size_t i = 1; i < count; i++)
        TRY(check_that(check, !likeness->same(items[i - 1], items[i]), place_of(j, items[i]),
                       j->fault));
    return SOTTO_OK;
}

/* How many of a type there are, and where the last one stands. */
struct tally {
    size_t count;
    uint32_t last;
};

static struct tally tally_of(const struct judged *j, uint16_t proposal_type)
{
    struct tally tally = {0};
    for (uint32_t i = 0; i < j->list->count; i++) {
        if (j->list->items[i].proposal.proposal_type != proposal_type)
            continue;
        tally.last = i;
        tally.count++;
    }
    return tally;
}

static sotto_err types_check(const struct judged *j, const struct tree_list *removed)
{
    static const uint16_t types[] = {PROPOSAL_APP_DATA_UPDATE, PROPOSAL_APP_EPHEMERAL,
                                     PROPOSAL_SELF_REMOVE};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        const struct tally tally = tally_of(j, types[i]);
        if (tally.count > 0)
            TRY(check_that(CHECK_LIST_SUPPORTED,
                           proposal_type_supported(j->epoch->tree, removed, types[i]), tally.last,
                           j->fault));
    }
    return SOTTO_OK;
}

/* Each by itself, and none that changes who commits. */
static sotto_err member_items_check(const struct judged *j)
{
    for (uint32_t i = 0; i < j->list->count; i++) {
        const struct proposed *item = &j->list->items[i];
        uint16_t type = item->proposal.proposal_type;
        bool own = item->leaf_index == j->committer->leaf_index;
        TRY(check_that(CHECK_LIST_EXTERNAL_INIT, type != PROPOSAL_EXTERNAL_INIT, i, j->fault));
        TRY(check_that(CHECK_LIST_COMMITTER_UPDATE, type != PROPOSAL_UPDATE || !own, i, j->fault));
        TRY(check_that(CHECK_LIST_COMMITTER_REMOVE,
                       (type != PROPOSAL_REMOVE && type != PROPOSAL_SELF_REMOVE) || !own, i,
                       j->fault));
        TRY(proposed_check(j->epoch, item, j->list->successor, i, j->fault));
    }
    return SOTTO_OK;
}

static sotto_err adds_check(const struct judged *j, const struct tree_list *removed)
{
    TRY(once(j, &likeness_add, CHECK_LIST_ADD_ONCE));
    for (uint32_t i = 0; i < j->list->count; i++)
        if (j->list->items[i].proposal.proposal_type == PROPOSAL_ADD)
            TRY(check_that(CHECK_LIST_ADD_NEW,
                           proposal_add_is_new(j->epoch->tree, removed, &j->list->items[i]), i,
                           j->fault));
    return SOTTO_OK;
}

/* RFC 9420 12.2, the first list. */
static sotto_err member_list_check(const struct judged *j, const struct tree_list *removed)
{
    const struct tally extensions = tally_of(j, PROPOSAL_GROUP_CONTEXT_EXTENSIONS);
    const struct tally reinit = tally_of(j, PROPOSAL_REINIT);
    TRY(member_items_check(j));
    TRY(once(j, &likeness_leaf, CHECK_LIST_LEAF_ONCE));
    TRY(adds_check(j, removed));
    TRY(once(j, &likeness_psk, CHECK_LIST_PSK_ONCE));
    TRY(check_that(CHECK_LIST_GCE_ONCE, extensions.count <= 1, extensions.last, j->fault));
    TRY(check_that(CHECK_LIST_REINIT_ALONE, reinit.count == 0 || j->list->count == 1, reinit.last,
                   j->fault));
    return types_check(j, removed);
}

static bool external_may_hold(uint16_t proposal_type)
{
    switch (proposal_type) {
    case PROPOSAL_EXTERNAL_INIT:
    case PROPOSAL_REMOVE:
    case PROPOSAL_PSK:
    case PROPOSAL_SELF_REMOVE:
    case PROPOSAL_APP_DATA_UPDATE:
    case PROPOSAL_APP_EPHEMERAL:
        return true;
    default:
        return false;
    }
}

static sotto_err external_items_check(const struct judged *j)
{
    for (uint32_t i = 0; i < j->list->count; i++) {
        const struct proposed *item = &j->list->items[i];
        uint16_t type = item->proposal.proposal_type;
        TRY(check_that(CHECK_EXTERNAL_TYPES, external_may_hold(type), i, j->fault));
        TRY(check_that(CHECK_EXTERNAL_BY_VALUE,
                       item->pending == NULL || type == PROPOSAL_SELF_REMOVE, i, j->fault));
        TRY(proposed_check(j->epoch, item, 0, i, j->fault));
    }
    return SOTTO_OK;
}

/* RFC 9420 12.2, the second list, and 12.4.3.2. */
static sotto_err external_list_check(const struct judged *j, const struct tree_list *removed)
{
    const struct tally init = tally_of(j, PROPOSAL_EXTERNAL_INIT);
    const struct tally remove = tally_of(j, PROPOSAL_REMOVE);
    TRY(external_items_check(j));
    TRY(check_that(CHECK_EXTERNAL_INIT_ONE, init.count == 1, init.last, j->fault));
    TRY(check_that(CHECK_EXTERNAL_REMOVE_ONE, remove.count <= 1, remove.last, j->fault));
    TRY(once(j, &likeness_leaf, CHECK_LIST_LEAF_ONCE));
    TRY(once(j, &likeness_psk, CHECK_LIST_PSK_ONCE));
    return types_check(j, removed);
}

static bool needs_path(uint16_t proposal_type)
{
    switch (proposal_type) {
    case PROPOSAL_ADD:
    case PROPOSAL_PSK:
    case PROPOSAL_REINIT:
    case PROPOSAL_APP_DATA_UPDATE:
    case PROPOSAL_APP_EPHEMERAL:
        return false;
    default:
        return true;
    }
}

bool proposal_list_needs_path(const struct proposal_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (needs_path(list->items[i].proposal.proposal_type))
            return true;
    return list->count == 0;
}

sotto_err proposal_list_check(struct step *s, const struct epoch *epoch,
                              const struct proposal_list *list, const struct sender *committer,
                              bool pathless)
{
    DEFER(tree_list_clear) struct tree_list removed = {0};
    const struct judged j = {epoch, list, committer, &s->fault};
    TRY(proposal_list_removed(list, &removed));
    if (committer->sender_type == SENDER_NEW_MEMBER_COMMIT) {
        TRY(check_that(CHECK_EXTERNAL_PATH, !pathless, 0, &s->fault));
        return external_list_check(&j, &removed);
    }
    TRY(member_list_check(&j, &removed));
    return check_that(CHECK_COMMIT_PATH_REQUIRED, !pathless || !proposal_list_needs_path(list), 0,
                      &s->fault);
}
