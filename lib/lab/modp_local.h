/* modp_local.h - the group itself, for the two files of the lab that compute in it. */
#ifndef LAB_MODP_LOCAL_H
#define LAB_MODP_LOCAL_H

#include <openssl/bn.h>

#include "lab/modp.h"

/* p = 2q + 1, g = 2, and a scratch context. By value; modp_group_clear() frees. {0} is valid. */
struct modp_group {
    BN_CTX *scratch;
    BN_MONT_CTX *mont_p, *mont_q;
    BIGNUM *p, *q, *g;
};
SOTTO_MUST_USE sotto_err modp_group_init(struct modp_group *ret_group);
void modp_group_clear(struct modp_group *group);

/* ret = base^exponent mod p in time that depends on the lengths alone. */
SOTTO_MUST_USE sotto_err modp_power(const struct modp_group *group, const BIGNUM *base,
                                    const BIGNUM *exponent, BIGNUM *ret);

/* OK if `y` is in the subgroup of order q and is not 1, else KEY. */
SOTTO_MUST_USE sotto_err modp_member(const struct modp_group *group, const BIGNUM *y);

/* The MODP_SIZE bytes as a number; NOMEM. */
SOTTO_MUST_USE sotto_err modp_number(const uint8_t bytes[MODP_SIZE], BIGNUM *ret_number);

/* The number as MODP_SIZE bytes; it is below p. */
SOTTO_MUST_USE sotto_err modp_bytes(const BIGNUM *number, uint8_t ret_bytes[MODP_SIZE]);

static inline void modp_number_freep(BIGNUM **number)
{
    BN_clear_free(*number);
}

#endif
