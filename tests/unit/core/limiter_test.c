#include "unit.h"

#include "core/limiter.h"

static struct limiter *limiter_of(size_t count, struct limits limits)
{
    struct limiter *limiter = NULL;
    assert_ok(limiter_new(count, &limiter));
    limiter_key(limiter, (const uint8_t *)"sixteen bytes ok");
    limiter_configure(limiter, &limits);
    return limiter;
}

static void burst_fits_and_then_one_comes_back_each_period(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.claims = 3;
    limits.claim_ms = 1000;
    struct limiter *l = limiter_of(1024, limits);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(limiter_wait_ms(l, RATE_CLAIM, 1, 2, 1, 50), 0);
        limiter_take(l, RATE_CLAIM, 1, 2, 1, 50);
    }
    assert_int_equal(limiter_wait_ms(l, RATE_CLAIM, 1, 2, 1, 50), 1000);
    assert_int_equal(limiter_wait_ms(l, RATE_CLAIM, 1, 2, 1, 1049), 1);
    assert_int_equal(limiter_wait_ms(l, RATE_CLAIM, 1, 2, 1, 1050), 0);
    limiter_free(l);
}

static void each_rate_and_each_name_has_a_bucket_of_its_own(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.claims = limits.lookups = 1;
    struct limiter *l = limiter_of(1024, limits);
    limiter_take(l, RATE_CLAIM, 1, 2, 1, 0);
    assert_int_not_equal(limiter_wait_ms(l, RATE_CLAIM, 1, 2, 1, 0), 0);
    assert_int_equal(limiter_wait_ms(l, RATE_CLAIM, 2, 1, 1, 0), 0);
    assert_int_equal(limiter_wait_ms(l, RATE_CLAIM, 1, 3, 1, 0), 0);
    assert_int_equal(limiter_wait_ms(l, RATE_LOOKUP, 1, 2, 1, 0), 0);
    limiter_free(l);
}

/* It would never fit, and the answer says when to come again. */
static void what_is_larger_than_the_burst_waits_for_all_before_it(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.handshake_kib = 10;
    limits.handshake_kib_ms = 1000;
    struct limiter *l = limiter_of(1024, limits);
    assert_int_equal(limiter_wait_ms(l, RATE_HANDSHAKE_KIB, 1, 2, 25, 0), 0);
    limiter_take(l, RATE_HANDSHAKE_KIB, 1, 2, 25, 0);
    assert_int_equal(limiter_wait_ms(l, RATE_HANDSHAKE_KIB, 1, 2, 1, 0), 16000);
    assert_int_equal(limiter_wait_ms(l, RATE_HANDSHAKE_KIB, 1, 2, 25, 0), 25000);
    assert_int_equal(limiter_wait_ms(l, RATE_HANDSHAKE_KIB, 1, 2, 25, 25000), 0);
    limiter_free(l);
}

static void limit_of_zero_is_none(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.claims = 0;
    struct limiter *l = limiter_of(1024, limits);
    for (int i = 0; i < 100; i++)
        limiter_take(l, RATE_CLAIM, 1, 2, 1, 0);
    assert_int_equal(limiter_wait_ms(l, RATE_CLAIM, 1, 2, 1, 0), 0);
    limiter_free(l);
}

/* Eight places: whoever owes most is remembered however many come. */
static void flood_of_names_forgets_the_smallest_debt_first(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.claims = 5;
    struct limiter *l = limiter_of(8, limits);
    for (int i = 0; i < 5; i++)
        limiter_take(l, RATE_CLAIM, 7, 7, 1, 0);
    for (uint64_t who = 100; who < 10000; who++)
        limiter_take(l, RATE_CLAIM, who, 0, 1, 0);
    assert_int_not_equal(limiter_wait_ms(l, RATE_CLAIM, 7, 7, 1, 0), 0);
    limiter_free(l);
}

static void new_limits_hold_at_once_for_old_debts(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.claims = 1;
    limits.claim_ms = 1000;
    struct limiter *l = limiter_of(8, limits);
    limiter_take(l, RATE_CLAIM, 7, 7, 1, 0);
    assert_int_not_equal(limiter_wait_ms(l, RATE_CLAIM, 7, 7, 1, 0), 0);
    limits.claims = 2;
    limiter_configure(l, &limits);
    assert_int_equal(limiter_wait_ms(l, RATE_CLAIM, 7, 7, 1, 0), 0);
    limiter_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(burst_fits_and_then_one_comes_back_each_period),
        cmocka_unit_test(each_rate_and_each_name_has_a_bucket_of_its_own),
        cmocka_unit_test(what_is_larger_than_the_burst_waits_for_all_before_it),
        cmocka_unit_test(limit_of_zero_is_none),
        cmocka_unit_test(flood_of_names_forgets_the_smallest_debt_first),
        cmocka_unit_test(new_limits_hold_at_once_for_old_debts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
