#include "mls/safe_aad.h"

#include "unit.h"

static void items_are_written_in_order_or_not_at_all(void **state)
{
    (void)state;
    const struct component_data sorted[] = {{3, VIEW_LIT("x")}, {0x8000, VIEW_LIT("yz")}};
    const struct component_data falling[] = {{3, VIEW_LIT("x")}, {2, VIEW_LIT("yz")}};
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    safe_aad_write(&w, sorted, 2);
    assert_ok(wr_end(&w));
    assert_bytes(buf_view(&out), "09 0003 0178 8000 02797a");
    w = wr_to(&out);
    safe_aad_write(&w, falling, 2);
    assert_err(wr_end(&w), USAGE);
    buf_clear(&out);
}

static void no_components_are_an_empty_list(void **state)
{
    (void)state;
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    safe_aad_write(&w, NULL, 0);
    assert_ok(wr_end(&w));
    assert_bytes(buf_view(&out), "00");
    buf_clear(&out);
}

/* All of it has to fit into an authenticated_data. */
static void items_have_the_limit_of_authenticated_data(void **state)
{
    (void)state;
    static uint8_t bytes[MLS_AAD_MAX];
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    safe_aad_write(&w, &(struct component_data){3, VIEW_OF(bytes)}, 1);
    assert_err(wr_end(&w), TOO_LARGE);
    w = wr_to(&out);
    safe_aad_write(&w, &(struct component_data){3, view_of(bytes, sizeof bytes - 10)}, 1);
    assert_ok(wr_end(&w));
    assert_int_equal(out.len, MLS_AAD_MAX);
    struct rd r = rd_of(buf_view(&out));
    view data, list = safe_aad_read(&r);
    assert_ok(rd_end(&r));
    assert_true(app_data_find(list, 3, &data));
    assert_int_equal(data.len, sizeof bytes - 10);
    buf_clear(&out);
}

static void assert_checked(const char *extensions, const char *authenticated_data, bool right)
{
    sotto_buf list = unhex(extensions), data = unhex(authenticated_data);
    struct fault fault = {0};
    assert_int_equal(safe_aad_check(buf_view(&list), buf_view(&data), &fault),
                     right ? SOTTO_OK : SOTTO_E_VALUE);
    assert_int_equal(fault.check, right ? CHECK_NONE : CHECK_SAFE_AAD);
    buf_clear(&list);
    buf_clear(&data);
}

static void a_group_with_safe_aad_takes_nothing_else(void **state)
{
    (void)state;
    const char *group = "0006 05 04 0002 01 00"; /* even an empty list of required components */
    assert_checked(group, "00", true);
    assert_checked(group, "09 0003 0178 8000 02797a", true);
    assert_checked(group, "", false);
    assert_checked(group, "00 61", false);
    assert_checked(group, "08 8000 0178 0003 0179", false);
    assert_checked(group, "08 0003 0178 0003 0179", false);
}

static void a_group_without_safe_aad_takes_anything(void **state)
{
    (void)state;
    assert_checked("", "", true);
    assert_checked("0006 05 04 0001 01 00", "ff", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_written_in_order_or_not_at_all),
        cmocka_unit_test(no_components_are_an_empty_list),
        cmocka_unit_test(items_have_the_limit_of_authenticated_data),
        cmocka_unit_test(a_group_with_safe_aad_takes_nothing_else),
        cmocka_unit_test(a_group_without_safe_aad_takes_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
