/* kem.h - key encapsulation as HPKE uses it (RFC 9180 4): DHKEM over five curves, and X-Wing
 * (draft-connolly-cfrg-xwing-kem: ML-KEM-768 with X25519, the HPKE number 0x647a). */
#ifndef CRYPTO_KEM_H
#define CRYPTO_KEM_H

#include "crypto/crypto.h"
#include "crypto/suite.h"

#define KEM_PUBLIC_MAX 1216 /* bytes: X-Wing */
#define KEM_ENC_MAX    1120 /* bytes: X-Wing */

size_t kem_private_size(enum kem_id id); /* Nsk */
size_t kem_public_size(enum kem_id id);  /* Npk */
size_t kem_enc_size(enum kem_id id);     /* Nenc */
size_t kem_shared_size(enum kem_id id);  /* Nsecret */
size_t kem_seed_size(enum kem_id id); /* bytes of entropy for one kem_encap(): Nsk, 64 for X-Wing */

struct kem_key; /* a private key, parsed once, with its public key; opaque */

/* DeriveKeyPair (RFC 9180 7.1.3; X-Wing: SHAKE256 of draft-ietf-hpke-pq). `ikm` has at least Nsk bytes of entropy. */
SOTTO_MUST_USE sotto_err kem_key_derive(sotto_crypto *c, enum kem_id id, view ikm,
                                        struct kem_key **ret_key);
/* An existing private key in its serialised form; NIST scalars may be shorter (left-padded). X-Wing: the 32-byte seed.
 * KEY: not one. */
SOTTO_MUST_USE sotto_err kem_key_import(sotto_crypto *c, enum kem_id id,
                                        const struct secret *private_key, struct kem_key **ret_key);
enum kem_id kem_key_id(const struct kem_key *key);
view kem_key_public(const struct kem_key *key); /* borrowed from the key */
void kem_key_export(const struct kem_key *key, struct secret *ret_private);
void kem_key_free(struct kem_key *key); /* accepts NULL; wipes */
void kem_key_freep(struct kem_key **key);

/* Encap (RFC 9180 4.1). `seed` has kem_seed_size() fresh random bytes: DHKEM derives the ephemeral key pair from them by
 * DeriveKeyPair, X-Wing splits them. `ret_enc` has kem_enc_size() bytes. KEY: `public_key` is not one. */
SOTTO_MUST_USE sotto_err kem_encap(sotto_crypto *c, enum kem_id id, view public_key, view seed,
                                   uint8_t *ret_enc, struct secret *ret_shared);
/* Decap. KEY, VALUE: `enc` is not an encapsulation. */
SOTTO_MUST_USE sotto_err kem_decap(sotto_crypto *c, const struct kem_key *key, view enc,
                                   struct secret *ret_shared);

/* Whether the bytes are a valid public key of this kind: lengths, curve membership, ML-KEM modulus. OK or KEY. */
SOTTO_MUST_USE sotto_err kem_public_check(sotto_crypto *c, enum kem_id id, view public_key);

#endif
