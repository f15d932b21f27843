/* x509.h - the five certificates of Sotto as fixed DER templates (docs/certificates.md), and the two ways to check them.
 * Reading rebuilds the template from the fields that were found and compares byte for byte, so a certificate has one
 * encoding and nothing in it escapes us. Signatures are Ed25519 under the strict rule of sign.h.
 * No clock: the caller passes the time in seconds since 1970. Views borrow from the DER that was read. */
#ifndef CRYPTO_X509_H
#define CRYPTO_X509_H

#include "crypto/crypto.h"
#include "crypto/sign.h"

#define X509_MAX        1024 /* bytes of the longest certificate */
#define X509_ACCOUNT_ID 32   /* bytes */
#define X509_DEVICE_ID  16   /* bytes */
#define X509_KEY_ID \
    20 /* bytes: the first of SHA-256 of the 32-byte public key (RFC 7093 2, method 1) */
#define X509_PIN       15  /* bytes: the first of a root's key id */
#define X509_PIN_TEXT  38  /* "9F2C-…": 30 upper-case hex digits in groups of four, and a NUL */
#define X509_NAME_MAX  318 /* bytes: alice@chat.example.org */
#define X509_HOST_MAX  253 /* bytes */
#define X509_CHAIN_MAX 4   /* device, account, intermediate, root */

#define X509_FOREVER_S    INT64_C(253402300799) /* 9999-12-31 23:59:59: no end (RFC 5280 4.1.2.5) */
#define X509_SERVER_TTL_S INT64_C(7776000)      /* 90 days: how long a server certificate lives */

enum x509_kind {
    X509_ROOT,         /* self-signed, CA, path length 2; the server's anchor, which clients pin */
    X509_INTERMEDIATE, /* CA, path length 1; signs while the root is offline */
    X509_SERVER,       /* the key that signs `hello`; no CA */
    X509_ACCOUNT,      /* CA, path length 0; the server vouches for an account's name */
    X509_DEVICE, /* signed by the account key; ties the device's signature key to account and device id */
    X509_KINDS
};

/* What varies in a certificate. To issue one, fill in what its kind has (right column) and leave the rest zero. */
struct x509 {
    enum x509_kind kind;                /* all */
    uint8_t public_key[ED25519_PUBLIC]; /* all */
    int64_t not_before_s, not_after_s;  /* all but DEVICE, which has no time of its own */
    enum x509_kind
        issuer; /* SERVER, ACCOUNT: ROOT or INTERMEDIATE; follows from the kind elsewhere */
    uint8_t issuer_key_id[X509_KEY_ID];  /* set by x509_issue(); its own for ROOT */
    uint8_t account_id[X509_ACCOUNT_ID]; /* ACCOUNT, DEVICE */
    uint8_t device_id[X509_DEVICE_ID];   /* DEVICE */
    view name;                           /* ACCOUNT: local@host in lower case */
    view host;                           /* SERVER: host name or address, in lower case */
    uint8_t signature[ED25519_SIGNATURE];
    view tbs; /* set by x509_read(): the signed part */
};

/* Appends the signed DER to `out`. `key` is the issuer's, Ed25519 (ROOT: that of public_key).
 * USAGE: a field is out of range, or the key is of another kind; NOMEM, TOO_LARGE, CRYPTO. `out` unchanged then. */
SOTTO_MUST_USE sotto_err x509_issue(sotto_crypto *c, const struct x509 *fields,
                                    const sotto_sign_key *key, sotto_buf *out);

/* Reads a certificate of this kind. CERTIFICATE: not exactly that template. The signature is not checked here. */
SOTTO_MUST_USE sotto_err x509_read(sotto_crypto *c, enum x509_kind kind, view der,
                                   struct x509 *ret_cert);

/* Whether the owner of this public key issued it: key id and signature. CERTIFICATE: no. Asks no clock. */
SOTTO_MUST_USE sotto_err x509_verify(sotto_crypto *c, const struct x509 *cert,
                                     const uint8_t issuer[ED25519_PUBLIC]);

/* The account path: reads a device certificate and verifies it under the account key. Decides membership, so it asks no clock
 * and no server. CERTIFICATE. */
SOTTO_MUST_USE sotto_err x509_verify_device(sotto_crypto *c, view der,
                                            const uint8_t account_key[ED25519_PUBLIC],
                                            struct x509 *ret_device);

/* The name path: chain is device, account, intermediate if there is one, root: 3 or 4. Our own templates and signatures first,
 * then X509_verify_cert with a store of our own and the caller's time. On success the account's name is vouched for now.
 * CERTIFICATE; PIN: another root; EXPIRED: outside the validity of one of them. */
SOTTO_MUST_USE sotto_err x509_verify_name_path(sotto_crypto *c, const view *chain, size_t count,
                                               const uint8_t pin[X509_PIN], int64_t now_s,
                                               struct x509 *ret_account, struct x509 *ret_device);

/* The chain of `hello`: server, intermediate if there is one, root: 2 or 3. `pin` may be NULL at the first contact.
 * Gives the key that must have signed the hello, and the root's pin to keep or compare. Errors as the name path. */
SOTTO_MUST_USE sotto_err x509_verify_server_chain(sotto_crypto *c, const view *chain, size_t count,
                                                  const uint8_t *pin, int64_t now_s,
                                                  uint8_t ret_server_key[ED25519_PUBLIC],
                                                  uint8_t ret_pin[X509_PIN]);

/* The first 20 bytes of SHA-256 of the key; the pin of a root is the first 15 of them. */
SOTTO_MUST_USE sotto_err x509_key_id(sotto_crypto *c, const uint8_t public_key[ED25519_PUBLIC],
                                     uint8_t ret_id[X509_KEY_ID]);
SOTTO_MUST_USE sotto_err x509_pin(sotto_crypto *c, const uint8_t root_key[ED25519_PUBLIC],
                                  uint8_t ret_pin[X509_PIN]);

/* "9F2C-03D1-…" with a NUL. Reading takes either case, with all its dashes or none. VALUE: not a pin. */
void x509_pin_write(const uint8_t pin[X509_PIN], char ret_text[X509_PIN_TEXT]);
SOTTO_MUST_USE sotto_err x509_pin_read(view text, uint8_t ret_pin[X509_PIN]);

/* Whether the bytes can be an account's name (local@host) or a server's host: what x509_issue() takes. */
bool x509_name_valid(view name);
bool x509_host_valid(view host);

#endif
