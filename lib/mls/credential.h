/* credential.h - who a leaf says it is (RFC 9420 5.3). */
#ifndef MLS_CREDENTIAL_H
#define MLS_CREDENTIAL_H

#include "mls/codec.h"

struct credential {
    uint16_t credential_type;
    union {
        view identity; /* basic */
        view
            certificates; /* x509: walk with credential_certificate_read(); the leaf's own comes first */
    };
};

/* VALUE: a type that we don't know: it has no length of its own, so what stands behind it can't be found (13.5);
 * no certificate, or an empty one. */
void credential_read(struct rd *r, struct credential *out);
void credential_write(struct wr *w, const struct credential *credential);

/* One item of credential.certificates: DER. */
void credential_certificate_read(struct rd *r, view *out);

#endif
