/* crypto.h - what every call that computes something takes: algorithms, fetched once and used again and again; and keys to
 * sign with. One thread at a time for a handle; each thread makes its own. Keys may be used by several threads, each with a
 * handle of its own, and may outlive the handle that they were made with. */
#ifndef SOTTO_CRYPTO_H
#define SOTTO_CRYPTO_H

#include <sotto/buf.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sotto_crypto sotto_crypto;

/* Release with sotto_crypto_free(). NOMEM; CRYPTO: libcrypto lacks an algorithm (see sotto_check_libcrypto()). */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_crypto_new(sotto_crypto **ret_crypto);
SOTTO_API void sotto_crypto_free(sotto_crypto *c); /* accepts NULL; wipes */

/* MLS cipher suites by their numbers (RFC 9420 17.1): 1 to 7, and X-Wing under private numbers until IANA assigns some. */
#define SOTTO_SUITE_X25519_AES128   0x0001
#define SOTTO_SUITE_P256_AES128     0x0002
#define SOTTO_SUITE_X25519_CHACHA20 0x0003
#define SOTTO_SUITE_X448_AES256     0x0004
#define SOTTO_SUITE_P521_AES256     0x0005
#define SOTTO_SUITE_X448_CHACHA20   0x0006
#define SOTTO_SUITE_P384_AES256     0x0007
#define SOTTO_SUITE_XWING_AES128    0xF0A1
#define SOTTO_SUITE_XWING_AES256    0xF0A2

/* The i-th suite that this library has, most preferred first; 0 behind the last. Its registered name; NULL: none of ours. */
SOTTO_API uint16_t sotto_suite_at(size_t i);
SOTTO_API const char *sotto_suite_name(uint16_t suite);

/* A private signature key with its public key. Release with sotto_sign_key_free(). */
typedef struct sotto_sign_key sotto_sign_key;

/* A new key of the kind that a suite signs with, from sotto_sign_seed_size() fresh random bytes, which the caller wipes.
 * UNSUPPORTED: no such suite. USAGE: another length. NOMEM, CRYPTO. */
SOTTO_API size_t sotto_sign_seed_size(uint16_t suite); /* bytes; 0: no such suite */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_sign_key_new(sotto_crypto *c, uint16_t suite,
                                                      sotto_view seed, sotto_sign_key **ret_key);
/* An existing one: the EdDSA seed, or the ECDSA scalar, big-endian. KEY: not a private key of this kind. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_sign_key_import(sotto_crypto *c, uint16_t suite,
                                                         sotto_view private_key,
                                                         sotto_sign_key **ret_key);
/* In the form that sotto_sign_key_import() takes; yours, a secret. NOMEM. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_sign_key_export(const sotto_sign_key *key,
                                                         sotto_buf *ret_private);
SOTTO_API sotto_view sotto_sign_key_public(const sotto_sign_key *key); /* borrowed from the key */
SOTTO_API void sotto_sign_key_free(sotto_sign_key *key);               /* accepts NULL; wipes */

#ifdef __cplusplus
}
#endif
#endif
