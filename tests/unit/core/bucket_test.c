#include "unit.h"

#include "core/bucket.h"

static const struct bucket_rate rate = {.amount = 100, .period_ms = 1000, .burst = 500};

static void burst_fits_at_once_and_no_more(void **state)
{
    (void)state;
    struct bucket b = {0};
    assert_int_equal(bucket_wait_ms(&b, &rate, 500, 7), 0);
    assert_int_equal(bucket_wait_ms(&b, &rate, 501, 7), 10);
    bucket_take(&b, &rate, 500, 7);
    assert_int_equal(bucket_wait_ms(&b, &rate, 0, 7), 0);
    assert_int_equal(bucket_wait_ms(&b, &rate, 1, 7), 10);
}

static void what_was_taken_leaks_at_the_rate(void **state)
{
    (void)state;
    struct bucket b = {0};
    bucket_take(&b, &rate, 500, 0);
    assert_int_equal(bucket_wait_ms(&b, &rate, 1, 9), 1);
    assert_int_equal(bucket_wait_ms(&b, &rate, 1, 10), 0);
    assert_int_equal(bucket_wait_ms(&b, &rate, 100, 999), 1);
    assert_int_equal(bucket_wait_ms(&b, &rate, 100, 1000), 0);
    assert_false(bucket_is_empty(&b, &rate, 4999));
    assert_true(bucket_is_empty(&b, &rate, 5000));
}

static void more_than_fits_may_be_taken_and_is_waited_for(void **state)
{
    (void)state;
    struct bucket b = {0};
    bucket_take(&b, &rate, 700, 0);
    assert_int_equal(bucket_wait_ms(&b, &rate, 0, 0), 2000);
    assert_int_equal(bucket_wait_ms(&b, &rate, 0, 2000), 0);
}

static void idle_time_saves_nothing_up(void **state)
{
    (void)state;
    struct bucket b = {0};
    bucket_take(&b, &rate, 1, 0);
    bucket_take(&b, &rate, 500, 1000000);
    assert_int_equal(bucket_wait_ms(&b, &rate, 1, 1000000), 10);
}

static void slow_rate_is_exact(void **state)
{
    (void)state;
    const struct bucket_rate slow = {.amount = 1, .period_ms = 300000, .burst = 5};
    struct bucket b = {0};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(bucket_wait_ms(&b, &slow, 1, 0), 0);
        bucket_take(&b, &slow, 1, 0);
    }
    assert_int_equal(bucket_wait_ms(&b, &slow, 1, 0), 300000);
    assert_int_equal(bucket_wait_ms(&b, &slow, 1, 299999), 1);
    assert_int_equal(bucket_wait_ms(&b, &slow, 1, 300000), 0);
}

static void what_is_given_back_can_be_taken_again(void **state)
{
    (void)state;
    struct bucket b = {0};
    bucket_take(&b, &rate, 500, 0);
    bucket_give(&b, &rate, 200, 0);
    assert_int_equal(bucket_wait_ms(&b, &rate, 200, 0), 0);
    assert_int_equal(bucket_wait_ms(&b, &rate, 201, 0), 10);
    bucket_give(&b, &rate, 100000, 0);
    assert_true(bucket_is_empty(&b, &rate, 0));
}

static void clock_that_goes_back_leaks_nothing(void **state)
{
    (void)state;
    struct bucket b = {0};
    bucket_take(&b, &rate, 500, 10000);
    bucket_take(&b, &rate, 100, 5000);
    assert_int_equal(bucket_wait_ms(&b, &rate, 0, 10000), 1000);
}

static void numbers_at_their_ends_do_not_wrap(void **state)
{
    (void)state;
    const struct bucket_rate large = {.amount = 1, .period_ms = UINT64_MAX, .burst = UINT64_MAX};
    struct bucket b = {0};
    bucket_take(&b, &large, UINT64_MAX, 0);
    bucket_take(&b, &large, UINT64_MAX, UINT64_MAX);
    assert_int_equal(bucket_wait_ms(&b, &large, 1, UINT64_MAX), 0);
    bucket_take(&b, &rate, UINT64_MAX, 0);
    assert_true(bucket_wait_ms(&b, &rate, 1, 0) > 0);
}

static void rate_of_zero_is_no_limit(void **state)
{
    (void)state;
    const struct bucket_rate none = {.amount = 0, .period_ms = 1, .burst = 0};
    struct bucket b = {0};
    bucket_take(&b, &none, 1000000, 0);
    assert_int_equal(bucket_wait_ms(&b, &none, 1000000, 0), 0);
    assert_true(bucket_is_empty(&b, &none, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(burst_fits_at_once_and_no_more),
        cmocka_unit_test(what_was_taken_leaks_at_the_rate),
        cmocka_unit_test(more_than_fits_may_be_taken_and_is_waited_for),
        cmocka_unit_test(idle_time_saves_nothing_up),
        cmocka_unit_test(slow_rate_is_exact),
        cmocka_unit_test(what_is_given_back_can_be_taken_again),
        cmocka_unit_test(clock_that_goes_back_leaks_nothing),
        cmocka_unit_test(numbers_at_their_ends_do_not_wrap),
        cmocka_unit_test(rate_of_zero_is_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
