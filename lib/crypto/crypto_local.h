/* crypto_local.h - the inside of the handle, for lib/crypto alone. Everything here is fetched or made once, in crypto_new(),
 * and used again by every call; a call leaves nothing behind that the next one depends on. */
#ifndef CRYPTO_CRYPTO_LOCAL_H
#define CRYPTO_CRYPTO_LOCAL_H

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "crypto/crypto.h"
#include "crypto/curve25519.h"
#include "crypto/ec.h"
#include "crypto/hash.h"

enum { CIPHER_AES_128_GCM, CIPHER_AES_256_GCM, CIPHER_CHACHA20_POLY1305, CIPHER_COUNT };

struct sotto_crypto {
    EVP_MD *md[HASH_COUNT];
    EVP_MD_CTX *md_ctx[HASH_COUNT]; /* one for each, so that it is never set up for another hash */
    EVP_MD *shake;
    EVP_MD_CTX *shake_ctx;

    EVP_CIPHER *cipher[CIPHER_COUNT];
    EVP_CIPHER_CTX
    *seal_ctx[CIPHER_COUNT]; /* with its cipher set: a call gives key and nonce alone, */
    EVP_CIPHER_CTX *open_ctx[CIPHER_COUNT]; /* which is twice as fast as giving the cipher again */

    EC_GROUP *group[EC_COUNT];
    EVP_PKEY_CTX *ec_import; /* these are ready for EVP_PKEY_fromdata() */
    EVP_PKEY_CTX *x25519_import, *ed25519_import;

    enum curve_backend curve_id;
    const struct curve25519 *curve;
};

/* A digest that is fed piece by piece on the handle's own context: begin, add, end, with nothing else on the same hash
 * between them. What fails is CRYPTO; the next md_begin() starts afresh. */
SOTTO_MUST_USE sotto_err md_begin(sotto_crypto *c, enum hash_id id);
SOTTO_MUST_USE sotto_err md_add(sotto_crypto *c, enum hash_id id, view piece);
SOTTO_MUST_USE sotto_err md_end(sotto_crypto *c, enum hash_id id, uint8_t *ret_digest);

/* The key of an HMAC, made into the two blocks that stand before the message and before the inner digest (RFC 2104 2); the
 * inner digest is written right behind the second, so that both are hashed in one go.
 * Used like this: begin, md_add() for the message, end; any number of times. Clear with hmac_pads_clear(). */
struct hmac_pads {
    size_t block; /* bytes of a block in use */
    uint8_t inner[HASH_BLOCK_MAX], outer[HASH_BLOCK_MAX + HASH_MAX];
};
SOTTO_MUST_USE sotto_err hmac_pads_of(sotto_crypto *c, enum hash_id id, view key,
                                      struct hmac_pads *ret_pads);
SOTTO_MUST_USE sotto_err hmac_begin(sotto_crypto *c, enum hash_id id, const struct hmac_pads *pads);
SOTTO_MUST_USE sotto_err hmac_end(sotto_crypto *c, enum hash_id id, struct hmac_pads *pads,
                                  uint8_t *ret_tag);
void hmac_pads_clear(struct hmac_pads *pads);

/* Cleanup of OpenSSL's objects, for DEFER. */
static inline void pkey_freep(EVP_PKEY **pkey)
{
    EVP_PKEY_free(*pkey);
}

static inline void md_ctx_freep(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static inline void pkey_ctx_freep(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

#endif
