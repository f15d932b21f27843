/* Two walks: the first changes the tree, in the order of RFC 9420 12.3; the second looks at the leaves that came, in the tree as
 * it is then, so that two of them, or one of them and a member who left, never depend on who was put first. What is refused
 * is marked: the second walk goes on behind an item that a check refuses, so that a committer knows all of them. */
#include <stdlib.h>

#include "mls/app_data.h"
#include "mls/key_package_make.h"
#include "mls/proposal_list.h"
#include "mls/proposal_list_local.h"
#include "mls/tree_check.h"

/* A list on its way into a tree. */
struct applying {
    struct step *s;
    const struct epoch *epoch;
    struct proposal_list *list;
    struct tree *tree;
    uint32_t own_leaf;
    struct proposals_applied *applied;
    /* With the extensions that a GroupContextExtensions brings (12.3). */
    struct tree_check_context context;
    struct required_capabilities required;
};

typedef sotto_err apply_item(struct applying *a, struct proposed *item);

static sotto_err apply_extensions(struct applying *a, struct proposed *item)
{
    return buf_set(&a->applied->extensions, item->proposal.extensions);
}

static sotto_err apply_update(struct applying *a, struct proposed *item)
{
    if (item->leaf_index == a->own_leaf)
        a->applied->own_update = item->pending;
    return tree_update(a->tree, item->leaf_index, item->proposal.update.encoded);
}

static sotto_err apply_remove(struct applying *a, struct proposed *item)
{
    if (item->leaf_index == a->own_leaf)
        a->applied->removes_us = true;
    return tree_remove(a->tree, item->leaf_index);
}

static sotto_err apply_add(struct applying *a, struct proposed *item)
{
    TRY(tree_add(a->tree, item->proposal.add.leaf_node.encoded, &item->leaf_index));
    return tree_list_add(&a->applied->added, item->leaf_index);
}

static sotto_err apply_psk(struct applying *a, struct proposed *item)
{
    a->applied->psks[a->applied->psk_count++] = item->proposal.psk;
    return SOTTO_OK;
}

static sotto_err apply_external_init(struct applying *a, struct proposed *item)
{
    a->applied->kem_output = item->proposal.kem_output;
    return SOTTO_OK;
}

static sotto_err apply_reinit(struct applying *a, struct proposed *item)
{
    a->applied->reinit = &item->proposal.reinit;
    return SOTTO_OK;
}

/* AppEphemerals change nothing, and AppDataUpdates are taken together (app_data_of_list()). */
static sotto_err apply_nothing(struct applying *a, struct proposed *item)
{
    (void)a;
    (void)item;
    return SOTTO_OK;
}

/* RFC 9420 12.3; SelfRemove stands in front of Remove, and the application's data behind all (draft-ietf-mls-extensions). */
static const struct turn {
    uint16_t proposal_type;
    apply_item *apply;
} turns[] = {
    {PROPOSAL_GROUP_CONTEXT_EXTENSIONS, apply_extensions},
    {PROPOSAL_UPDATE, apply_update},
    {PROPOSAL_SELF_REMOVE, apply_remove},
    {PROPOSAL_REMOVE, apply_remove},
    {PROPOSAL_ADD, apply_add},
    {PROPOSAL_PSK, apply_psk},
    {PROPOSAL_EXTERNAL_INIT, apply_external_init},
    {PROPOSAL_REINIT, apply_reinit},
    {PROPOSAL_APP_EPHEMERAL, apply_nothing},
    {PROPOSAL_APP_DATA_UPDATE, apply_nothing},
};

static size_t turn_of(const struct proposed *item)
{
    size_t turn = 0;
    while (turn < COUNT_OF(turns) - 1 && turns[turn].proposal_type != item->proposal.proposal_type)
        turn++;
    return turn;
}

/* Those of one turn stay in the order of the commit. */
static void order_fill(const struct proposal_list *list, uint32_t *order)
{
    uint32_t next[COUNT_OF(turns) + 1] = {0};
    for (size_t i = 0; i < list->count; i++)
        next[turn_of(&list->items[i]) + 1]++;
    for (size_t turn = 1; turn < COUNT_OF(turns); turn++)
        next[turn] += next[turn - 1];
    for (uint32_t i = 0; i < list->count; i++)
        order[next[turn_of(&list->items[i])]++] = i;
}

static sotto_err take_turns(struct applying *a)
{
    order_fill(a->list, a->applied->order);
    for (size_t i = 0; i < a->list->count; i++) {
        struct proposed *item = &a->list->items[a->applied->order[i]];
        TRY(turns[turn_of(item)].apply(a, item));
    }
    return SOTTO_OK;
}

static sotto_err applied_reserve(struct applying *a)
{
    size_t psks = 0;
    for (size_t i = 0; i < a->list->count; i++)
        psks += a->list->items[i].proposal.proposal_type == PROPOSAL_PSK ? 1 : 0;
    a->applied->order = calloc(a->list->count + 1, sizeof *a->applied->order);
    a->applied->psks = calloc(psks + 1, sizeof *a->applied->psks);
    if (a->applied->order == NULL || a->applied->psks == NULL)
        return SOTTO_E_NOMEM;
    return buf_set(&a->applied->extensions, a->epoch->context.extensions);
}

/* ---- the leaves that came ---- */

/* New leaves are judged by the extensions that the commit brings (RFC 9420 12.3). */
static void context_of(struct applying *a, bool sending, uint64_t lifetime_max_s)
{
    view data;
    a->required = (struct required_capabilities){0};
    a->context = (struct tree_check_context){.group_id = a->epoch->context.group_id,
                                             .extensions = buf_view(&a->applied->extensions),
                                             .now_s = sending ? a->s->now_s : 0,
                                             .lifetime_max_s = lifetime_max_s,
                                             .sending = sending};
    if (!extension_find(a->context.extensions, EXTENSION_REQUIRED_CAPABILITIES, &data))
        return;
    struct rd r = rd_of(data);
    required_capabilities_read(&r, &a->required);
    a->context.required = &a->required;
}

static sotto_err leaf_check(struct applying *a, const struct proposed *item,
                            enum leaf_node_source source)
{
    struct step *s = a->s;
    if (item->verified)
        return tree_check_leaf_place(s->c, a->tree, &a->context, item->leaf_index, source,
                                     &s->fault);
    return tree_check_leaf(s->c, a->tree, &a->context, item->leaf_index, source, &s->fault);
}

static sotto_err added_check(struct applying *a, const struct proposed *item, uint32_t where)
{
    const struct mls_suite *suite = a->epoch->suite;
    if (!item->verified)
        TRY(key_package_check(a->s, suite, &item->proposal.add, where, NULL));
    TRY(leaf_check(a, item, LEAF_NODE_KEY_PACKAGE));
    const sotto_mls_leaf leaf = describe_leaf(&item->proposal.add.leaf_node, item->leaf_index);
    return credential_judge(a->s, suite, &leaf, NULL, CHECK_CREDENTIAL_ACCEPTED);
}

static sotto_err updated_check(struct applying *a, const struct proposed *item)
{
    TRY(leaf_check(a, item, LEAF_NODE_UPDATE));
    const sotto_mls_leaf leaf = describe_leaf(&item->proposal.update, item->leaf_index);
    const sotto_mls_leaf before = describe_member(a->epoch->tree, item->leaf_index);
    return credential_judge(a->s, a->epoch->suite, &leaf, &before, CHECK_CREDENTIAL_SUCCESSOR);
}

static sotto_err item_check(struct applying *a, const struct proposed *item, uint32_t where)
{
    switch (item->proposal.proposal_type) {
    case PROPOSAL_ADD:
        return added_check(a, item, where);
    case PROPOSAL_UPDATE:
        return updated_check(a, item);
    case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        return external_senders_judge(a->s, a->epoch->suite, a->epoch->context.extensions,
                                      item->proposal.extensions);
    default:
        return SOTTO_OK;
    }
}

/* The first refusal is what is told. By value ones, or those of others' commits, end it: there is nothing to leave out. */
static sotto_err items_check(struct applying *a, bool sending)
{
    sotto_err first = SOTTO_OK;
    struct fault fault = {0};
    for (uint32_t i = 0; i < a->list->count; i++) {
        struct proposed *item = &a->list->items[i];
        a->s->fault = (struct fault){0};
        sotto_err err = item_check(a, item, i);
        if (err == SOTTO_OK) {
            item->verified = true;
            continue;
        }
        if (!sending || item->pending == NULL || a->s->fault.check == CHECK_NONE)
            return err;
        item->refused = true;
        if (first == SOTTO_OK) {
            first = err;
            fault = a->s->fault;
        }
    }
    if (first != SOTTO_OK)
        a->s->fault = fault;
    return first;
}

/* ---- the extensions that came ---- */

/* The AppDataUpdates of a list, and where they stand. */
struct updates {
    struct app_data_update *items;
    uint32_t *places;
    size_t count;
};

static void updates_clear(struct updates *u)
{
    free(u->items);
    free(u->places);
}

static sotto_err updates_of(const struct proposal_list *list, struct updates *u)
{
    u->items = calloc(list->count + 1, sizeof *u->items);
    u->places = calloc(list->count + 1, sizeof *u->places);
    if (u->items == NULL || u->places == NULL)
        return SOTTO_E_NOMEM;
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i].proposal.proposal_type != PROPOSAL_APP_DATA_UPDATE)
            continue;
        u->places[u->count] = i;
        u->items[u->count++] = list->items[i].proposal.app_data_update;
    }
    return SOTTO_OK;
}

/* A component is refused with all of its updates. */
static void updates_refuse(struct applying *a, const struct updates *u)
{
    uint32_t where = a->s->fault.where;
    for (size_t i = 0; i < u->count; i++)
        if (u->items[i].component_id == u->items[where].component_id)
            a->list->items[u->places[i]].refused = true;
    a->s->fault.where = u->places[where];
}

static sotto_err app_data_change(struct applying *a)
{
    const struct app_data_logic logic = {a->s->rules->context, a->s->rules->app_data};
    DEFER(updates_clear) struct updates u = {0};
    DEFER(buf_clear) sotto_buf changed = {0};
    TRY(updates_of(a->list, &u));
    if (u.count == 0)
        return SOTTO_OK;
    sotto_err err = app_data_apply(buf_view(&a->applied->extensions), u.items, u.count, &logic,
                                   &changed, &a->s->fault);
    if (err != SOTTO_OK && a->s->fault.check != CHECK_NONE)
        updates_refuse(a, &u);
    TRY(err);
    buf_clear(&a->applied->extensions);
    a->applied->extensions = changed;
    changed = (sotto_buf){0};
    return SOTTO_OK;
}

static sotto_err all_support(struct applying *a, enum mls_check check, enum census_kind kind,
                             uint16_t type)
{
    return check_that(check, tree_all_support(a->tree, kind, type), type, &a->s->fault);
}

static sotto_err required_check(struct applying *a, enum census_kind kind, view types)
{
    for (struct rd at = rd_of(types); rd_more(&at);)
        TRY(all_support(a, CHECK_GCE_REQUIRED, kind, rd_u16(&at)));
    return SOTTO_OK;
}

static bool extension_changed(const struct applying *a, uint16_t type)
{
    view before = {0}, after = {0};
    (void)extension_find(a->epoch->context.extensions, type, &before);
    (void)extension_find(a->context.extensions, type, &after);
    return !view_equal(before, after);
}

static bool component_changed(const struct applying *a, uint16_t component)
{
    view before = {0}, after = {0};
    (void)app_data_of(a->epoch->context.extensions, component, &before);
    (void)app_data_of(a->context.extensions, component, &after);
    return !view_equal(before, after);
}

/* All that stay, and all who came, support what the group has from now on (13.4, 11.1): the census of the tree knows, but for what
 * stands in extensions of leaves, which is looked for if the group asks for something else than before. */
static sotto_err members_check(struct applying *a)
{
    for (struct rd at = rd_of(a->context.extensions); rd_more(&at);) {
        struct extension extension;
        extension_read(&at, &extension);
        TRY(all_support(a, CHECK_GCE_SUPPORTED, CENSUS_EXTENSION, extension.extension_type));
    }
    TRY(required_check(a, CENSUS_EXTENSION, a->required.extension_types));
    TRY(required_check(a, CENSUS_PROPOSAL, a->required.proposal_types));
    TRY(required_check(a, CENSUS_CREDENTIAL, a->required.credential_types));
    if (component_changed(a, COMPONENT_APP_COMPONENTS) || component_changed(a, COMPONENT_SAFE_AAD))
        TRY(tree_check(a->s->c, a->tree, &a->context, CHECK_LEAF_COMPONENTS, &a->s->fault));
    if (extension_changed(a, EXTENSION_REQUIRED_WIRE_FORMATS))
        TRY(tree_check(a->s->c, a->tree, &a->context, CHECK_LEAF_WIRE_FORMATS, &a->s->fault));
    return SOTTO_OK;
}

/* What asks for too much goes: GroupContextExtensions and AppDataUpdates. */
static void extensions_refuse(struct applying *a)
{
    for (size_t i = 0; i < a->list->count; i++) {
        uint16_t type = a->list->items[i].proposal.proposal_type;
        if (type == PROPOSAL_GROUP_CONTEXT_EXTENSIONS || type == PROPOSAL_APP_DATA_UPDATE)
            a->list->items[i].refused = true;
    }
}

static sotto_err extensions_check(struct applying *a)
{
    TRY(app_data_change(a));
    context_of(a, false, 0);
    if (view_equal(a->context.extensions, a->epoch->context.extensions))
        return SOTTO_OK;
    sotto_err err = members_check(a);
    if (err != SOTTO_OK && a->s->fault.check != CHECK_NONE)
        extensions_refuse(a);
    return err;
}

sotto_err proposal_list_apply(struct step *s, const struct epoch *epoch, struct proposal_list *list,
                              struct tree *tree, uint32_t own_leaf, bool sending,
                              uint64_t lifetime_max_s, struct proposals_applied *ret_applied)
{
    DEFER(proposals_applied_clear) struct proposals_applied applied = {0};
    struct applying a = {.s = s,
                         .epoch = epoch,
                         .list = list,
                         .tree = tree,
                         .own_leaf = own_leaf,
                         .applied = &applied};
    TRY(applied_reserve(&a));
    TRY(take_turns(&a));
    context_of(&a, sending, lifetime_max_s);
    TRY(items_check(&a, sending));
    TRY(extensions_check(&a));
    proposals_applied_clear(ret_applied);
    *ret_applied = applied;
    applied = (struct proposals_applied){0};
    return SOTTO_OK;
}
