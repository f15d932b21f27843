#include "unit.h"

#include "mail/mime.h"

static void quoted_is(view text, const char *want)
{
    DEFER(buf_clear) sotto_buf out = {0};
    assert_ok(mime_quoted(text, &out));
    assert_int_equal(out.len, strlen(want));
    assert_memory_equal(out.data, want, out.len);
}

static void header_is(const char *text, const char *want)
{
    DEFER(buf_clear) sotto_buf out = {0};
    assert_ok(mime_header(view_str(text), &out));
    assert_int_equal(out.len, strlen(want));
    assert_memory_equal(out.data, want, out.len);
}

static void plain_lines_stay_as_they_are(void **state)
{
    (void)state;
    quoted_is(VIEW_LIT("a\nb c\r\n\n.d"), "a\r\nb c\r\n\r\n.d\r\n");
    quoted_is(VIEW_LIT("\ttab inside\t."), "\ttab inside\t.\r\n");
}

static void what_would_not_survive_is_written_in_digits(void **state)
{
    (void)state;
    quoted_is(VIEW_LIT("1=1"), "1=3D1\r\n");
    quoted_is(VIEW_LIT("Gr\xc3\xbc\xc3\x9f"), "Gr=C3=BC=C3=9F\r\n");
    quoted_is(VIEW_LIT("blank \n"), "blank=20\r\n");
    quoted_is(VIEW_LIT("tab\t\n"), "tab=09\r\n");
    quoted_is(VIEW_LIT("\r\r\n"), "=0D\r\n");
    quoted_is(VIEW_LIT("\0\x7f"), "=00=7F\r\n");
}

static void a_long_line_is_cut_at_76_characters(void **state)
{
    (void)state;
    char text[400], want[400];
    memset(text, 'a', 77);
    text[76] = 0;
    snprintf(want, sizeof want, "%.76s\r\n", text);
    quoted_is(view_of(text, 76), want);
    text[76] = 'a';
    snprintf(want, sizeof want, "%.75s=\r\naa\r\n", text);
    quoted_is(view_of(text, 77), want);
    memcpy(text + 73, "\xc3\xa4", 2);
    snprintf(want, sizeof want, "%.73s=\r\n=C3=A4aa\r\n", text);
    quoted_is(view_of(text, 77), want);
}

static void no_line_is_longer_than_76(void **state)
{
    (void)state;
    for (size_t len = 0; len < 300; len++) {
        DEFER(buf_clear) sotto_buf out = {0};
        uint8_t text[300];
        size_t column = 0;
        for (size_t i = 0; i < len; i++)
            text[i] = (uint8_t)(i * len % 7 == 0 ? '=' : 'x');
        assert_ok(mime_quoted(view_of(text, len), &out));
        for (size_t i = 0; i < out.len; i++) {
            column = out.data[i] == '\n' ? 0 : column + 1;
            assert_true(column <= 77); /* with its CR */
        }
    }
}

static void a_header_in_ascii_stays_as_it_is(void **state)
{
    (void)state;
    header_is("Your password for chat.example.org", "Your password for chat.example.org");
    header_is("", "");
}

static void other_characters_go_in_encoded_words(void **state)
{
    (void)state;
    header_is("Gr\xc3\xbc\xc3\x9f"
              "e, 1=1",
              "=?UTF-8?Q?Gr=C3=BC=C3=9Fe=2C_1=3D1?=");
    header_is(
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
        "=?UTF-8?Q?=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC?=");
    header_is("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
              "\xe2\x82\xac",
              "=?UTF-8?Q?=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC?=\r\n "
              "=?UTF-8?Q?=E2=82=AC?=");
}

static void a_header_takes_no_line_s_end(void **state)
{
    (void)state;
    static const char *const bad[] = {"a\r\nBcc: b@example.org", "a\n", "\r", "\t", "\x7f", "\xff"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        DEFER(buf_clear) sotto_buf out = {0};
        assert_err(mime_header(view_str(bad[i]), &out), VALUE);
        assert_int_equal(out.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lines_stay_as_they_are),
        cmocka_unit_test(what_would_not_survive_is_written_in_digits),
        cmocka_unit_test(a_long_line_is_cut_at_76_characters),
        cmocka_unit_test(no_line_is_longer_than_76),
        cmocka_unit_test(a_header_in_ascii_stays_as_it_is),
        cmocka_unit_test(other_characters_go_in_encoded_words),
        cmocka_unit_test(a_header_takes_no_line_s_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
