#include "unit.h"

#include "engine/pins.h"

static const char file[] = "# a comment\n"
                           "\n"
                           "127.0.0.1:5000 656E-9CD4-F133-EC56-ED95-D20F-DA45-71 2026-11-20\n"
                           "[::1]:6000 000102030405060708090a0b0c0d0e 2025-01-31\n"
                           "chat.example.org:443 FFFF-FFFF-FFFF-FFFF-FFFF-FFFF-FFFF-FF 2026-01-01";

static void the_file_is_read_line_by_line(void **state)
{
    (void)state;
    struct pins pins = {0};
    size_t line = 0;
    assert_ok(pins_read(view_str(file), &pins, &line));
    assert_int_equal(pins.count, 3);
    const struct pin_line *found = pins_find(&pins, "[::1]:6000");
    assert_non_null(found);
    assert_string_equal(found->date, "2025-01-31");
    assert_bytes(VIEW_OF(found->pin), "000102030405060708090a0b0c0d0e");
    assert_null(pins_find(&pins, "[::1]"));
    pins_clear(&pins);
}

static void what_was_written_is_read_again(void **state)
{
    (void)state;
    struct pins pins = {0}, again = {0};
    sotto_buf text = {0}, text_again = {0};
    size_t line = 0;
    assert_ok(pins_read(view_str(file), &pins, &line));
    assert_ok(pins_write(&pins, &text));
    assert_ok(pins_read(buf_view(&text), &again, &line));
    assert_int_equal(again.count, 3);
    assert_memory_equal(again.lines, pins.lines, 3 * sizeof *pins.lines);
    assert_ok(pins_write(&again, &text_again));
    assert_true(view_equal(buf_view(&text), buf_view(&text_again)));
    buf_clear(&text);
    buf_clear(&text_again);
    pins_clear(&pins);
    pins_clear(&again);
}

static void a_line_that_is_not_valid_is_named(void **state)
{
    (void)state;
    const char *bad[] = {
        "127.0.0.1:5000",
        "127.0.0.1:5000 656E-9CD4-F133-EC56-ED95-D20F-DA45-71",
        "127.0.0.1:5000 656E-9CD4-F133-EC56-ED95-D20F-DA45-71 ",
        "127.0.0.1:5000 656E-9CD4-F133-EC56-ED95-D20F-DA45-71 2026-11-2",
        "127.0.0.1:5000 656E-9CD4-F133-EC56-ED95-D20F-DA45-71 2026-11-20 ",
        "127.0.0.1:5000 656E-9CD4-F133-EC56-ED95-D20F-DA45-71 2026/11/20",
        "127.0.0.1:5000  656E-9CD4-F133-EC56-ED95-D20F-DA45-71 2026-11-20",
        "127.0.0.1:5000 656E-9CD4-F133-EC56-ED95-D20F-DA45 2026-11-20",
        "127.0.0.1 656E-9CD4-F133-EC56-ED95-D20F-DA45-71 2026-11-20", /* not the one spelling */
        "HOST:5000 656E-9CD4-F133-EC56-ED95-D20F-DA45-71 2026-11-20",
        " 127.0.0.1:5000 656E-9CD4-F133-EC56-ED95-D20F-DA45-71 2026-11-20",
        "127.0.0.1:5000 656E-9CD4-F133-EC56-ED95-D20F-DA45-71 2026-11-20\r",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char text[256];
        struct pins pins = {0};
        size_t line = 0;
        snprintf(text, sizeof text, "# first\n%s\n", bad[i]);
        assert_err(pins_read(view_str(text), &pins, &line), CONFIG);
        assert_int_equal(line, 2);
        assert_int_equal(pins.count, 0);
    }
}

static void an_address_stands_there_once(void **state)
{
    (void)state;
    struct pins pins = {0};
    struct pin_line line = {.address = "a:1", .date = "2026-11-20"};
    size_t number = 0;
    const char twice[] = "a:1 656E-9CD4-F133-EC56-ED95-D20F-DA45-71 2026-11-20\n"
                         "a:1 656E-9CD4-F133-EC56-ED95-D20F-DA45-71 2026-11-20\n";
    assert_ok(pins_add(&pins, &line));
    assert_err(pins_add(&pins, &line), EXISTS);
    assert_err(pins_read(view_str(twice), &pins, &number), CONFIG);
    assert_int_equal(number, 2);
    assert_int_equal(pins.count, 1);
    pins_clear(&pins);
}

static void lines_are_removed_by_address(void **state)
{
    (void)state;
    struct pins pins = {0};
    size_t line = 0;
    assert_ok(pins_read(view_str(file), &pins, &line));
    assert_ok(pins_remove(&pins, "127.0.0.1:5000"));
    assert_err(pins_remove(&pins, "127.0.0.1:5000"), NOTFOUND);
    assert_int_equal(pins.count, 2);
    assert_non_null(pins_find(&pins, "chat.example.org:443"));
    pins_clear(&pins);
}

static void there_is_a_limit(void **state)
{
    (void)state;
    struct pins pins = {0};
    struct pin_line line = {.date = "2026-11-20"};
    for (unsigned i = 0; i < PINS_MAX; i++) {
        snprintf(line.address, sizeof line.address, "h%u:1", i);
        assert_ok(pins_add(&pins, &line));
    }
    snprintf(line.address, sizeof line.address, "one-more:1");
    assert_err(pins_add(&pins, &line), FULL);
    pins_clear(&pins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_read_line_by_line),
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(a_line_that_is_not_valid_is_named),
        cmocka_unit_test(an_address_stands_there_once),
        cmocka_unit_test(lines_are_removed_by_address),
        cmocka_unit_test(there_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
