#include "mls/app_data.h"

#include <stdlib.h>

#include "mls/capabilities.h"

bool app_data_find(view list, uint16_t component_id, view *ret_data)
{
    struct rd at = rd_of(list);
    while (rd_more(&at)) {
        struct component_data component;
        component_data_read(&at, &component);
        if (rd_ok(&at) && component.component_id == component_id) {
            *ret_data = component.data;
            return true;
        }
    }
    return false;
}

/* The components in an extension list's dictionary; false: it has none. */
static bool dictionary_of(view extensions, view *ret_list)
{
    view data;
    if (!extension_find(extensions, EXTENSION_APP_DATA_DICTIONARY, &data))
        return false;
    struct rd r = rd_of(data);
    *ret_list = app_data_dictionary_read(&r);
    return rd_ok(&r);
}

bool app_data_of(view extensions, uint16_t component_id, view *ret_data)
{
    view list;
    return dictionary_of(extensions, &list) && app_data_find(list, component_id, ret_data);
}

void app_data_dictionary_write(struct wr *w, const struct component_data *components, size_t count)
{
    component_data_list_write(w, components, count, MLS_COMPONENTS_MAX);
}

/* struct { ComponentID component_ids<V>; } ComponentsList;                                   draft-ietf-mls-extensions */
view components_list_read(struct rd *r)
{
    return codec_u16s(r);
}

void components_list_write(struct wr *w, const uint16_t *component_ids, size_t count)
{
    if (count > MLS_TYPES_MAX / sizeof *component_ids) {
        wr_fail(w, SOTTO_E_TOO_LARGE);
        return;
    }
    size_t mark = wr_vector_begin(w);
    for (size_t i = 0; i < count; i++)
        wr_u16(w, component_ids[i]);
    wr_vector_end(w, mark);
}

/* The ComponentsList that a component has in an extension list; empty if it isn't there. */
static sotto_err components_list_of(view extensions, uint16_t component_id, view *ret_list)
{
    view data;
    *ret_list = (view){0};
    if (!app_data_of(extensions, component_id, &data))
        return SOTTO_OK;
    struct rd r = rd_of(data);
    *ret_list = components_list_read(&r);
    return rd_end(&r);
}

/* One bit for each component there can be: a leaf is judged in linear time, however long both lists are. */
struct component_set {
    uint8_t bits[(UINT16_MAX + 1) / 8];
};

static bool list_covers(view supported, view required)
{
    struct component_set set = {0};
    for (struct rd at = rd_of(supported); rd_more(&at);) {
        uint16_t id = rd_u16(&at);
        set.bits[id / 8] |= (uint8_t)(1u << id % 8);
    }
    for (struct rd at = rd_of(required); rd_more(&at);) {
        uint16_t id = rd_u16(&at);
        if ((set.bits[id / 8] >> id % 8 & 1) == 0)
            return false;
    }
    return true;
}

static bool leaf_lists(view group_extensions, view leaf_extensions, uint16_t component_id)
{
    view required, supported;
    if (components_list_of(group_extensions, component_id, &required) != SOTTO_OK)
        return false;
    return required.len == 0 ||
           (components_list_of(leaf_extensions, component_id, &supported) == SOTTO_OK &&
            list_covers(supported, required));
}

sotto_err app_data_supported(view group_extensions, view leaf_extensions, uint32_t leaf_index,
                             struct fault *ret_fault)
{
    return check_that(CHECK_LEAF_COMPONENTS,
                      leaf_lists(group_extensions, leaf_extensions, COMPONENT_APP_COMPONENTS) &&
                          leaf_lists(group_extensions, leaf_extensions, COMPONENT_SAFE_AAD),
                      leaf_index, ret_fault);
}

static bool app_data_update_required(view extensions)
{
    view data;
    if (!extension_find(extensions, EXTENSION_REQUIRED_CAPABILITIES, &data))
        return false;
    struct rd r = rd_of(data);
    struct required_capabilities required;
    required_capabilities_read(&r, &required);
    return rd_ok(&r) && codec_has_u16(required.proposal_types, PROPOSAL_APP_DATA_UPDATE);
}

sotto_err app_data_kept(view extensions, view proposed, uint32_t where, struct fault *ret_fault)
{
    if (!app_data_update_required(extensions))
        return SOTTO_OK;
    view before = {0}, after = {0};
    bool had = extension_find(extensions, EXTENSION_APP_DATA_DICTIONARY, &before);
    bool has = extension_find(proposed, EXTENSION_APP_DATA_DICTIONARY, &after);
    return check_that(CHECK_GCE_APP_DATA, had == has && view_equal(before, after), where,
                      ret_fault);
}

/* The updates of a commit that are not applied yet, sorted by component, those of one component in the commit's order. */
struct changes {
    const struct app_data_update *updates; /* all of them, in the commit's order */
    const struct app_data_logic *logic;
    const struct app_data_update **next, **end;
    view *values; /* room for the updates of one component */
    struct fault *fault;
};

/* All lie in one array, in the commit's order. */
static int update_order(const void *left, const void *right)
{
    const struct app_data_update *const *a = left, *const *b = right;
    if ((*a)->component_id != (*b)->component_id)
        return (*a)->component_id < (*b)->component_id ? -1 : 1;
    return (*a > *b) - (*a < *b);
}

static bool changes_concern(const struct changes *changes, uint16_t component_id)
{
    return changes->next < changes->end && (*changes->next)->component_id == component_id;
}

static sotto_err component_update(const struct changes *changes, uint16_t component_id, view before,
                                  size_t count, uint32_t where, struct wr *w)
{
    const struct app_data_logic *logic = changes->logic;
    DEFER(buf_clear) sotto_buf after = {0};
    struct component_data component = {component_id, changes->values[count - 1]};
    if (logic->update != NULL) {
        sotto_err err =
            logic->update(logic->context, component_id, before, changes->values, count, &after);
        TRY(check_result(CHECK_APP_DATA_ACCEPTED, err, where, changes->fault));
        component.data = buf_view(&after);
    }
    component_data_write(w, &component);
    return SOTTO_OK;
}

/* Takes the changes of the first component that is left; `before` is its data. Writes what it has then. */
static sotto_err component_change(struct changes *changes, view before, struct wr *w)
{
    uint32_t where = (uint32_t)(*changes->next - changes->updates);
    uint16_t component_id = (*changes->next)->component_id;
    size_t count = 0, removes = 0;
    for (; changes_concern(changes, component_id); changes->next++, count++) {
        changes->values[count] = (*changes->next)->update;
        removes += (*changes->next)->op == APP_DATA_REMOVE ? 1 : 0;
    }
    if (removes == 0)
        return component_update(changes, component_id, before, count, where, w);
    TRY(check_that(CHECK_APP_DATA_ONE_WAY, count == 1, where, changes->fault));
    return check_that(CHECK_APP_DATA_REMOVE, before.data != NULL, where, changes->fault);
}

/* The old components and the changes run in the same order, so the new components come out in it. */
static sotto_err components_merge(view list, struct changes *changes, struct wr *w)
{
    for (struct rd at = rd_of(list); rd_more(&at);) {
        struct component_data old;
        component_data_read(&at, &old);
        while (changes->next < changes->end && (*changes->next)->component_id < old.component_id)
            TRY(component_change(changes, (view){0}, w));
        if (changes_concern(changes, old.component_id))
            TRY(component_change(changes, old.data, w));
        else
            component_data_write(w, &old);
    }
    while (changes->next < changes->end)
        TRY(component_change(changes, (view){0}, w));
    return SOTTO_OK;
}

/* Gives the new components, one behind the other. */
static sotto_err components_change(view list, struct changes *changes, size_t count, sotto_buf *out)
{
    for (size_t i = 0; i < count; i++)
        changes->next[i] = &changes->updates[i];
    qsort(changes->next, count, sizeof(void *), update_order);
    struct wr w = wr_to(out);
    TRY(components_merge(list, changes, &w));
    TRY(wr_end(&w));
    return out->len <= MLS_COMPONENTS_MAX ? SOTTO_OK : SOTTO_E_TOO_LARGE;
}

/* Gives the new dictionary. */
static sotto_err dictionary_change(view list, const struct app_data_update *updates, size_t count,
                                   const struct app_data_logic *logic, sotto_buf *out,
                                   struct fault *fault)
{
    DEFER(buf_clear) sotto_buf components = {0};
    const struct app_data_update **sorted = calloc(count, sizeof(void *));
    view *values = calloc(count, sizeof *values);
    sotto_err err = SOTTO_E_NOMEM;
    if (sorted != NULL && values != NULL) {
        struct changes changes = {updates, logic, sorted, sorted + count, values, fault};
        err = components_change(list, &changes, count, &components);
    }
    free(sorted);
    free(values);
    TRY(err);
    struct wr w = wr_to(out);
    wr_opaque(&w, buf_view(&components));
    return wr_end(&w);
}

/* The list with this dictionary in place of the old one, or behind all others. */
static sotto_err extensions_replace(view extensions, view dictionary, sotto_buf *out)
{
    const struct extension changed = {EXTENSION_APP_DATA_DICTIONARY, dictionary};
    bool replaced = false;
    size_t count = 0;
    struct wr w = wr_to(out);
    for (struct rd at = rd_of(extensions); rd_more(&at); count++) {
        struct extension extension;
        extension_read(&at, &extension);
        bool same = extension.extension_type == changed.extension_type;
        replaced = replaced || same;
        extension_write(&w, same ? &changed : &extension);
    }
    if (!replaced) {
        extension_write(&w, &changed);
        count++;
    }
    if (count > MLS_EXTENSIONS_COUNT || out->len > MLS_MESSAGE_MAX)
        wr_fail(&w, SOTTO_E_TOO_LARGE);
    return wr_end(&w);
}

sotto_err app_data_apply(view extensions, const struct app_data_update *updates, size_t count,
                         const struct app_data_logic *logic, sotto_buf *ret_extensions,
                         struct fault *ret_fault)
{
    if (count == 0)
        return buf_set(ret_extensions, extensions);
    DEFER(buf_clear) sotto_buf dictionary = {0};
    DEFER(buf_clear) sotto_buf out = {0};
    view list = {0};
    (void)dictionary_of(extensions, &list);
    TRY(dictionary_change(list, updates, count, logic, &dictionary, ret_fault));
    TRY(extensions_replace(extensions, buf_view(&dictionary), &out));
    buf_clear(ret_extensions);
    *ret_extensions = out;
    out = (sotto_buf){0};
    return SOTTO_OK;
}
