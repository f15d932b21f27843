/* The tree is included, not linked: some of what it promises is about what it no longer holds, or about memory that runs out. */
#include <stdlib.h>

static int allocations_left = -1; /* -1: no end */

static int allocation_fails(void)
{
    if (allocations_left > 0)
        allocations_left--;
    return allocations_left == 0;
}

static void *scarce_calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : calloc(count, size);
}

static void *scarce_realloc(void *memory, size_t size)
{
    return allocation_fails() ? NULL : realloc(memory, size);
}

#define calloc  scarce_calloc
#define realloc scarce_realloc
#include "mls/secret_tree.c"
#undef calloc
#undef realloc

#include "unit.h"

#define APPLICATION RATCHET_APPLICATION
#define HANDSHAKE   RATCHET_HANDSHAKE

static sotto_crypto *crypto;

static int setup(void **state)
{
    (void)state;
    return crypto_new(&crypto) == SOTTO_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    crypto_freep(&crypto);
    return 0;
}

static struct secret_tree *tree_of(uint32_t leaf_count)
{
    const struct mls_suite *suite = mls_suite_find(1);
    struct secret_tree *tree = NULL;
    struct secret secret = {.len = suite->hash_len};
    memset(secret.data, 0x77, secret.len);
    assert_ok(secret_tree_new(suite, leaf_count, &secret, &tree));
    return tree;
}

/* The key of a generation, without consuming it. */
static sotto_err peek(const struct secret_tree *tree, uint32_t leaf, enum ratchet_kind kind,
                      uint32_t generation, struct secret *ret_key)
{
    DEFER(message_key_clear) struct message_key key = {0};
    TRY(secret_tree_find(crypto, tree, leaf, kind, generation, &key));
    *ret_key = key.key;
    return SOTTO_OK;
}

static sotto_err take(struct secret_tree *tree, uint32_t leaf, enum ratchet_kind kind,
                      uint32_t generation, struct secret *ret_key)
{
    struct message_key key = {0};
    TRY(secret_tree_find(crypto, tree, leaf, kind, generation, &key));
    *ret_key = key.key;
    assert_ok(secret_tree_consume(tree, &key));
    assert_int_equal(key.key.len, 0);
    return SOTTO_OK;
}

/* What the tree gives in order. */
static struct secret expected(uint32_t leaves, uint32_t leaf, enum ratchet_kind kind,
                              uint32_t generation)
{
    struct secret_tree *tree = tree_of(leaves);
    struct secret key;
    for (uint32_t g = 0; g <= generation; g++)
        assert_ok(take(tree, leaf, kind, g, &key));
    secret_tree_free(tree);
    return key;
}

static void keys_are_the_same_in_any_order(void **state)
{
    (void)state;
    static const uint32_t order[] = {5, 0, 3, 9, 4, 8, 1, 2, 7, 6};
    struct secret_tree *tree = tree_of(8);
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        struct secret key, want = expected(8, 6, APPLICATION, order[i]);
        assert_ok(take(tree, 6, APPLICATION, order[i], &key));
        assert_true(secret_equal(&key, &want));
    }
    secret_tree_free(tree);
}

static void leaves_are_the_same_in_any_order(void **state)
{
    (void)state;
    static const uint32_t order[] = {5, 4, 7, 0, 1, 6, 3, 2};
    struct secret_tree *tree = tree_of(8);
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        struct secret key, want = expected(8, order[i], HANDSHAKE, 0);
        assert_ok(take(tree, order[i], HANDSHAKE, 0, &key));
        assert_true(secret_equal(&key, &want));
    }
    secret_tree_free(tree);
}

static void both_ratchets_of_a_leaf_stand_for_themselves(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(4);
    struct secret key, handshake = expected(4, 2, HANDSHAKE, 1),
                       application = expected(4, 2, APPLICATION, 1);
    assert_false(secret_equal(&handshake, &application));
    assert_ok(take(tree, 2, APPLICATION, 0, &key));
    assert_ok(take(tree, 2, APPLICATION, 1, &key));
    assert_true(secret_equal(&key, &application));
    assert_ok(take(tree, 2, HANDSHAKE, 1, &key));
    assert_true(secret_equal(&key, &handshake));
    secret_tree_free(tree);
}

static void a_key_that_was_only_looked_up_changes_nothing(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(16);
    struct secret first, again;
    size_t before = secret_tree_memory(tree);
    assert_ok(peek(tree, 9, APPLICATION, 1500, &first));
    assert_ok(peek(tree, 9, APPLICATION, 0, &again));
    assert_int_equal(secret_tree_memory(tree), before);
    assert_int_equal(tree->node_count, 1);
    assert_ok(take(tree, 9, APPLICATION, 0, &again));
    before = secret_tree_memory(tree);
    assert_ok(peek(tree, 9, APPLICATION, 1500, &again));
    assert_true(secret_equal(&first, &again));
    assert_int_equal(secret_tree_memory(tree), before);
    secret_tree_free(tree);
}

static void a_generation_is_given_once(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(2);
    struct secret key;
    assert_ok(take(tree, 0, APPLICATION, 3, &key));
    assert_err(take(tree, 0, APPLICATION, 3, &key), REPLAYED);
    assert_ok(take(tree, 0, APPLICATION, 1, &key));
    assert_err(take(tree, 0, APPLICATION, 1, &key), REPLAYED);
    assert_ok(take(tree, 0, APPLICATION, 0, &key));
    assert_ok(take(tree, 0, APPLICATION, 2, &key));
    assert_int_equal(tree->senders[0]->ratchets[APPLICATION].skipped_count, 0);
    assert_null(tree->senders[0]->ratchets[APPLICATION].skipped);
    secret_tree_free(tree);
}

static void a_message_too_far_ahead_is_refused(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(2);
    struct secret key;
    assert_err(take(tree, 1, HANDSHAKE, MLS_FORWARD_MAX + 1, &key), MISSING);
    assert_ok(take(tree, 1, HANDSHAKE, MLS_FORWARD_MAX, &key));
    assert_err(take(tree, 1, HANDSHAKE, 2 * MLS_FORWARD_MAX + 2, &key), MISSING);
    assert_err(take(tree, 1, HANDSHAKE, UINT32_MAX, &key), MISSING);
    secret_tree_free(tree);
}

static void the_last_skipped_keys_are_kept_and_older_ones_given_up(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(2);
    struct secret key, want = expected(2, 1, APPLICATION, 500);
    assert_ok(take(tree, 1, APPLICATION, 1500, &key));
    assert_err(take(tree, 1, APPLICATION, 499, &key), EXPIRED);
    assert_ok(take(tree, 1, APPLICATION, 500, &key));
    assert_true(secret_equal(&key, &want));
    assert_err(take(tree, 1, APPLICATION, 500, &key), REPLAYED);
    /* 999 are kept, 501 to 1499. Ten more, and the nine oldest go. */
    assert_ok(take(tree, 1, APPLICATION, 1511, &key));
    assert_int_equal(tree->senders[0]->ratchets[APPLICATION].skipped_count, MLS_SKIPPED_MAX);
    assert_err(take(tree, 1, APPLICATION, 509, &key), EXPIRED);
    assert_ok(take(tree, 1, APPLICATION, 510, &key));
    assert_ok(take(tree, 1, APPLICATION, 1510, &key));
    assert_err(take(tree, 1, APPLICATION, 1500, &key), REPLAYED);
    want = expected(2, 1, APPLICATION, 1499);
    assert_ok(take(tree, 1, APPLICATION, 1499, &key));
    assert_true(secret_equal(&key, &want));
    secret_tree_free(tree);
}

static void nothing_is_expired_as_long_as_all_were_kept(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(2);
    struct secret key;
    assert_ok(take(tree, 0, APPLICATION, 1000, &key));
    assert_ok(take(tree, 0, APPLICATION, 0, &key));
    assert_err(take(tree, 0, APPLICATION, 0, &key), REPLAYED);
    secret_tree_free(tree);
}

static void sending_takes_one_generation_after_the_other(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(4);
    for (uint32_t generation = 0; generation < 5; generation++) {
        struct message_key key = {0};
        struct secret want = expected(4, 3, APPLICATION, generation);
        assert_ok(secret_tree_next(crypto, tree, 3, APPLICATION, &key));
        assert_int_equal(key.generation, generation);
        assert_true(secret_equal(&key.key, &want));
        assert_ok(secret_tree_consume(tree, &key));
    }
    secret_tree_free(tree);
}

static void the_last_generation_is_not_used(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(1);
    struct secret secret;
    struct message_key key = {0};
    assert_ok(take(tree, 0, APPLICATION, 0, &secret));
    tree->senders[0]->ratchets[APPLICATION].generation = UINT32_MAX - 1;
    assert_ok(take(tree, 0, APPLICATION, UINT32_MAX - 1, &secret));
    assert_err(secret_tree_next(crypto, tree, 0, APPLICATION, &key), FULL);
    secret_tree_free(tree);
}

static void a_leaf_outside_of_the_tree_has_no_keys(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(4);
    struct message_key key = {0};
    assert_err(secret_tree_find(crypto, tree, 4, APPLICATION, 0, &key), NOTFOUND);
    assert_err(secret_tree_find(crypto, tree, UINT32_MAX, APPLICATION, 0, &key), NOTFOUND);
    assert_err(secret_tree_next(crypto, tree, 4, HANDSHAKE, &key), NOTFOUND);
    secret_tree_free(tree);
}

static void only_full_trees_and_whole_secrets_are_taken(void **state)
{
    (void)state;
    const struct mls_suite *suite = mls_suite_find(1);
    struct secret_tree *tree = NULL;
    struct secret secret = {.len = 32};
    assert_err(secret_tree_new(suite, 0, &secret, &tree), USAGE);
    assert_err(secret_tree_new(suite, 3, &secret, &tree), USAGE);
    assert_err(secret_tree_new(suite, 2 * MLS_LEAF_LIMIT, &secret, &tree), USAGE);
    secret.len = 31;
    assert_err(secret_tree_new(suite, 4, &secret, &tree), USAGE);
    assert_null(tree);
}

static void a_key_from_before_a_change_is_not_consumed(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(4);
    struct secret secret;
    DEFER(message_key_clear) struct message_key key = {0};
    assert_ok(secret_tree_find(crypto, tree, 0, APPLICATION, 0, &key));
    assert_ok(take(tree, 1, APPLICATION, 0, &secret));
    assert_err(secret_tree_consume(tree, &key), USAGE);
    assert_ok(take(tree, 0, APPLICATION, 0, &secret));
    assert_true(secret_equal(&secret, &key.key));
    secret_tree_free(tree);
}

static bool pool_has(const struct secret_tree *tree, const struct secret *secret)
{
    for (size_t i = 0; i + secret->len <= (size_t)tree->node_cap * tree->suite->hash_len; i++)
        if (memcmp(tree->secrets + i, secret->data, secret->len) == 0)
            return true;
    return false;
}

/* RFC 9420 9.2: all node secrets from the root to the leaf are gone, those beside the path are there. */
static void secrets_on_the_way_to_a_used_leaf_are_erased(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(4);
    const struct mls_suite *suite = tree->suite;
    struct secret root = {.len = 32}, right, leaf3, leaf2, left, key, other;
    memset(root.data, 0x77, 32);
    assert_ok(expand_secret(crypto, suite, &root, VIEW_LIT("tree"), VIEW_LIT("left"), 32, &left));
    assert_ok(expand_secret(crypto, suite, &root, VIEW_LIT("tree"), VIEW_LIT("right"), 32, &right));
    assert_ok(expand_secret(crypto, suite, &right, VIEW_LIT("tree"), VIEW_LIT("left"), 32, &leaf2));
    assert_ok(
        expand_secret(crypto, suite, &right, VIEW_LIT("tree"), VIEW_LIT("right"), 32, &leaf3));
    assert_true(pool_has(tree, &root));
    assert_ok(take(tree, 3, APPLICATION, 1, &key));
    assert_false(pool_has(tree, &root));
    assert_false(pool_has(tree, &right));
    assert_false(pool_has(tree, &leaf3));
    assert_true(pool_has(tree, &left));
    assert_true(pool_has(tree, &leaf2));
    /* The ratchet stands behind the key; the key before it is kept, since its message may come. */
    const struct ratchet *ratchet = &tree->senders[0]->ratchets[APPLICATION];
    assert_int_equal(ratchet->generation, 2);
    assert_int_equal(ratchet->skipped_count, 1);
    other = expected(4, 3, APPLICATION, 0);
    assert_memory_equal(ratchet->skipped[0].key, other.data, other.len);
    assert_int_equal(tree->senders[0]->ratchets[HANDSHAKE].generation, 0);
    secret_tree_free(tree);
}

static void memory_grows_with_the_depth_and_not_with_the_group(void **state)
{
    (void)state;
    struct secret_tree *tree = tree_of(MLS_LEAF_LIMIT);
    struct secret key;
    assert_ok(take(tree, MLS_LEAF_LIMIT - 1, APPLICATION, 0, &key));
    assert_int_equal(tree->node_count, 1 + 2 * 24);
    assert_true(secret_tree_memory(tree) < 5000);
    assert_ok(take(tree, MLS_LEAF_LIMIT - 2, APPLICATION, 0, &key));
    assert_int_equal(tree->node_count, 1 + 2 * 24);
    assert_ok(take(tree, 0, APPLICATION, 0, &key));
    assert_int_equal(tree->node_count, 1 + 2 * 24 + 2 * 23);
    size_t before = secret_tree_memory(tree);
    for (uint32_t generation = 1; generation < 200; generation++)
        assert_ok(take(tree, 0, APPLICATION, generation, &key));
    assert_int_equal(secret_tree_memory(tree), before);
    secret_tree_free(tree);
}

static void every_leaf_of_a_tree_has_keys_of_its_own(void **state)
{
    (void)state;
    enum { LEAVES = 64 };
    static struct secret keys[LEAVES][RATCHET_KINDS];
    struct secret_tree *tree = tree_of(LEAVES);
    for (uint32_t leaf = 0; leaf < LEAVES; leaf++) {
        assert_ok(take(tree, leaf, HANDSHAKE, 0, &keys[leaf][HANDSHAKE]));
        assert_ok(take(tree, leaf, APPLICATION, 0, &keys[leaf][APPLICATION]));
    }
    for (uint32_t a = 0; a < 2 * LEAVES; a++)
        for (uint32_t b = 0; b < a; b++)
            assert_false(secret_equal(&keys[a / 2][a % 2], &keys[b / 2][b % 2]));
    assert_int_equal(tree->node_count, 2 * LEAVES - 1);
    secret_tree_free(tree);
}

/* Looks up and consumes while only so many allocations succeed (the last of them fails). */
static sotto_err take_scarcely(struct secret_tree *tree, uint32_t leaf, uint32_t generation,
                               int allocations, struct secret *ret_key)
{
    DEFER(message_key_clear) struct message_key key = {0};
    allocations_left = allocations;
    sotto_err err = secret_tree_find(crypto, tree, leaf, APPLICATION, generation, &key);
    struct secret found = key.key;
    if (err == SOTTO_OK)
        err = secret_tree_consume(tree, &key);
    allocations_left = -1;
    if (err == SOTTO_OK)
        *ret_key = found;
    return err;
}

static void a_key_can_still_be_taken_after_memory_ran_out(void **state)
{
    (void)state;
    static const struct {
        uint32_t leaf, generation;
        int allocations; /* that may fail */
    } rows[] = {
        {200, 3, 6}, /* a new leaf: keys passed by, merged, pool and its secrets, list, sender */
        {199, 7, 3}, /* beside it: passed by, merged, sender (its sibling's path is open) */
        {200, 9, 2}, /* a known leaf: passed by, merged */
        {200, 1, 0}, /* a kept key */
    };
    struct secret_tree *tree = tree_of(1 << 20);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct secret key = {0},
                      want = expected(1 << 20, rows[i].leaf, APPLICATION, rows[i].generation);
        int failures = 0;
        uint64_t version = tree->version;
        while (take_scarcely(tree, rows[i].leaf, rows[i].generation, failures + 1, &key) !=
               SOTTO_OK) {
            assert_int_equal(tree->version, version);
            assert_int_equal(key.len, 0);
            assert_true(++failures < 20);
        }
        assert_true(secret_equal(&key, &want));
        assert_true(failures <= rows[i].allocations);
        assert_true(rows[i].allocations == 0 || failures > 0);
    }
    secret_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_the_same_in_any_order),
        cmocka_unit_test(leaves_are_the_same_in_any_order),
        cmocka_unit_test(both_ratchets_of_a_leaf_stand_for_themselves),
        cmocka_unit_test(a_key_that_was_only_looked_up_changes_nothing),
        cmocka_unit_test(a_generation_is_given_once),
        cmocka_unit_test(a_message_too_far_ahead_is_refused),
        cmocka_unit_test(the_last_skipped_keys_are_kept_and_older_ones_given_up),
        cmocka_unit_test(nothing_is_expired_as_long_as_all_were_kept),
        cmocka_unit_test(sending_takes_one_generation_after_the_other),
        cmocka_unit_test(the_last_generation_is_not_used),
        cmocka_unit_test(a_leaf_outside_of_the_tree_has_no_keys),
        cmocka_unit_test(only_full_trees_and_whole_secrets_are_taken),
        cmocka_unit_test(a_key_from_before_a_change_is_not_consumed),
        cmocka_unit_test(secrets_on_the_way_to_a_used_leaf_are_erased),
        cmocka_unit_test(memory_grows_with_the_depth_and_not_with_the_group),
        cmocka_unit_test(every_leaf_of_a_tree_has_keys_of_its_own),
        cmocka_unit_test(a_key_can_still_be_taken_after_memory_ran_out),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
