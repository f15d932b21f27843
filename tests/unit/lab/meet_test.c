#include "unit.h"

#include "lab/meet.h"

#define OPEN_TEXT                                                                     \
    "0{\"sid\":\"abc\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000," \
    "\"maxPayload\":"                                                                 \
    "131072}"
#define SEATED "40{\"sid\":\"x\"}"

struct both {
    struct meet meet;
    sotto_buf out, bytes;
    struct meet_event event;
};

static void both_clear(struct both *b)
{
    meet_clear(&b->meet);
    buf_clear(&b->out);
    buf_clear(&b->bytes);
}

/* The gateway's answer to the request that lies in `out`. */
static void upgrade(struct both *b)
{
    char answer[256];
    snprintf(answer, sizeof answer,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             b->meet.accept);
    assert_ok(meet_feed(&b->meet, view_str(answer)));
}

static void begin(struct both *b)
{
    static const uint8_t seed[RNG_SEED] = {3};
    assert_ok(meet_begin(&b->meet, "127.0.0.1:5001", "lab-1", seed, &b->out));
    buf_reset(&b->out);
    upgrade(b);
}

static void hear(struct both *b, const char *text)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    assert_ok(ws_frame_write(WS_TEXT, view_str(text), NULL, &frame));
    assert_ok(meet_feed(&b->meet, buf_view(&frame)));
}

static sotto_err next(struct both *b)
{
    return meet_next(&b->meet, &b->out, &b->event, &b->bytes);
}

static void next_is(struct both *b, enum meet_event_kind kind)
{
    assert_ok(next(b));
    assert_int_equal(b->event.kind, kind);
}

/* What we said, unmasked, as one text; frames one behind the other. */
static const char *said(struct both *b)
{
    static char text[1024];
    struct ws_reader reader = {.role = WS_SERVER, .text = true, .message_max = 1 << 20};
    size_t at = 0, end = 0, len, need;
    while (at < b->out.len) {
        struct ws_frame frame;
        assert_ok(ws_frame_read(&reader, b->out.data + at, b->out.len - at, &frame, &len, &need));
        assert_true(len > 0 && end + frame.payload.len + 2 < sizeof text);
        memcpy(text + end, frame.payload.data, frame.payload.len);
        end += frame.payload.len;
        text[end++] = '|';
        at += len;
    }
    text[end] = 0;
    buf_reset(&b->out);
    return text;
}

static void sit(struct both *b)
{
    begin(b);
    hear(b, OPEN_TEXT);
    hear(b, SEATED);
    next_is(b, MEET_SEATED);
    assert_string_equal(said(b), "40|");
}

static void the_request_names_the_room(void **state)
{
    (void)state;
    static const uint8_t seed[RNG_SEED] = {3};
    DEFER(both_clear) struct both b = {0};
    assert_ok(meet_begin(&b.meet, "[::1]:5001", "lab-1", seed, &b.out));
    assert_ok(buf_append(&b.out, view_of("", 1)));
    const char *text = (const char *)b.out.data, *key = strstr(text, "Sec-WebSocket-Key: ");
    assert_ptr_equal(strstr(text,
                            "GET /socket.io/?EIO=4&transport=websocket&room=lab-1 HTTP/1.1\r\n"
                            "Host: [::1]:5001\r\n"),
                     text);
    assert_non_null(key);
    assert_true(ws_key_valid(view_of(key + 19, WS_KEY)));
}

static void a_seat_is_taken_and_pings_are_answered(void **state)
{
    (void)state;
    DEFER(both_clear) struct both b = {0};
    sit(&b);
    assert_int_equal(b.meet.silence_ms, 45000);
    hear(&b, "2");
    hear(&b, "6");
    hear(&b, "42[\"PEER_CONNECTED\",{\"room\":\"lab-1\",\"id\":\"y\"}]");
    next_is(&b, MEET_NONE);
    assert_string_equal(said(&b), "3|");
}

static void the_gateway_gives_the_role(void **state)
{
    (void)state;
    DEFER(both_clear) struct both b = {0};
    sit(&b);
    hear(&b, "42[\"KEY_EXCHANGE\",{\"room\":\"lab-1\",\"role\":\"dialer\"}]");
    next_is(&b, MEET_UP);
    assert_int_equal(b.event.role, LAB_DIALER);
    hear(&b, "42[\"KEY_EXCHANGE\",{\"room\":\"lab-1\",\"role\":\"listener\"}]");
    next_is(&b, MEET_UP);
    assert_int_equal(b.event.role, LAB_LISTENER);
    hear(&b, "42[\"KEY_EXCHANGE\",1]");
    assert_err(next(&b), NOTFOUND);
    assert_int_equal(b.meet.state, MEET_OVER);
}

static void messages_are_events_named_by_their_kind(void **state)
{
    (void)state;
    DEFER(both_clear) struct both b = {0};
    static const uint8_t hello[] = {1, 0xab}, established[] = {2, 0}, message[] = {3};
    sit(&b);
    assert_ok(meet_send(&b.meet, VIEW_OF(hello), &b.out));
    assert_ok(meet_send(&b.meet, VIEW_OF(established), &b.out));
    assert_ok(meet_send(&b.meet, VIEW_OF(message), &b.out));
    assert_string_equal(
        said(&b),
        "42[\"ELGAMAL_PK\",\"01ab\"]|42[\"DEFF_HELLMAN_PK\",\"0200\"]|42[\"message\",\"03\"]|");
    assert_err(meet_send(&b.meet, VIEW_LIT("\4x"), &b.out), KIND);
    assert_err(meet_send(&b.meet, (view){0}, &b.out), KIND);
    hear(&b, "42[\"ELGAMAL_PK\",\"01AB\"]");
    hear(&b, "42[\"ELGAMAL_PK_BC\",\"01AB\"]");
    hear(&b, "42[\"message\",\"03\"]");
    hear(&b, "42[\"received_message\",\"03\"]");
    next_is(&b, MEET_MESSAGE);
    assert_bytes(buf_view(&b.bytes), "01ab");
    next_is(&b, MEET_MESSAGE);
    assert_bytes(buf_view(&b.bytes), "03");
    next_is(&b, MEET_NONE);
    assert_int_equal(b.bytes.len, 0);
}

static void what_is_no_message_of_the_lab_is_told_apart(void **state)
{
    (void)state;
    static const char *const bad[] = {"42[\"ELGAMAL_PK\"]",      "42[\"ELGAMAL_PK\",1]",
                                      "42[\"ELGAMAL_PK\",\"\"]", "42[\"ELGAMAL_PK\",\"02\"]",
                                      "42[\"message\",\"01\"]",  "42[\"message\",\"3\"]",
                                      "42[\"message\",\"zz\"]",  "42[\"DEFF_HELLMAN_PK\",{}]"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        DEFER(both_clear) struct both b = {0};
        sit(&b);
        hear(&b, bad[i]);
        assert_err(next(&b), KIND);
    }
}

static void leaving_is_told_either_way(void **state)
{
    (void)state;
    DEFER(both_clear) struct both b = {0};
    sit(&b);
    hear(&b, "42[\"PEER_DISCONNECTED\",{\"room\":\"lab-1\",\"id\":\"y\"}]");
    next_is(&b, MEET_LEFT);
    assert_ok(meet_leave(&b.meet, &b.out));
    assert_string_equal(said(&b), "41|\x03\xe8|");
    assert_ok(meet_leave(&b.meet, &b.out));
    assert_int_equal(b.out.len, 0);
}

static void refusals_come_in_words(void **state)
{
    (void)state;
    DEFER(both_clear) struct both b = {0}, c = {0};
    sit(&b);
    hear(&b, "42[\"REFUSED\",{\"message\":\"enough\"}]");
    next_is(&b, MEET_REFUSED);
    assert_string_equal(b.event.text, "enough");
    begin(&c);
    hear(&c, OPEN_TEXT);
    hear(&c, "44{\"message\":\"the room lab-1 is full\"}");
    next_is(&c, MEET_REFUSED);
    assert_string_equal(c.event.text, "the room lab-1 is full");
    next_is(&c, MEET_NONE);
}

static void what_is_no_gateway_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        sotto_err err;
    } bad[] = {{"x", SOTTO_E_VALUE},         {"0{}", SOTTO_E_VALUE},
               {SEATED, SOTTO_E_UNEXPECTED}, {"42[\"a\"]", SOTTO_E_UNEXPECTED},
               {"1", SOTTO_E_CLOSED},        {"3", SOTTO_E_UNEXPECTED},
               {"41", SOTTO_E_CLOSED},       {"451-[\"a\"]", SOTTO_E_UNSUPPORTED}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        DEFER(both_clear) struct both b = {0};
        begin(&b);
        hear(&b, bad[i].text);
        assert_int_equal(next(&b), bad[i].err);
        hear(&b, OPEN_TEXT);
        next_is(&b, MEET_NONE);
    }
    DEFER(both_clear) struct both b = {0};
    static const uint8_t seed[RNG_SEED] = {3};
    assert_ok(meet_begin(&b.meet, "x", "y", seed, &b.out));
    assert_ok(
        meet_feed(&b.meet, VIEW_LIT("HTTP/1.1 101 X\r\nUpgrade: websocket\r\n"
                                    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")));
    assert_err(next(&b), HTTP);
}

static void it_is_the_same_byte_by_byte(void **state)
{
    (void)state;
    DEFER(both_clear) struct both b = {0}, all = {0};
    begin(&b);
    hear(&b, OPEN_TEXT);
    hear(&b, SEATED);
    hear(&b, "42[\"message\",\"0304\"]");
    DEFER(buf_clear) sotto_buf bytes = {0};
    assert_ok(buf_set(&bytes, buf_view(&b.meet.in)));
    begin(&all);
    buf_reset(&all.meet.in);
    unsigned events = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        assert_ok(meet_feed(&all.meet, view_of(bytes.data + i, 1)));
        assert_ok(next(&all));
        events += all.event.kind != MEET_NONE;
    }
    assert_int_equal(events, 2);
    assert_bytes(buf_view(&all.bytes), "0304");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_names_the_room),
        cmocka_unit_test(a_seat_is_taken_and_pings_are_answered),
        cmocka_unit_test(the_gateway_gives_the_role),
        cmocka_unit_test(messages_are_events_named_by_their_kind),
        cmocka_unit_test(what_is_no_message_of_the_lab_is_told_apart),
        cmocka_unit_test(leaving_is_told_either_way),
        cmocka_unit_test(refusals_come_in_words),
        cmocka_unit_test(what_is_no_gateway_is_refused),
        cmocka_unit_test(it_is_the_same_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
