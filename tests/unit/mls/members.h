/* members.h - members of a group for tests of its tree: each with its keys and a leaf that is signed as it should be, all drawn
 * from one seed, so that a run can be replayed. */
#ifndef TESTS_UNIT_MLS_MEMBERS_H
#define TESTS_UNIT_MLS_MEMBERS_H

#include "unit.h"

#include "crypto/rng.h"
#include "mls/leaf_node.h"
#include "mls/tree.h"
#include "mls/with_label.h"

#define GROUP_ID VIEW_LIT("the group of these tests")

static const uint8_t tree_seed[TREE_SEED] = "the seed of the trees of a test.";

/* What a leaf is made from; tests change it before they sign. */
struct profile {
    view versions, cipher_suites, extensions, proposals, credentials; /* of the capabilities */
    enum leaf_node_source source;
    struct lifetime lifetime;
    view parent_hash;
    view leaf_extensions;
    uint32_t leaf_index; /* update and commit */
};

struct member {
    sotto_sign_key *sign_key;
    struct kem_key *kem_key; /* NULL once it was handed over */
    char name[16];
    sotto_buf leaf; /* encoded */
};

static inline void member_clear(struct member *m)
{
    sign_key_free(m->sign_key);
    kem_key_free(m->kem_key);
    buf_clear(&m->leaf);
    *m = (struct member){0};
}

static inline view u16_view(const uint8_t (*number)[2])
{
    return view_of(*number, 2);
}

static inline struct profile profile_usual(const struct mls_suite *suite)
{
    static const uint8_t mls10[] = {0, 1}, basic[] = {0, CREDENTIAL_BASIC};
    static uint8_t suite_id[2];
    suite_id[0] = (uint8_t)(suite->id >> 8);
    suite_id[1] = (uint8_t)suite->id;
    return (struct profile){.versions = VIEW_OF(mls10),
                            .cipher_suites = VIEW_OF(suite_id),
                            .credentials = VIEW_OF(basic),
                            .source = LEAF_NODE_KEY_PACKAGE,
                            .lifetime = {1000, 2000}};
}

/* Signs the leaf that the member's keys and a profile make. */
static inline void member_sign(sotto_crypto *c, struct member *m, const struct profile *p)
{
    DEFER(buf_clear) sotto_buf tbs = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    struct leaf_node leaf = {
        .encryption_key = kem_key_public(m->kem_key),
        .signature_key = sign_key_public(m->sign_key),
        .credential = {.credential_type = CREDENTIAL_BASIC, .identity = view_str(m->name)},
        .capabilities = {p->versions, p->cipher_suites, p->extensions, p->proposals,
                         p->credentials},
        .leaf_node_source = p->source,
        .lifetime = p->lifetime,
        .parent_hash = p->parent_hash,
        .extensions = p->leaf_extensions};
    struct wr w = wr_to(&tbs);
    leaf_node_write_tbs(&w, &leaf, GROUP_ID, p->leaf_index);
    assert_ok(wr_end(&w));
    assert_ok(sign_with_label(c, m->sign_key, VIEW_LIT("LeafNodeTBS"), buf_view(&tbs), &signature));
    leaf.signature = buf_view(&signature);
    buf_reset(&m->leaf);
    w = wr_to(&m->leaf);
    leaf_node_write(&w, &leaf);
    assert_ok(wr_end(&w));
}

static inline struct kem_key *fresh_kem_key(sotto_crypto *c, const struct mls_suite *suite,
                                            struct rng *rng)
{
    uint8_t seed[64];
    struct kem_key *key = NULL;
    rng_bytes(rng, seed, sizeof seed);
    assert_ok(kem_key_derive(c, suite->hpke.kem, VIEW_OF(seed), &key));
    return key;
}

/* A member with fresh keys and the leaf of a KeyPackage. */
static inline struct member member_new(sotto_crypto *c, const struct mls_suite *suite,
                                       struct rng *rng)
{
    uint8_t seed[96];
    struct member m = {0};
    rng_bytes(rng, seed, sizeof seed);
    snprintf(m.name, sizeof m.name, "m%02x%02x%02x%02x", seed[0], seed[1], seed[2], seed[3]);
    assert_ok(
        sign_key_derive(c, suite->sign, view_of(seed, sign_seed_size(suite->sign)), &m.sign_key));
    m.kem_key = fresh_kem_key(c, suite, rng);
    struct profile p = profile_usual(suite);
    member_sign(c, &m, &p);
    return m;
}

#endif
