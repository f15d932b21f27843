/* Keys are given to OpenSSL as a pair, private and public: from the private alone it would compute the public one again,
 * which costs as much as the agreement itself. */
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/crypto_local.h"

/* OpenSSL takes octets by a pointer that is not const, and only reads them. */
static OSSL_PARAM octets32(const char *name, const uint8_t bytes[32])
{
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)bytes, 32);
}

/* private_key may be NULL: a public key alone. */
static sotto_err key_new(EVP_PKEY_CTX *import, const uint8_t *private_key,
                         const uint8_t public_key[32], EVP_PKEY **ret_key)
{
    OSSL_PARAM params[3] = {octets32(OSSL_PKEY_PARAM_PUB_KEY, public_key),
                            OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
    int selection = EVP_PKEY_PUBLIC_KEY;
    if (private_key != NULL) {
        params[1] = octets32(OSSL_PKEY_PARAM_PRIV_KEY, private_key);
        selection = EVP_PKEY_KEYPAIR;
    }
    EVP_PKEY *key = NULL;
    if (EVP_PKEY_fromdata(import, &key, selection, params) != 1)
        return SOTTO_E_CRYPTO;
    *ret_key = key;
    return SOTTO_OK;
}

static sotto_err public_of(const char *name, const uint8_t private_key[32], uint8_t ret_public[32])
{
    DEFER(pkey_freep)
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, name, NULL, private_key, 32);
    size_t len = 32;
    if (key == NULL || EVP_PKEY_get_raw_public_key(key, ret_public, &len) != 1)
        return SOTTO_E_CRYPTO;
    return SOTTO_OK;
}

static sotto_err x25519_public(sotto_crypto *c, const uint8_t private_key[32],
                               uint8_t ret_public[32])
{
    (void)c;
    return public_of("X25519", private_key, ret_public);
}

/* The derivation fails for a zero result alone. */
static sotto_err x25519(sotto_crypto *c, const uint8_t private_key[32],
                        const uint8_t public_key[32], const uint8_t peer[32],
                        uint8_t ret_shared[32])
{
    DEFER(pkey_freep) EVP_PKEY *ours = NULL;
    DEFER(pkey_freep) EVP_PKEY *theirs = NULL;
    TRY(key_new(c->x25519_import, private_key, public_key, &ours));
    TRY(key_new(c->x25519_import, NULL, peer, &theirs));
    DEFER(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
    if (ctx == NULL)
        return SOTTO_E_NOMEM;
    size_t len = 32;
    if (EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer_ex(ctx, theirs, 0) != 1)
        return SOTTO_E_CRYPTO;
    return EVP_PKEY_derive(ctx, ret_shared, &len) == 1 ? SOTTO_OK : SOTTO_E_KEY;
}

static sotto_err ed25519_public(sotto_crypto *c, const uint8_t seed[32], uint8_t ret_public[32])
{
    (void)c;
    return public_of("ED25519", seed, ret_public);
}

static sotto_err ed25519_sign(sotto_crypto *c, const uint8_t seed[32], const uint8_t public_key[32],
                              view message, uint8_t ret_signature[64])
{
    DEFER(pkey_freep) EVP_PKEY *key = NULL;
    TRY(key_new(c->ed25519_import, seed, public_key, &key));
    DEFER(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL)
        return SOTTO_E_NOMEM;
    size_t len = ED25519_SIG_BYTES;
    if (EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL) != 1 ||
        EVP_DigestSign(ctx, ret_signature, &len, message.data, message.len) != 1)
        return SOTTO_E_CRYPTO;
    return SOTTO_OK;
}

static sotto_err ed25519_verify(sotto_crypto *c, const uint8_t public_key[32], view message,
                                const uint8_t signature[64])
{
    DEFER(pkey_freep) EVP_PKEY *key = NULL;
    TRY(key_new(c->ed25519_import, NULL, public_key, &key));
    DEFER(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL)
        return SOTTO_E_NOMEM;
    if (EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL) != 1)
        return SOTTO_E_CRYPTO;
    return EVP_DigestVerify(ctx, signature, ED25519_SIG_BYTES, message.data, message.len) == 1
               ? SOTTO_OK
               : SOTTO_E_SIGNATURE;
}

const struct curve25519 curve25519_openssl = {
    .x25519_public = x25519_public,
    .x25519 = x25519,
    .ed25519_public = ed25519_public,
    .ed25519_sign = ed25519_sign,
    .ed25519_verify = ed25519_verify,
};
