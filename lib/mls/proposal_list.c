#include "mls/proposal_list.h"

#include <stdlib.h>

#include "mls/proposal_list_local.h"

void proposal_list_clear(struct proposal_list *list)
{
    free(list->items);
    *list = (struct proposal_list){0};
}

sotto_err proposal_list_add(struct proposal_list *list, const struct proposed *proposed)
{
    if (list->count == list->cap) {
        size_t cap = list->cap > 0 ? 2 * list->cap : 4;
        struct proposed *items = realloc(list->items, cap * sizeof *items);
        if (items == NULL)
            return SOTTO_E_NOMEM;
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count++] = *proposed;
    return SOTTO_OK;
}

/* The leaf that a proposal changes; an Add's is known once it is put there. */
static uint32_t leaf_of(const struct proposal *proposal, const struct sender *sender)
{
    switch (proposal->proposal_type) {
    case PROPOSAL_UPDATE:
    case PROPOSAL_SELF_REMOVE:
        return sender->sender_type == SENDER_MEMBER ? sender->leaf_index : UINT32_MAX;
    case PROPOSAL_REMOVE:
        return proposal->removed;
    default:
        return UINT32_MAX;
    }
}

struct proposed proposed_by(const struct sender *committer, const struct proposal *proposal)
{
    return (struct proposed){
        .proposal = *proposal, .sender = *committer, .leaf_index = leaf_of(proposal, committer)};
}

struct proposed proposed_of(const struct pending_proposal *pending)
{
    const struct framed_content *content = &pending->content.content;
    struct proposed item = proposed_by(&content->sender, &content->proposal);
    item.pending = pending;
    item.verified = pending->verified;
    return item;
}

sotto_err proposal_list_resolve(struct step *s, const struct mls_suite *suite,
                                const struct pending *pending, view proposals,
                                const struct sender *committer, struct proposal_list *ret_list)
{
    DEFER(proposal_list_clear) struct proposal_list list = {0};
    for (struct rd at = rd_of(proposals); rd_more(&at);) {
        struct proposal_or_ref item;
        proposal_or_ref_read(&at, &item);
        TRY(rd_ok(&at) ? SOTTO_OK : rd_end(&at));
        if (item.type == PROPOSAL_OR_REF_PROPOSAL) {
            const struct proposed by_value = proposed_by(committer, &item.proposal);
            TRY(proposal_list_add(&list, &by_value));
            continue;
        }
        const struct pending_proposal *found = pending_find(pending, suite, item.reference);
        if (found == NULL)
            return check_fail(CHECK_REFERENCE_KNOWN, (uint32_t)list.count, &s->fault);
        const struct proposed by_reference = proposed_of(found);
        TRY(proposal_list_add(&list, &by_reference));
    }
    proposal_list_clear(ret_list);
    *ret_list = list;
    list = (struct proposal_list){0};
    return SOTTO_OK;
}

void proposal_list_write(struct wr *w, const struct mls_suite *suite,
                         const struct proposal_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct proposed *item = &list->items[i];
        struct proposal_or_ref written = {.type = PROPOSAL_OR_REF_PROPOSAL};
        if (item->pending == NULL) {
            written.proposal = item->proposal;
        } else {
            written.type = PROPOSAL_OR_REF_REFERENCE;
            written.reference = view_of(item->pending->ref, suite->hash_len);
        }
        proposal_or_ref_write(w, &written);
    }
}

/* ---- what is there twice ---- */

static bool changes_leaf(const struct proposed *item)
{
    uint16_t type = item->proposal.proposal_type;
    return type == PROPOSAL_UPDATE || type == PROPOSAL_REMOVE || type == PROPOSAL_SELF_REMOVE;
}

static bool removes_leaf(const struct proposed *item)
{
    return changes_leaf(item) && item->proposal.proposal_type != PROPOSAL_UPDATE;
}

static bool is_add(const struct proposed *item)
{
    return item->proposal.proposal_type == PROPOSAL_ADD;
}

static bool is_psk(const struct proposed *item)
{
    return item->proposal.proposal_type == PROPOSAL_PSK;
}

static int number_order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int view_order(view a, view b)
{
    size_t common = size_min(a.len, b.len);
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
    return order != 0 ? order : number_order(a.len, b.len);
}

/* By value goes first, since it was asked for; then a SelfRemove, which leaves a Remove of the same leaf invalid
 * (draft-ietf-mls-extensions); then a Remove; then an Update (RFC 9420 12.2). */
static int leaf_rank(const struct proposed *item)
{
    if (item->pending == NULL)
        return 0;
    switch (item->proposal.proposal_type) {
    case PROPOSAL_SELF_REMOVE:
        return 1;
    case PROPOSAL_REMOVE:
        return 2;
    default:
        return 3;
    }
}

/* All lie in one array. The first is preferred, but the most recent Update (RFC 9420 12.2). */
static int leaf_order(const void *left, const void *right)
{
    const struct proposed *const *a = left, *const *b = right;
    int order = number_order((*a)->leaf_index, (*b)->leaf_index);
    if (order != 0)
        return order;
    order = leaf_rank(*a) - leaf_rank(*b);
    if (order != 0)
        return order;
    order = (*a > *b) - (*a < *b);
    return leaf_rank(*a) == 3 ? -order : order;
}

static bool leaf_same(const struct proposed *a, const struct proposed *b)
{
    return a->leaf_index == b->leaf_index;
}

static view client_of(const struct proposed *add)
{
    return add->proposal.add.leaf_node.signature_key;
}

static int add_order(const void *left, const void *right)
{
    const struct proposed *const *a = left, *const *b = right;
    int order = view_order(client_of(*a), client_of(*b));
    return order != 0 ? order : (*a > *b) - (*a < *b);
}

static bool add_same(const struct proposed *a, const struct proposed *b)
{
    return view_equal(client_of(a), client_of(b));
}

/* Fields that a type lacks are zero in both. */
static int psk_id_order(const struct pre_shared_key_id *a, const struct pre_shared_key_id *b)
{
    int order = number_order((uint64_t)a->psktype, (uint64_t)b->psktype);
    if (order == 0)
        order = number_order((uint64_t)a->usage, (uint64_t)b->usage);
    if (order == 0)
        order = number_order(a->component_id, b->component_id);
    if (order == 0)
        order = number_order(a->psk_epoch, b->psk_epoch);
    if (order == 0)
        order = view_order(a->psk_id, b->psk_id);
    if (order == 0)
        order = view_order(a->psk_group_id, b->psk_group_id);
    return order != 0 ? order : view_order(a->psk_nonce, b->psk_nonce);
}

static int psk_order(const void *left, const void *right)
{
    const struct proposed *const *a = left, *const *b = right;
    int order = psk_id_order(&(*a)->proposal.psk, &(*b)->proposal.psk);
    return order != 0 ? order : (*a > *b) - (*a < *b);
}

static bool psk_same(const struct proposed *a, const struct proposed *b)
{
    return psk_id_order(&a->proposal.psk, &b->proposal.psk) == 0;
}

const struct likeness likeness_leaf = {changes_leaf, leaf_order, leaf_same};
const struct likeness likeness_add = {is_add, add_order, add_same};
const struct likeness likeness_psk = {is_psk, psk_order, psk_same};

sotto_err proposal_list_sorted(const struct proposal_list *list, const struct likeness *likeness,
                               struct proposed ***ret_items, size_t *ret_count)
{
    size_t count = 0;
    struct proposed **items = calloc(list->count + 1, sizeof(void *));
    if (items == NULL)
        return SOTTO_E_NOMEM;
    for (size_t i = 0; i < list->count; i++)
        if (likeness->concerns(&list->items[i]))
            items[count++] = &list->items[i];
    qsort(items, count, sizeof(void *), likeness->order);
    *ret_items = items;
    *ret_count = count;
    return SOTTO_OK;
}

static int leaf_index_order(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return number_order(*a, *b);
}

sotto_err proposal_list_removed(const struct proposal_list *list, struct tree_list *ret_removed)
{
    DEFER(tree_list_clear) struct tree_list removed = {0};
    for (size_t i = 0; i < list->count; i++)
        if (removes_leaf(&list->items[i]) && !list->items[i].refused)
            TRY(tree_list_add(&removed, list->items[i].leaf_index));
    if (removed.count > 0)
        qsort(removed.items, removed.count, sizeof *removed.items, leaf_index_order);
    tree_list_clear(ret_removed);
    *ret_removed = removed;
    removed = (struct tree_list){0};
    return SOTTO_OK;
}

/* ---- what a committer takes ---- */

static void items_free(struct proposed ***items)
{
    free(*items);
}

/* Of the pending ones that are the same, none but the first stays. */
static sotto_err refuse_the_same(struct proposal_list *list, const struct likeness *likeness)
{
    DEFER(items_free) struct proposed **items = NULL;
    const struct proposed *kept = NULL;
    size_t count = 0;
    TRY(proposal_list_sorted(list, likeness, &items, &count));
    for (size_t i = 0; i < count; i++) {
        if (items[i]->refused)
            continue;
        if (kept != NULL && likeness->same(kept, items[i]))
            items[i]->refused = true;
        else
            kept = items[i];
    }
    return SOTTO_OK;
}

static bool types_supported(const struct tree *tree, enum census_kind kind, view types)
{
    for (struct rd at = rd_of(types); rd_more(&at);)
        if (!tree_all_support(tree, kind, rd_u16(&at)))
            return false;
    return true;
}

/* Extensions that somebody can't have are left out before they spoil what waits beside them: once applied, it is the leaves that
 * came which fit them no more. */
static bool extensions_supported(const struct tree *tree, view extensions)
{
    struct required_capabilities required = {0};
    view data = {0};
    for (struct rd at = rd_of(extensions); rd_more(&at);) {
        struct extension extension;
        extension_read(&at, &extension);
        if (!tree_all_support(tree, CENSUS_EXTENSION, extension.extension_type))
            return false;
    }
    if (!extension_find(extensions, EXTENSION_REQUIRED_CAPABILITIES, &data))
        return true;
    struct rd r = rd_of(data);
    required_capabilities_read(&r, &required);
    return types_supported(tree, CENSUS_EXTENSION, required.extension_types) &&
           types_supported(tree, CENSUS_PROPOSAL, required.proposal_types) &&
           types_supported(tree, CENSUS_CREDENTIAL, required.credential_types);
}

/* What no commit of ours can hold, whatever else it holds. */
static bool is_not_ours_to_commit(const struct epoch *epoch, const struct proposed *item)
{
    uint16_t type = item->proposal.proposal_type;
    return type == PROPOSAL_EXTERNAL_INIT ||
           (changes_leaf(item) && item->leaf_index == epoch->own_leaf) ||
           (type == PROPOSAL_GROUP_CONTEXT_EXTENSIONS &&
            !extensions_supported(epoch->tree, item->proposal.extensions)) ||
           proposed_check(epoch, item, 0, 0, NULL) != SOTTO_OK;
}

/* Of GroupContextExtensions one goes, the first; a ReInit goes alone. */
static void refuse_beside_others(struct proposal_list *list)
{
    size_t others = 0;
    bool extensions = false, reinit = false;
    for (size_t i = 0; i < list->count; i++)
        others +=
            !list->items[i].refused && list->items[i].proposal.proposal_type != PROPOSAL_REINIT;
    for (size_t i = 0; i < list->count; i++) {
        struct proposed *item = &list->items[i];
        uint16_t type = item->proposal.proposal_type;
        bool *seen = type == PROPOSAL_REINIT ? &reinit : &extensions;
        if (item->refused || (type != PROPOSAL_REINIT && type != PROPOSAL_GROUP_CONTEXT_EXTENSIONS))
            continue;
        item->refused = *seen || (type == PROPOSAL_REINIT && others > 0);
        *seen = *seen || !item->refused;
    }
}

/* Who stays is known by now. */
static sotto_err refuse_for_who_stays(const struct epoch *epoch, struct proposal_list *list)
{
    DEFER(tree_list_clear) struct tree_list removed = {0};
    TRY(proposal_list_removed(list, &removed));
    for (size_t i = 0; i < list->count; i++) {
        struct proposed *item = &list->items[i];
        uint16_t type = item->proposal.proposal_type;
        if ((is_add(item) && !proposal_add_is_new(epoch->tree, &removed, item)) ||
            !proposal_type_supported(epoch->tree, &removed, type))
            item->refused = true;
    }
    return SOTTO_OK;
}

static bool has_reinit(const struct proposal_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].proposal.proposal_type == PROPOSAL_REINIT)
            return true;
    return false;
}

sotto_err proposal_list_select(const struct epoch *epoch, const struct pending *pending,
                               struct proposal_list *list)
{
    if (has_reinit(list))
        return SOTTO_OK;
    for (size_t i = 0; i < pending->count; i++) {
        const struct proposed item = proposed_of(pending->items[i]);
        if (!is_not_ours_to_commit(epoch, &item))
            TRY(proposal_list_add(list, &item));
    }
    TRY(refuse_the_same(list, &likeness_leaf));
    TRY(refuse_the_same(list, &likeness_add));
    TRY(refuse_the_same(list, &likeness_psk));
    TRY(refuse_for_who_stays(epoch, list));
    refuse_beside_others(list);
    (void)proposal_list_drop_refused(list);
    return SOTTO_OK;
}

bool proposal_list_drop_refused(struct proposal_list *list)
{
    size_t kept = 0, count = list->count;
    for (size_t i = 0; i < count; i++)
        if (!list->items[i].refused || list->items[i].pending == NULL)
            list->items[kept++] = list->items[i];
    for (size_t i = 0; i < kept; i++)
        list->items[i].refused = false;
    list->count = kept;
    return kept < count;
}

void proposals_applied_clear(struct proposals_applied *a)
{
    buf_clear(&a->extensions);
    tree_list_clear(&a->added);
    free(a->psks);
    free(a->order);
    *a = (struct proposals_applied){0};
}
