/* extension.h - extensions and what the known ones hold (RFC 9420 13, 17.3; draft-ietf-mls-extensions).
 * A list is read for a place. An extension that is known there must be well-formed to its last byte; every other is opaque and
 * means nothing, in whichever place (13.4). No type comes twice. One exception: a ratchet_tree may have megabytes, so it
 * is read once, by who joins with it (ratchet_tree.h). */
#ifndef MLS_EXTENSION_H
#define MLS_EXTENSION_H

#include "mls/credential.h"

enum extension_place {
    EXTENSION_IN_KEY_PACKAGE = 1,
    EXTENSION_IN_LEAF_NODE = 2,
    EXTENSION_IN_GROUP_INFO = 4,
    EXTENSION_IN_GROUP_CONTEXT = 8 /* in GroupContextExtensions and ReInit too */
};

struct extension {
    uint16_t extension_type;
    view extension_data;
};
void extension_read(struct rd *r, struct extension *out);
void extension_write(struct wr *w, const struct extension *extension);

/* Extension extensions<V>; gives the content. VALUE: a type twice. TOO_LARGE: more than MLS_EXTENSIONS_COUNT. */
view extension_list_read(struct rd *r, enum extension_place place);

/* Whether a list that was read has this type; *ret_data is its data, or left alone. */
bool extension_find(view list, uint16_t extension_type, view *ret_data);

/* application_id and external_pub: one opaque value (RFC 9420 5.3.3, 12.4.3.2). */
void application_id_read(struct rd *r, view *out);
void external_pub_read(struct rd *r, view *out);
void external_pub_write(struct wr *w, view external_pub);

/* external_senders (RFC 9420 12.1.8.1): a vector of these. */
struct external_sender {
    view signature_key;
    struct credential credential;
};
void external_sender_read(struct rd *r, struct external_sender *out);
void external_sender_write(struct wr *w, const struct external_sender *sender);
/* The whole content of the extension; gives the list. */
view external_senders_read(struct rd *r);

/* app_data_dictionary: a vector of these, with rising component_id. */
struct component_data {
    uint16_t component_id;
    view data;
};
void component_data_read(struct rd *r, struct component_data *out);
void component_data_write(struct wr *w, const struct component_data *component);
/* A vector of them, of at most `max` bytes, with rising component_id: AppDataDictionary and SafeAAD are that. Reading gives the
 * list; VALUE: not sorted, or an id twice. The writer fails with USAGE then, and with TOO_LARGE over `max`. */
view component_data_list_read(struct rd *r, size_t max);
void component_data_list_write(struct wr *w, const struct component_data *components, size_t count,
                               size_t max);
/* The whole content of the extension; gives the list. */
view app_data_dictionary_read(struct rd *r);

#endif
