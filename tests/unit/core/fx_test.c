#include "unit.h"

#include "core/fx.h"

static void effects_keep_their_order_and_bytes(void **state)
{
    (void)state;
    struct core_effects fx = {0};
    assert_ok(fx_reserve(&fx, 3, 100 + FX_LOG_MAX));
    assert_ok(buf_append(&fx.bytes, VIEW_LIT("one")));
    fx_send(&fx, 1, 0);
    fx_log(&fx, "event", 0, "line %d", 7);
    fx_close(&fx, 1);
    assert_int_equal(fx.count, 3);
    assert_int_equal(fx.list[0].len, 3);
    assert_memory_equal(fx.bytes.data + fx.list[1].at, "line 7", 6);
    assert_int_equal(fx.list[1].len, 6);
    assert_string_equal(fx.list[1].event, "event");
    assert_int_equal(fx.list[2].kind, CORE_CLOSE);
    core_effects_clear(&fx);
}

static void long_line_is_cut(void **state)
{
    (void)state;
    struct core_effects fx = {0};
    char text[2 * FX_LOG_MAX + 1];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_ok(fx_reserve(&fx, 1, FX_LOG_MAX));
    fx_log(&fx, "event", 0, "%s", text);
    assert_int_equal(fx.list[0].len, FX_LOG_MAX);
    core_effects_clear(&fx);
}

static void reset_keeps_the_memory(void **state)
{
    (void)state;
    struct core_effects fx = {0};
    assert_ok(fx_reserve(&fx, 100, 1000));
    size_t cap = fx.cap, bytes = fx.bytes.cap;
    fx_close(&fx, 1);
    core_effects_reset(&fx);
    assert_int_equal(fx.count, 0);
    assert_ok(fx_reserve(&fx, 100, 1000));
    assert_int_equal(fx.cap, cap);
    assert_int_equal(fx.bytes.cap, bytes);
    core_effects_clear(&fx);
}

static void reserve_of_too_much_is_refused(void **state)
{
    (void)state;
    struct core_effects fx = {0};
    assert_err(fx_reserve(&fx, SIZE_MAX / 8, 0), NOMEM);
    assert_err(fx_reserve(&fx, 0, SIZE_MAX), NOMEM);
    core_effects_clear(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_keep_their_order_and_bytes),
        cmocka_unit_test(long_line_is_cut),
        cmocka_unit_test(reset_keeps_the_memory),
        cmocka_unit_test(reserve_of_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
