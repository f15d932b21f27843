#include "program.h"

static void assert_cleaned(view text, bool lines, const char *wanted)
{
    DEFER(buf_clear) sotto_buf out = {0};
    assert_int_equal(cli_clean(text, lines, &out), SOTTO_OK);
    assert_int_equal(out.len, strlen(wanted));
    assert_memory_equal(out.data, wanted, out.len);
}

static void plain_text_stays(void **state)
{
    (void)state;
    assert_cleaned(VIEW_LIT("Grüße, 世界 🐢"), false, "Grüße, 世界 🐢");
    assert_cleaned(VIEW_LIT(""), false, "");
    /* Emoji and Persian need their joiners. */
    assert_cleaned(VIEW_LIT("👩\u200d🚀 می\u200cخواهم"), false, "👩\u200d🚀 می\u200cخواهم");
}

static void escape_sequences_lose_what_starts_them(void **state)
{
    (void)state;
    assert_cleaned(VIEW_LIT("\033[2J\033]0;title\007x"), false, "[2J]0;titlex");
    assert_cleaned(VIEW_LIT("a\xc2\x9b"
                            "31mb"),
                   false, "a31mb"); /* CSI as one C1 character */
    assert_cleaned(VIEW_LIT("a\rb\bc\0d\x7f"), false, "abcd");
    assert_cleaned(VIEW_LIT("a\tb"), false, "a b");
}

static void line_feeds_stay_only_where_wanted(void **state)
{
    (void)state;
    assert_cleaned(VIEW_LIT("a\nb"), false, "ab");
    assert_cleaned(VIEW_LIT("a\nb"), true, "a\nb");
    assert_cleaned(VIEW_LIT("a\u2028b\u2029c"), true, "abc");
}

static void bidi_overrides_and_invisible_characters_go(void **state)
{
    (void)state;
    assert_cleaned(VIEW_LIT("a\u202eb\u202cc"), false, "abc");
    assert_cleaned(VIEW_LIT("\u2066a\u2069\u200e\u200f\u061c"), false, "a");
    assert_cleaned(VIEW_LIT("\ufeff\u200ba\u2060"), false, "a");
    assert_cleaned(VIEW_LIT("a\U000e0041"), false, "a"); /* a tag */
}

static void what_is_not_utf8_is_replaced(void **state)
{
    (void)state;
    assert_cleaned(VIEW_LIT("a\xff"
                            "b"),
                   false, "a\ufffdb");
    assert_cleaned(VIEW_LIT("\xc0\x80"), false, "\ufffd\ufffd");           /* overlong NUL */
    assert_cleaned(VIEW_LIT("\xed\xa0\x80"), false, "\ufffd\ufffd\ufffd"); /* a surrogate */
    assert_cleaned(VIEW_LIT("\xf4\x90\x80\x80"), false, "\ufffd\ufffd\ufffd\ufffd");
    assert_cleaned(VIEW_LIT("\xe4\xb8"), false, "\ufffd\ufffd"); /* cut off */
    assert_cleaned(VIEW_LIT("\xe4"
                            "a"),
                   false, "\ufffda");
    assert_cleaned(VIEW_LIT("\xf0\x82\x82\xac"), false, "\ufffd\ufffd\ufffd\ufffd"); /* overlong */
}

static void mending_keeps_everything_that_is_utf8(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf out = {0};
    assert_int_equal(cli_mend(VIEW_LIT("\033\t\n\u202e\xff"), &out), SOTTO_OK);
    assert_true(view_equal(buf_view(&out), VIEW_LIT("\033\t\n\u202e\ufffd")));
}

static void a_fixed_buffer_that_is_too_small_stays_as_it_was(void **state)
{
    (void)state;
    uint8_t place[4];
    sotto_buf out = BUF_ON(place);
    assert_int_equal(cli_clean(VIEW_LIT("abcdef"), false, &out), SOTTO_E_TOO_LARGE);
    assert_int_equal(out.len, 0);
}

int main(void)
{
    (void)program;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays),
        cmocka_unit_test(escape_sequences_lose_what_starts_them),
        cmocka_unit_test(line_feeds_stay_only_where_wanted),
        cmocka_unit_test(bidi_overrides_and_invisible_characters_go),
        cmocka_unit_test(what_is_not_utf8_is_replaced),
        cmocka_unit_test(mending_keeps_everything_that_is_utf8),
        cmocka_unit_test(a_fixed_buffer_that_is_too_small_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
