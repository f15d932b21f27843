/* ec.h - keys on P-256, P-384 and P-521 (SEC 1), for lib/crypto alone: what dh.c and ecdsa.c share.
 * Private keys are big-endian scalars, public keys uncompressed points: 0x04, x, y. No other form is taken. */
#ifndef CRYPTO_EC_H
#define CRYPTO_EC_H

#include <openssl/evp.h>

#include "crypto/crypto.h"

enum ec_id { EC_P256, EC_P384, EC_P521, EC_COUNT };
#define EC_SCALAR_MAX 66
#define EC_POINT_MAX  133

size_t ec_scalar_size(enum ec_id id); /* bytes: 32, 48, 66 */
size_t ec_point_size(enum ec_id id);  /* bytes: 65, 97, 133 */
const char *ec_group_name(enum ec_id id);

/* OpenSSL's number of the curve, for EC_GROUP_new_by_curve_name(). */
int ec_group_nid(enum ec_id id);

/* A key pair from a scalar in [1, n), left-padded or not: longer ones must begin with zeros. *ret_scalar has the full length.
 * KEY: out of range. Free with EVP_PKEY_free(). */
SOTTO_MUST_USE sotto_err ec_private_import(sotto_crypto *c, enum ec_id id, view scalar,
                                           struct secret *ret_scalar, uint8_t *ret_point,
                                           EVP_PKEY **ret_key);

/* A scalar from ec_scalar_size() + 16 random bytes: reduced modulo n - 1, plus one (FIPS 186-5 A.2.1). */
SOTTO_MUST_USE sotto_err ec_scalar_from_seed(sotto_crypto *c, enum ec_id id, view seed,
                                             struct secret *ret_scalar);

/* A point that was checked to be on the curve; these curves have cofactor 1, so it is a full check (SP 800-56A 5.6.2.3.3).
 * KEY: not one. Free with EVP_PKEY_free(). */
SOTTO_MUST_USE sotto_err ec_public_import(sotto_crypto *c, enum ec_id id, view point,
                                          EVP_PKEY **ret_key);

#endif
