#include "unit.h"

#include "net/pressure.h"

#define LIMIT 1000000000

static enum core_pressure at(unsigned per_mille, enum core_pressure before)
{
    return pressure_judge((uint64_t)per_mille * (LIMIT / 1000), LIMIT, before);
}

static void each_level_begins_where_it_should(void **state)
{
    (void)state;
    assert_int_equal(at(0, CORE_PRESSURE_NONE), CORE_PRESSURE_NONE);
    assert_int_equal(at(799, CORE_PRESSURE_NONE), CORE_PRESSURE_NONE);
    assert_int_equal(at(800, CORE_PRESSURE_NONE), CORE_PRESSURE_STRANGERS);
    assert_int_equal(at(850, CORE_PRESSURE_NONE), CORE_PRESSURE_SESSIONS);
    assert_int_equal(at(900, CORE_PRESSURE_NONE), CORE_PRESSURE_SENDS);
    assert_int_equal(at(5000, CORE_PRESSURE_NONE), CORE_PRESSURE_SENDS);
}

static void a_level_is_left_only_below_where_it_began(void **state)
{
    (void)state;
    assert_int_equal(at(860, CORE_PRESSURE_SENDS), CORE_PRESSURE_SENDS);
    assert_int_equal(at(849, CORE_PRESSURE_SENDS), CORE_PRESSURE_SESSIONS);
    assert_int_equal(at(799, CORE_PRESSURE_SENDS), CORE_PRESSURE_STRANGERS);
    assert_int_equal(at(749, CORE_PRESSURE_SENDS), CORE_PRESSURE_NONE);
}

static void without_a_limit_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(pressure_judge(UINT64_MAX, 0, CORE_PRESSURE_SENDS), CORE_PRESSURE_NONE);
    assert_int_equal(pressure_look(0, CORE_PRESSURE_NONE), CORE_PRESSURE_NONE);
}

static void a_process_takes_some_memory(void **state)
{
    (void)state;
    assert_int_equal(pressure_look(100000, CORE_PRESSURE_NONE), CORE_PRESSURE_SENDS);
    assert_int_equal(pressure_look(UINT64_MAX, CORE_PRESSURE_NONE), CORE_PRESSURE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_level_begins_where_it_should),
        cmocka_unit_test(a_level_is_left_only_below_where_it_began),
        cmocka_unit_test(without_a_limit_there_is_none),
        cmocka_unit_test(a_process_takes_some_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
