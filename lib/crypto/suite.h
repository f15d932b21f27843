/* suite.h - the numbers of algorithms, and the MLS cipher suites as one table (RFC 9420 17.1).
 * The only place where these numbers stand. */
#ifndef CRYPTO_SUITE_H
#define CRYPTO_SUITE_H

#include "base/base.h"

/* RFC 9180 7.1, draft-ietf-hpke-pq */
enum kem_id {
    KEM_P256 = 0x0010,
    KEM_P384 = 0x0011,
    KEM_P521 = 0x0012,
    KEM_X25519 = 0x0020,
    KEM_X448 = 0x0021,
    KEM_XWING = 0x647a
};

/* RFC 9180 7.2: HKDF with this hash */
enum kdf_id { KDF_SHA256 = 0x0001, KDF_SHA384 = 0x0002, KDF_SHA512 = 0x0003 };

/* RFC 9180 7.3 */
enum aead_id {
    AEAD_AES_128_GCM = 0x0001,
    AEAD_AES_256_GCM = 0x0002,
    AEAD_CHACHA20_POLY1305 = 0x0003,
    AEAD_EXPORT_ONLY = 0xffff
};

/* TLS SignatureScheme (RFC 8446 4.2.3), as RFC 9420 17.1 uses it */
enum sign_id {
    SIGN_ECDSA_P256 = 0x0403,
    SIGN_ECDSA_P384 = 0x0503,
    SIGN_ECDSA_P521 = 0x0603,
    SIGN_ED25519 = 0x0807,
    SIGN_ED448 = 0x0808
};

/* The three parts of an HPKE suite (RFC 9180 7). */
struct hpke_suite {
    enum kem_id kem;
    enum kdf_id kdf;
    enum aead_id aead;
};

struct mls_suite {
    uint16_t id;
    const char *name; /* the registry's name */
    struct hpke_suite hpke;
    enum sign_id sign;
    uint8_t hash_len; /* Nh of the kdf, bytes */
    uint8_t key_len;  /* Nk of the aead, bytes */
};

/* NULL for an unknown id. Static memory. */
const struct mls_suite *mls_suite_find(uint16_t id);

/* The table, in the order of our preference for interoperability. */
const struct mls_suite *mls_suite_all(size_t *ret_count);

/* What conversations use: X-Wing, HKDF-SHA256, AES-128-GCM, Ed25519. Private-use numbers until IANA assigns one. */
#define MLS_SUITE_XWING_AES128 0xF0A1
#define MLS_SUITE_XWING_AES256 0xF0A2

#endif
