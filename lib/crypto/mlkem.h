/* mlkem.h - ML-KEM-768 (FIPS 203). Deterministic: seeds come from the caller. Keys that fail the modulus check are refused;
 * a wrong ciphertext gives the implicit-rejection secret, as the standard says. */
#ifndef CRYPTO_MLKEM_H
#define CRYPTO_MLKEM_H

#include "crypto/crypto.h"

#define MLKEM768_PUBLIC     1184
#define MLKEM768_CIPHERTEXT 1088
#define MLKEM768_SEED       64 /* d || z, the private key's form here */
#define MLKEM768_ENTROPY    32 /* m */
#define MLKEM768_SHARED     32

struct mlkem_key; /* private key, parsed; opaque */

/* KEY: `seed` is not 64 bytes. */
SOTTO_MUST_USE sotto_err mlkem_key_derive(struct crypto *c, const struct secret *seed, struct mlkem_key **ret_key);
/* From the expanded decapsulation key (2400 bytes), for vectors; it has no seed to export. KEY: not consistent. */
SOTTO_MUST_USE sotto_err mlkem_key_import(struct crypto *c, view expanded, struct mlkem_key **ret_key);
view mlkem_key_public(const struct mlkem_key *key); /* borrowed from the key */
void mlkem_key_free(struct mlkem_key *key);         /* accepts NULL; wipes */
void mlkem_key_freep(struct mlkem_key **key);

/* KEY: `public_key` is not one. `entropy` must be fresh for each call. */
SOTTO_MUST_USE sotto_err mlkem_encap(struct crypto *c, view public_key, const uint8_t entropy[MLKEM768_ENTROPY],
                                     uint8_t ret_ciphertext[MLKEM768_CIPHERTEXT], struct secret *ret_shared);
/* VALUE: the ciphertext has the wrong length. */
SOTTO_MUST_USE sotto_err mlkem_decap(struct crypto *c, const struct mlkem_key *key, view ciphertext,
                                     struct secret *ret_shared);

#endif
