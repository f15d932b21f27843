#include "unit.h"

#include "net/pace.h"

#define COMMIT_NS 200000

static void commits(struct pace *pace, size_t posts, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        pace_take(pace, posts);
        pace_commit(pace, COMMIT_NS);
    }
}

static void who_is_alone_is_not_kept_waiting(void **state)
{
    (void)state;
    struct pace pace = {0};
    uint64_t most_ns = 7;
    assert_int_equal(pace_wanted(&pace, &most_ns), 0);
    commits(&pace, 3, 100);
    assert_int_equal(pace_wanted(&pace, &most_ns), 0);
    assert_int_equal(most_ns, 7);
}

static void one_of_a_bunch_waits_for_more_than_usual_for_as_long_as_a_commit(void **state)
{
    (void)state;
    struct pace pace = {0};
    uint64_t most_ns;
    commits(&pace, 32, 200);
    size_t wanted = pace_wanted(&pace, &most_ns);
    assert_in_range(wanted, 60, 64);
    assert_in_range(most_ns, COMMIT_NS * 9 / 10, COMMIT_NS);
}

static void what_was_taken_since_the_last_commit_counts(void **state)
{
    (void)state;
    struct pace pace = {0};
    uint64_t most_ns;
    commits(&pace, 32, 200);
    size_t wanted = pace_wanted(&pace, &most_ns);
    pace_take(&pace, 10);
    assert_int_equal(pace_wanted(&pace, &most_ns), wanted - 10);
    pace_take(&pace, 100);
    assert_int_equal(pace_wanted(&pace, &most_ns), 0);
}

static void a_slow_disk_makes_nobody_wait_for_more_than_a_millisecond(void **state)
{
    (void)state;
    struct pace pace = {0};
    uint64_t most_ns;
    for (unsigned i = 0; i < 200; i++) {
        pace_take(&pace, 32);
        pace_commit(&pace, 80000000);
    }
    assert_true(pace_wanted(&pace, &most_ns) > 0);
    assert_int_equal(most_ns, 1000000);
}

static void a_bunch_is_forgotten_when_all_are_alone_again(void **state)
{
    (void)state;
    struct pace pace = {0};
    uint64_t most_ns;
    commits(&pace, 64, 200);
    assert_true(pace_wanted(&pace, &most_ns) > 0);
    commits(&pace, 1, 24);
    assert_int_equal(pace_wanted(&pace, &most_ns), 0);
}

static void few_and_cheap_ones_are_light(void **state)
{
    (void)state;
    struct pace pace = {0};
    assert_true(pace_is_light(&pace, 1));
    assert_false(pace_is_light(&pace, 8));
    commits(&pace, 2, 50);
    assert_true(pace_is_light(&pace, 2));
    commits(&pace, 32, 50);
    assert_false(pace_is_light(&pace, 1)); /* a bunch is on its way */
    commits(&pace, 1, 50);
    assert_true(pace_is_light(&pace, 1));
}

static void what_takes_long_is_not_light_until_it_is_over(void **state)
{
    (void)state;
    struct pace pace = {0};
    pace_step(&pace, 60000000000);
    assert_false(pace_is_light(&pace, 1));
    for (unsigned i = 0; i < 50; i++)
        pace_step(&pace, 20000);
    assert_true(pace_is_light(&pace, 1));
    for (unsigned i = 0; i < 50; i++)
        pace_commit(&pace, 8000000); /* a slow disk */
    assert_false(pace_is_light(&pace, 1));
}

static void what_was_not_committed_is_no_bunch(void **state)
{
    (void)state;
    struct pace pace = {0};
    for (unsigned i = 0; i < 1000; i++) {
        pace_take(&pace, 5);
        pace_rest(&pace);
    }
    commits(&pace, 1, 1);
    assert_true(pace_is_light(&pace, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_alone_is_not_kept_waiting),
        cmocka_unit_test(one_of_a_bunch_waits_for_more_than_usual_for_as_long_as_a_commit),
        cmocka_unit_test(what_was_taken_since_the_last_commit_counts),
        cmocka_unit_test(a_slow_disk_makes_nobody_wait_for_more_than_a_millisecond),
        cmocka_unit_test(a_bunch_is_forgotten_when_all_are_alone_again),
        cmocka_unit_test(few_and_cheap_ones_are_light),
        cmocka_unit_test(what_takes_long_is_not_light_until_it_is_over),
        cmocka_unit_test(what_was_not_committed_is_no_bunch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
