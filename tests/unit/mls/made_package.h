/* made_package.h - a KeyPackage that tests change before it is signed. */
#ifndef TESTS_UNIT_MLS_MADE_PACKAGE_H
#define TESTS_UNIT_MLS_MADE_PACKAGE_H

#include "members.h"
#include "mls/key_package.h"

struct package {
    struct member member;
    struct kem_key *init_key;
    struct key_package parts; /* before it is signed */
    sotto_buf encoded;
};

static inline void package_clear(struct package *p)
{
    member_clear(&p->member);
    kem_key_free(p->init_key);
    buf_clear(&p->encoded);
}

/* Of somebody new; another `number` is another client. */
static inline void package_init(sotto_crypto *c, uint8_t number, struct package *p)
{
    uint8_t seed[RNG_SEED] = {41, number};
    struct rng rng = rng_from(seed);
    const struct mls_suite *suite = mls_suite_find(1);
    *p = (struct package){.member = member_new(c, suite, &rng)};
    p->init_key = fresh_kem_key(c, suite, &rng);
    p->parts = (struct key_package){.version = PROTOCOL_MLS10,
                                    .cipher_suite = suite->id,
                                    .init_key = kem_key_public(p->init_key)};
    struct rd r = rd_of(buf_view(&p->member.leaf));
    leaf_node_read(&r, &p->parts.leaf_node);
    assert_ok(rd_end(&r));
}

/* Writes it as it is now. */
static inline void package_sign(sotto_crypto *c, struct package *p)
{
    DEFER(buf_clear) sotto_buf tbs = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    struct wr w = wr_to(&tbs);
    key_package_write_tbs(&w, &p->parts);
    assert_ok(wr_end(&w));
    assert_ok(sign_with_label(c, p->member.sign_key, VIEW_LIT("KeyPackageTBS"), buf_view(&tbs),
                              &signature));
    buf_reset(&p->encoded);
    w = wr_to(&p->encoded);
    wr_bytes(&w, buf_view(&tbs));
    wr_opaque(&w, buf_view(&signature));
    assert_ok(wr_end(&w));
}

#endif
