#include "unit.h"

#include "crypto/rng.h"
#include "net/wheel.h"

static void an_entry_falls_due_never_early_and_at_most_two_ticks_late(void **state)
{
    (void)state;
    struct wheel w;
    for (uint64_t begin = 5000; begin < 5300; begin += 7)
        for (uint64_t delay = 1; delay < 3000; delay += 97) {
            struct wheel_entry e = {0};
            wheel_init(&w, begin);
            wheel_arm(&w, &e, begin + delay);
            uint64_t now = begin;
            while (wheel_due(&w, now) == NULL)
                now++;
            assert_in_range(now, begin + delay, begin + delay + 2 * WHEEL_TICK_MS);
            assert_int_equal(w.count, 0);
        }
}

static void an_earlier_deadline_moves_it_a_later_one_does_not(void **state)
{
    (void)state;
    struct wheel w;
    struct wheel_entry e = {0};
    wheel_init(&w, 0);
    wheel_arm(&w, &e, 10000);
    wheel_arm(&w, &e, 20000);
    wheel_arm(&w, &e, 1000);
    assert_int_equal(w.count, 1);
    assert_null(wheel_due(&w, 999));
    assert_ptr_equal(wheel_due(&w, 1300), &e);
    assert_null(wheel_due(&w, 30000));
}

static void what_is_disarmed_never_comes(void **state)
{
    (void)state;
    struct wheel w;
    struct wheel_entry a = {0}, b = {0}, c = {0};
    wheel_init(&w, 0);
    wheel_arm(&w, &a, 500);
    wheel_arm(&w, &b, 500);
    wheel_arm(&w, &c, 500);
    wheel_disarm(&w, &b);
    wheel_disarm(&w, &b);
    assert_ptr_equal(wheel_due(&w, 700), &c);
    assert_ptr_equal(wheel_due(&w, 700), &a);
    assert_null(wheel_due(&w, 700));
}

static void a_deadline_past_the_end_of_the_ring_comes_round_early_and_is_asked_again(void **state)
{
    (void)state;
    struct wheel w;
    struct wheel_entry e = {0};
    const uint64_t due = UINT64_C(10) * WHEEL_SLOTS * WHEEL_TICK_MS;
    unsigned asked = 0;
    wheel_init(&w, 0);
    wheel_arm(&w, &e, due);
    for (uint64_t now = 0; now < due + 1000; now += WHEEL_TICK_MS)
        if (wheel_due(&w, now) == &e) {
            asked++;
            if (now >= due)
                break;
            wheel_arm(&w, &e, due);
        }
    assert_in_range(asked, 9, 12);
}

static void who_is_overdue_and_armed_again_does_not_stop_the_round(void **state)
{
    (void)state;
    struct wheel w;
    struct wheel_entry e = {0};
    wheel_init(&w, 1000);
    wheel_arm(&w, &e, 0);
    assert_ptr_equal(wheel_due(&w, 2000), &e);
    unsigned again = 0;
    for (wheel_arm(&w, &e, 0); wheel_due(&w, 2000) == &e; wheel_arm(&w, &e, 0))
        assert_true(++again < 20);
}

static void no_deadline_is_no_entry(void **state)
{
    (void)state;
    struct wheel w;
    struct wheel_entry e = {0};
    wheel_init(&w, 0);
    wheel_arm(&w, &e, UINT64_MAX);
    assert_int_equal(w.count, 0);
}

/* Against a plain list of deadlines. */
static void a_thousand_random_entries_come_in_time(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static struct wheel_entry entries[COUNT];
    static uint64_t due[COUNT];
    static const uint8_t seed[RNG_SEED] = "wheel";
    struct rng rng = rng_from(seed);
    struct wheel w;
    wheel_init(&w, 0);
    for (size_t i = 0; i < COUNT; i++) {
        due[i] = rng_below(&rng, 40000);
        wheel_arm(&w, &entries[i], due[i]);
    }
    size_t left = COUNT;
    for (uint64_t now = 0; now < 41000; now += 50)
        for (struct wheel_entry *e; (e = wheel_due(&w, now)) != NULL; left--) {
            size_t i = (size_t)(e - entries);
            assert_in_range(now, due[i], due[i] + 2 * WHEEL_TICK_MS + 50);
            due[i] = UINT64_MAX / 2;
        }
    assert_int_equal(left, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_falls_due_never_early_and_at_most_two_ticks_late),
        cmocka_unit_test(an_earlier_deadline_moves_it_a_later_one_does_not),
        cmocka_unit_test(what_is_disarmed_never_comes),
        cmocka_unit_test(a_deadline_past_the_end_of_the_ring_comes_round_early_and_is_asked_again),
        cmocka_unit_test(who_is_overdue_and_armed_again_does_not_stop_the_round),
        cmocka_unit_test(no_deadline_is_no_entry),
        cmocka_unit_test(a_thousand_random_entries_come_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
