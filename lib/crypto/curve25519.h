/* curve25519.h - X25519 (RFC 7748) and Ed25519 (RFC 8032) as a table of functions, a row a back-end, for lib/crypto alone.
 * The back-ends differ on edge cases; what stands before them (dh.c, ed25519_strict.h) makes them agree.
 * Errors: CRYPTO, NOMEM where a back-end can fail by itself. */
#ifndef CRYPTO_CURVE25519_H
#define CRYPTO_CURVE25519_H

#include "crypto/crypto.h"

#define CURVE25519_BYTES  32 /* a scalar, a coordinate, a seed, an encoded point */
#define ED25519_SIG_BYTES 64

struct curve25519 {
    /* The public key of a private one. */
    sotto_err (*x25519_public)(sotto_crypto *c, const uint8_t private_key[CURVE25519_BYTES],
                               uint8_t ret_public[CURVE25519_BYTES]);

    /* The shared secret; `public_key` is that of `private_key`, which saves one back-end from computing it.
     * An all-zero result may be given as such, or refused with KEY. */
    sotto_err (*x25519)(sotto_crypto *c, const uint8_t private_key[CURVE25519_BYTES],
                        const uint8_t public_key[CURVE25519_BYTES],
                        const uint8_t peer[CURVE25519_BYTES], uint8_t ret_shared[CURVE25519_BYTES]);

    sotto_err (*ed25519_public)(sotto_crypto *c, const uint8_t seed[CURVE25519_BYTES],
                                uint8_t ret_public[CURVE25519_BYTES]);

    sotto_err (*ed25519_sign)(sotto_crypto *c, const uint8_t seed[CURVE25519_BYTES],
                              const uint8_t public_key[CURVE25519_BYTES], view message,
                              uint8_t ret_signature[ED25519_SIG_BYTES]);

    /* The cofactorless equation. SIGNATURE: does not hold. */
    sotto_err (*ed25519_verify)(sotto_crypto *c, const uint8_t public_key[CURVE25519_BYTES],
                                view message, const uint8_t signature[ED25519_SIG_BYTES]);
};

#ifdef HAVE_LIB25519
extern const struct curve25519 curve25519_lib25519;
#endif
extern const struct curve25519 curve25519_sodium;
extern const struct curve25519 curve25519_openssl;

#endif
