/* identity.h - who the server is: its keys and certificates, read from the state directory or made there. */
#ifndef NET_IDENTITY_H
#define NET_IDENTITY_H

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "crypto/x509.h"
#include "net/failure.h"
#include "net/state.h"

struct identity {
    struct secret server_key;         /* Ed25519; signs hello */
    sotto_buf server_cert, root_cert; /* DER */
    sotto_buf tls;                    /* PEM: key and certificate */
    uint8_t pin[X509_PIN];
    int64_t not_after_s; /* of server_cert */
    bool fresh, renewed; /* made just now; server_cert made anew */
};
void identity_clear(struct identity *id);

/* The names of the files, for state_open(). */
extern const char *const identity_files[];

#define IDENTITY_RENEW_S \
    (30 * 24 * 3600) /* a server certificate is renewed when less than that is left of it */

/* Reads what is there and makes what is missing and can be made: everything in an empty directory; what hangs on the root key as
 * long as that is there. Nothing that is there is overwritten but a server certificate that is renewed. `host` goes into new
 * certificates. CERTIFICATE, KEY: a file is damaged, foreign, or doesn't belong to the others. EXPIRED: and the root key is away.
 * NOTFOUND: a file is missing that can't be made. Also PERMISSION, IO, NOMEM, CRYPTO. */
SOTTO_MUST_USE sotto_err identity_load(sotto_crypto *c, struct state *state, const char *host,
                                       int64_t now_s, struct identity *ret_identity,
                                       struct failure *ret_failure);

#endif
