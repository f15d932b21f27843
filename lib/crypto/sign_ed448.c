#include "crypto/crypto_local.h"
#include "crypto/sign_local.h"

#define ED448_BYTES     57 /* a seed, an encoded point */
#define ED448_SIG_BYTES 114

static sotto_err private_from_seed(sotto_crypto *c, enum sign_id id, view seed,
                                   struct secret *ret_private)
{
    (void)c, (void)id;
    return secret_set(ret_private, seed);
}

static sotto_err import(sotto_crypto *c, view private_key, sotto_sign_key *key)
{
    (void)c;
    if (private_key.len != ED448_BYTES)
        return SOTTO_E_KEY;
    TRY(secret_set(&key->private_key, private_key));
    key->public_len = ED448_BYTES;
    key->pkey =
        EVP_PKEY_new_raw_private_key_ex(NULL, "ED448", NULL, private_key.data, private_key.len);
    if (key->pkey == NULL ||
        EVP_PKEY_get_raw_public_key(key->pkey, key->public_key, &key->public_len) != 1)
        return SOTTO_E_CRYPTO;
    return SOTTO_OK;
}

static sotto_err ed448_make(sotto_crypto *c, const sotto_sign_key *key, view message,
                            sotto_buf *ret_signature)
{
    (void)c;
    DEFER(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL)
        return SOTTO_E_NOMEM;
    uint8_t signature[ED448_SIG_BYTES];
    size_t len = sizeof signature;
    if (EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key->pkey, NULL) != 1 ||
        EVP_DigestSign(ctx, signature, &len, message.data, message.len) != 1)
        return SOTTO_E_CRYPTO;
    return buf_set(ret_signature, view_of(signature, len));
}

static sotto_err public_new(view public_key, EVP_PKEY **ret_key)
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key_ex(NULL, "ED448", NULL, public_key.data, public_key.len);
    if (key == NULL)
        return SOTTO_E_KEY;
    *ret_key = key;
    return SOTTO_OK;
}

static sotto_err ed448_check(sotto_crypto *c, enum sign_id id, view public_key, view message,
                             view signature)
{
    (void)c, (void)id;
    DEFER(pkey_freep) EVP_PKEY *key = NULL;
    TRY(public_new(public_key, &key));
    DEFER(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL)
        return SOTTO_E_NOMEM;
    if (EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL) != 1)
        return SOTTO_E_CRYPTO;
    if (signature.len != ED448_SIG_BYTES ||
        EVP_DigestVerify(ctx, signature.data, signature.len, message.data, message.len) != 1)
        return SOTTO_E_SIGNATURE;
    return SOTTO_OK;
}

/* Its length, which the caller has checked: OpenSSL decodes the point only when it verifies. */
static sotto_err public_check(sotto_crypto *c, enum sign_id id, view public_key)
{
    (void)c, (void)id;
    DEFER(pkey_freep) EVP_PKEY *key = NULL;
    return public_new(public_key, &key);
}

const struct sign_family sign_ed448 = {
    .private_from_seed = private_from_seed,
    .import = import,
    .sign = ed448_make,
    .verify = ed448_check,
    .public_check = public_check,
};
