#include "unit.h"

#include "net/proxy_header.h"

#define SIGNATURE "0d0a0d0a000d0a515549540a"
/* 192.0.2.7:4660 to 198.51.100.1:443 */
#define V4 SIGNATURE "21 11 000c c0000207 c6336401 1234 01bb"
/* [2001:db8::7]:4660 to [2001:db8::1]:443, then an entry of type 4 with two bytes */
#define V6                                                                                   \
    SIGNATURE "21 21 0029 20010db8000000000000000000000007 20010db8000000000000000000000001" \
              "1234 01bb 04 0002 abcd"

static sotto_err read_hex(const char *hex, struct proxy_header *ret_header, size_t *ret_len)
{
    DEFER(buf_clear) sotto_buf bytes = unhex(hex);
    return proxy_header_read(buf_view(&bytes), ret_header, ret_len);
}

static void names(view bytes, size_t header_len, const char *who)
{
    struct proxy_header header;
    size_t len;
    char text[ENDPOINT_TEXT];
    assert_ok(proxy_header_read(bytes, &header, &len));
    assert_int_equal(len, header_len);
    assert_int_equal(header.known, who[0] != 0);
    if (who[0] == 0)
        return;
    endpoint_write(&header.source, text);
    assert_string_equal(text, who);
}

static void names_hex(const char *hex, const char *who)
{
    DEFER(buf_clear) sotto_buf bytes = unhex(hex);
    names(buf_view(&bytes), bytes.len, who);
}

static void names_line(const char *line, const char *who)
{
    names(view_str(line), strlen(line), who);
}

static void version_2_names_the_source(void **state)
{
    (void)state;
    names_hex(V4, "192.0.2.7:4660");
    names_hex(V6, "[2001:db8::7]:4660");
}

static void version_1_names_the_source(void **state)
{
    (void)state;
    names_line("PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n", "192.0.2.7:4660");
    names_line("PROXY TCP6 2001:db8::7 2001:db8::1 65535 0\r\n", "[2001:db8::7]:65535");
}

static void a_proxy_may_speak_for_itself(void **state)
{
    (void)state;
    names_hex(SIGNATURE "20 00 0000", "");
    names_hex(SIGNATURE "20 11 000c c0000207 c6336401 1234 01bb", "");
    names_hex(SIGNATURE "21 00 0003 ffffff", "");
    names_line("PROXY UNKNOWN\r\n", "");
    names_line("PROXY UNKNOWN ffff::1 whatever 1 2\r\n", "");
}

static void somebody_on_the_proxys_machine_has_no_address(void **state)
{
    (void)state;
    uint8_t bytes[16 + 216] = {0};
    DEFER(buf_clear) sotto_buf head = unhex(SIGNATURE "21 31 00d8");
    memcpy(bytes, head.data, head.len);
    names(VIEW_OF(bytes), sizeof bytes, "");
}

static void what_follows_is_left_alone(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(V4 "160301");
    names(buf_view(&bytes), 28, "192.0.2.7:4660");
    names(view_str("PROXY UNKNOWN\r\n\x16\x03\r\n"), 15, "");
}

static void a_part_is_neither_whole_nor_wrong(void **state)
{
    (void)state;
    static const char line[] = "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n";
    DEFER(buf_clear) sotto_buf v4 = unhex(V4), v6 = unhex(V6);
    const view all[] = {buf_view(&v4), buf_view(&v6), view_str(line)};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        for (size_t len = 0; len < all[i].len; len++) {
            struct proxy_header header;
            size_t got = 77;
            assert_ok(proxy_header_read(view_of(all[i].data, len), &header, &got));
            assert_int_equal(got, 0);
        }
}

static void what_is_no_header_is_refused_at_its_first_byte(void **state)
{
    (void)state;
    struct proxy_header header;
    size_t len;
    assert_err(proxy_header_read(VIEW_LIT("\x16"), &header, &len), VALUE);
    assert_err(proxy_header_read(VIEW_LIT("GET / HTTP/1.1"), &header, &len), VALUE);
    assert_err(proxy_header_read(VIEW_LIT("PROXX"), &header, &len), VALUE);
    assert_err(proxy_header_read(VIEW_LIT("\r\n\r\nx"), &header, &len), VALUE);
}

static void a_wrong_binary_header_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        SIGNATURE "11",                                        /* version 1 in binary */
        SIGNATURE "22",                                        /* no such command */
        SIGNATURE "21 12 000c c0000207 c6336401 1234 01bb",    /* datagrams */
        SIGNATURE "21 41 000c c0000207 c6336401 1234 01bb",    /* no such family */
        SIGNATURE "21 11 000b c0000207 c6336401 1234 01",      /* too short for its addresses */
        SIGNATURE "21 21 000c c0000207 c6336401 1234 01bb",    /* the same */
        SIGNATURE "21 31 0002 abcd",                           /* the same */
        SIGNATURE "21 11 000d c0000207 c6336401 1234 01bb 04", /* an entry that ends early */
        SIGNATURE "21 11 0010 c0000207 c6336401 1234 01bb 04 0002 ab",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct proxy_header header;
        size_t len;
        assert_err(read_hex(bad[i], &header, &len), VALUE);
    }
}

static void a_wrong_line_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "PROXY \r\n",
        "PROXY UNKNOWN\n",
        "PROXY UNKNOWNS\r\n",
        "PROXY TCP5 192.0.2.7 198.51.100.1 4660 443\r\n",
        "PROXY tcp4 192.0.2.7 198.51.100.1 4660 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4660\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443 \r\n",
        "PROXY TCP4  192.0.2.7 198.51.100.1 4660 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443 9\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 04660 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4660 65536\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n",
        "PROXY TCP4 192.0.2.007 198.51.100.1 4660 443\r\n",
        "PROXY TCP4 192.0.2 198.51.100.1 4660 443\r\n",
        "PROXY TCP4 2001:db8::7 2001:db8::1 4660 443\r\n",
        "PROXY TCP6 192.0.2.7 198.51.100.1 4660 443\r\n",
        "PROXY TCP4 192.0.2.7 2001:db8::1 4660 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\n",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct proxy_header header;
        size_t len;
        assert_err(proxy_header_read(view_str(bad[i]), &header, &len), VALUE);
    }
    static const char with_nul[] = "PROXY TCP4 192.0.2.7\0 198.51.100.1 4660 443\r\n";
    struct proxy_header header;
    size_t len;
    assert_err(proxy_header_read(view_of(with_nul, sizeof with_nul - 1), &header, &len), VALUE);
}

static void no_header_is_longer_than_allowed(void **state)
{
    (void)state;
    struct proxy_header header;
    size_t len;
    assert_err(read_hex(SIGNATURE "20 00 03f1", &header, &len), TOO_LARGE);
    assert_ok(read_hex(SIGNATURE "20 00 03f0", &header, &len));
    char line[108] = "PROXY UNKNOWN ";
    memset(line + 14, 'x', sizeof line - 14);
    assert_ok(proxy_header_read(view_of(line, 106), &header, &len));
    assert_err(proxy_header_read(view_of(line, 107), &header, &len), TOO_LARGE);
    memcpy(line + 105, "\r\n", 2);
    assert_ok(proxy_header_read(view_of(line, 107), &header, &len));
    assert_int_equal(len, 107);
    memcpy(line + 105, "x\r\n", 3);
    assert_err(proxy_header_read(view_of(line, 108), &header, &len), TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_2_names_the_source),
        cmocka_unit_test(version_1_names_the_source),
        cmocka_unit_test(a_proxy_may_speak_for_itself),
        cmocka_unit_test(somebody_on_the_proxys_machine_has_no_address),
        cmocka_unit_test(what_follows_is_left_alone),
        cmocka_unit_test(a_part_is_neither_whole_nor_wrong),
        cmocka_unit_test(what_is_no_header_is_refused_at_its_first_byte),
        cmocka_unit_test(a_wrong_binary_header_is_refused),
        cmocka_unit_test(a_wrong_line_is_refused),
        cmocka_unit_test(no_header_is_longer_than_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
