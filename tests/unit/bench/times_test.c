#include "unit.h"

#include "bench/times.h"

#define KEPT 1000
#define SEEN 100000

/* As if each took a microsecond longer than the one before: so a sample of the first or the last ones is seen at once. */
static void rise(struct times *times, bool looked_at)
{
    for (unsigned i = 0; i < SEEN; i++) {
        times_add(times, i);
        if (looked_at && i % KEPT == 0)
            (void)times_percentile(times, 0.5);
    }
}

static void check_share(struct times *times, double share)
{
    double found = times_percentile(times, share) / SEEN;
    assert_true(found > share - 0.05 && found < share + 0.05);
}

static void a_sample_stands_for_all_that_was_seen(void **state)
{
    (void)state;
    for (int looked_at = 0; looked_at < 2; looked_at++) {
        struct times times;
        assert_true(times_init(&times, KEPT));
        rise(&times, looked_at != 0);
        assert_int_equal(times.count, KEPT);
        assert_int_equal(times.seen, SEEN);
        check_share(&times, 0.1);
        check_share(&times, 0.5);
        check_share(&times, 0.9);
        times_clear(&times);
    }
}

static void as_many_as_are_kept_are_all_there(void **state)
{
    (void)state;
    struct times times;
    assert_true(times_init(&times, 100));
    for (unsigned i = 0; i < 100; i++)
        times_add(&times, 99 - i);
    assert_true(times_percentile(&times, 0.5) == 50 && times_percentile(&times, 0.99) == 99);
    times_clear(&times);
}

static void what_is_forgotten_does_not_count(void **state)
{
    (void)state;
    struct times times;
    assert_true(times_init(&times, KEPT));
    rise(&times, false);
    times_forget(&times);
    assert_true(times_percentile(&times, 0.5) == 0);
    times_add(&times, 7);
    assert_true(times_percentile(&times, 0.5) == 7 && times.seen == 1);
    times_clear(&times);
    times_clear(&times);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_stands_for_all_that_was_seen),
        cmocka_unit_test(as_many_as_are_kept_are_all_there),
        cmocka_unit_test(what_is_forgotten_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
