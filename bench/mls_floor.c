#include "bench/mls_floor.h"

#include <stdlib.h>

#include "mls/with_label.h"

sotto_err mls_floor_begin(struct mls_floor *f, sotto_crypto *c, const struct mls_suite *suite)
{
    static const uint8_t seed[RNG_SEED] = {7};
    uint8_t key[64 + RNG_SEED];
    *f = (struct mls_floor){.c = c, .suite = suite, .rng = rng_from(seed)};
    rng_bytes(&f->rng, key, sizeof key);
    TRY(kem_key_derive(c, suite->hpke.kem, VIEW_OF(key), &f->kem_key));
    TRY(sign_key_derive(c, suite->sign, view_of(key, sign_seed_size(suite->sign)), &f->sign_key));
    return encrypt_context(c, suite, VIEW_LIT("UpdatePathNode"), VIEW_OF(key), &f->info);
}

static void members_clear(struct mls_floor *f)
{
    for (uint32_t i = 0; i < f->leaf_count; i++) {
        buf_clear(&f->leaves[i].encoded);
        buf_clear(&f->leaves[i].message);
    }
    free(MOVE(f->leaves));
    f->leaf_count = 0;
}

void mls_floor_end(struct mls_floor *f)
{
    members_clear(f);
    hpke_info_clear(&f->info);
    kem_key_free(f->kem_key);
    sign_key_free(f->sign_key);
    buf_clear(&f->bytes);
    buf_clear(&f->hashed);
    buf_clear(&f->out);
    buf_clear(&f->signature);
}

/* What is signed by a leaf, put together beforehand. */
static sotto_err signed_leaf(const struct tree *tree, uint32_t index, view group_id,
                             struct mls_signed_leaf *ret_leaf)
{
    struct leaf_node leaf;
    DEFER(buf_clear) sotto_buf tbs = {0};
    TRY(buf_set(&ret_leaf->encoded, tree_node_encoded(tree_leaf(tree, index))));
    struct rd r = rd_of(buf_view(&ret_leaf->encoded));
    leaf_node_read(&r, &leaf);
    TRY(rd_end(&r));
    struct wr w = wr_to(&tbs);
    leaf_node_write_tbs(&w, &leaf, group_id, index);
    TRY(wr_end(&w));
    w = wr_to(&ret_leaf->message);
    wr_opaque(&w, VIEW_LIT("MLS 1.0 LeafNodeTBS"));
    wr_opaque(&w, buf_view(&tbs));
    ret_leaf->public_key = leaf.signature_key;
    ret_leaf->encryption_key = leaf.encryption_key;
    ret_leaf->signature = leaf.signature;
    return wr_end(&w);
}

sotto_err mls_floor_members(struct mls_floor *f, const struct tree *tree, view group_id)
{
    uint32_t at = 0;
    members_clear(f);
    f->leaves = calloc(tree_member_count(tree), sizeof *f->leaves);
    if (f->leaves == NULL)
        return SOTTO_E_NOMEM;
    for (; tree_next_member(tree, &at); at++)
        TRY(signed_leaf(tree, at, group_id, &f->leaves[f->leaf_count++]));
    f->next_leaf = 0;
    return SOTTO_OK;
}

static const struct mls_signed_leaf *next_leaf(struct mls_floor *f)
{
    f->next_leaf = (f->next_leaf + 1) % f->leaf_count;
    return &f->leaves[f->next_leaf];
}

static sotto_err room_for(sotto_buf *b, size_t len)
{
    uint8_t *place;
    if (b->len >= len)
        return SOTTO_OK;
    size_t more = len - b->len;
    TRY(buf_extend(b, more, &place));
    memset(place, 5, more);
    return SOTTO_OK;
}

static sotto_err seal(struct mls_floor *f, view public_key, size_t len, uint8_t *ret_enc,
                      uint8_t *ret_sealed)
{
    uint8_t seed[64];
    size_t seed_len = kem_seed_size(f->suite->hpke.kem);
    rng_bytes(&f->rng, seed, seed_len);
    return hpke_seal(f->c, &f->info, public_key, view_of(seed, seed_len), (view){0},
                     view_of(f->bytes.data, len), ret_enc, ret_sealed);
}

sotto_err mls_bill_add(struct mls_floor *f, struct mls_bill *bill, enum mls_primitive primitive,
                       size_t count, size_t len)
{
    if (count == 0)
        return SOTTO_OK;
    if (bill->count == MLS_COSTS)
        return SOTTO_E_TOO_LARGE;
    struct mls_cost *cost = &bill->costs[bill->count++];
    *cost = (struct mls_cost){.primitive = primitive, .count = count, .len = len};
    TRY(room_for(&f->bytes, len));
    TRY(room_for(&f->hashed, len + HASH_MAX));
    TRY(room_for(&f->out, len + AEAD_TAG));
    if (primitive == MLS_VERIFY)
        return sign(f->c, f->sign_key, view_of(f->bytes.data, len), &cost->made);
    if (primitive != MLS_OPEN)
        return SOTTO_OK;
    TRY(room_for(&cost->made, len + AEAD_TAG));
    return seal(f, kem_key_public(f->kem_key), len, cost->enc, cost->made.data);
}

void mls_bill_clear(struct mls_bill *bill)
{
    for (size_t i = 0; i < bill->count; i++)
        buf_clear(&bill->costs[i].made);
    bill->count = 0;
}

static sotto_err key_pair(struct mls_floor *f)
{
    DEFER(kem_key_freep) struct kem_key *key = NULL;
    uint8_t ikm[64];
    rng_bytes(&f->rng, ikm, sizeof ikm);
    return kem_key_derive(f->c, f->suite->hpke.kem, VIEW_OF(ikm), &key);
}

static sotto_err sign_key(struct mls_floor *f)
{
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    uint8_t seed[96];
    size_t len = sign_seed_size(f->suite->sign);
    rng_bytes(&f->rng, seed, len);
    return sign_key_derive(f->c, f->suite->sign, view_of(seed, len), &key);
}

/* Calls that hang on each other: each result goes into the next. */
static sotto_err hash_once(struct mls_floor *f, size_t len)
{
    return hash(f->c, suite_hash(f->suite), view_of(f->hashed.data, len), f->hashed.data);
}

static sotto_err expand_once(struct mls_floor *f, struct secret *secret)
{
    static const uint8_t info[48] = {6};
    return hkdf_expand(f->c, f->suite->hpke.kdf, secret, VIEW_OF(info), f->suite->hash_len, secret);
}

static sotto_err pay_once(struct mls_floor *f, const struct mls_cost *cost, struct secret *secret)
{
    static const uint8_t nonce[AEAD_NONCE] = {8};
    uint8_t enc[KEM_ENC_MAX], random[RNG_SEED];
    struct secret key = {.len = f->suite->key_len};
    view in = view_of(f->bytes.data, cost->len);
    switch (cost->primitive) {
    case MLS_KEY_PAIR:
        return key_pair(f);
    case MLS_SIGN_KEY:
        return sign_key(f);
    case MLS_PUBLIC_CHECK:
        return kem_public_check(f->c, f->suite->hpke.kem, next_leaf(f)->encryption_key);
    case MLS_SEAL:
        return seal(f, next_leaf(f)->encryption_key, cost->len, enc, f->out.data);
    case MLS_OPEN:
        return hpke_open(f->c, &f->info, f->kem_key,
                         view_of(cost->enc, kem_enc_size(f->suite->hpke.kem)), (view){0},
                         buf_view(&cost->made), f->out.data);
    case MLS_SIGN:
        return sign(f->c, f->sign_key, in, &f->signature);
    case MLS_VERIFY:
        return verify(f->c, f->suite->sign, sign_key_public(f->sign_key), in,
                      buf_view(&cost->made));
    case MLS_VERIFY_LEAF: {
        const struct mls_signed_leaf *leaf = next_leaf(f);
        return verify(f->c, f->suite->sign, leaf->public_key, buf_view(&leaf->message),
                      leaf->signature);
    }
    case MLS_EXPAND:
        return expand_once(f, secret);
    case MLS_EXTRACT:
        return hkdf_extract(f->c, f->suite->hpke.kdf, secret_view(secret), secret_view(secret),
                            secret);
    case MLS_HASH:
        return hash_once(f, cost->len);
    case MLS_AEAD:
        memcpy(key.data, secret->data, key.len);
        return aead_seal(f->c, f->suite->hpke.aead, &key, nonce, (view){0}, in, f->out.data);
    case MLS_RANDOM:
        rng_bytes(&f->rng, random, sizeof random);
        return SOTTO_OK;
    }
    return SOTTO_E_USAGE;
}

sotto_err mls_bill_pay(struct mls_floor *f, const struct mls_bill *bill)
{
    struct secret secret = {.len = f->suite->hash_len};
    for (size_t i = 0; i < bill->count; i++)
        for (size_t k = 0; k < bill->costs[i].count; k++)
            TRY(pay_once(f, &bill->costs[i], &secret));
    return SOTTO_OK;
}
