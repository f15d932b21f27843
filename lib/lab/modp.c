#include "lab/modp.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/ct.h"
#include "lab/modp_local.h"

/* The public value is computed here from the seed, since OpenSSL makes keys from its own randomness alone; the agreement
 * itself is OpenSSL's DH with the named group "modp_2048". */
struct modp_key {
    EVP_PKEY *pkey;
    uint8_t public_value[MODP_SIZE];
};

#define MODP_GROUP_NAME "modp_2048"

void modp_group_clear(struct modp_group *group)
{
    BN_MONT_CTX_free(group->mont_p);
    BN_MONT_CTX_free(group->mont_q);
    BN_free(group->p);
    BN_free(group->q);
    BN_free(group->g);
    BN_CTX_free(group->scratch);
    *group = (struct modp_group){0};
}

static bool modp_group_fill(struct modp_group *group)
{
    return BN_rshift1(group->q, group->p) && BN_set_word(group->g, 2) &&
           BN_MONT_CTX_set(group->mont_p, group->p, group->scratch) &&
           BN_MONT_CTX_set(group->mont_q, group->q, group->scratch);
}

sotto_err modp_group_init(struct modp_group *ret_group)
{
    DEFER(modp_group_clear)
    struct modp_group group = {
        .scratch = BN_CTX_secure_new(),
        .mont_p = BN_MONT_CTX_new(),
        .mont_q = BN_MONT_CTX_new(),
        .p = BN_get_rfc3526_prime_2048(NULL),
        .q = BN_new(),
        .g = BN_new(),
    };
    if (group.scratch == NULL || group.mont_p == NULL || group.mont_q == NULL || group.p == NULL ||
        group.q == NULL || group.g == NULL)
        return SOTTO_E_NOMEM;
    if (!modp_group_fill(&group)) /* q = (p - 1) / 2: the shift drops the one */
        return SOTTO_E_CRYPTO;
    *ret_group = group;
    group = (struct modp_group){0};
    return SOTTO_OK;
}

sotto_err modp_power(const struct modp_group *group, const BIGNUM *base, const BIGNUM *exponent,
                     BIGNUM *ret)
{
    return BN_mod_exp_mont_consttime(ret, base, exponent, group->p, group->scratch,
                                     group->mont_p) == 1
               ? SOTTO_OK
               : SOTTO_E_CRYPTO;
}

sotto_err modp_member(const struct modp_group *group, const BIGNUM *y)
{
    if (BN_is_zero(y) || BN_is_one(y) || BN_cmp(y, group->p) >= 0)
        return SOTTO_E_KEY;
    DEFER(modp_number_freep) BIGNUM *power = BN_new();
    if (power == NULL)
        return SOTTO_E_NOMEM;
    TRY(modp_power(group, y, group->q, power));
    return BN_is_one(power) ? SOTTO_OK : SOTTO_E_KEY; /* p - 1 gives p - 1 here, since q is odd */
}

sotto_err modp_number(const uint8_t bytes[MODP_SIZE], BIGNUM *ret_number)
{
    return BN_bin2bn(bytes, MODP_SIZE, ret_number) != NULL ? SOTTO_OK : SOTTO_E_NOMEM;
}

sotto_err modp_bytes(const BIGNUM *number, uint8_t ret_bytes[MODP_SIZE])
{
    return BN_bn2binpad(number, ret_bytes, MODP_SIZE) == MODP_SIZE ? SOTTO_OK : SOTTO_E_CRYPTO;
}

static void modp_param_build_freep(OSSL_PARAM_BLD **build)
{
    OSSL_PARAM_BLD_free(*build);
}

static void modp_params_freep(OSSL_PARAM **params)
{
    OSSL_PARAM_free(*params);
}

static void modp_context_freep(EVP_PKEY_CTX **x)
{
    EVP_PKEY_CTX_free(*x);
}

static void modp_pkey_freep(EVP_PKEY **pkey)
{
    EVP_PKEY_free(*pkey);
}

/* Our numbers as a key of OpenSSL's; `x` is NULL for a peer's. */
static sotto_err modp_import(const BIGNUM *x, const BIGNUM *y, EVP_PKEY **ret_pkey)
{
    DEFER(modp_param_build_freep) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    DEFER(modp_context_freep)
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
    if (build == NULL || context == NULL)
        return SOTTO_E_NOMEM;
    if (!OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, MODP_GROUP_NAME, 0) ||
        !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PUB_KEY, y) ||
        (x != NULL && !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, x)))
        return SOTTO_E_NOMEM;
    DEFER(modp_params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    int selection = x != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    DEFER(modp_pkey_freep) EVP_PKEY *pkey = NULL;
    if (params == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, selection, params) != 1)
        return SOTTO_E_CRYPTO;
    *ret_pkey = MOVE(pkey);
    return SOTTO_OK;
}

sotto_err modp_key_derive(const uint8_t seed[MODP_SEED], struct modp_key **ret_key)
{
    DEFER(modp_group_clear) struct modp_group group = {0};
    TRY(modp_group_init(&group));
    DEFER(modp_number_freep) BIGNUM *x = BN_secure_new();
    DEFER(modp_number_freep) BIGNUM *y = BN_new();
    if (x == NULL || y == NULL || BN_bin2bn(seed, MODP_SEED, x) == NULL)
        return SOTTO_E_NOMEM;
    if (BN_is_zero(x))
        return SOTTO_E_KEY;
    BN_set_flags(x, BN_FLG_CONSTTIME);
    TRY(modp_power(&group, group.g, x, y));
    DEFER(modp_key_freep) struct modp_key *key = calloc(1, sizeof *key);
    if (key == NULL)
        return SOTTO_E_NOMEM;
    TRY(modp_bytes(y, key->public_value));
    TRY(modp_import(x, y, &key->pkey));
    *ret_key = MOVE(key);
    return SOTTO_OK;
}

view modp_key_public(const struct modp_key *key)
{
    return VIEW_OF(key->public_value);
}

void modp_key_free(struct modp_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey); /* OpenSSL wipes its numbers */
    free(key);
}

void modp_key_freep(struct modp_key **key)
{
    modp_key_free(*key);
}

sotto_err modp_public_check(view peer_public)
{
    if (peer_public.len != MODP_SIZE)
        return SOTTO_E_KEY;
    DEFER(modp_group_clear) struct modp_group group = {0};
    TRY(modp_group_init(&group));
    DEFER(modp_number_freep) BIGNUM *y = BN_new();
    if (y == NULL)
        return SOTTO_E_NOMEM;
    TRY(modp_number(peer_public.data, y));
    return modp_member(&group, y);
}

sotto_err modp_agree(const struct modp_key *key, view peer_public, sotto_buf *ret_shared)
{
    TRY(modp_public_check(peer_public));
    DEFER(modp_number_freep) BIGNUM *y = BN_bin2bn(peer_public.data, MODP_SIZE, NULL);
    if (y == NULL)
        return SOTTO_E_NOMEM;
    DEFER(modp_pkey_freep) EVP_PKEY *peer = NULL;
    TRY(modp_import(NULL, y, &peer));
    DEFER(modp_context_freep)
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (context == NULL)
        return SOTTO_E_NOMEM;
    uint8_t shared[MODP_SIZE];
    size_t len = sizeof shared;
    bool agreed = EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_CTX_set_dh_pad(context, 1) == 1 &&
                  EVP_PKEY_derive_set_peer(context, peer) == 1 &&
                  EVP_PKEY_derive(context, shared, &len) == 1 && len == sizeof shared;
    sotto_err err = agreed ? buf_append(ret_shared, VIEW_OF(shared)) : SOTTO_E_CRYPTO;
    ct_wipe(shared, sizeof shared);
    return err;
}
