/* ML-KEM from OpenSSL's provider. A private key stays a live EVP_PKEY, since importing one costs three decapsulations. From a
 * seed it is generated rather than imported: that draws nothing, and leaves out the pairwise test, which only guards files. */
#include "crypto/mlkem.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <stdlib.h>

#include "crypto/crypto_local.h"

#define MLKEM_Q           3329
#define MLKEM_MATRIX_SEED 32 /* bytes: rho, at the end of an encapsulation key */

static const struct {
    const char *name;
    uint16_t public_size, ciphertext_size, expanded_size;
} sizes[MLKEM_COUNT] = {
    [MLKEM_512] = {"ML-KEM-512", 800, 768, 1632},
    [MLKEM_768] = {"ML-KEM-768", 1184, 1088, 2400},
    [MLKEM_1024] = {"ML-KEM-1024", 1568, 1568, 3168},
};

struct mlkem_key {
    enum mlkem_id id;
    EVP_PKEY *pkey;
    uint8_t public_key[MLKEM_PUBLIC_MAX];
};

size_t mlkem_public_size(enum mlkem_id id)
{
    return sizes[id].public_size;
}

size_t mlkem_ciphertext_size(enum mlkem_id id)
{
    return sizes[id].ciphertext_size;
}

size_t mlkem_expanded_size(enum mlkem_id id)
{
    return sizes[id].expanded_size;
}

/* OpenSSL's parameters take pointers to what they only read. */
static OSSL_PARAM param_bytes(const char *name, view bytes)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)bytes.data, bytes.len);
}

static sotto_err key_wrap(enum mlkem_id id, EVP_PKEY **pkey, struct mlkem_key **ret_key)
{
    DEFER(mlkem_key_freep) struct mlkem_key *key = calloc(1, sizeof *key);
    size_t len = 0;
    if (key == NULL)
        return SOTTO_E_NOMEM;
    key->id = id;
    key->pkey = MOVE(*pkey);
    if (EVP_PKEY_get_octet_string_param(key->pkey, OSSL_PKEY_PARAM_PUB_KEY, key->public_key,
                                        sizeof key->public_key, &len) != 1 ||
        len != mlkem_public_size(id))
        return SOTTO_E_CRYPTO;
    *ret_key = MOVE(key);
    return SOTTO_OK;
}

sotto_err mlkem_key_derive(sotto_crypto *c, enum mlkem_id id, const struct secret *seed,
                           struct mlkem_key **ret_key)
{
    (void)c;
    if (seed->len != MLKEM_SEED)
        return SOTTO_E_KEY;
    const OSSL_PARAM params[] = {
        param_bytes(OSSL_PKEY_PARAM_ML_KEM_SEED, secret_view(seed)),
        OSSL_PARAM_construct_end(),
    };
    DEFER(pkey_freep) EVP_PKEY *pkey = NULL;
    DEFER(pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, sizes[id].name, NULL);
    if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_params(ctx, params) != 1 || EVP_PKEY_generate(ctx, &pkey) != 1)
        return SOTTO_E_CRYPTO;
    return key_wrap(id, &pkey, ret_key);
}

/* A key from one of its encodings. KEY: OpenSSL refuses it (modulus, hash of the public part, pairwise test); its error queue
 * stays as it was, since a peer's bad key is no news for the next TLS call on this thread. */
static sotto_err pkey_import(enum mlkem_id id, int selection, const char *part, view bytes,
                             EVP_PKEY **ret_pkey)
{
    OSSL_PARAM params[] = {param_bytes(part, bytes), OSSL_PARAM_construct_end()};
    DEFER(pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, sizes[id].name, NULL);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
        return SOTTO_E_CRYPTO;
    ERR_set_mark();
    int imported = EVP_PKEY_fromdata(ctx, ret_pkey, selection, params);
    ERR_pop_to_mark();
    return imported == 1 ? SOTTO_OK : SOTTO_E_KEY;
}

sotto_err mlkem_key_import(sotto_crypto *c, enum mlkem_id id, view expanded,
                           struct mlkem_key **ret_key)
{
    (void)c;
    DEFER(pkey_freep) EVP_PKEY *pkey = NULL;
    if (expanded.len != mlkem_expanded_size(id))
        return SOTTO_E_KEY;
    TRY(pkey_import(id, EVP_PKEY_KEYPAIR, OSSL_PKEY_PARAM_PRIV_KEY, expanded, &pkey));
    return key_wrap(id, &pkey, ret_key);
}

static sotto_err public_import(enum mlkem_id id, view public_key, EVP_PKEY **ret_pkey)
{
    if (public_key.len != mlkem_public_size(id))
        return SOTTO_E_KEY;
    return pkey_import(id, EVP_PKEY_PUBLIC_KEY, OSSL_PKEY_PARAM_PUB_KEY, public_key, ret_pkey);
}

/* FIPS 203 7.2, to the letter: the length, and all coefficients below q; the 32 bytes behind them can be any. An import would
 * check the same, and expand the matrix besides, which takes sixty times as long: a joiner checks two keys for each member. */
sotto_err mlkem_public_check(sotto_crypto *c, enum mlkem_id id, view public_key)
{
    (void)c;
    if (public_key.len != mlkem_public_size(id))
        return SOTTO_E_KEY;
    for (size_t i = 0; i < public_key.len - MLKEM_MATRIX_SEED; i += 3) { /* two of 12 bits */
        const uint8_t *at = public_key.data + i;
        unsigned first = at[0] | (unsigned)(at[1] & 0x0f) << 8;
        unsigned second = at[1] >> 4 | (unsigned)at[2] << 4;
        if (first >= MLKEM_Q || second >= MLKEM_Q)
            return SOTTO_E_KEY;
    }
    return SOTTO_OK;
}

enum mlkem_id mlkem_key_id(const struct mlkem_key *key)
{
    return key->id;
}

view mlkem_key_public(const struct mlkem_key *key)
{
    return view_of(key->public_key, mlkem_public_size(key->id));
}

sotto_err mlkem_key_expanded(const struct mlkem_key *key, sotto_buf *out)
{
    uint8_t *place = NULL;
    size_t len = 0, size = mlkem_expanded_size(key->id);
    TRY(buf_extend(out, size, &place));
    if (EVP_PKEY_get_octet_string_param(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, place, size, &len) ==
            1 &&
        len == size)
        return SOTTO_OK;
    out->len -= size;
    return SOTTO_E_CRYPTO;
}

void mlkem_key_free(struct mlkem_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey); /* wipes */
    free(key);
}

void mlkem_key_freep(struct mlkem_key **key)
{
    mlkem_key_free(*key);
}

sotto_err mlkem_encap(sotto_crypto *c, enum mlkem_id id, view public_key,
                      const uint8_t entropy[MLKEM_ENTROPY], uint8_t *ret_ciphertext,
                      struct secret *ret_shared)
{
    (void)c;
    DEFER(secret_clear) struct secret shared = {.len = MLKEM_SHARED};
    DEFER(pkey_freep) EVP_PKEY *pkey = NULL;
    size_t ciphertext_len = mlkem_ciphertext_size(id), shared_len = MLKEM_SHARED;
    const OSSL_PARAM params[] = {
        param_bytes(OSSL_KEM_PARAM_IKME, view_of(entropy, MLKEM_ENTROPY)),
        OSSL_PARAM_construct_end(),
    };
    TRY(public_import(id, public_key, &pkey));
    DEFER(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (ctx == NULL || EVP_PKEY_encapsulate_init(ctx, params) != 1 ||
        EVP_PKEY_encapsulate(ctx, ret_ciphertext, &ciphertext_len, shared.data, &shared_len) != 1)
        return SOTTO_E_CRYPTO;
    *ret_shared = shared;
    return SOTTO_OK;
}

sotto_err mlkem_decap(sotto_crypto *c, const struct mlkem_key *key, view ciphertext,
                      struct secret *ret_shared)
{
    (void)c;
    DEFER(secret_clear) struct secret shared = {.len = MLKEM_SHARED};
    size_t shared_len = MLKEM_SHARED;
    if (ciphertext.len != mlkem_ciphertext_size(key->id))
        return SOTTO_E_VALUE;
    DEFER(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (ctx == NULL || EVP_PKEY_decapsulate_init(ctx, NULL) != 1 ||
        EVP_PKEY_decapsulate(ctx, shared.data, &shared_len, ciphertext.data, ciphertext.len) != 1)
        return SOTTO_E_CRYPTO;
    *ret_shared = shared;
    return SOTTO_OK;
}
