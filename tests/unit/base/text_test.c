#include "unit.h"

#include "base/text.h"

typedef sotto_err codec(view in, sotto_buf *out);

static const struct encoding {
    codec *write, *read;
} encodings[] = {
    {hex_write, hex_read}, {base64url_write, base64url_read}, {base32_write, base32_read}};

static void assert_writes(codec *write, const char *bytes, const char *text)
{
    sotto_buf out = {0};
    assert_ok(buf_append(&out, VIEW_LIT(">")));
    assert_ok(write(view_str(bytes), &out));
    assert_int_equal(out.len, 1 + strlen(text));
    assert_memory_equal(out.data + 1, text, strlen(text));
    buf_clear(&out);
}

static void assert_reads(codec *read, const char *text, const char *bytes)
{
    sotto_buf out = {0};
    assert_ok(buf_append(&out, VIEW_LIT(">")));
    assert_ok(read(view_str(text), &out));
    assert_int_equal(out.len, 1 + strlen(bytes));
    assert_memory_equal(out.data + 1, bytes, strlen(bytes));
    buf_clear(&out);
}

static void assert_refuses(codec *read, view text)
{
    sotto_buf out = {0};
    assert_ok(buf_append(&out, VIEW_LIT(">")));
    assert_err(read(text, &out), VALUE);
    assert_true(view_equal(buf_view(&out), VIEW_LIT(">")));
    buf_clear(&out);
}

/* RFC 4648 10, without the padding */
static const struct {
    const char *bytes, *hex, *base64, *base32;
} rfc4648[] = {
    {"", "", "", ""},
    {"f", "66", "Zg", "MY"},
    {"fo", "666f", "Zm8", "MZXQ"},
    {"foo", "666f6f", "Zm9v", "MZXW6"},
    {"foob", "666f6f62", "Zm9vYg", "MZXW6YQ"},
    {"fooba", "666f6f6261", "Zm9vYmE", "MZXW6YTB"},
    {"foobar", "666f6f626172", "Zm9vYmFy", "MZXW6YTBOI"},
    {"\xfb\xff\xfe", "fbfffe", "-__-", "7P774"},
};

static void published_examples_go_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rfc4648); i++) {
        assert_writes(hex_write, rfc4648[i].bytes, rfc4648[i].hex);
        assert_writes(base64url_write, rfc4648[i].bytes, rfc4648[i].base64);
        assert_writes(base32_write, rfc4648[i].bytes, rfc4648[i].base32);
        assert_reads(hex_read, rfc4648[i].hex, rfc4648[i].bytes);
        assert_reads(base64url_read, rfc4648[i].base64, rfc4648[i].bytes);
        assert_reads(base32_read, rfc4648[i].base32, rfc4648[i].bytes);
    }
    assert_reads(hex_read, "666F6F", "foo");
    assert_reads(base32_read, "mzxw6ytboi", "foobar");
}

static void bytes_of_any_length_come_back(void **state)
{
    (void)state;
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 97 + 13);
    for (size_t e = 0; e < COUNT_OF(encodings); e++)
        for (size_t len = 0; len <= sizeof bytes; len++) {
            sotto_buf text = {0};
            sotto_buf back = {0};
            assert_ok(encodings[e].write(view_of(bytes, len), &text));
            assert_ok(encodings[e].read(buf_view(&text), &back));
            assert_true(view_equal(buf_view(&back), view_of(bytes, len)));
            buf_clear(&text);
            buf_clear(&back);
        }
}

/* Reading then writing gives the text again, so that one value has one text: all texts of two characters. */
static void each_value_has_one_text(void **state)
{
    (void)state;
    for (size_t e = 0; e < COUNT_OF(encodings); e++) {
        unsigned taken = 0;
        for (uint32_t n = 0; n < 1U << 16; n++) {
            uint8_t characters[2] = {(uint8_t)n, (uint8_t)(n >> 8)};
            uint8_t bytes_storage[4];
            uint8_t text_storage[8];
            sotto_buf bytes = BUF_ON(bytes_storage);
            sotto_buf text = BUF_ON(text_storage);
            if (encodings[e].read(VIEW_OF(characters), &bytes) != SOTTO_OK)
                continue;
            assert_ok(encodings[e].write(buf_view(&bytes), &text));
            assert_int_equal(text.len, 2);
            if (encodings[e].read != base64url_read)
                for (size_t i = 0; i < 2; i++)
                    if ((characters[i] >= 'A' && characters[i] <= 'Z') ||
                        (characters[i] >= 'a' && characters[i] <= 'z'))
                        characters[i] = (uint8_t)((characters[i] & 0xdf) | (text.data[i] & 0x20));
            assert_memory_equal(text.data, characters, 2);
            taken++;
        }
        /* hex: 22 digits twice; base64: 64, then the 4 whose low four bits are zero; base32: 58 with both cases, then the
         * multiples of 4: A E I M Q U Y in both cases, and the digit 4 */
        assert_int_equal(taken, e == 0 ? 22 * 22 : e == 1 ? 64 * 4 : 58 * 15);
    }
}

static void texts_that_are_not_canonical_are_refused(void **state)
{
    (void)state;
    static const char *const hex_bad[] = {"6", "666", "6g", "0x", " 66", "66 ", "6 6", "66:6f"};
    static const char *const base64_bad[] = {
        "Z", "Zh", "Zm9", "Zg==", "Zg=", "Zm9v=", "+/+/", "Zm 9v", "Zm9v\n", "Zm9vY", "=", "Zg.."};
    static const char *const base32_bad[] = {"M",  "MZ", "MZX", "MZXW6Y", "MY======", "M1",
                                             "M0", "M8", "M9",  "MZXW 6", "MZXW6YT_", "MZXW6YQ="};
    for (size_t i = 0; i < COUNT_OF(hex_bad); i++)
        assert_refuses(hex_read, view_str(hex_bad[i]));
    for (size_t i = 0; i < COUNT_OF(base64_bad); i++)
        assert_refuses(base64url_read, view_str(base64_bad[i]));
    for (size_t i = 0; i < COUNT_OF(base32_bad); i++)
        assert_refuses(base32_read, view_str(base32_bad[i]));
    for (size_t e = 0; e < COUNT_OF(encodings); e++)
        assert_refuses(encodings[e].read, VIEW_LIT("AA\0A"));
}

static void fixed_buffers_take_exactly_what_fits(void **state)
{
    (void)state;
    static const size_t sizes[] = {200, 134, 160};
    uint8_t bytes[100] = {0};
    uint8_t storage[200];
    for (size_t e = 0; e < COUNT_OF(encodings); e++)
        for (size_t cap = 0; cap <= sizes[e]; cap++) {
            sotto_buf out = {.data = storage, .cap = cap, .fixed = true};
            assert_int_equal(encodings[e].write(VIEW_OF(bytes), &out),
                             cap == sizes[e] ? SOTTO_OK : SOTTO_E_TOO_LARGE);
            assert_int_equal(out.len, cap == sizes[e] ? cap : 0);
        }
}

/* RFC 3629: the borders of each row of its table, and what lies just beyond. */
static const struct {
    const char *text;
    bool valid;
} utf8[] = {
    {"", true},
    {"plain", true},
    {"gr\xc3\xbc\xc3\x9f", true},
    {"\xc2\x80", true},
    {"\xdf\xbf", true},
    {"\xe0\xa0\x80", true},
    {"\xed\x9f\xbf", true},
    {"\xee\x80\x80", true},
    {"\xef\xbf\xbf", true},
    {"\xf0\x90\x80\x80", true},
    {"\xf4\x8f\xbf\xbf", true},
    {"\x80", false},             /* a continuation alone */
    {"\xc0\x80", false},         /* overlong */
    {"\xc1\xbf", false},         /* */
    {"\xe0\x9f\xbf", false},     /* */
    {"\xf0\x8f\xbf\xbf", false}, /* */
    {"\xed\xa0\x80", false},     /* surrogates */
    {"\xed\xbf\xbf", false},     /* */
    {"\xf4\x90\x80\x80", false}, /* over 10FFFF */
    {"\xf5\x80\x80\x80", false}, /* */
    {"\xff", false},
    {"\xc3", false}, /* cut short */
    {"\xe2\x82", false},
    {"\xf0\x9f\x98", false},
    {"\xc3(", false}, /* no continuation */
    {"\xe2\x82(", false},
    {"\xe2(\xac", false},
    {"a\xc3\xbc\x80", false},
};

static void utf8_is_well_formed_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(utf8); i++)
        assert_int_equal(utf8_valid(view_str(utf8[i].text)), utf8[i].valid);
    assert_true(utf8_valid(VIEW_LIT("a\0b")));
    assert_true(utf8_valid((view){0}));
}

static void capitals_alone_become_small_letters(void **state)
{
    (void)state;
    uint8_t text[] = "AZaz@[`{09 \xc3\x84";
    text_lower(text, sizeof text - 1);
    assert_memory_equal(text, "azaz@[`{09 \xc3\x84", sizeof text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_examples_go_both_ways),
        cmocka_unit_test(bytes_of_any_length_come_back),
        cmocka_unit_test(each_value_has_one_text),
        cmocka_unit_test(texts_that_are_not_canonical_are_refused),
        cmocka_unit_test(fixed_buffers_take_exactly_what_fits),
        cmocka_unit_test(capitals_alone_become_small_letters),
        cmocka_unit_test(utf8_is_well_formed_or_refused),
    };
    return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
