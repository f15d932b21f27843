#include "crypto/ec.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include "base/ct.h"
#include "crypto/crypto_local.h"

static const struct {
    uint8_t scalar;
    const char *name;
    int nid;
} curves[EC_COUNT] = {
    [EC_P256] = {32, "P-256", NID_X9_62_prime256v1},
    [EC_P384] = {48, "P-384", NID_secp384r1},
    [EC_P521] = {66, "P-521", NID_secp521r1},
};

size_t ec_scalar_size(enum ec_id id)
{
    return curves[id].scalar;
}

/* A coordinate is as long as a scalar on these curves. */
size_t ec_point_size(enum ec_id id)
{
    return 1 + 2 * ec_scalar_size(id);
}

const char *ec_group_name(enum ec_id id)
{
    return curves[id].name;
}

int ec_group_nid(enum ec_id id)
{
    return curves[id].nid;
}

static void bn_freep(BIGNUM **n)
{
    BN_clear_free(*n);
}

static void bn_ctx_freep(BN_CTX **ctx)
{
    BN_CTX_free(*ctx);
}

static void point_freep(EC_POINT **point)
{
    EC_POINT_clear_free(*point);
}

/* A secret number: OpenSSL takes its constant-time paths for it. */
static BIGNUM *bn_secret(const uint8_t *bytes, size_t len)
{
    BIGNUM *n = BN_secure_new();
    if (n == NULL)
        return NULL;
    BN_set_flags(n, BN_FLG_CONSTTIME);
    if (BN_bin2bn(bytes, (int)len, n) == NULL) {
        BN_clear_free(n);
        return NULL;
    }
    return n;
}

/* Whether a < b, both big-endian and `len` bytes, in constant time: the borrow of a - b. */
static bool ct_less(const uint8_t *a, const uint8_t *b, size_t len)
{
    unsigned borrow = 0;
    for (size_t i = len; i-- > 0;)
        borrow = ((unsigned)a[i] - b[i] - borrow) >> 8 & 1;
    CT_PUBLIC(&borrow, sizeof borrow);
    return borrow == 1;
}

/* The scalar at its full length, or KEY: not in [1, n). */
static sotto_err scalar_check(sotto_crypto *c, enum ec_id id, view scalar,
                              struct secret *ret_scalar)
{
    size_t size = ec_scalar_size(id);
    uint8_t order[EC_SCALAR_MAX];
    if (BN_bn2binpad(EC_GROUP_get0_order(c->group[id]), order, (int)size) < 0)
        return SOTTO_E_CRYPTO;
    if (scalar.len > size) {
        size_t spare = scalar.len - size;
        if (!ct_is_zero(scalar.data, spare))
            return SOTTO_E_KEY;
        scalar = view_of(scalar.data + spare, size);
    }
    DEFER(secret_clear) struct secret full = {.len = (uint8_t)size};
    if (scalar.len > 0)
        memcpy(full.data + size - scalar.len, scalar.data, scalar.len);
    if (ct_is_zero(full.data, size) || !ct_less(full.data, order, size))
        return SOTTO_E_KEY;
    *ret_scalar = full;
    return SOTTO_OK;
}

/* scalar * G */
static sotto_err point_of(sotto_crypto *c, enum ec_id id, const BIGNUM *scalar, uint8_t *ret_point)
{
    const EC_GROUP *group = c->group[id];
    DEFER(bn_ctx_freep) BN_CTX *ctx = BN_CTX_secure_new();
    DEFER(point_freep) EC_POINT *point = EC_POINT_new(group);
    if (ctx == NULL || point == NULL)
        return SOTTO_E_NOMEM;
    size_t size = ec_point_size(id);
    if (EC_POINT_mul(group, point, scalar, NULL, NULL, ctx) != 1 ||
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret_point, size, ctx) !=
            size)
        return SOTTO_E_CRYPTO;
    return SOTTO_OK;
}

static void params_freep(OSSL_PARAM **params)
{
    OSSL_PARAM_free(*params); /* wipes what stands in secure memory */
}

static void params_builder_freep(OSSL_PARAM_BLD **builder)
{
    OSSL_PARAM_BLD_free(*builder);
}

static sotto_err key_from(sotto_crypto *c, int selection, const OSSL_PARAM *params,
                          EVP_PKEY **ret_key)
{
    EVP_PKEY *key = NULL;
    if (EVP_PKEY_fromdata(c->ec_import, &key, selection, (OSSL_PARAM *)(uintptr_t)params) != 1)
        return SOTTO_E_KEY;
    *ret_key = key;
    return SOTTO_OK;
}

static sotto_err pair_new(sotto_crypto *c, enum ec_id id, const BIGNUM *scalar, view point,
                          EVP_PKEY **ret_key)
{
    DEFER(params_builder_freep) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder == NULL ||
        !OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, ec_group_name(id),
                                         0) ||
        !OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data,
                                          point.len) ||
        !OSSL_PARAM_BLD_push_BN_pad(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar, ec_scalar_size(id)))
        return SOTTO_E_NOMEM;
    DEFER(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    if (params == NULL)
        return SOTTO_E_NOMEM;
    return key_from(c, EVP_PKEY_KEYPAIR, params, ret_key);
}

sotto_err ec_private_import(sotto_crypto *c, enum ec_id id, view scalar, struct secret *ret_scalar,
                            uint8_t *ret_point, EVP_PKEY **ret_key)
{
    DEFER(secret_clear) struct secret full = {0};
    TRY(scalar_check(c, id, scalar, &full));
    DEFER(bn_freep) BIGNUM *number = bn_secret(full.data, full.len);
    if (number == NULL)
        return SOTTO_E_NOMEM;
    uint8_t point[EC_POINT_MAX];
    TRY(point_of(c, id, number, point));
    TRY(pair_new(c, id, number, view_of(point, ec_point_size(id)), ret_key));
    memcpy(ret_point, point, ec_point_size(id));
    *ret_scalar = full;
    return SOTTO_OK;
}

sotto_err ec_scalar_from_seed(sotto_crypto *c, enum ec_id id, view seed, struct secret *ret_scalar)
{
    size_t size = ec_scalar_size(id);
    if (seed.len != size + 16)
        return SOTTO_E_USAGE;
    DEFER(bn_ctx_freep) BN_CTX *ctx = BN_CTX_secure_new();
    DEFER(bn_freep) BIGNUM *number = bn_secret(seed.data, seed.len);
    DEFER(bn_freep) BIGNUM *modulus = BN_dup(EC_GROUP_get0_order(c->group[id]));
    if (ctx == NULL || number == NULL || modulus == NULL)
        return SOTTO_E_NOMEM;
    DEFER(secret_clear) struct secret scalar = {.len = (uint8_t)size};
    if (BN_sub_word(modulus, 1) != 1 || BN_nnmod(number, number, modulus, ctx) != 1 ||
        BN_add_word(number, 1) != 1 || BN_bn2binpad(number, scalar.data, (int)size) < 0)
        return SOTTO_E_CRYPTO;
    *ret_scalar = scalar;
    return SOTTO_OK;
}

/* OpenSSL takes parameters by pointers that are not const, and only reads them. */
sotto_err ec_public_import(sotto_crypto *c, enum ec_id id, view point, EVP_PKEY **ret_key)
{
    if (point.len != ec_point_size(id) || point.data[0] != POINT_CONVERSION_UNCOMPRESSED)
        return SOTTO_E_KEY;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                         (char *)(uintptr_t)ec_group_name(id), 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point.data,
                                          point.len),
        OSSL_PARAM_construct_end(),
    };
    return key_from(c, EVP_PKEY_PUBLIC_KEY, params, ret_key);
}
