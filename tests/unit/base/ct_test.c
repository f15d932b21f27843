#include "unit.h"

#include "base/ct.h"

static void equal_bytes_are_equal_and_any_bit_matters(void **state)
{
    (void)state;
    uint8_t a[40];
    uint8_t b[40];
    memset(a, 0xa5, sizeof a);
    memset(b, 0xa5, sizeof b);
    for (size_t len = 0; len <= sizeof a; len++)
        assert_true(ct_equal(view_of(a, len), view_of(b, len)));
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(ct_equal(VIEW_OF(a), VIEW_OF(b)));
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void lengths_must_match(void **state)
{
    (void)state;
    static const uint8_t zeros[2];
    assert_false(ct_equal(view_of(zeros, 1), view_of(zeros, 2)));
    assert_false(ct_equal((view){0}, view_of(zeros, 1)));
    assert_true(ct_equal((view){0}, (view){0}));
}

static void zero_means_every_bit(void **state)
{
    (void)state;
    uint8_t bytes[40] = {0};
    assert_true(ct_is_zero(NULL, 0));
    assert_true(ct_is_zero(bytes, sizeof bytes));
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] = (uint8_t)(1 << bit % 8);
        assert_false(ct_is_zero(bytes, sizeof bytes));
        assert_true(ct_is_zero(bytes, bit / 8));
        bytes[bit / 8] = 0;
    }
}

static void wiped_memory_is_zero(void **state)
{
    (void)state;
    uint8_t bytes[16];
    memset(bytes, 9, sizeof bytes);
    ct_wipe(bytes + 4, 8);
    assert_true(ct_is_zero(bytes + 4, 8));
    assert_int_equal(bytes[3], 9);
    assert_int_equal(bytes[12], 9);
    ct_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_bytes_are_equal_and_any_bit_matters),
        cmocka_unit_test(lengths_must_match),
        cmocka_unit_test(zero_means_every_bit),
        cmocka_unit_test(wiped_memory_is_zero),
    };
    return cmocka_run_group_tests_name("base/ct", tests, NULL, NULL);
}
