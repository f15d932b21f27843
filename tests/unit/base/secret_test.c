#include "unit.h"

static void set_takes_up_to_the_longest_key(void **state)
{
    (void)state;
    uint8_t bytes[SECRET_MAX + 1];
    memset(bytes, 7, sizeof bytes);
    struct secret s = {0};
    for (size_t len = 0; len <= SECRET_MAX; len++) {
        assert_ok(secret_set(&s, view_of(bytes, len)));
        assert_true(view_equal(secret_view(&s), view_of(bytes, len)));
    }
    secret_resize(&s, 1);
    assert_err(secret_set(&s, VIEW_OF(bytes)), TOO_LARGE);
    assert_int_equal(s.len, 1);
    assert_ok(secret_set(&s, (view){0}));
    assert_int_equal(s.len, 0);
}

static void a_secret_may_be_set_from_its_own_bytes(void **state)
{
    (void)state;
    struct secret s = {0};
    assert_ok(secret_set(&s, VIEW_LIT("abcdef")));
    assert_ok(secret_set(&s, view_of(s.data + 2, 3)));
    assert_true(view_equal(secret_view(&s), VIEW_LIT("cde")));
}

static void nothing_is_left_after_clear_and_resize(void **state)
{
    (void)state;
    static const struct secret empty;
    struct secret s = {0};
    assert_ok(secret_set(&s, VIEW_LIT("abcdef")));
    secret_resize(&s, 3);
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.data, empty.data, SECRET_MAX);
    assert_ok(secret_set(&s, VIEW_LIT("abcdef")));
    secret_clear(&s);
    assert_memory_equal(&s, &empty, sizeof s);
    secret_clear(NULL);
}

static void equal_means_same_length_and_bytes(void **state)
{
    (void)state;
    struct secret a = {.len = 2, .data = {1, 2}};
    struct secret b = a;
    assert_true(secret_equal(&a, &b));
    b.data[1] = 3;
    assert_false(secret_equal(&a, &b));
    b = (struct secret){.len = 3, .data = {1, 2}};
    assert_false(secret_equal(&a, &b));
    assert_true(secret_equal(&(struct secret){0}, &(struct secret){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_takes_up_to_the_longest_key),
        cmocka_unit_test(a_secret_may_be_set_from_its_own_bytes),
        cmocka_unit_test(nothing_is_left_after_clear_and_resize),
        cmocka_unit_test(equal_means_same_length_and_bytes),
    };
    return cmocka_run_group_tests_name("base/secret", tests, NULL, NULL);
}
