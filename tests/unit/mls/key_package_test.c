#include "mls/key_package.h"

#include "unit.h"

static bool last_resort(const char *extensions)
{
    sotto_buf list = unhex(extensions);
    bool is = key_package_is_last_resort(&(struct key_package){.extensions = buf_view(&list)});
    buf_clear(&list);
    return is;
}

static void a_last_resort_is_marked_by_a_component_without_data(void **state)
{
    (void)state;
    assert_true(last_resort("0006 04 03 0004 00"));
    assert_true(last_resort("0a0a 00 0006 08 07 0003 0161 0004 00"));
    assert_false(last_resort(""));
    assert_false(last_resort("0006 01 00"));
    assert_false(last_resort("0006 04 03 0005 00"));
    assert_false(last_resort("0006 05 04 0004 01 00"));
    assert_false(last_resort("000a 00")); /* as older drafts had it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_last_resort_is_marked_by_a_component_without_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
