#include "mls/extension.h"

#include "mls/capabilities.h"

static void application_id_check(struct rd *r)
{
    view id;
    application_id_read(r, &id);
}

static void required_capabilities_check(struct rd *r)
{
    struct required_capabilities required;
    required_capabilities_read(r, &required);
}

static void external_pub_check(struct rd *r)
{
    view key;
    external_pub_read(r, &key);
}

static void external_senders_check(struct rd *r)
{
    (void)external_senders_read(r);
}

static void app_data_dictionary_check(struct rd *r)
{
    (void)app_data_dictionary_read(r);
}

static void wire_formats_check(struct rd *r)
{
    (void)codec_u16s(r);
}

static const struct known {
    uint16_t type;
    unsigned places; /* of enum extension_place */
    void (*check)(struct rd *r);
} known[] = {
    {EXTENSION_APPLICATION_ID, EXTENSION_IN_LEAF_NODE, application_id_check},
    {EXTENSION_REQUIRED_CAPABILITIES, EXTENSION_IN_GROUP_CONTEXT, required_capabilities_check},
    {EXTENSION_EXTERNAL_PUB, EXTENSION_IN_GROUP_INFO, external_pub_check},
    {EXTENSION_EXTERNAL_SENDERS, EXTENSION_IN_GROUP_CONTEXT, external_senders_check},
    {EXTENSION_APP_DATA_DICTIONARY,
     EXTENSION_IN_KEY_PACKAGE | EXTENSION_IN_LEAF_NODE | EXTENSION_IN_GROUP_INFO |
         EXTENSION_IN_GROUP_CONTEXT,
     app_data_dictionary_check},
    {EXTENSION_SUPPORTED_WIRE_FORMATS, EXTENSION_IN_LEAF_NODE, wire_formats_check},
    {EXTENSION_REQUIRED_WIRE_FORMATS, EXTENSION_IN_GROUP_CONTEXT, wire_formats_check},
};

/* struct { ExtensionType extension_type; opaque extension_data<V>; } Extension;              RFC 9420 7.2 */
void extension_read(struct rd *r, struct extension *out)
{
    out->extension_type = rd_u16(r);
    out->extension_data = rd_opaque(r, MLS_MESSAGE_MAX);
}

void extension_write(struct wr *w, const struct extension *extension)
{
    wr_u16(w, extension->extension_type);
    wr_opaque(w, extension->extension_data);
}

static void content_check(struct rd *r, const struct extension *extension,
                          enum extension_place place)
{
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (known[i].type != extension->extension_type || (known[i].places & place) == 0)
            continue;
        struct rd content = rd_of(extension->extension_data);
        known[i].check(&content);
        rd_join(r, &content);
    }
}

/* Quadratic in the number of extensions, which is why that has a limit. */
view extension_list_read(struct rd *r, enum extension_place place)
{
    uint16_t seen[MLS_EXTENSIONS_COUNT];
    size_t count = 0;
    struct rd items = rd_vector(r, MLS_MESSAGE_MAX);
    const struct rd start = items;
    while (rd_more(&items)) {
        struct extension extension;
        extension_read(&items, &extension);
        codec_require(&items, count < COUNT_OF(seen), SOTTO_E_TOO_LARGE);
        if (!rd_ok(&items))
            break;
        for (size_t i = 0; i < count; i++)
            codec_check(&items, CHECK_FORM_EXTENSION_ONCE, seen[i] != extension.extension_type);
        seen[count++] = extension.extension_type;
        content_check(&items, &extension, place);
    }
    rd_join(r, &items);
    return rd_ok(r) ? rd_since(&items, &start) : (view){0};
}

bool extension_find(view list, uint16_t extension_type, view *ret_data)
{
    struct rd at = rd_of(list);
    while (rd_more(&at)) {
        struct extension extension;
        extension_read(&at, &extension);
        if (rd_ok(&at) && extension.extension_type == extension_type) {
            *ret_data = extension.extension_data;
            return true;
        }
    }
    return false;
}

/* opaque application_id<V>;                                                                  RFC 9420 5.3.3 */
void application_id_read(struct rd *r, view *out)
{
    *out = rd_opaque(r, MLS_CREDENTIAL_MAX);
}

/* struct { HPKEPublicKey external_pub; } ExternalPub;                                        RFC 9420 12.4.3.2 */
void external_pub_read(struct rd *r, view *out)
{
    *out = rd_opaque(r, MLS_KEY_MAX);
}

void external_pub_write(struct wr *w, view external_pub)
{
    wr_opaque(w, external_pub);
}

/* struct { SignaturePublicKey signature_key; Credential credential; } ExternalSender;        RFC 9420 12.1.8.1 */
void external_sender_read(struct rd *r, struct external_sender *out)
{
    out->signature_key = rd_opaque(r, MLS_KEY_MAX);
    credential_read(r, &out->credential);
}

void external_sender_write(struct wr *w, const struct external_sender *sender)
{
    wr_opaque(w, sender->signature_key);
    credential_write(w, &sender->credential);
}

static void external_sender_item(struct rd *r)
{
    struct external_sender sender;
    external_sender_read(r, &sender);
}

view external_senders_read(struct rd *r)
{
    return codec_list(r, MLS_MESSAGE_MAX, external_sender_item);
}

/* struct { ComponentID component_id; opaque data<V>; } ComponentData;                        draft-ietf-mls-extensions */
void component_data_read(struct rd *r, struct component_data *out)
{
    out->component_id = rd_u16(r);
    out->data = rd_opaque(r, MLS_COMPONENTS_MAX);
}

void component_data_write(struct wr *w, const struct component_data *component)
{
    wr_u16(w, component->component_id);
    wr_opaque(w, component->data);
}

view component_data_list_read(struct rd *r, size_t max)
{
    struct rd items = rd_vector(r, max);
    const struct rd start = items;
    for (uint32_t next = 0; rd_more(&items);) {
        struct component_data component;
        component_data_read(&items, &component);
        codec_check(&items, CHECK_APP_DATA_RISING, component.component_id >= next);
        next = (uint32_t)component.component_id + 1;
    }
    rd_join(r, &items);
    return rd_ok(r) ? rd_since(&items, &start) : (view){0};
}

void component_data_list_write(struct wr *w, const struct component_data *components, size_t count,
                               size_t max)
{
    size_t mark = wr_vector_begin(w);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && components[i].component_id <= components[i - 1].component_id)
            wr_fail(w, SOTTO_E_USAGE);
        component_data_write(w, &components[i]);
    }
    if (w->out->len - mark > max)
        wr_fail(w, SOTTO_E_TOO_LARGE);
    wr_vector_end(w, mark);
}

/* struct { ComponentData component_data<V>; } AppDataDictionary;                             draft-ietf-mls-extensions */
view app_data_dictionary_read(struct rd *r)
{
    return component_data_list_read(r, MLS_COMPONENTS_MAX);
}
