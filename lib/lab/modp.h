/* modp.h - Diffie-Hellman in the 2048-bit group of RFC 3526 (group 14): p = 2q + 1 with p and q prime, g = 2, which
 * generates the subgroup of order q. About 112 bits strong. */
#ifndef LAB_MODP_H
#define LAB_MODP_H

#include "base/base.h"
#include "base/buf.h"

#define MODP_SIZE 256 /* bytes of a public value and of a shared one, big-endian, left-padded */
#define MODP_SEED \
    32 /* bytes: the private exponent itself, twice the group's strength (NIST SP 800-56A 5.6.1.1) */

struct modp_key; /* a private exponent with its public value; opaque */

/* From fresh random bytes. KEY: they are all zero. */
SOTTO_MUST_USE sotto_err modp_key_derive(const uint8_t seed[MODP_SEED], struct modp_key **ret_key);
view modp_key_public(const struct modp_key *key); /* MODP_SIZE bytes, borrowed from the key */
void modp_key_free(struct modp_key *key);         /* accepts NULL; wipes */
void modp_key_freep(struct modp_key **key);

/* Full validation (SP 800-56A 5.6.2.3.1): MODP_SIZE bytes, 1 < y < p - 1, y^q = 1. OK or KEY.
 * Without it a peer sends 1 or p - 1 and the shared secret is known to all. */
SOTTO_MUST_USE sotto_err modp_public_check(view peer_public);

/* Appends the MODP_SIZE shared bytes. KEY: the peer's value is not valid. */
SOTTO_MUST_USE sotto_err modp_agree(const struct modp_key *key, view peer_public,
                                    sotto_buf *ret_shared);

#endif
