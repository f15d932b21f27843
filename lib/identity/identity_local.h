/* identity_local.h - what the files of lib/identity share: each record as a part of another one. Private to lib/identity. */
#ifndef IDENTITY_IDENTITY_LOCAL_H
#define IDENTITY_IDENTITY_LOCAL_H

#include "crypto/hash.h"
#include "crypto/record.h"
#include "identity/identity.h"

/* Bytes of each as written. */
#define GENESIS_SIZE (1 + 13 + 1 + 1 + ED25519_PUBLIC + IDENTITY_HASH)
#define ROTATION_SIZE                                                                \
    (1 + 14 + 1 + ACCOUNT_ID + 4 + ED25519_PUBLIC + ED25519_PUBLIC + IDENTITY_HASH + \
     ED25519_SIGNATURE)

void genesis_parse(struct rd *r, struct genesis *out);
void genesis_put(struct wr *w, const struct genesis *genesis);
void rotation_parse(struct rd *r, struct rotation *out);
void rotation_put(struct wr *w, const struct rotation *rotation);
void device_list_parse(struct rd *r, struct device_list *out);
void device_list_put(struct wr *w, const struct device_list *list);

/* VALUE where the condition fails. */
static inline void rd_demand(struct rd *r, bool holds)
{
    if (!holds)
        rd_fail(r, SOTTO_E_VALUE);
}

static inline void wr_demand(struct wr *w, bool holds)
{
    if (!holds)
        wr_fail(w, SOTTO_E_VALUE);
}

#endif
