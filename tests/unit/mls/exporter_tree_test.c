/* The tree is included, not linked: some of what it promises is about what it no longer holds, or about memory that runs out.
 *
 * The draft has no vectors. The constants were computed from RFC 9420 8 and 9 and the draft alone, in Python's hmac and hashlib:
 *     expand(H, k, info, n)          HKDF-Expand (RFC 5869)
 *     ewl(H, k, label, context)      expand(H, k, uint16(Nh) + vec("MLS 1.0 " + label) + vec(context), Nh)
 *     root = ewl(H, bytes(range(Nh)), "application_export", "")
 *     secret(id) = root; for each bit of id from the highest: secret = ewl(H, secret, "tree", "right" if bit else "left") */
#include <stdlib.h>

static int allocations_left = -1; /* -1: no end */

static void *scarce_calloc(size_t count, size_t size)
{
    if (allocations_left > 0)
        allocations_left--;
    return allocations_left == 0 ? NULL : calloc(count, size);
}

#define calloc scarce_calloc
#include "mls/exporter_tree.c"
#undef calloc

#include "mls/key_schedule.h"
#include "unit.h"

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

/* Its epoch_secret has the bytes 0, 1, 2 ... */
static struct exporter_tree *tree_of(uint16_t number)
{
    const struct mls_suite *suite = mls_suite_find(number);
    DEFER(epoch_secrets_clear) struct epoch_secrets secrets = {0};
    struct secret epoch_secret = {.len = suite->hash_len};
    struct exporter_tree *tree = NULL;
    for (uint8_t i = 0; i < epoch_secret.len; i++)
        epoch_secret.data[i] = i;
    assert_ok(key_schedule_epoch_of(crypto, suite, &epoch_secret, &secrets));
    assert_ok(exporter_tree_new(suite, &secrets.application_export_secret, &tree));
    return tree;
}

static struct secret export_from(struct exporter_tree *tree, uint16_t component_id)
{
    struct secret secret = {0};
    assert_ok(exporter_tree_export(crypto, tree, component_id, &secret));
    return secret;
}

static void assert_expired(struct exporter_tree *tree, uint16_t component_id)
{
    struct secret secret = {.len = 9};
    assert_err(exporter_tree_export(crypto, tree, component_id, &secret), EXPIRED);
    assert_int_equal(secret.len, 9);
}

/* The secret of a component in a tree from which nothing else was exported. */
static struct secret alone(uint16_t component_id)
{
    struct exporter_tree *tree = tree_of(1);
    struct secret secret = export_from(tree, component_id);
    exporter_tree_free(tree);
    return secret;
}

static const struct vector {
    uint16_t suite;
    uint16_t component_id;
    const char *secret;
} vectors[] = {
    {1, 0x0000, "e3f72c78ec139d301e92abf65c536ab80017260d00c777b887634fc747307ec6"},
    {1, 0x0001, "be8e0cdc166060311f5029232af7a351681861b94358e7d4a1107e455483c47b"},
    {1, 0x0004, "9631702e5c4c1e49fcc4525805cdc900a564c6449562202b2b67f812a7b00190"},
    {1, 0x8000, "5cbf24b94411cfe7f3f4ccca5a483cfcb5b76fe65f031d8fccd5549a9c0e062a"},
    {1, 0xa5c3, "0f596b9fc35d2525fde3dcaed078d0efcc09d6b09ff97b698791188944587ca5"},
    {1, 0xffff, "40fefe39d9baa5530d8068f6d2eaa6a724a53a284990c931f91ef00d5da49cb9"},
    {7, 0xa5c3,
     "8b637d06f836704f83fe06a643386962c6c175e1682472b65df8e250094fd571"
     "dd87d045539240a6ded4650c74dd3693"},
    {5, 0xa5c3,
     "49aac37f56b54a59a66b74f4ec24950fae71e368538768ff717eaa659d1d1c5d"
     "addab2a4cbad9d05ec7f6a83b8d6b7467e25b1804ba5d0b1860b1c57c5229bc2"},
};

static void secrets_are_those_of_the_draft(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        struct exporter_tree *tree = tree_of(vectors[i].suite);
        struct secret secret = export_from(tree, vectors[i].component_id);
        assert_bytes(secret_view(&secret), vectors[i].secret);
        exporter_tree_free(tree);
    }
}

static void secrets_are_the_same_in_any_order(void **state)
{
    (void)state;
    static const uint16_t order[] = {0x8000, 4, 0xffff, 0, 5, 1, 0x8001, 0x7fff};
    struct exporter_tree *tree = tree_of(1);
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        struct secret got = export_from(tree, order[i]), want = alone(order[i]);
        assert_true(secret_equal(&got, &want));
    }
    exporter_tree_free(tree);
}

static void a_component_exports_once(void **state)
{
    (void)state;
    static const uint16_t ids[] = {0, 0xffff, 0x8000, 1};
    struct exporter_tree *tree = tree_of(1);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        (void)export_from(tree, ids[i]);
        for (size_t j = 0; j <= i; j++)
            assert_expired(tree, ids[j]);
    }
    exporter_tree_free(tree);
}

static bool memory_holds(const void *memory, size_t len, view secret)
{
    for (size_t at = 0; at + secret.len <= len; at++)
        if (memcmp((const uint8_t *)memory + at, secret.data, secret.len) == 0)
            return true;
    return false;
}

static bool tree_holds(const struct exporter_tree *tree, view secret)
{
    return memory_holds(tree->nodes, tree->cap * sizeof *tree->nodes, secret);
}

/* RFC 9420 9.2: neither the leaf's secret nor one of those that it was derived from. */
static void what_led_to_an_exported_secret_is_gone(void **state)
{
    (void)state;
    static const uint16_t ids[] = {0xa5c3, 0xa5c2, 0x25c3};
    struct exporter_tree *tree = tree_of(1);
    struct secret root = {0};
    assert_ok(secret_set(&root, view_of(tree->nodes[0].secret, 32)));
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        (void)export_from(tree, ids[i]);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        struct secret secret = root;
        assert_false(tree_holds(tree, secret_view(&secret)));
        for (unsigned bit = 16; bit-- > 0;) {
            assert_ok(expand_secret(crypto, tree->suite, &secret, VIEW_LIT("tree"),
                                    (ids[i] >> bit & 1) != 0 ? VIEW_LIT("right") : VIEW_LIT("left"),
                                    32, &secret));
            assert_false(tree_holds(tree, secret_view(&secret)));
        }
    }
    exporter_tree_free(tree);
}

static void a_tree_grows_by_the_way_to_each_component(void **state)
{
    (void)state;
    struct exporter_tree *tree = tree_of(1);
    (void)export_from(tree, 6);
    assert_int_equal(tree->count, 16);
    (void)export_from(tree, 7); /* the sibling stood for itself alone */
    assert_int_equal(tree->count, 15);
    (void)export_from(tree, 0x8000);
    assert_int_equal(tree->count, 14 + 15);
    exporter_tree_free(tree);
}

/* 256 components, none near another, are the worst that there is. */
static void any_256_components_fit_and_neighbours_always(void **state)
{
    (void)state;
    struct exporter_tree *tree = tree_of(1);
    for (uint32_t id = 0; id < LEAVES; id += 256)
        (void)export_from(tree, (uint16_t)id);
    assert_int_equal(tree->count, EXPORTER_TREE_NODES);
    struct secret secret = {.len = 9};
    assert_err(exporter_tree_export(crypto, tree, 0x80, &secret), FULL);
    assert_int_equal(secret.len, 9);
    assert_int_equal(tree->count, EXPORTER_TREE_NODES);
    (void)export_from(tree, 1);
    (void)export_from(tree, 3);
    exporter_tree_free(tree);
}

static void all_components_are_exported_in_their_turn(void **state)
{
    (void)state;
    struct exporter_tree *tree = tree_of(1);
    for (uint32_t id = 0; id < LEAVES; id++) {
        (void)export_from(tree, (uint16_t)id);
        assert_true(tree->count <= DEPTH);
    }
    assert_int_equal(tree->count, 0);
    assert_expired(tree, 0);
    assert_expired(tree, 0xffff);
    exporter_tree_free(tree);
}

static void a_root_of_another_length_is_refused(void **state)
{
    (void)state;
    const struct secret root = {.len = 32};
    struct exporter_tree *tree = NULL;
    assert_err(exporter_tree_new(mls_suite_find(7), &root, &tree), USAGE);
    assert_null(tree);
}

static sotto_buf written(const struct exporter_tree *tree)
{
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    exporter_tree_write(&w, tree);
    assert_ok(wr_end(&w));
    return out;
}

static sotto_err read_tree(view bytes, uint16_t suite, struct exporter_tree **ret_tree)
{
    struct rd r = rd_of(bytes);
    DEFER(exporter_tree_freep) struct exporter_tree *tree = NULL;
    exporter_tree_read(&r, mls_suite_find(suite), &tree);
    TRY(rd_end(&r));
    *ret_tree = MOVE(tree);
    return SOTTO_OK;
}

static void a_tree_that_is_read_again_goes_on_where_it_was(void **state)
{
    (void)state;
    static const uint16_t before[] = {3, 0x8000, 2, 0xffff}, after[] = {0, 0x8001, 0xfffe, 0x4000};
    struct exporter_tree *tree = tree_of(1), *again = NULL;
    for (size_t i = 0; i < COUNT_OF(before); i++)
        (void)export_from(tree, before[i]);
    sotto_buf bytes = written(tree);
    assert_ok(read_tree(buf_view(&bytes), 1, &again));
    sotto_buf twice = written(again);
    assert_true(view_equal(buf_view(&bytes), buf_view(&twice)));
    for (size_t i = 0; i < COUNT_OF(before); i++)
        assert_expired(again, before[i]);
    for (size_t i = 0; i < COUNT_OF(after); i++) {
        struct secret got = export_from(again, after[i]), want = alone(after[i]);
        assert_true(secret_equal(&got, &want));
    }
    buf_clear(&bytes);
    buf_clear(&twice);
    exporter_tree_free(tree);
    exporter_tree_free(again);
}

static void a_new_tree_is_written_as_its_root(void **state)
{
    (void)state;
    struct exporter_tree *tree = tree_of(1);
    sotto_buf bytes = written(tree);
    assert_bytes(buf_view(&bytes),
                 "24 0000ffff 8acd4378709da79e351e8c50b39dc0af64aba5143849d745d3d33b271b1085c8");
    buf_clear(&bytes);
    exporter_tree_free(tree);
}

static void what_is_written_holds_no_exported_secret(void **state)
{
    (void)state;
    struct exporter_tree *tree = tree_of(1);
    struct secret secret = export_from(tree, 0xa5c3);
    sotto_buf bytes = written(tree);
    assert_int_equal(bytes.len, 2 + 16 * (4 + 32));
    assert_false(memory_holds(bytes.data, bytes.len, secret_view(&secret)));
    buf_clear(&bytes);
    exporter_tree_free(tree);
}

static void a_tree_that_ends_too_early_is_refused_wherever_it_ends(void **state)
{
    (void)state;
    struct exporter_tree *tree = tree_of(1), *again = NULL;
    (void)export_from(tree, 7);
    sotto_buf bytes = written(tree);
    for (size_t len = 0; len < bytes.len; len++)
        assert_err(read_tree(view_of(bytes.data, len), 1, &again), TRUNCATED);
    assert_ok(buf_append(&bytes, VIEW_LIT("x")));
    assert_err(read_tree(buf_view(&bytes), 1, &again), TRAILING);
    assert_null(again);
    buf_clear(&bytes);
    exporter_tree_free(tree);
}

/* Nodes with secrets that are all zero. */
static sotto_err read_nodes(const uint32_t *nodes, size_t count)
{
    const uint8_t secret[32] = {0};
    struct exporter_tree *tree = NULL;
    sotto_buf bytes = {0};
    struct wr w = wr_to(&bytes);
    size_t mark = wr_vector_begin(&w);
    for (size_t i = 0; i < count; i++) {
        wr_u32(&w, nodes[i]);
        wr_bytes(&w, VIEW_OF(secret));
    }
    wr_vector_end(&w, mark);
    assert_ok(wr_end(&w));
    sotto_err err = read_tree(buf_view(&bytes), 1, &tree);
    exporter_tree_free(tree);
    buf_clear(&bytes);
    return err;
}

#define READ_NODES(...)                         \
    read_nodes((const uint32_t[]){__VA_ARGS__}, \
               sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void nodes_that_overlap_or_are_none_are_refused(void **state)
{
    (void)state;
    assert_ok(read_nodes(NULL, 0));
    assert_ok(READ_NODES(0, 131070));
    assert_ok(READ_NODES(1, 4)); /* leaves 0 and 1, leaf 2 */
    assert_ok(READ_NODES(32767, 98303));
    assert_err(READ_NODES(131071), VALUE);
    assert_err(READ_NODES(UINT32_MAX), VALUE);
    assert_err(READ_NODES(1, 2), VALUE);
    assert_err(READ_NODES(0, 1), VALUE);
    assert_err(READ_NODES(4, 4), VALUE);
    assert_err(READ_NODES(4, 2), VALUE);
    assert_err(READ_NODES(65535, 0), VALUE);
    assert_err(READ_NODES(65535, 131070), VALUE);
}

static void a_tree_with_too_many_nodes_is_refused(void **state)
{
    (void)state;
    static uint32_t nodes[EXPORTER_TREE_NODES + 1];
    for (uint32_t i = 0; i < COUNT_OF(nodes); i++)
        nodes[i] = 4 * i;
    assert_ok(read_nodes(nodes, EXPORTER_TREE_NODES));
    assert_err(read_nodes(nodes, EXPORTER_TREE_NODES + 1), TOO_LARGE);
}

static void without_memory_a_tree_is_as_it_was(void **state)
{
    (void)state;
    struct exporter_tree *tree = tree_of(1), *none = NULL;
    struct secret secret = {.len = 9}, root = {.len = 32};
    (void)export_from(tree, 7);
    sotto_buf before = written(tree);
    allocations_left = 1;
    assert_err(exporter_tree_export(crypto, tree, 0x8000, &secret), NOMEM);
    assert_int_equal(secret.len, 9);
    sotto_buf after = written(tree);
    assert_true(view_equal(buf_view(&before), buf_view(&after)));
    for (int n = 1; n <= 2; n++) {
        allocations_left = n;
        assert_err(exporter_tree_new(tree->suite, &root, &none), NOMEM);
        allocations_left = n;
        assert_err(read_tree(buf_view(&before), 1, &none), NOMEM);
    }
    assert_null(none);
    allocations_left = -1;
    struct secret got = export_from(tree, 0x8000), want = alone(0x8000);
    assert_true(secret_equal(&got, &want));
    buf_clear(&before);
    buf_clear(&after);
    exporter_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_those_of_the_draft),
        cmocka_unit_test(secrets_are_the_same_in_any_order),
        cmocka_unit_test(a_component_exports_once),
        cmocka_unit_test(what_led_to_an_exported_secret_is_gone),
        cmocka_unit_test(a_tree_grows_by_the_way_to_each_component),
        cmocka_unit_test(any_256_components_fit_and_neighbours_always),
        cmocka_unit_test(all_components_are_exported_in_their_turn),
        cmocka_unit_test(a_root_of_another_length_is_refused),
        cmocka_unit_test(a_tree_that_is_read_again_goes_on_where_it_was),
        cmocka_unit_test(a_new_tree_is_written_as_its_root),
        cmocka_unit_test(what_is_written_holds_no_exported_secret),
        cmocka_unit_test(a_tree_that_ends_too_early_is_refused_wherever_it_ends),
        cmocka_unit_test(nodes_that_overlap_or_are_none_are_refused),
        cmocka_unit_test(a_tree_with_too_many_nodes_is_refused),
        cmocka_unit_test(without_memory_a_tree_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
