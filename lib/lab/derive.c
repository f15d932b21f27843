#include "lab/derive.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

static void derive_kdf_freep(EVP_KDF **kdf)
{
    EVP_KDF_free(*kdf);
}

static void derive_context_freep(EVP_KDF_CTX **x)
{
    EVP_KDF_CTX_free(*x);
}

static sotto_err derive_run(const char *name, const OSSL_PARAM *params, uint8_t *ret_out,
                            size_t len)
{
    DEFER(derive_kdf_freep) EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
    if (kdf == NULL)
        return SOTTO_E_CRYPTO;
    DEFER(derive_context_freep) EVP_KDF_CTX *x = EVP_KDF_CTX_new(kdf);
    if (x == NULL)
        return SOTTO_E_NOMEM;
    return EVP_KDF_derive(x, ret_out, len, params) == 1 ? SOTTO_OK : SOTTO_E_CRYPTO;
}

/* OSSL_PARAM wants pointers that could be written to; the KDFs only read them. */
static OSSL_PARAM derive_bytes(const char *key, view bytes)
{
    static uint8_t none;
    return OSSL_PARAM_construct_octet_string(
        key, bytes.len > 0 ? (void *)(uintptr_t)bytes.data : &none, bytes.len);
}

static OSSL_PARAM derive_sha256(void)
{
    static char name[] = "SHA2-256";
    return OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name, 0);
}

sotto_err derive_prf(view secret, const char *label, view seed, uint8_t *ret_out, size_t len)
{
    const OSSL_PARAM params[] = {
        derive_sha256(),
        derive_bytes(OSSL_KDF_PARAM_SECRET, secret),
        derive_bytes(OSSL_KDF_PARAM_SEED, view_str(label)), /* the seeds are joined */
        derive_bytes(OSSL_KDF_PARAM_SEED, seed),
        OSSL_PARAM_construct_end(),
    };
    return derive_run("TLS1-PRF", params, ret_out, len);
}

sotto_err derive_one_step(view z, view info, uint8_t *ret_out, size_t len)
{
    const OSSL_PARAM params[] = {
        derive_sha256(),
        derive_bytes(OSSL_KDF_PARAM_KEY, z),
        derive_bytes(OSSL_KDF_PARAM_INFO, info),
        OSSL_PARAM_construct_end(),
    };
    return derive_run("SSKDF", params, ret_out, len);
}
