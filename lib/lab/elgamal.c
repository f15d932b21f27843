#include "lab/elgamal.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "base/ct.h"
#include "lab/modp_local.h"

/* Where the time depends on secrets and where not: powers run in constant time (BN_mod_exp_mont_consttime), 1/k is such a
 * power too (k^(q-2) mod q), products of secrets go through Montgomery form. The one reduction of seed bytes modulo
 * q - 1 and the subtraction modulo q are BN_div and BN_mod_sub, which OpenSSL does not promise to be constant. For
 * teaching this is enough, and one more reason to keep ElGamal here. */

struct elgamal_key {
    BIGNUM *x;
    uint8_t public_value[ELGAMAL_PUBLIC];
};

void elgamal_key_free(struct elgamal_key *key)
{
    if (key == NULL)
        return;
    BN_clear_free(key->x);
    free(key);
}

void elgamal_key_freep(struct elgamal_key **key)
{
    elgamal_key_free(*key);
}

/* Seed bytes to an exponent in [1, q): 128 bits more than q has, so the bias is below 2^-128. */
static sotto_err elgamal_exponent(const struct modp_group *group, const uint8_t *seed,
                                  BIGNUM *ret_exponent)
{
    DEFER(modp_number_freep) BIGNUM *wide = BN_secure_new();
    DEFER(modp_number_freep) BIGNUM *below = BN_dup(group->q);
    if (wide == NULL || below == NULL || BN_bin2bn(seed, ELGAMAL_SEED, wide) == NULL)
        return SOTTO_E_NOMEM;
    BN_set_flags(wide, BN_FLG_CONSTTIME);
    BN_set_flags(ret_exponent, BN_FLG_CONSTTIME);
    if (!BN_sub_word(below, 1) || !BN_nnmod(ret_exponent, wide, below, group->scratch) ||
        !BN_add_word(ret_exponent, 1))
        return SOTTO_E_CRYPTO;
    return SOTTO_OK;
}

/* Takes x over. */
static sotto_err elgamal_key_new(const struct modp_group *group, BIGNUM **x,
                                 struct elgamal_key **ret_key)
{
    DEFER(modp_number_freep) BIGNUM *y = BN_new();
    DEFER(elgamal_key_freep) struct elgamal_key *key = calloc(1, sizeof *key);
    if (y == NULL || key == NULL)
        return SOTTO_E_NOMEM;
    key->x = MOVE(*x);
    TRY(modp_power(group, group->g, key->x, y));
    TRY(modp_bytes(y, key->public_value));
    *ret_key = MOVE(key);
    return SOTTO_OK;
}

sotto_err elgamal_key_derive(const uint8_t seed[ELGAMAL_SEED], struct elgamal_key **ret_key)
{
    DEFER(modp_group_clear) struct modp_group group = {0};
    TRY(modp_group_init(&group));
    DEFER(modp_number_freep) BIGNUM *x = BN_secure_new();
    if (x == NULL)
        return SOTTO_E_NOMEM;
    TRY(elgamal_exponent(&group, seed, x));
    return elgamal_key_new(&group, &x, ret_key);
}

sotto_err elgamal_key_read(view x, struct elgamal_key **ret_key)
{
    if (x.len != MODP_SIZE)
        return SOTTO_E_KEY;
    DEFER(modp_group_clear) struct modp_group group = {0};
    TRY(modp_group_init(&group));
    DEFER(modp_number_freep) BIGNUM *number = BN_secure_new();
    if (number == NULL)
        return SOTTO_E_NOMEM;
    TRY(modp_number(x.data, number));
    if (BN_is_zero(number) || BN_cmp(number, group.q) >= 0)
        return SOTTO_E_KEY;
    BN_set_flags(number, BN_FLG_CONSTTIME);
    return elgamal_key_new(&group, &number, ret_key);
}

sotto_err elgamal_key_write(const struct elgamal_key *key, sotto_buf *out)
{
    uint8_t x[MODP_SIZE];
    TRY(modp_bytes(key->x, x));
    sotto_err err = buf_append(out, VIEW_OF(x));
    ct_wipe(x, sizeof x);
    return err;
}

view elgamal_key_public(const struct elgamal_key *key)
{
    return VIEW_OF(key->public_value);
}

static sotto_err elgamal_digest(enum elgamal_hash hash, view message, BIGNUM *ret_number)
{
    const EVP_MD *md = hash == ELGAMAL_SHA256 ? EVP_sha256()
                       : hash == ELGAMAL_SHA1 ? EVP_sha1()
                                              : NULL;
    if (md == NULL)
        return SOTTO_E_UNSUPPORTED;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(message.data, message.len, digest, &len, md, NULL) != 1)
        return SOTTO_E_CRYPTO;
    return BN_bin2bn(digest, (int)len, ret_number) != NULL ? SOTTO_OK : SOTTO_E_NOMEM;
}

/* ret = a b mod q; a goes through Montgomery form, so that no division sees the product. */
static bool elgamal_times(const struct modp_group *group, const BIGNUM *a, const BIGNUM *b,
                          BIGNUM *ret)
{
    return BN_to_montgomery(ret, a, group->mont_q, group->scratch) &&
           BN_mod_mul_montgomery(ret, ret, b, group->mont_q, group->scratch);
}

/* The numbers of one signature or one verification; each is wiped at the end. */
struct elgamal_numbers {
    BIGNUM *h, *k, *r, *s, *t;
};

static void elgamal_numbers_clear(struct elgamal_numbers *n)
{
    BN_clear_free(n->h);
    BN_clear_free(n->k);
    BN_clear_free(n->r);
    BN_clear_free(n->s);
    BN_clear_free(n->t);
}

static sotto_err elgamal_numbers_init(struct elgamal_numbers *ret_n)
{
    *ret_n = (struct elgamal_numbers){BN_new(), BN_secure_new(), BN_new(), BN_secure_new(),
                                      BN_secure_new()};
    return ret_n->h && ret_n->k && ret_n->r && ret_n->s && ret_n->t ? SOTTO_OK : SOTTO_E_NOMEM;
}

/* s = (h - x r) / k mod q, with 1/k = k^(q-2), since q is prime. */
static bool elgamal_solve(const struct modp_group *group, const BIGNUM *x,
                          struct elgamal_numbers *n)
{
    DEFER(modp_number_freep) BIGNUM *power = BN_dup(group->q);
    return power != NULL && BN_sub_word(power, 2) &&
           BN_mod_exp_mont_consttime(n->k, n->k, power, group->q, group->scratch, group->mont_q) &&
           BN_nnmod(n->t, n->r, group->q, group->scratch) && elgamal_times(group, n->t, x, n->t) &&
           BN_mod_sub(n->t, n->h, n->t, group->q, group->scratch) &&
           elgamal_times(group, n->t, n->k, n->s);
}

sotto_err elgamal_sign(const struct elgamal_key *key, enum elgamal_hash hash, view message,
                       const uint8_t seed[ELGAMAL_SEED], uint8_t ret_signature[ELGAMAL_SIGNATURE])
{
    DEFER(modp_group_clear) struct modp_group group = {0};
    TRY(modp_group_init(&group));
    DEFER(elgamal_numbers_clear) struct elgamal_numbers n = {0};
    TRY(elgamal_numbers_init(&n));
    TRY(elgamal_digest(hash, message, n.h));
    TRY(elgamal_exponent(&group, seed, n.k));
    TRY(modp_power(&group, group.g, n.k, n.r));
    if (!elgamal_solve(&group, key->x, &n))
        return SOTTO_E_CRYPTO;
    if (BN_is_zero(n.s)) /* would give x away; happens once in 2^2047 */
        return SOTTO_E_CRYPTO;
    uint8_t signature[ELGAMAL_SIGNATURE];
    TRY(modp_bytes(n.r, signature));
    TRY(modp_bytes(n.s, signature + MODP_SIZE));
    memcpy(ret_signature, signature, sizeof signature);
    return SOTTO_OK;
}

/* g^h = y^r r^s mod p. Public values alone, but the same power function does. */
static sotto_err elgamal_equation(const struct modp_group *group, const BIGNUM *y,
                                  struct elgamal_numbers *n)
{
    TRY(modp_power(group, group->g, n->h, n->h));
    TRY(modp_power(group, y, n->r, n->k));
    TRY(modp_power(group, n->r, n->s, n->t));
    if (!BN_mod_mul(n->t, n->t, n->k, group->p, group->scratch))
        return SOTTO_E_CRYPTO;
    return BN_cmp(n->h, n->t) == 0 ? SOTTO_OK : SOTTO_E_SIGNATURE;
}

sotto_err elgamal_verify(view public_key, enum elgamal_hash hash, view message, view signature)
{
    if (public_key.len != ELGAMAL_PUBLIC)
        return SOTTO_E_KEY;
    if (signature.len != ELGAMAL_SIGNATURE)
        return SOTTO_E_SIGNATURE;
    DEFER(modp_group_clear) struct modp_group group = {0};
    TRY(modp_group_init(&group));
    DEFER(elgamal_numbers_clear) struct elgamal_numbers n = {0};
    TRY(elgamal_numbers_init(&n));
    DEFER(modp_number_freep) BIGNUM *y = BN_new();
    if (y == NULL)
        return SOTTO_E_NOMEM;
    TRY(modp_number(public_key.data, y));
    TRY(modp_member(&group, y));
    TRY(elgamal_digest(hash, message, n.h));
    TRY(modp_number(signature.data, n.r));
    TRY(modp_number(signature.data + MODP_SIZE, n.s));
    if (modp_member(&group, n.r) != SOTTO_OK || BN_is_zero(n.s) || BN_cmp(n.s, group.q) >= 0)
        return SOTTO_E_SIGNATURE;
    return elgamal_equation(&group, y, &n);
}
