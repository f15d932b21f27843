#include "message.h"

#include "proto/ws.h"

#define MESSAGE_MAX 1000

static struct ws_reader reader_of(enum ws_role role)
{
    return (struct ws_reader){.role = (uint8_t)role, .message_max = MESSAGE_MAX};
}

/* Reads one frame from a copy that is exactly as long. */
static sotto_err read_hex(struct ws_reader *reader, const char *hex, sotto_buf *ret_bytes,
                          struct ws_frame *ret_frame, size_t *ret_len, size_t *ret_need)
{
    buf_clear(ret_bytes);
    *ret_bytes = unhex(hex);
    if (ret_bytes->len > 0) { /* so that a sanitizer sees each byte read too far */
        ret_bytes->data = realloc(ret_bytes->data, ret_bytes->len);
        ret_bytes->cap = ret_bytes->len;
    }
    return ws_frame_read(reader, ret_bytes->data, ret_bytes->len, ret_frame, ret_len, ret_need);
}

static void frame_is(enum ws_role role, const char *hex, uint8_t opcode, bool fin, const char *text)
{
    struct ws_reader reader = reader_of(role);
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct ws_frame frame = {0};
    size_t len = 0, need = 0;
    assert_int_equal(read_hex(&reader, hex, &bytes, &frame, &len, &need), SOTTO_OK);
    assert_int_equal(len, strlen(hex) / 2);
    assert_int_equal(frame.opcode, opcode);
    assert_int_equal(frame.fin, fin);
    assert_true(view_equal(frame.payload, view_str(text)));
}

/* Refused as soon as all of `hex` is there, and not waited for longer. */
static void refused(enum ws_role role, const char *hex, sotto_err wanted)
{
    struct ws_reader reader = reader_of(role), before = reader;
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct ws_frame frame = {0};
    size_t len = 77, need = 77;
    assert_int_equal(read_hex(&reader, hex, &bytes, &frame, &len, &need), wanted);
    assert_int_equal(len, 77);
    assert_int_equal(need, 77);
    assert_memory_equal(&reader, &before, sizeof reader);
}

/* RFC 6455 1.3 */
static void accept_is_that_of_the_rfc(void **state)
{
    (void)state;
    char accept[WS_ACCEPT + 1];
    assert_int_equal(ws_accept(VIEW_LIT("dGhlIHNhbXBsZSBub25jZQ=="), accept), SOTTO_OK);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void key_is_sixteen_bytes_in_base64(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZR==",
        "dGhlIHNhbXBsZSBub25jZ_==",
        "dGhlIHNhbXBs SBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZQAA",
    };
    char accept[WS_ACCEPT + 1];
    assert_true(ws_key_valid(VIEW_LIT("AAAAAAAAAAAAAAAAAAAAAA==")));
    assert_true(ws_key_valid(VIEW_LIT("////+++//////////////w==")));
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_false(ws_key_valid(view_str(wrong[i])));
        assert_int_equal(ws_accept(view_str(wrong[i]), accept), SOTTO_E_WEBSOCKET);
    }
}

/* RFC 6455 5.7: "Hello" in its examples, binary here, since text is refused. */
static void frames_of_the_rfc_are_read(void **state)
{
    (void)state;
    frame_is(WS_CLIENT, "820548656c6c6f", WS_BINARY, true, "Hello");
    frame_is(WS_SERVER, "828537fa213d7f9f4d5158", WS_BINARY, true, "Hello");
    frame_is(WS_CLIENT, "890548656c6c6f", WS_PING, true, "Hello");
    frame_is(WS_SERVER, "8a8537fa213d7f9f4d5158", WS_PONG, true, "Hello");
    frame_is(WS_CLIENT, "8800", WS_CLOSE, true, "");
    refused(WS_CLIENT, "810548656c6c6f", SOTTO_E_WEBSOCKET);
}

static void fragments_make_one_message_with_control_frames_between(void **state)
{
    (void)state;
    struct ws_reader reader = reader_of(WS_CLIENT);
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct ws_frame frame = {0};
    size_t len = 0, need = 0;
    assert_int_equal(read_hex(&reader, "020348656c", &bytes, &frame, &len, &need), SOTTO_OK);
    assert_false(frame.fin);
    assert_int_equal(reader.message_len, 3);
    assert_int_equal(read_hex(&reader, "820100", &bytes, &frame, &len, &need), SOTTO_E_WEBSOCKET);
    assert_int_equal(read_hex(&reader, "8900", &bytes, &frame, &len, &need), SOTTO_OK);
    assert_int_equal(frame.opcode, WS_PING);
    assert_true(reader.fragmented);
    assert_int_equal(read_hex(&reader, "80026c6f", &bytes, &frame, &len, &need), SOTTO_OK);
    assert_int_equal(frame.opcode, WS_CONTINUATION);
    assert_true(frame.fin);
    assert_false(reader.fragmented);
    assert_int_equal(reader.message_len, 0);
}

static void headers_against_the_rules_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "c2",
        "a2",
        "92", /* reserved bits */
        "83",
        "87",
        "8b",
        "8f", /* unknown opcodes */
        "01",
        "81", /* text */
        "80",
        "00", /* nothing to continue */
        "09",
        "0a",
        "08", /* control frames in fragments */
        "8285",
        "82fe", /* a mask from the server */
        "897e",
        "897f", /* long control frames */
        "827e007d",
        "827e0000",             /* 125 in two bytes */
        "827f000000000000ffff", /* 65535 in eight */
        "827f8000000000000000", /* bit 63 */
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        refused(WS_CLIENT, wrong[i], SOTTO_E_WEBSOCKET);
    refused(WS_SERVER, "8205", SOTTO_E_WEBSOCKET);
}

static void text_is_taken_by_who_wants_it(void **state)
{
    (void)state;
    struct ws_reader reader = reader_of(WS_CLIENT);
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct ws_frame frame = {0};
    size_t len = 0, need = 0;
    reader.text = true;
    assert_ok(read_hex(&reader, "810548656c6c6f", &bytes, &frame, &len, &need)); /* RFC 6455 5.7 */
    assert_int_equal(frame.opcode, WS_TEXT);
    assert_true(view_equal(frame.payload, VIEW_LIT("Hello")));
    buf_clear(&bytes);
    assert_ok(read_hex(&reader, "010348656c", &bytes, &frame, &len, &need));
    assert_true(reader.fragmented && !frame.fin);
    buf_clear(&bytes);
    assert_err(read_hex(&reader, "81026c6f", &bytes, &frame, &len, &need), WEBSOCKET);
    buf_clear(&bytes);
    assert_ok(read_hex(&reader, "80026c6f", &bytes, &frame, &len, &need));
    assert_int_equal(frame.opcode, WS_CONTINUATION);
}

static void message_over_the_limit_is_told_from_the_header_alone(void **state)
{
    (void)state;
    refused(WS_CLIENT, "827e03e9", SOTTO_E_TOO_LARGE);             /* 1001 */
    refused(WS_SERVER, "82fe03e9", SOTTO_E_TOO_LARGE);             /* before the mask is there */
    refused(WS_CLIENT, "827f0000000040000000", SOTTO_E_TOO_LARGE); /* 1 GiB */
    refused(WS_CLIENT, "827f7fffffffffffffff", SOTTO_E_TOO_LARGE);
}

static void fragments_count_together(void **state)
{
    (void)state;
    struct ws_reader reader = reader_of(WS_CLIENT);
    reader.fragmented = 1;
    reader.message_len = 998;
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct ws_frame frame = {0};
    size_t len = 0, need = 0;
    assert_int_equal(read_hex(&reader, "0003", &bytes, &frame, &len, &need), SOTTO_E_TOO_LARGE);
    assert_int_equal(read_hex(&reader, "00026162", &bytes, &frame, &len, &need), SOTTO_OK);
    assert_int_equal(reader.message_len, 1000);
    assert_int_equal(read_hex(&reader, "0001", &bytes, &frame, &len, &need), SOTTO_E_TOO_LARGE);
    assert_int_equal(read_hex(&reader, "8000", &bytes, &frame, &len, &need), SOTTO_OK);
}

static void frame_that_is_not_whole_says_what_it_needs(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        size_t need;
    } cases[] = {
        {"", 2},
        {"82", 2},
        {"8285", 11},
        {"828537fa21", 11},
        {"828537fa213d7f9f4d51", 11},
        {"82fe", 8},
        {"82fe00", 8},
        {"82fe0080", 136},
        {"82ff", 14},
        {"82ff00000000000000", 14},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ws_reader reader = reader_of(WS_SERVER);
        DEFER(buf_clear) sotto_buf bytes = {0};
        struct ws_frame frame = {0};
        size_t len = 77, need = 0;
        assert_int_equal(read_hex(&reader, cases[i].hex, &bytes, &frame, &len, &need), SOTTO_OK);
        assert_int_equal(len, 0);
        assert_int_equal(need, cases[i].need);
    }
}

static void written_frame_is_read_again(view payload, const uint8_t *mask)
{
    DEFER(buf_clear) sotto_buf out = {0};
    struct ws_reader reader = {.role = mask != NULL ? WS_SERVER : WS_CLIENT,
                               .message_max = 1 << 20};
    struct ws_frame frame = {0};
    size_t len = 0, need = 0;
    assert_int_equal(ws_frame_write(WS_BINARY, payload, mask, &out), SOTTO_OK);
    assert_int_equal(ws_frame_read(&reader, out.data, out.len, &frame, &len, &need), SOTTO_OK);
    assert_int_equal(len, out.len);
    assert_true(view_equal(frame.payload, payload));
}

static void what_is_written_is_read_again_at_each_form_of_length(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 100000};
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    static uint8_t payload[100000];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 31 >> 3);
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        written_frame_is_read_again(view_of(payload, lengths[i]), NULL);
        written_frame_is_read_again(view_of(payload, lengths[i]), mask);
    }
}

static void header_is_that_of_the_rfc(void **state)
{
    (void)state;
    uint8_t header[WS_HEADER_MAX];
    const uint8_t mask[4] = {1, 2, 3, 4};
    assert_int_equal(ws_header_write(header, WS_BINARY, 5, NULL), 2);
    assert_memory_equal(header, "\x82\x05", 2);
    assert_int_equal(ws_header_write(header, WS_BINARY, 256, NULL), 4);
    assert_memory_equal(header, "\x82\x7e\x01\x00", 4);
    assert_int_equal(ws_header_write(header, WS_PONG, 0, mask), 6);
    assert_memory_equal(header, "\x8a\x80\x01\x02\x03\x04", 6);
    assert_int_equal(ws_header_write(header, WS_BINARY, 65536, mask), 14);
    assert_memory_equal(header, "\x82\xff\0\0\0\0\0\x01\0\0\x01\x02\x03\x04", 14);
}

static void close_gives_code_and_reason(void **state)
{
    (void)state;
    uint16_t code = 0;
    view reason = {0};
    assert_int_equal(ws_close_read((view){0}, &code, &reason), SOTTO_OK);
    assert_int_equal(code, 1005);
    assert_int_equal(ws_close_read(VIEW_LIT("\x03\xe9"
                                            "bye"),
                                   &code, &reason),
                     SOTTO_OK);
    assert_int_equal(code, 1001);
    assert_true(view_equal(reason, VIEW_LIT("bye")));
}

static void close_code_is_one_that_may_be_sent(void **state)
{
    (void)state;
    for (unsigned code = 0; code <= UINT16_MAX; code++) {
        uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
        bool allowed = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                       (code >= 3000 && code <= 4999);
        uint16_t read = 0;
        view reason = {0};
        sotto_err wanted = allowed ? SOTTO_OK : SOTTO_E_WEBSOCKET;
        assert_int_equal(ws_close_read(VIEW_OF(payload), &read, &reason), wanted);
    }
}

static void close_with_one_byte_or_broken_utf8_is_refused(void **state)
{
    (void)state;
    uint16_t code = 0;
    view reason = {0};
    assert_int_equal(ws_close_read(VIEW_LIT("\x03"), &code, &reason), SOTTO_E_WEBSOCKET);
    assert_int_equal(ws_close_read(VIEW_LIT("\x03\xe8\xff"), &code, &reason), SOTTO_E_WEBSOCKET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accept_is_that_of_the_rfc),
        cmocka_unit_test(key_is_sixteen_bytes_in_base64),
        cmocka_unit_test(frames_of_the_rfc_are_read),
        cmocka_unit_test(text_is_taken_by_who_wants_it),
        cmocka_unit_test(fragments_make_one_message_with_control_frames_between),
        cmocka_unit_test(headers_against_the_rules_are_refused),
        cmocka_unit_test(message_over_the_limit_is_told_from_the_header_alone),
        cmocka_unit_test(fragments_count_together),
        cmocka_unit_test(frame_that_is_not_whole_says_what_it_needs),
        cmocka_unit_test(what_is_written_is_read_again_at_each_form_of_length),
        cmocka_unit_test(header_is_that_of_the_rfc),
        cmocka_unit_test(close_gives_code_and_reason),
        cmocka_unit_test(close_code_is_one_that_may_be_sent),
        cmocka_unit_test(close_with_one_byte_or_broken_utf8_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
