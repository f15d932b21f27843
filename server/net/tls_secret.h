/* tls_secret.h - what TLS 1.3 makes of its secrets once the handshake is done (RFC 8446 7), for suites with SHA-256. Pure. */
#ifndef NET_TLS_SECRET_H
#define NET_TLS_SECRET_H

#include "base/base.h"
#include "crypto/crypto.h"

#define TLS_SECRET 32 /* bytes */

struct tls_secret {
    uint8_t bytes[TLS_SECRET];
};

/* HKDF-Expand-Label (7.1). The label has at most 249 characters, the context at most 255 bytes, `len` is at most 255 * TLS_SECRET:
 * else TOO_LARGE. CRYPTO. */
SOTTO_MUST_USE sotto_err tls_secret_expand(sotto_crypto *c, const struct tls_secret *secret,
                                           const char *label, view context, uint8_t *ret_out,
                                           size_t len);

/* Keying material from the exporter secret (7.5), without context. Errors as above. */
SOTTO_MUST_USE sotto_err tls_secret_export(sotto_crypto *c, const struct tls_secret *exporter,
                                           const char *label, uint8_t *ret_out, size_t len);

#endif
