/* The helpers of <sotto/mls.h> for lists; the bytes are written by hand from RFC 9420's structures. */
#include <sotto/mls.h>

#include "unit.h"

#include "mls/extension.h"

static void a_list_is_walked_to_its_end(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf list = {0};
    uint16_t type;
    view data;
    assert_ok(sotto_mls_extension_add(&list, 0xf001, VIEW_LIT("one")));
    assert_ok(sotto_mls_extension_add(&list, 0xf002, (view){0}));
    assert_bytes(buf_view(&list), "f001 03 6f6e65 f002 00");
    view rest = buf_view(&list);
    assert_true(sotto_mls_extension_next(&rest, &type, &data));
    assert_int_equal(type, 0xf001);
    assert_true(view_equal(data, VIEW_LIT("one")));
    assert_true(sotto_mls_extension_next(&rest, &type, &data));
    assert_int_equal(type, 0xf002);
    assert_int_equal(data.len, 0);
    assert_false(sotto_mls_extension_next(&rest, &type, &data));
    assert_true(sotto_mls_extension_find(buf_view(&list), 0xf001, &data));
    assert_true(view_equal(data, VIEW_LIT("one")));
    assert_false(sotto_mls_extension_find(buf_view(&list), 0xf003, &data));
    rest = (view){0};
    assert_false(sotto_mls_extension_next(&rest, &type, &data));
}

static void a_list_that_is_cut_ends_early(void **state)
{
    (void)state;
    uint16_t type;
    view data, rest = VIEW_LIT("\xf0\x01\x03on");
    assert_false(sotto_mls_extension_next(&rest, &type, &data));
    assert_int_equal(rest.len, 5);
}

static void a_type_is_there_once(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf list = {0};
    assert_ok(sotto_mls_extension_add(&list, 0xf001, VIEW_LIT("one")));
    assert_err(sotto_mls_extension_add(&list, 0xf001, VIEW_LIT("two")), VALUE);
    assert_bytes(buf_view(&list), "f001 03 6f6e65");
}

static void a_list_has_as_many_as_can_be_read(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf list = {0};
    for (uint16_t i = 0; i < MLS_EXTENSIONS_COUNT; i++)
        assert_ok(sotto_mls_extension_add(&list, (uint16_t)(0xf000 + i), (view){0}));
    assert_err(sotto_mls_extension_add(&list, 0xff00, (view){0}), TOO_LARGE);
    assert_int_equal(list.len, 3 * MLS_EXTENSIONS_COUNT);
}

static void a_broken_list_is_not_extended(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf list = {0};
    assert_ok(buf_append(&list, VIEW_LIT("\xf0\x01\x05xy")));
    assert_err(sotto_mls_extension_add(&list, 0xf002, (view){0}), TRUNCATED);
    assert_int_equal(list.len, 5);
}

static void required_capabilities_are_three_lists(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf list = {0};
    static const uint16_t extensions[] = {6}, proposals[] = {8, 10}, credentials[] = {1};
    assert_ok(sotto_mls_require(&list, extensions, 1, proposals, 2, credentials, 1));
    assert_bytes(buf_view(&list), "0003 0b 02 0006 04 0008 000a 02 0001");
    assert_err(sotto_mls_require(&list, NULL, 0, NULL, 0, NULL, 0), VALUE);
    buf_reset(&list);
    assert_ok(sotto_mls_require(&list, NULL, 0, NULL, 0, NULL, 0));
    assert_bytes(buf_view(&list), "0003 03 000000");
    buf_reset(&list);
    assert_err(sotto_mls_require(&list, extensions, MLS_TYPES_MAX / 2 + 1, NULL, 0, NULL, 0),
               TOO_LARGE);
}

static void certificates_stand_behind_their_lengths(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf list = {0};
    view der;
    assert_ok(sotto_mls_certificate_add(&list, VIEW_LIT("leaf")));
    assert_ok(sotto_mls_certificate_add(&list, VIEW_LIT("ca")));
    assert_err(sotto_mls_certificate_add(&list, (view){0}), VALUE);
    assert_bytes(buf_view(&list), "04 6c656166 02 6361");
    view rest = buf_view(&list);
    assert_true(sotto_mls_certificate_next(&rest, &der));
    assert_true(view_equal(der, VIEW_LIT("leaf")));
    assert_true(sotto_mls_certificate_next(&rest, &der));
    assert_true(view_equal(der, VIEW_LIT("ca")));
    assert_false(sotto_mls_certificate_next(&rest, &der));
}

static void external_senders_come_one_by_one(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf list = {0};
    DEFER(buf_clear) sotto_buf chain = {0};
    assert_ok(sotto_mls_extension_add(&list, 0xf001, (view){0}));
    assert_ok(sotto_mls_external_sender_add(&list, VIEW_LIT("k1"),
                                            (sotto_mls_credential){1, VIEW_LIT("ds")}));
    assert_ok(sotto_mls_extension_add(&list, 0xf002, (view){0}));
    assert_ok(sotto_mls_certificate_add(&chain, VIEW_LIT("c")));
    assert_ok(sotto_mls_external_sender_add(&list, VIEW_LIT("k2"),
                                            (sotto_mls_credential){2, buf_view(&chain)}));
    assert_bytes(buf_view(&list), "f001 00 0005 11 10 02 6b31 0001 02 6473 02 6b32 0002 02 01 63"
                                  " f002 00");
    assert_err(sotto_mls_external_sender_add(&list, VIEW_LIT("k"),
                                             (sotto_mls_credential){9, VIEW_LIT("x")}),
               KIND);
    assert_err(sotto_mls_external_sender_add(&list, VIEW_LIT("k"), (sotto_mls_credential){2, {0}}),
               VALUE);
}

static void components_are_kept_sorted(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf list = {0};
    view data;
    assert_ok(sotto_mls_component_add(&list, 0x8002, VIEW_LIT("c")));
    assert_ok(sotto_mls_component_add(&list, 0x8000, VIEW_LIT("a")));
    assert_ok(sotto_mls_component_add(&list, 0x8001, VIEW_LIT("b")));
    assert_bytes(buf_view(&list), "0006 0d 0c 8000 01 61 8001 01 62 8002 01 63");
    assert_err(sotto_mls_component_add(&list, 0x8001, VIEW_LIT("x")), EXISTS);
    assert_true(sotto_mls_component_find(buf_view(&list), 0x8001, &data));
    assert_true(view_equal(data, VIEW_LIT("b")));
    assert_false(sotto_mls_component_find(buf_view(&list), 0x8003, &data));
    assert_false(sotto_mls_component_find((view){0}, 0x8001, &data));
}

static void a_broken_dictionary_is_left_alone(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf list = {0};
    assert_ok(sotto_mls_extension_add(&list, SOTTO_MLS_APP_DATA_DICTIONARY, VIEW_LIT("\x05x")));
    assert_err(sotto_mls_component_add(&list, 0x8001, (view){0}), TRUNCATED);
    assert_err(sotto_mls_extension_add(&list, SOTTO_MLS_APP_DATA_DICTIONARY, (view){0}), VALUE);
    assert_bytes(buf_view(&list), "0006 02 0578");
}

static void each_check_can_be_asked_about(void **state)
{
    (void)state;
    sotto_mls_check check = {0};
    assert_ok(sotto_mls_check_at(62, &check));
    assert_int_equal(check.number, 62);
    assert_string_equal(check.name, "KEY_PACKAGE_SIGNATURE");
    assert_string_equal(check.section, "10.1");
    assert_int_equal(check.who, SOTTO_MLS_WHO_MEMBER);
    assert_int_equal(check.err, SOTTO_E_SIGNATURE);
    assert_ok(sotto_mls_check_at(32, &check));
    assert_int_equal(check.who, SOTTO_MLS_WHO_PATH);
    assert_ok(sotto_mls_check_at(1, &check));
    assert_int_equal(check.who, SOTTO_MLS_WHO_JOINER);
    assert_err(sotto_mls_check_at(0, &check), NOTFOUND);
    assert_err(sotto_mls_check_at(UINT16_MAX, &check), NOTFOUND);
    assert_int_equal(check.number, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_walked_to_its_end),
        cmocka_unit_test(a_list_that_is_cut_ends_early),
        cmocka_unit_test(a_type_is_there_once),
        cmocka_unit_test(a_list_has_as_many_as_can_be_read),
        cmocka_unit_test(a_broken_list_is_not_extended),
        cmocka_unit_test(required_capabilities_are_three_lists),
        cmocka_unit_test(certificates_stand_behind_their_lengths),
        cmocka_unit_test(external_senders_come_one_by_one),
        cmocka_unit_test(components_are_kept_sorted),
        cmocka_unit_test(a_broken_dictionary_is_left_alone),
        cmocka_unit_test(each_check_can_be_asked_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
