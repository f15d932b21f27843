/* elgamal.h - ElGamal signatures (1985) in the 2048-bit group of RFC 3526. FOR TEACHING ALONE: no library has them any
 * more, so this is the one construction of ours, on OpenSSL's big numbers. Nothing outside the lab may use it.
 *
 * Key: x in [1, q), y = g^x mod p. Sign: k in [1, q), r = g^k mod p, s = (H(m) - x r) / k mod q.
 * Verify: g^H(m) = y^r r^s mod p. We work in the subgroup of prime order q, where the textbook has p - 1: then every k has
 * an inverse, and r is checked to lie in the subgroup. That check is not an ornament: with g = 2 the textbook's scheme
 * takes r = (p - 1) / 2 and an s that anybody can compute for any message (Bleichenbacher, Eurocrypt 1996). */
#ifndef LAB_ELGAMAL_H
#define LAB_ELGAMAL_H

#include "base/base.h"
#include "base/buf.h"
#include "lab/modp.h"

#define ELGAMAL_PUBLIC    MODP_SIZE       /* bytes: y */
#define ELGAMAL_SIGNATURE (2 * MODP_SIZE) /* bytes: r, s */
#define ELGAMAL_SEED \
    (MODP_SIZE + 16) /* fresh random bytes, reduced to [1, q) with a bias below 2^-128 */

enum elgamal_hash { ELGAMAL_SHA256 = 1, ELGAMAL_SHA1 = 2 }; /* the numbers stand in messages too */

struct elgamal_key; /* opaque */

SOTTO_MUST_USE sotto_err elgamal_key_derive(const uint8_t seed[ELGAMAL_SEED],
                                            struct elgamal_key **ret_key);

/* An existing private key: x, MODP_SIZE bytes. KEY: not in [1, q). */
SOTTO_MUST_USE sotto_err elgamal_key_read(view x, struct elgamal_key **ret_key);
SOTTO_MUST_USE sotto_err elgamal_key_write(const struct elgamal_key *key, sotto_buf *out);
view elgamal_key_public(const struct elgamal_key *key); /* borrowed from the key */
void elgamal_key_free(struct elgamal_key *key);         /* accepts NULL; wipes */
void elgamal_key_freep(struct elgamal_key **key);

/* `seed` becomes k: fresh for each signature. Two signatures with one k give x away. UNSUPPORTED: unknown hash. */
SOTTO_MUST_USE sotto_err elgamal_sign(const struct elgamal_key *key, enum elgamal_hash hash,
                                      view message, const uint8_t seed[ELGAMAL_SEED],
                                      uint8_t ret_signature[ELGAMAL_SIGNATURE]);

/* SIGNATURE: not valid. KEY: `public_key` is not in the group. UNSUPPORTED: unknown hash. */
SOTTO_MUST_USE sotto_err elgamal_verify(view public_key, enum elgamal_hash hash, view message,
                                        view signature);

#endif
