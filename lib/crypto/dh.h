/* dh.h - Diffie-Hellman over X25519 and X448 (RFC 7748) and P-256, P-384, P-521 (SP 800-56A, x coordinate).
 * An all-zero X25519 or X448 result is refused (KEY), so is a point that is not on its curve. Points of the NIST curves are
 * uncompressed (0x04, x, y); no other form is taken. A key may be used by several threads, each with a handle of its own. */
#ifndef CRYPTO_DH_H
#define CRYPTO_DH_H

#include "crypto/crypto.h"

enum dh_id { DH_X25519, DH_X448, DH_P256, DH_P384, DH_P521 };
#define DH_PUBLIC_MAX 133 /* bytes: P-521, uncompressed */

size_t dh_private_size(enum dh_id id); /* bytes: 32, 56, 32, 48, 66 */
size_t dh_public_size(enum dh_id id);  /* bytes: 32, 56, 65, 97, 133 */
size_t dh_shared_size(enum dh_id id);  /* bytes: 32, 56, 32, 48, 66 */

struct dh_key; /* a private key, parsed once, with its public key; opaque */

/* From a private key: any 32 or 56 bytes for X25519 and X448, a scalar in [1, n) for the NIST curves (shorter ones are left-padded).
 * KEY: not one. */
SOTTO_MUST_USE sotto_err dh_key_import(sotto_crypto *c, enum dh_id id,
                                       const struct secret *private_key, struct dh_key **ret_key);
enum dh_id dh_key_id(const struct dh_key *key);
view dh_key_public(const struct dh_key *key); /* borrowed from the key */
void dh_key_export(const struct dh_key *key, struct secret *ret_private);
void dh_key_free(struct dh_key *key); /* accepts NULL; wipes */
void dh_key_freep(struct dh_key **key);

/* KEY: the peer's key is not valid, or the result would be all zero. */
SOTTO_MUST_USE sotto_err dh(sotto_crypto *c, const struct dh_key *key, view peer_public,
                            struct secret *ret_shared);

#endif
