#include "mls/extension.h"

#include "unit.h"

/* Reads a list given without its length. */
static sotto_err read_in(enum extension_place place, const char *hex, view *ret_list)
{
    static sotto_buf bytes;
    sotto_buf content = unhex(hex);
    buf_reset(&bytes);
    struct wr w = wr_to(&bytes);
    wr_opaque(&w, buf_view(&content));
    assert_ok(wr_end(&w));
    buf_clear(&content);
    struct rd r = rd_of(buf_view(&bytes));
    *ret_list = extension_list_read(&r, place);
    return rd_end(&r);
}

#define ALL_PLACES                                                                 \
    {                                                                              \
        EXTENSION_IN_KEY_PACKAGE, EXTENSION_IN_LEAF_NODE, EXTENSION_IN_GROUP_INFO, \
            EXTENSION_IN_GROUP_CONTEXT                                             \
    }

/* The extension is checked in these places, and opaque in the others. */
static void assert_checked_in(unsigned places, const char *good, const char *bad, sotto_err err)
{
    const enum extension_place all[] = ALL_PLACES;
    view list;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        assert_ok(read_in(all[i], good, &list));
        assert_int_equal(read_in(all[i], bad, &list), (places & all[i]) != 0 ? err : SOTTO_OK);
    }
}

static void known_extensions_end_with_their_last_byte(void **state)
{
    (void)state;
    assert_checked_in(EXTENSION_IN_LEAF_NODE, "0001 02 01aa", "0001 03 01aa00", SOTTO_E_TRAILING);
    assert_checked_in(EXTENSION_IN_GROUP_CONTEXT, "0003 03 000000", "0003 04 00000000",
                      SOTTO_E_TRAILING);
    assert_checked_in(EXTENSION_IN_GROUP_INFO, "0004 02 01aa", "0004 03 01aabb", SOTTO_E_TRAILING);
    assert_checked_in(EXTENSION_IN_GROUP_CONTEXT, "0005 06 05 00 0001 01 61",
                      "0005 07 05 00 0001 01 61 00", SOTTO_E_TRAILING);
    assert_checked_in(EXTENSION_IN_LEAF_NODE, "0007 03 020001", "0007 04 02000100",
                      SOTTO_E_TRAILING);
    assert_checked_in(EXTENSION_IN_GROUP_CONTEXT, "0008 03 020001", "0008 04 02000100",
                      SOTTO_E_TRAILING);
    assert_checked_in(15, "0006 05 04 8000 0161", "0006 06 04 8000 0161 00", SOTTO_E_TRAILING);
}

/* external_pub is a structure with a length inside, which some implementations left out. */
static void external_pub_has_its_inner_length(void **state)
{
    (void)state;
    view list, data = {0}, key;
    assert_ok(read_in(EXTENSION_IN_GROUP_INFO, "0004 04 03 aabbcc", &list));
    assert_true(extension_find(list, EXTENSION_EXTERNAL_PUB, &data));
    struct rd r = rd_of(data);
    external_pub_read(&r, &key);
    assert_ok(rd_end(&r));
    assert_bytes(key, "aabbcc");
    assert_err(read_in(EXTENSION_IN_GROUP_INFO, "0004 03 aabbcc", &list), TRUNCATED);
}

static void no_type_comes_twice_in_any_place(void **state)
{
    (void)state;
    const enum extension_place all[] = ALL_PLACES;
    view list;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        assert_err(read_in(all[i], "f001 00 f001 01aa", &list), VALUE);
        assert_err(read_in(all[i], "0a0a 00 f001 00 0a0a 00", &list), VALUE);
        assert_ok(read_in(all[i], "0a0a 00 f001 00 1a1a 00", &list));
    }
}

static void the_number_of_extensions_is_limited(void **state)
{
    (void)state;
    char hex[65 * 6 + 1];
    view list;
    for (unsigned i = 0; i < 65; i++)
        snprintf(hex + (size_t)i * 6, 7, "f0%02x00", i);
    assert_err(read_in(EXTENSION_IN_KEY_PACKAGE, hex, &list), TOO_LARGE);
    hex[64 * 6] = '\0';
    assert_ok(read_in(EXTENSION_IN_KEY_PACKAGE, hex, &list));
    assert_int_equal(list.len, 64 * 3);
}

static void unknown_extensions_are_kept_and_found(void **state)
{
    (void)state;
    view list, data = VIEW_LIT("before");
    assert_ok(read_in(EXTENSION_IN_LEAF_NODE, "0a0a 02 ffff f123 01 aa", &list));
    assert_false(extension_find(list, 0xaaaa, &data));
    assert_true(view_equal(data, VIEW_LIT("before")));
    assert_true(extension_find(list, 0xf123, &data));
    assert_bytes(data, "aa");
}

static void components_are_sorted_and_come_once(void **state)
{
    (void)state;
    view list;
    assert_ok(read_in(EXTENSION_IN_KEY_PACKAGE, "0006 07 06 000100 ffff00", &list));
    assert_err(read_in(EXTENSION_IN_KEY_PACKAGE, "0006 07 06 ffff00 000100", &list), VALUE);
    assert_err(read_in(EXTENSION_IN_KEY_PACKAGE, "0006 07 06 000100 000100", &list), VALUE);
    assert_ok(read_in(EXTENSION_IN_KEY_PACKAGE, "0006 07 06 000000 000100", &list));
}

/* It may have megabytes, and only who joins needs it. */
static void a_ratchet_tree_is_not_read_with_the_list(void **state)
{
    (void)state;
    view list;
    assert_ok(read_in(EXTENSION_IN_GROUP_INFO, "0002 03 ffffff", &list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_extensions_end_with_their_last_byte),
        cmocka_unit_test(external_pub_has_its_inner_length),
        cmocka_unit_test(no_type_comes_twice_in_any_place),
        cmocka_unit_test(the_number_of_extensions_is_limited),
        cmocka_unit_test(unknown_extensions_are_kept_and_found),
        cmocka_unit_test(components_are_sorted_and_come_once),
        cmocka_unit_test(a_ratchet_tree_is_not_read_with_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
