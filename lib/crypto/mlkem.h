/* mlkem.h - ML-KEM (FIPS 203) in its three sizes; Sotto uses 768. Deterministic: seeds come from the caller.
 * Public keys that fail the modulus check are refused; a wrong ciphertext gives the implicit-rejection secret, as the standard
 * says. */
#ifndef CRYPTO_MLKEM_H
#define CRYPTO_MLKEM_H

#include "crypto/crypto.h"

enum mlkem_id { MLKEM_512, MLKEM_768, MLKEM_1024, MLKEM_COUNT };

#define MLKEM_SEED           64   /* bytes: d || z, the private key's form here */
#define MLKEM_ENTROPY        32   /* bytes: m, fresh for each encapsulation */
#define MLKEM_SHARED         32   /* bytes of the shared secret, all sizes */
#define MLKEM_PUBLIC_MAX     1568 /* bytes */
#define MLKEM_CIPHERTEXT_MAX 1568 /* bytes */
#define MLKEM768_PUBLIC      1184
#define MLKEM768_CIPHERTEXT  1088

size_t mlkem_public_size(enum mlkem_id id);     /* 800, 1184, 1568 bytes */
size_t mlkem_ciphertext_size(enum mlkem_id id); /* 768, 1088, 1568 bytes */
size_t mlkem_expanded_size(
    enum mlkem_id id); /* 1632, 2400, 3168 bytes: the standard's decapsulation key */

struct mlkem_key; /* private key, parsed; opaque */

/* KEY: `seed` is not 64 bytes. */
SOTTO_MUST_USE sotto_err mlkem_key_derive(sotto_crypto *c, enum mlkem_id id,
                                          const struct secret *seed, struct mlkem_key **ret_key);
/* From the expanded decapsulation key, for vectors. KEY: wrong length, or not consistent. */
SOTTO_MUST_USE sotto_err mlkem_key_import(sotto_crypto *c, enum mlkem_id id, view expanded,
                                          struct mlkem_key **ret_key);
enum mlkem_id mlkem_key_id(const struct mlkem_key *key);
view mlkem_key_public(const struct mlkem_key *key); /* borrowed from the key */
/* Appends the expanded decapsulation key, for vectors. */
SOTTO_MUST_USE sotto_err mlkem_key_expanded(const struct mlkem_key *key, sotto_buf *out);
void mlkem_key_free(struct mlkem_key *key); /* accepts NULL; wipes */
void mlkem_key_freep(struct mlkem_key **key);

/* `ret_ciphertext` has mlkem_ciphertext_size() bytes. KEY: `public_key` is not one. */
SOTTO_MUST_USE sotto_err mlkem_encap(sotto_crypto *c, enum mlkem_id id, view public_key,
                                     const uint8_t entropy[MLKEM_ENTROPY], uint8_t *ret_ciphertext,
                                     struct secret *ret_shared);
/* VALUE: the ciphertext has the wrong length. */
SOTTO_MUST_USE sotto_err mlkem_decap(sotto_crypto *c, const struct mlkem_key *key, view ciphertext,
                                     struct secret *ret_shared);

/* Whether the bytes are a public key of this size: length and modulus. OK or KEY. */
SOTTO_MUST_USE sotto_err mlkem_public_check(sotto_crypto *c, enum mlkem_id id, view public_key);

#endif
