/* lists.c - what <sotto/mls.h> has for lists: extensions, and what the known ones hold. A list that changes is written anew and
 * put in the old one's place when it is whole. */
#include <sotto/mls.h>

#include "mls/app_data.h"
#include "mls/capabilities.h"
#include "mls/describe.h"
#include "mls/extension.h"

bool sotto_mls_extension_next(sotto_view *rest, uint16_t *ret_type, sotto_view *ret_data)
{
    struct rd at = rd_of(*rest);
    struct extension extension;
    if (!rd_more(&at))
        return false;
    extension_read(&at, &extension);
    if (!rd_ok(&at))
        return false;
    *rest = rd_rest(&at);
    *ret_type = extension.extension_type;
    *ret_data = extension.extension_data;
    return true;
}

bool sotto_mls_extension_find(sotto_view list, uint16_t type, sotto_view *ret_data)
{
    return extension_find(list, type, ret_data);
}

/* The list with one extension put: in the place of the one of its type, or else last. The place does not matter to anybody's
 * check, but all of a list's bytes are signed or hashed. */
static sotto_err extension_put(sotto_buf *list, uint16_t type, view data)
{
    const struct extension put = {type, data};
    DEFER(buf_clear) sotto_buf changed = {0};
    struct wr w = wr_to(&changed);
    size_t count = 0;
    bool found = false;
    struct rd at = rd_of(buf_view(list));
    for (; rd_more(&at); count++) {
        struct extension extension;
        extension_read(&at, &extension);
        found = found || extension.extension_type == type;
        extension_write(&w, extension.extension_type == type ? &put : &extension);
    }
    TRY(rd_end(&at));
    if (!found && count >= MLS_EXTENSIONS_COUNT)
        return SOTTO_E_TOO_LARGE;
    if (!found)
        extension_write(&w, &put);
    TRY(wr_end(&w));
    buf_clear(list);
    *list = changed;
    changed = (sotto_buf){0};
    return SOTTO_OK;
}

sotto_err sotto_mls_extension_add(sotto_buf *list, uint16_t type, sotto_view data)
{
    view old;
    if (extension_find(buf_view(list), type, &old))
        return SOTTO_E_VALUE;
    return extension_put(list, type, data);
}

static void types_write(struct wr *w, const uint16_t *types, size_t count)
{
    size_t mark = wr_vector_begin(w);
    if (count > MLS_TYPES_MAX / sizeof *types) {
        wr_fail(w, SOTTO_E_TOO_LARGE);
        count = 0;
    }
    for (size_t i = 0; i < count; i++)
        wr_u16(w, types[i]);
    wr_vector_end(w, mark);
}

sotto_err sotto_mls_require(sotto_buf *list, const uint16_t *extensions, size_t extension_count,
                            const uint16_t *proposals, size_t proposal_count,
                            const uint16_t *credentials, size_t credential_count)
{
    DEFER(buf_clear) sotto_buf data = {0};
    struct wr w = wr_to(&data);
    types_write(&w, extensions, extension_count);
    types_write(&w, proposals, proposal_count);
    types_write(&w, credentials, credential_count);
    TRY(wr_end(&w));
    return sotto_mls_extension_add(list, EXTENSION_REQUIRED_CAPABILITIES, buf_view(&data));
}

sotto_err sotto_mls_certificate_add(sotto_buf *list, sotto_view der)
{
    if (der.len == 0)
        return SOTTO_E_VALUE;
    if (der.len > MLS_CREDENTIAL_MAX)
        return SOTTO_E_TOO_LARGE;
    struct wr w = wr_to(list);
    wr_opaque(&w, der);
    return wr_end(&w);
}

bool sotto_mls_certificate_next(sotto_view *rest, sotto_view *ret_der)
{
    struct rd at = rd_of(*rest);
    view der;
    if (!rd_more(&at))
        return false;
    credential_certificate_read(&at, &der);
    if (!rd_ok(&at))
        return false;
    *rest = rd_rest(&at);
    *ret_der = der;
    return true;
}

/* The vector that is all of an extension's data, as far as it is there. */
static sotto_err vector_of(view list, uint16_t type, view (*read)(struct rd *r), view *ret_items)
{
    view data;
    *ret_items = (view){0};
    if (!extension_find(list, type, &data))
        return SOTTO_OK;
    struct rd r = rd_of(data);
    *ret_items = read(&r);
    return rd_end(&r);
}

sotto_err sotto_mls_external_sender_add(sotto_buf *list, sotto_view signature_key,
                                        sotto_mls_credential credential)
{
    struct external_sender sender = {.signature_key = signature_key};
    view senders;
    DEFER(buf_clear) sotto_buf data = {0};
    TRY(credential_of(&credential, &sender.credential));
    TRY(vector_of(buf_view(list), EXTENSION_EXTERNAL_SENDERS, external_senders_read, &senders));
    struct wr w = wr_to(&data);
    size_t mark = wr_vector_begin(&w);
    wr_bytes(&w, senders);
    external_sender_write(&w, &sender);
    wr_vector_end(&w, mark);
    TRY(wr_end(&w));
    return extension_put(list, EXTENSION_EXTERNAL_SENDERS, buf_view(&data));
}

/* The components with one more, at its place. */
static sotto_err components_add(struct wr *w, view components, const struct component_data *added)
{
    bool done = false;
    size_t mark = wr_vector_begin(w);
    for (struct rd at = rd_of(components); rd_more(&at);) {
        struct component_data component;
        component_data_read(&at, &component);
        if (component.component_id == added->component_id)
            return SOTTO_E_EXISTS;
        if (!done && component.component_id > added->component_id) {
            component_data_write(w, added);
            done = true;
        }
        component_data_write(w, &component);
    }
    if (!done)
        component_data_write(w, added);
    wr_vector_end(w, mark);
    return SOTTO_OK;
}

sotto_err sotto_mls_component_add(sotto_buf *list, uint16_t component, sotto_view data)
{
    const struct component_data added = {component, data};
    view components;
    DEFER(buf_clear) sotto_buf dictionary = {0};
    TRY(vector_of(buf_view(list), EXTENSION_APP_DATA_DICTIONARY, app_data_dictionary_read,
                  &components));
    struct wr w = wr_to(&dictionary);
    TRY(components_add(&w, components, &added));
    TRY(wr_end(&w));
    if (dictionary.len > MLS_COMPONENTS_MAX)
        return SOTTO_E_TOO_LARGE;
    return extension_put(list, EXTENSION_APP_DATA_DICTIONARY, buf_view(&dictionary));
}

bool sotto_mls_component_find(sotto_view list, uint16_t component, sotto_view *ret_data)
{
    return app_data_of(list, component, ret_data);
}
