#include "mls/update_path.h"

#include "crypto/rng.h"
#include "unit.h"

/* A node whose list has, for each pair of lengths, one ciphertext. */
static sotto_buf node_of(const size_t (*lens)[2], size_t count, struct rng *rng)
{
    static uint8_t bytes[20000];
    sotto_buf list = {0}, out = {0};
    rng_bytes(rng, bytes, sizeof bytes);
    struct wr w = wr_to(&list);
    for (size_t i = 0; i < count; i++) {
        const struct hpke_ciphertext ciphertext = {view_of(bytes + i % 97, lens[i][0]),
                                                   view_of(bytes + i % 89, lens[i][1])};
        hpke_ciphertext_write(&w, &ciphertext);
    }
    assert_ok(wr_end(&w));
    const struct update_path_node node = {view_of(bytes, 32), buf_view(&list)};
    w = wr_to(&out);
    update_path_node_write(&w, &node);
    assert_ok(wr_end(&w));
    buf_clear(&list);
    return out;
}

/* A path with this one node, behind a leaf. */
static sotto_buf path_of(const sotto_buf *node)
{
    static const uint8_t one[] = {0, 1};
    const struct leaf_node leaf = {
        .encryption_key = VIEW_LIT("key"),
        .signature_key = VIEW_LIT("key"),
        .credential = {.credential_type = CREDENTIAL_BASIC, .identity = VIEW_LIT("alice")},
        .capabilities = {.versions = VIEW_OF(one)},
        .leaf_node_source = LEAF_NODE_COMMIT,
        .parent_hash = VIEW_LIT("hash"),
        .signature = VIEW_LIT("signature")};
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    leaf_node_write(&w, &leaf);
    wr_opaque(&w, buf_view(node));
    assert_ok(wr_end(&w));
    return out;
}

static void assert_each_found(const struct update_path *path, const size_t (*lens)[2], size_t count)
{
    struct rd r = rd_of(path->nodes);
    struct update_path_node node;
    update_path_node_read(&r, &node);
    assert_ok(rd_end(&r));
    struct rd at = rd_of(node.encrypted_path_secret);
    for (uint32_t i = 0; i < count; i++) {
        struct hpke_ciphertext got, want;
        hpke_ciphertext_read(&at, &want);
        hpke_ciphertexts_get(node.encrypted_path_secret, &path->ciphertexts[0], i, &got);
        assert_int_equal(got.kem_output.len, lens[i][0]);
        assert_int_equal(got.ciphertext.len, lens[i][1]);
        assert_ptr_equal(got.kem_output.data, want.kem_output.data);
        assert_ptr_equal(got.ciphertext.data, want.ciphertext.data);
    }
    assert_ok(rd_end(&at));
}

/* `size`: of each ciphertext; 0: they differ. */
static void assert_list(const size_t (*lens)[2], size_t count, uint32_t size)
{
    static const uint8_t seed[RNG_SEED] = {1};
    struct rng rng = rng_from(seed);
    sotto_buf node = node_of(lens, count, &rng), encoded = path_of(&node);
    struct update_path path;
    struct rd r = rd_of(buf_view(&encoded));
    update_path_read(&r, &path);
    assert_ok(rd_end(&r));
    assert_int_equal(path.node_count, 1);
    assert_int_equal(path.ciphertexts[0].count, count);
    assert_int_equal(path.ciphertexts[0].size, size);
    assert_each_found(&path, lens, count);
    for (size_t len = 0; len < encoded.len; len += len + 300 < encoded.len ? 41 : 1) {
        r = rd_of(view_of(encoded.data, len));
        update_path_read(&r, &path);
        assert_err(rd_end(&r), TRUNCATED);
    }
    buf_clear(&encoded);
    buf_clear(&node);
}

static void ciphertexts_of_one_form_are_counted(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{32, 48},    {65, 48}, {97, 64},   {1120, 48},
                                      {1120, 300}, {63, 64}, {64, 16383}};
    size_t lens[40][2];
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (size_t count = 1; count <= COUNT_OF(lens); count += 13) {
            for (size_t k = 0; k < count; k++)
                memcpy(lens[k], sizes[i], sizeof lens[k]);
            size_t heads = (sizes[i][0] < 64 ? 1u : 2u) + (sizes[i][1] < 64 ? 1u : 2u);
            assert_list(lens, count, (uint32_t)(sizes[i][0] + sizes[i][1] + heads));
        }
    assert_list(lens, 0, 0);
}

/* Short ones, too, whose headers lie close together. */
static void ciphertexts_of_all_forms_are_found_one_by_one(void **state)
{
    (void)state;
    static const uint8_t seed[RNG_SEED] = {2};
    struct rng rng = rng_from(seed);
    size_t lens[60][2];
    for (size_t round = 0; round < 300; round++) {
        uint32_t most = round % 2 == 0 ? 4 : 80;
        size_t count = 2 + rng_below(&rng, COUNT_OF(lens) - 2);
        for (size_t i = 0; i < count; i++) {
            bool again = i > 0 && rng_below(&rng, 3) > 0;
            lens[i][0] = again ? lens[i - 1][0] : rng_below(&rng, most);
            lens[i][1] = again ? lens[i - 1][1] : rng_below(&rng, most);
        }
        lens[0][0] = 0;
        lens[0][1] = 5;
        lens[count - 1][0] = 0;
        lens[count - 1][1] = 4;
        assert_list(lens, count, 0);
    }
}

/* The same number of bytes, parted elsewhere. */
static void ciphertexts_of_one_size_may_have_two_forms(void **state)
{
    (void)state;
    static const size_t lens[][2] = {{32, 48}, {32, 48}, {33, 47}, {32, 48}, {40, 40}, {40, 40}};
    assert_list(lens, COUNT_OF(lens), 82);
}

static void a_header_that_is_too_long_is_refused_behind_right_ones(void **state)
{
    (void)state;
    /* a key, then 20 bytes: two ciphertexts of ten, the second one's first field with a header of two bytes */
    static const uint8_t encoded[] = {1, 7,    21, 4, 1, 2, 3, 4, 4, 5, 6, 7,
                                      8, 0x40, 4,  1, 2, 3, 4, 4, 5, 6, 7, 8};
    struct update_path_node node;
    struct rd r = rd_of(VIEW_OF(encoded));
    update_path_node_read(&r, &node);
    assert_err(rd_end(&r), VARINT);
}

static void nodes_are_counted_even_where_no_tree_has_room_for_them(void **state)
{
    (void)state;
    static const uint8_t one[] = {1, 7, 4, 1, 2, 1, 3};
    sotto_buf nodes = {0};
    for (size_t i = 0; i < 40; i++)
        assert_ok(buf_append(&nodes, VIEW_OF(one)));
    sotto_buf encoded = path_of(&nodes);
    struct update_path path;
    struct rd r = rd_of(buf_view(&encoded));
    update_path_read(&r, &path);
    assert_ok(rd_end(&r));
    assert_int_equal(path.node_count, 40);
    assert_int_equal(path.ciphertexts[MLS_PATH_MAX - 1].count, 1);
    buf_clear(&encoded);
    buf_clear(&nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ciphertexts_of_one_form_are_counted),
        cmocka_unit_test(ciphertexts_of_all_forms_are_found_one_by_one),
        cmocka_unit_test(ciphertexts_of_one_size_may_have_two_forms),
        cmocka_unit_test(a_header_that_is_too_long_is_refused_behind_right_ones),
        cmocka_unit_test(nodes_are_counted_even_where_no_tree_has_room_for_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
