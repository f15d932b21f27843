#include "mls/leaf_node.h"

#include "structures.h"
#include "unit.h"

/* The bytes of a leaf of a source; its signature is 0x99. */
static sotto_buf leaf_of(enum leaf_node_source source)
{
    static const char *const middle[] = {[LEAF_NODE_KEY_PACKAGE] =
                                             "01 0000000000000001 00000000000000ff",
                                         [LEAF_NODE_UPDATE] = "02",
                                         [LEAF_NODE_COMMIT] = "03 02abcd"};
    char hex[200];
    snprintf(hex, sizeof hex, "%s %s 00 0199", "026565 027373 0001 0161 0000000000",
             middle[source]);
    return unhex(hex);
}

static void source_says_which_field_follows(void **state)
{
    (void)state;
    struct leaf_node leaf;
    sotto_buf bytes = leaf_of(LEAF_NODE_KEY_PACKAGE);
    struct rd r = rd_of(buf_view(&bytes));
    leaf_node_read(&r, &leaf);
    assert_ok(rd_end(&r));
    assert_int_equal(leaf.lifetime.not_before, 1);
    assert_int_equal(leaf.lifetime.not_after, 255);
    assert_int_equal(leaf.parent_hash.len, 0);
    buf_clear(&bytes);
    bytes = leaf_of(LEAF_NODE_COMMIT);
    r = rd_of(buf_view(&bytes));
    leaf_node_read(&r, &leaf);
    assert_ok(rd_end(&r));
    assert_bytes(leaf.parent_hash, "abcd");
    assert_int_equal(leaf.lifetime.not_after, 0);
    buf_clear(&bytes);
}

static void unknown_source_is_refused(void **state)
{
    (void)state;
    sotto_buf bytes = leaf_of(LEAF_NODE_UPDATE), out = {0};
    const size_t source = bytes.len - 4;
    assert_int_equal(bytes.data[source], LEAF_NODE_UPDATE);
    bytes.data[source] = 0;
    assert_err(structure_find("leaf_node")->recode(buf_view(&bytes), &out), VALUE);
    bytes.data[source] = 4;
    assert_err(structure_find("leaf_node")->recode(buf_view(&bytes), &out), VALUE);
    buf_clear(&bytes);
}

/* A leaf that came from elsewhere doesn't fit, wherever it stands (RFC 9420 7.3). */
static void source_must_match_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *structure, *front, *back;
        enum leaf_node_source source;
    } places[] = {
        {"key_package", "0001 0001 00", "00 00", LEAF_NODE_KEY_PACKAGE},
        {"update_proposal", "", "", LEAF_NODE_UPDATE},
        {"update_path", "", "00", LEAF_NODE_COMMIT},
    };
    for (size_t i = 0; i < COUNT_OF(places); i++)
        for (int source = LEAF_NODE_KEY_PACKAGE; source <= LEAF_NODE_COMMIT; source++) {
            sotto_buf bytes = unhex(places[i].front), back = unhex(places[i].back), out = {0},
                      leaf = leaf_of((enum leaf_node_source)source);
            assert_ok(buf_append(&bytes, buf_view(&leaf)));
            assert_ok(buf_append(&bytes, buf_view(&back)));
            sotto_err want = source == (int)places[i].source ? SOTTO_OK : SOTTO_E_VALUE;
            assert_int_equal(structure_find(places[i].structure)->recode(buf_view(&bytes), &out),
                             want);
            buf_clear(&bytes);
            buf_clear(&back);
            buf_clear(&leaf);
            buf_clear(&out);
        }
}

static void tbs_has_the_place_except_in_a_key_package(void **state)
{
    (void)state;
    for (int source = LEAF_NODE_KEY_PACKAGE; source <= LEAF_NODE_COMMIT; source++) {
        struct leaf_node leaf;
        sotto_buf bytes = leaf_of((enum leaf_node_source)source), tbs = {0}, want = {0};
        struct rd r = rd_of(buf_view(&bytes));
        leaf_node_read(&r, &leaf);
        assert_ok(rd_end(&r));
        struct wr w = wr_to(&tbs);
        leaf_node_write_tbs(&w, &leaf, VIEW_LIT("grp"), 5);
        assert_ok(wr_end(&w));
        assert_ok(buf_append(&want, view_of(bytes.data, bytes.len - 2)));
        if (source != LEAF_NODE_KEY_PACKAGE)
            assert_ok(buf_append(&want, VIEW_LIT("\003grp\0\0\0\005")));
        assert_true(view_equal(buf_view(&tbs), buf_view(&want)));
        assert_true(view_equal(leaf.encoded_unsigned, view_of(bytes.data, bytes.len - 2)));
        assert_true(view_equal(leaf.encoded, buf_view(&bytes)));
        buf_clear(&bytes);
        buf_clear(&tbs);
        buf_clear(&want);
    }
}

static void keys_stand_at_the_front(void **state)
{
    (void)state;
    sotto_buf bytes = leaf_of(LEAF_NODE_UPDATE);
    assert_bytes(leaf_node_encryption_key(buf_view(&bytes)), "6565");
    assert_bytes(leaf_node_signature_key(buf_view(&bytes)), "7373");
    buf_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(source_says_which_field_follows),
        cmocka_unit_test(unknown_source_is_refused),
        cmocka_unit_test(source_must_match_the_place),
        cmocka_unit_test(tbs_has_the_place_except_in_a_key_package),
        cmocka_unit_test(keys_stand_at_the_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
