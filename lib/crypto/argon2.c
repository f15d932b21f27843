#include "crypto/argon2.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

static void kdf_freep(EVP_KDF **kdf)
{
    EVP_KDF_free(*kdf);
}

static void kdf_ctx_freep(EVP_KDF_CTX **ctx)
{
    EVP_KDF_CTX_free(*ctx);
}

/* RFC 9106 3.1 */
static sotto_err check(view passphrase, view salt, struct argon2_cost cost, size_t len)
{
    bool in_range = passphrase.len <= UINT32_MAX && salt.len >= 8 && salt.len <= UINT32_MAX &&
                    len >= 16 && len <= SECRET_MAX && cost.passes >= 1 && cost.lanes >= 1 &&
                    cost.lanes < 1U << 24 && cost.memory_kib / 8 >= cost.lanes;
    return in_range ? SOTTO_OK : SOTTO_E_USAGE;
}

/* OpenSSL takes octets by a pointer that is not const, and only reads them; NULL would count as "not given". */
static OSSL_PARAM octets(const char *name, view bytes)
{
    static const uint8_t nothing;
    const uint8_t *data = bytes.len > 0 ? bytes.data : &nothing;
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)data, bytes.len);
}

/* Rarely called and slow by intent, so nothing of it is kept in the handle. */
sotto_err argon2id(sotto_crypto *c, view passphrase, view salt, struct argon2_cost cost, size_t len,
                   struct secret *ret_key)
{
    (void)c;
    TRY(check(passphrase, salt, cost, len));
    DEFER(kdf_freep) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "ARGON2ID", NULL);
    if (kdf == NULL)
        return SOTTO_E_CRYPTO;
    DEFER(kdf_ctx_freep) EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    if (ctx == NULL)
        return SOTTO_E_NOMEM;

    uint32_t threads = 1;
    int early_clean = 1; /* wipes the passphrase inside OpenSSL as soon as it is used */
    const OSSL_PARAM params[] = {
        octets(OSSL_KDF_PARAM_PASSWORD, passphrase),
        octets(OSSL_KDF_PARAM_SALT, salt),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ITER, &cost.passes),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ARGON2_MEMCOST, &cost.memory_kib),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ARGON2_LANES, &cost.lanes),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_THREADS, &threads),
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_EARLY_CLEAN, &early_clean),
        OSSL_PARAM_construct_end(),
    };
    DEFER(secret_clear) struct secret key = {.len = (uint8_t)len};
    if (EVP_KDF_derive(ctx, key.data, key.len, params) != 1)
        return SOTTO_E_NOMEM; /* the parameters are right: what can be missing is the memory */
    *ret_key = key;
    return SOTTO_OK;
}
