/* psk.h - the name of a pre-shared key (RFC 9420 8.4; type application: draft-ietf-mls-extensions). */
#ifndef MLS_PSK_H
#define MLS_PSK_H

#include "mls/codec.h"

enum psk_type { PSK_EXTERNAL = 1, PSK_RESUMPTION = 2, PSK_APPLICATION = 3 };
enum psk_usage { PSK_USAGE_APPLICATION = 1, PSK_USAGE_REINIT = 2, PSK_USAGE_BRANCH = 3 };

struct pre_shared_key_id {
    enum psk_type psktype;
    uint16_t component_id; /* application */
    view psk_id;           /* external, application */
    enum psk_usage usage;  /* resumption */
    view psk_group_id;     /* resumption */
    uint64_t psk_epoch;    /* resumption */
    view psk_nonce;
};
void pre_shared_key_id_read(struct rd *r, struct pre_shared_key_id *out);
void pre_shared_key_id_write(struct wr *w, const struct pre_shared_key_id *id);

/* PreSharedKeyID psks<V>; gives the list. */
view pre_shared_key_list_read(struct rd *r);

#endif
