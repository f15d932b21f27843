/* The clock comes through the test (tests/meson.build). */
#include "unit.h"

#include <time.h>

#include "cli/stop.h"

static long long at_ms;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now)
{
    assert_int_equal(clock, CLOCK_MONOTONIC);
    *ret_now = (struct timespec){.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
    return 0;
}

static void what_comes_close_behind_the_first_is_the_same_wish(void **state)
{
    (void)state;
    at_ms = 5900;
    assert_int_equal(stop_ask(), STOP_FIRST);
    assert_int_equal(stop_ask(), STOP_SAME);
    at_ms += STOP_SAME_MS - 1;
    assert_int_equal(stop_ask(), STOP_SAME);
    at_ms += 1; /* from the first on, however many came since */
    assert_int_equal(stop_ask(), STOP_AGAIN);
    assert_int_equal(stop_ask(), STOP_AGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_close_behind_the_first_is_the_same_wish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
