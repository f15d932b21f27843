#include "crypto/crypto_local.h"

#include <sodium.h>
#include <stdlib.h>

static const char *const md_names[HASH_COUNT] = {
    [HASH_SHA256] = "SHA2-256",
    [HASH_SHA384] = "SHA2-384",
    [HASH_SHA512] = "SHA2-512",
    [HASH_SHA3_256] = "SHA3-256",
};

static const char *const cipher_names[CIPHER_COUNT] = {
    [CIPHER_AES_128_GCM] = "AES-128-GCM",
    [CIPHER_AES_256_GCM] = "AES-256-GCM",
    [CIPHER_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
};

/* The back-ends of this build; NULL where one is not in it. In the order of enum curve_backend, best first. */
static const struct curve25519 *const curves[CURVE_BACKENDS] = {
#ifdef HAVE_LIB25519
    [CURVE_LIB25519] = &curve25519_lib25519,
#endif
    [CURVE_SODIUM] = &curve25519_sodium,
    [CURVE_OPENSSL] = &curve25519_openssl,
};

static const char *const curve_names[CURVE_BACKENDS] = {
    [CURVE_LIB25519] = "lib25519",
    [CURVE_SODIUM] = "libsodium",
    [CURVE_OPENSSL] = "OpenSSL",
};

const char *curve_backend_name(enum curve_backend backend)
{
    return curve_names[backend];
}

enum curve_backend curve_backend_default(void)
{
    return curves[CURVE_LIB25519] != NULL ? CURVE_LIB25519 : CURVE_SODIUM;
}

sotto_err crypto_use_curve(sotto_crypto *c, enum curve_backend backend)
{
    if ((unsigned)backend >= CURVE_BACKENDS || curves[backend] == NULL)
        return SOTTO_E_UNSUPPORTED;
    c->curve_id = backend;
    c->curve = curves[backend];
    return SOTTO_OK;
}

enum curve_backend crypto_curve(const sotto_crypto *c)
{
    return c->curve_id;
}

/* A digest context that is set up for its hash once and for all. */
static sotto_err digest_new(const char *name, EVP_MD **ret_md, EVP_MD_CTX **ret_ctx)
{
    *ret_md = EVP_MD_fetch(NULL, name, NULL);
    *ret_ctx = EVP_MD_CTX_new();
    if (*ret_md == NULL || *ret_ctx == NULL || EVP_DigestInit_ex2(*ret_ctx, *ret_md, NULL) != 1)
        return SOTTO_E_CRYPTO;
    return SOTTO_OK;
}

static sotto_err cipher_new(sotto_crypto *c, unsigned i)
{
    c->cipher[i] = EVP_CIPHER_fetch(NULL, cipher_names[i], NULL);
    c->seal_ctx[i] = EVP_CIPHER_CTX_new();
    c->open_ctx[i] = EVP_CIPHER_CTX_new();
    if (c->cipher[i] == NULL || c->seal_ctx[i] == NULL || c->open_ctx[i] == NULL ||
        EVP_EncryptInit_ex2(c->seal_ctx[i], c->cipher[i], NULL, NULL, NULL) != 1 ||
        EVP_DecryptInit_ex2(c->open_ctx[i], c->cipher[i], NULL, NULL, NULL) != 1)
        return SOTTO_E_CRYPTO;
    return SOTTO_OK;
}

static sotto_err import_new(const char *name, EVP_PKEY_CTX **ret_ctx)
{
    *ret_ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
    return *ret_ctx != NULL && EVP_PKEY_fromdata_init(*ret_ctx) == 1 ? SOTTO_OK : SOTTO_E_CRYPTO;
}

sotto_err crypto_new(sotto_crypto **ret_crypto)
{
    if (sodium_init() < 0)
        return SOTTO_E_CRYPTO;
    DEFER(crypto_freep) sotto_crypto *c = calloc(1, sizeof *c);
    if (c == NULL)
        return SOTTO_E_NOMEM;
    for (unsigned i = 0; i < HASH_COUNT; i++)
        TRY(digest_new(md_names[i], &c->md[i], &c->md_ctx[i]));
    TRY(digest_new("SHAKE-256", &c->shake, &c->shake_ctx));
    for (unsigned i = 0; i < CIPHER_COUNT; i++)
        TRY(cipher_new(c, i));
    for (unsigned i = 0; i < EC_COUNT; i++)
        if ((c->group[i] = EC_GROUP_new_by_curve_name(ec_group_nid(i))) == NULL)
            return SOTTO_E_CRYPTO;
    TRY(import_new("EC", &c->ec_import));
    TRY(import_new("X25519", &c->x25519_import));
    TRY(import_new("ED25519", &c->ed25519_import));
    TRY(crypto_use_curve(c, curve_backend_default()));
    *ret_crypto = MOVE(c);
    return SOTTO_OK;
}

/* OpenSSL wipes what a context held when it is freed. */
void crypto_free(sotto_crypto *c)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; i < HASH_COUNT; i++) {
        EVP_MD_CTX_free(c->md_ctx[i]);
        EVP_MD_free(c->md[i]);
    }
    EVP_MD_CTX_free(c->shake_ctx);
    EVP_MD_free(c->shake);
    for (unsigned i = 0; i < CIPHER_COUNT; i++) {
        EVP_CIPHER_CTX_free(c->seal_ctx[i]);
        EVP_CIPHER_CTX_free(c->open_ctx[i]);
        EVP_CIPHER_free(c->cipher[i]);
    }
    for (unsigned i = 0; i < EC_COUNT; i++)
        EC_GROUP_free(c->group[i]);
    EVP_PKEY_CTX_free(c->ec_import);
    EVP_PKEY_CTX_free(c->x25519_import);
    EVP_PKEY_CTX_free(c->ed25519_import);
    free(c);
}

void crypto_freep(sotto_crypto **c)
{
    crypto_free(*c);
}
