#include "unit.h"

#include "base/base.h"
#include "core/limits.h"

static void table_has_a_row_for_each_limit(void **state)
{
    (void)state;
    unsigned count = 0;
    const struct limit_row *rows = limits_table(&count);
    assert_int_equal(count * sizeof(uint64_t), sizeof(struct limits));
    assert_string_equal(rows[0].name, "connections");
    assert_int_equal(rows[0].value, 20000);
    for (unsigned i = 0; i < count; i++)
        assert_true(strlen(rows[i].what) > 0);
}

static void each_limit_is_found_by_its_name_and_nowhere_else(void **state)
{
    (void)state;
    struct limits limits = {0};
    unsigned count = 0;
    const struct limit_row *rows = limits_table(&count);
    for (unsigned i = 0; i < count; i++) {
        uint64_t *place = limits_find(&limits, rows[i].name);
        assert_non_null(place);
        assert_int_equal(*place, 0); /* no two names share a place */
        *place = i + 1;
    }
    assert_null(limits_find(&limits, "limits.rooms"));
    assert_null(limits_find(&limits, ""));
}

static void defaults_are_those_of_the_table(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    unsigned count = 0;
    const struct limit_row *rows = limits_table(&count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(*limits_find(&limits, rows[i].name), rows[i].value);
    assert_int_equal(limits.room_burst_bytes, 4194304);
}

/* What /metrics says is the setting that an admin may change; no two rates share it. */
static void each_rate_has_the_name_of_a_limit(void **state)
{
    (void)state;
    struct limits limits = {0};
    for (size_t i = 0; i < RATE_ALL; i++) {
        uint64_t *place = limits_find(&limits, rate_name((enum rate)i));
        assert_non_null(place);
        assert_int_equal(*place, 0);
        *place = 1;
    }
    assert_string_equal(rate_name(RATE_LOGIN), "logins");
    assert_string_equal(rate_name(RATE_WRONG_CODE), "wrong_codes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_has_a_row_for_each_limit),
        cmocka_unit_test(each_limit_is_found_by_its_name_and_nowhere_else),
        cmocka_unit_test(each_rate_has_the_name_of_a_limit),
        cmocka_unit_test(defaults_are_those_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
