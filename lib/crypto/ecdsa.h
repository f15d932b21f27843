/* ecdsa.h - ECDSA (FIPS 186-5) with any of our curves and any SHA-2, where sign.h has the fixed pairs of TLS and MLS.
 * Nonces are deterministic (RFC 6979). Signatures are DER, the one encoding and no other: a signature that could be written
 * differently is refused. */
#ifndef CRYPTO_ECDSA_H
#define CRYPTO_ECDSA_H

#include <openssl/evp.h>

#include "crypto/ec.h"
#include "crypto/hash.h"

#define ECDSA_DER_MAX 141 /* bytes: P-521; 3 + 2 * (2 + 67) and never all of it */
#define ECDSA_RS_MAX  132 /* bytes: P-521, r || s */

/* `key` is a private key from ec_private_import(). The signature replaces what `ret_signature` held. */
SOTTO_MUST_USE sotto_err ecdsa_sign(const EVP_PKEY *key, enum hash_id hash, view message,
                                    sotto_buf *ret_signature);

/* SIGNATURE: not valid. KEY: `public_key` is no uncompressed point of the curve. */
SOTTO_MUST_USE sotto_err ecdsa_verify(sotto_crypto *c, enum ec_id id, enum hash_id hash,
                                      view public_key, view message, view signature);

/* From DER to r || s (IEEE P1363), each ec_scalar_size() bytes. SIGNATURE: not strict DER, or a number out of size. */
SOTTO_MUST_USE sotto_err ecdsa_rs_from_der(enum ec_id id, view der, sotto_buf *ret_rs);

/* And back. SIGNATURE: another length, or a number that is zero. */
SOTTO_MUST_USE sotto_err ecdsa_der_from_rs(enum ec_id id, view rs, sotto_buf *ret_der);

#endif
