/* sign.h - signatures: Ed25519 and Ed448 (RFC 8032), ECDSA over P-256, P-384, P-521 with the matching SHA-2.
 * One strict Ed25519 rule stands in front of every back-end, so that no crafted signature is good for one build and bad for
 * another: exact lengths, canonical A and R, neither of small order, S < L, cofactorless equation.
 * A key may be used by several threads, each with a handle of its own.
 * ECDSA nonces are deterministic (RFC 6979); its signatures are DER (RFC 9420 5.1.2), its public keys uncompressed points. */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "crypto/crypto.h"
#include "crypto/suite.h"

#define SIGN_PUBLIC_MAX   133 /* bytes: P-521, uncompressed */
#define SIGNATURE_MAX     141 /* bytes: P-521, DER */
#define ED25519_PUBLIC    32
#define ED25519_SIGNATURE 64

/* sotto_sign_key is a private key, parsed once, with its public key. */

/* Bytes of seed that sign_key_derive() wants: 32 or 57 (the EdDSA seed itself), or for ECDSA the curve's scalar length
 * plus 16, reduced to a scalar with negligible bias (FIPS 186-5 A.2.1). */
size_t sign_seed_size(enum sign_id id);

/* A new key from fresh random bytes. USAGE: wrong length. */
SOTTO_MUST_USE sotto_err sign_key_derive(sotto_crypto *c, enum sign_id id, view seed,
                                         sotto_sign_key **ret_key);

/* An existing private key: the EdDSA seed, or the ECDSA scalar, big-endian, left-padded or not (65 bytes of a P-521 key are fine).
 * KEY: not a private key of this kind. */
SOTTO_MUST_USE sotto_err sign_key_import(sotto_crypto *c, enum sign_id id,
                                         const struct secret *private_key,
                                         sotto_sign_key **ret_key);

/* Shares what was parsed, so that it costs an allocation. NOMEM. */
SOTTO_MUST_USE sotto_err sign_key_copy(const sotto_sign_key *key, sotto_sign_key **ret_key);

enum sign_id sign_key_id(const sotto_sign_key *key);
view sign_key_public(const sotto_sign_key *key); /* borrowed from the key */
/* The form that sign_key_import() takes. */
void sign_key_export(const sotto_sign_key *key, struct secret *ret_private);
void sign_key_free(sotto_sign_key *key); /* accepts NULL; wipes */
void sign_key_freep(sotto_sign_key **key);

/* The signature replaces what `ret_signature` held. */
SOTTO_MUST_USE sotto_err sign(sotto_crypto *c, const sotto_sign_key *key, view message,
                              sotto_buf *ret_signature);

/* OK: valid. SIGNATURE: not. KEY: `public_key` is no public key of this kind. CRYPTO, NOMEM: not known; treat as not valid. */
SOTTO_MUST_USE sotto_err verify(sotto_crypto *c, enum sign_id id, view public_key, view message,
                                view signature);

/* Whether the bytes are a valid public key of this kind: what verify() checks first. OK or KEY.
 * Ed448: its length alone; whether the point exists shows when it verifies. */
SOTTO_MUST_USE sotto_err sign_public_check(sotto_crypto *c, enum sign_id id, view public_key);

#endif
