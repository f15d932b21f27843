/* ed25519_strict.h - the one rule for Ed25519 in front of every back-end: bytes alone, no curve arithmetic.
 * The back-ends differ on encodings that no honest signer makes; this rule refuses all of them, so that they agree.
 * Everything here is public, so time may depend on it. */
#ifndef CRYPTO_ED25519_STRICT_H
#define CRYPTO_ED25519_STRICT_H

#include "base/base.h"

/* Canonical (y < p) and not of small order. Whether the point is on the curve is not looked at. */
bool ed25519_point_strict(const uint8_t point[32]);

/* S < L, and R as above. */
bool ed25519_signature_strict(const uint8_t signature[64]);

#endif
