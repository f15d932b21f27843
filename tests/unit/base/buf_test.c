#include "unit.h"

static void empty_is_valid_and_grows(void **state)
{
    (void)state;
    sotto_buf b = {0};
    for (unsigned i = 0; i < 1000; i++) {
        uint8_t byte = (uint8_t)i;
        assert_ok(buf_append(&b, view_of(&byte, 1)));
    }
    assert_int_equal(b.len, 1000);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(b.data[i], i & 0xff);
    buf_clear(&b);
    assert_null(b.data);
    assert_int_equal(b.cap, 0);
    buf_clear(&b);
    buf_clear(NULL);
}

static void empty_views_may_be_null(void **state)
{
    (void)state;
    sotto_buf b = {0};
    assert_ok(buf_append(&b, (view){0}));
    assert_ok(buf_set(&b, (view){0}));
    buf_consume(&b, 0);
    buf_reset(&b);
    assert_int_equal(b.len, 0);
    buf_clear(&b);
}

static void a_fixed_buffer_never_grows(void **state)
{
    (void)state;
    uint8_t storage[4];
    sotto_buf b = BUF_ON(storage);
    assert_ok(buf_append(&b, VIEW_LIT("abc")));
    assert_err(buf_append(&b, VIEW_LIT("de")), TOO_LARGE);
    assert_err(buf_reserve(&b, 2), TOO_LARGE);
    assert_true(view_equal(buf_view(&b), VIEW_LIT("abc")));
    assert_ok(buf_append(&b, VIEW_LIT("d")));
    assert_err(buf_set(&b, VIEW_LIT("abcde")), TOO_LARGE);
    assert_true(view_equal(buf_view(&b), VIEW_LIT("abcd")));
    assert_ptr_equal(b.data, storage);
    buf_clear(&b);
    assert_int_equal(storage[0], 0);
}

static void sizes_that_cannot_be_are_refused(void **state)
{
    (void)state;
    sotto_buf b = {0};
    uint8_t *place = NULL;
    assert_ok(buf_append(&b, VIEW_LIT("abc")));
    assert_err(buf_reserve(&b, SIZE_MAX), NOMEM);
    assert_err(buf_reserve(&b, SIZE_MAX - 3), NOMEM);
    assert_err(buf_extend(&b, SIZE_MAX / 2, &place), NOMEM);
    assert_null(place);
    assert_true(view_equal(buf_view(&b), VIEW_LIT("abc")));
    buf_clear(&b);
}

static void extend_gives_the_place_to_fill(void **state)
{
    (void)state;
    sotto_buf b = {0};
    uint8_t *place = NULL;
    assert_ok(buf_append(&b, VIEW_LIT("abc")));
    assert_ok(buf_extend(&b, 2, &place));
    memcpy(place, "de", 2);
    assert_true(view_equal(buf_view(&b), VIEW_LIT("abcde")));
    buf_clear(&b);
}

static void consumed_bytes_are_gone_and_wiped(void **state)
{
    (void)state;
    uint8_t storage[6];
    sotto_buf b = BUF_ON(storage);
    assert_ok(buf_set(&b, VIEW_LIT("abcdef")));
    buf_consume(&b, 4);
    assert_true(view_equal(buf_view(&b), VIEW_LIT("ef")));
    assert_memory_equal(storage, "ef\0\0\0\0", 6);
    buf_consume(&b, 2);
    assert_int_equal(b.len, 0);
    assert_memory_equal(storage, "\0\0\0\0\0\0", 6);
}

static void reset_wipes_and_keeps_the_memory(void **state)
{
    (void)state;
    sotto_buf b = {0};
    assert_ok(buf_set(&b, VIEW_LIT("secret")));
    const uint8_t *data = b.data;
    buf_reset(&b);
    assert_int_equal(b.len, 0);
    assert_memory_equal(data, "\0\0\0\0\0\0", 6);
    assert_ok(buf_set(&b, VIEW_LIT("other")));
    assert_ptr_equal(b.data, data);
    buf_clear(&b);
}

static void set_replaces_shorter_and_longer(void **state)
{
    (void)state;
    sotto_buf b = {0};
    assert_ok(buf_set(&b, VIEW_LIT("ab")));
    uint8_t many[500];
    memset(many, 7, sizeof many);
    assert_ok(buf_set(&b, VIEW_OF(many)));
    assert_true(view_equal(buf_view(&b), VIEW_OF(many)));
    assert_ok(buf_set(&b, VIEW_LIT("c")));
    assert_true(view_equal(buf_view(&b), VIEW_LIT("c")));
    for (size_t i = 1; i < b.cap && i < sizeof many; i++)
        assert_int_equal(b.data[i], 0);
    buf_clear(&b);
}

static void an_application_fills_a_buffer(void **state)
{
    (void)state;
    DEFER(sotto_buf_clear) sotto_buf b = {0};
    assert_ok(sotto_buf_set(&b, VIEW_LIT("a key")));
    assert_ok(sotto_buf_set(&b, VIEW_LIT("another key")));
    assert_true(view_equal(sotto_buf_view(&b), VIEW_LIT("another key")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_is_valid_and_grows),
        cmocka_unit_test(empty_views_may_be_null),
        cmocka_unit_test(a_fixed_buffer_never_grows),
        cmocka_unit_test(sizes_that_cannot_be_are_refused),
        cmocka_unit_test(extend_gives_the_place_to_fill),
        cmocka_unit_test(consumed_bytes_are_gone_and_wiped),
        cmocka_unit_test(reset_wipes_and_keeps_the_memory),
        cmocka_unit_test(set_replaces_shorter_and_longer),
        cmocka_unit_test(an_application_fills_a_buffer),
    };
    return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
