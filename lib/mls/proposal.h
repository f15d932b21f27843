/* proposal.h - a change to the group that someone proposes (RFC 9420 12.1; draft-ietf-mls-extensions). */
#ifndef MLS_PROPOSAL_H
#define MLS_PROPOSAL_H

#include "mls/key_package.h"
#include "mls/psk.h"

struct reinit {
    view group_id;
    uint16_t version;
    uint16_t cipher_suite;
    view extensions;
};

enum app_data_operation { APP_DATA_UPDATE = 1, APP_DATA_REMOVE = 2 };

struct app_data_update {
    uint16_t component_id;
    enum app_data_operation op;
    view update; /* update alone */
};

struct proposal {
    uint16_t proposal_type;
    union {
        struct key_package add;
        struct leaf_node update;
        uint32_t removed; /* remove */
        struct pre_shared_key_id psk;
        struct reinit reinit;
        view kem_output; /* external_init */
        view extensions; /* group_context_extensions */
        struct app_data_update app_data_update;
        struct component_data app_ephemeral;
    }; /* self_remove has no fields */
};

/* KIND: a type that we don't know. A proposal has no length of its own, so what stands behind it can't be found (13.5). */
void proposal_read(struct rd *r, struct proposal *out);
void proposal_write(struct wr *w, const struct proposal *proposal);

/* The proposal of one type without the type in front, as proposal_read() reads it. out->proposal_type is set. */
void proposal_body_read(struct rd *r, struct proposal *out);
void proposal_body_write(struct wr *w, const struct proposal *proposal);

#endif
