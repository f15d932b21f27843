/* crypto.h - the handle that every primitive takes: algorithms fetched once, contexts used again and again
 * (fetching costs more than a small hash). One thread at a time; each thread makes its own.
 * Nothing here draws randomness: whoever needs it passes seed bytes.
 * A context remembers the last key that went through it, until the next one or crypto_free(), which wipes. */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include <sotto/crypto.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"

/* Fetches everything. NOMEM; CRYPTO: libcrypto lacks an algorithm. Release with crypto_free(). crypto_local.h has its inside
 * for lib/crypto alone. */
SOTTO_MUST_USE sotto_err crypto_new(sotto_crypto **ret_crypto);

/* Accepts NULL. Keys that were made with the handle may outlive it. */
void crypto_free(sotto_crypto *c);
void crypto_freep(sotto_crypto **c);

/* Where Curve25519 comes from; the best one of this build unless crypto_use_curve() says otherwise. */
enum curve_backend { CURVE_LIB25519, CURVE_SODIUM, CURVE_OPENSSL, CURVE_BACKENDS };

/* "lib25519", "libsodium", "OpenSSL". */
const char *curve_backend_name(enum curve_backend backend);
/* The best one of this build. */
enum curve_backend curve_backend_default(void);
/* For tests and benches: switches this handle to another back-end. UNSUPPORTED: not in this build; unchanged. */
SOTTO_MUST_USE sotto_err crypto_use_curve(sotto_crypto *c, enum curve_backend backend);
enum curve_backend crypto_curve(const sotto_crypto *c);

#endif
