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
    struct secret server_key; /* Ed25519; signs hello */
    struct secret
        issuer_key; /* Ed25519; certifies accounts: the intermediate's or the root's; empty: neither is here */
    bool issuer_is_root;
    int64_t issuer_not_after_s; /* 0: neither key is here */
    sotto_buf
        issuer_cert; /* DER of the intermediate that certifies accounts; empty: the root does, or neither is here */
    sotto_buf server_cert, root_cert; /* DER */
    sotto_buf intermediate_cert;      /* DER; empty if the root itself certified the server key */
    sotto_buf tls;                    /* PEM: key and certificate */
    uint8_t pin[X509_PIN];
    int64_t not_after_s; /* of server_cert */
    bool fresh, renewed; /* made just now; server_cert made anew */
};
void identity_clear(struct identity *id);

/* Whichever comes first: the end of the server's certificate, or of what certifies accounts. */
int64_t identity_end_s(const struct identity *id);

/* The names of the files, for state_open(). */
extern const char *const identity_files[];

#define IDENTITY_RENEW_S \
    (30 * 24 * 3600) /* a server certificate is renewed when less than that is left of it */

#define IDENTITY_INTERMEDIATE_S \
    (2 * 365 * 24 * 3600) /* how long an intermediate may stand in for a root key that is away */

/* What else a call does than loading. {0}: nothing. */
struct identity_change {
    const struct secret
        *root; /* the seed of the root key if that isn't kept in the directory; or NULL */
    bool new_intermediate; /* makes one, or another one, under the root key */
    bool new_server_key;   /* makes another one, certified by what is at hand */
};

/* Reads what is there and makes what is missing and can be made: everything in an empty directory; what hangs on the root key as
 * long as that is there. Nothing that is there is overwritten but a server certificate that is renewed. `host` goes into new
 * certificates. CERTIFICATE, KEY: a file is damaged, foreign, or doesn't belong to the others. EXPIRED: and the root key is away.
 * NOTFOUND: a file is missing that can't be made. Also PERMISSION, IO, NOMEM, CRYPTO. */
SOTTO_MUST_USE sotto_err identity_load(sotto_crypto *c, struct state *state, const char *host,
                                       int64_t now_s, struct identity *ret_identity,
                                       struct failure *ret_failure);

/* The same, with a change. A cut in the middle of it leaves a directory that can be loaded, or changed by the same call once more.
 * NOTFOUND also: the key that the change needs is away. KEY: `root` is not this server's. */
SOTTO_MUST_USE sotto_err identity_change(sotto_crypto *c, struct state *state, const char *host,
                                         int64_t now_s, const struct identity_change *change,
                                         struct identity *ret_identity,
                                         struct failure *ret_failure);

/* A root key in a file elsewhere: made there (the file must not exist), or read. EXISTS, PERMISSION, NOTFOUND, KEY, IO. */
SOTTO_MUST_USE sotto_err identity_root_make(sotto_crypto *c, const char *path,
                                            struct secret *ret_seed, struct failure *ret_failure);
SOTTO_MUST_USE sotto_err identity_root_read(sotto_crypto *c, const char *path,
                                            struct secret *ret_seed, struct failure *ret_failure);
/* The same from a descriptor, which is borrowed; `name` stands in the words. */
SOTTO_MUST_USE sotto_err identity_root_take(sotto_crypto *c, int fd, const char *name,
                                            struct secret *ret_seed, struct failure *ret_failure);

#endif
