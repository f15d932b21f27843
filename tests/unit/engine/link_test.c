#include "unit.h"

#include "link_peer.h"

static int setup(void **state)
{
    static struct link_peer peer;
    peer_open(&peer);
    *state = &peer;
    return 0;
}

static int teardown(void **state)
{
    peer_close(*state);
    return 0;
}

/* Up to where hello must be answered. */
static void upgraded(struct link_peer *p, const uint8_t *pin)
{
    sotto_buf answer = {0};
    struct link_event event;
    peer_connect(p, pin);
    peer_upgrade(p, &answer);
    assert_ok(peer_say(p, buf_view(&answer), &event));
    assert_int_equal(event.kind, LINK_NONE);
    buf_clear(&answer);
}

static sotto_err hello_with(struct link_peer *p, const struct proto_hello_ok *ok,
                            struct link_event *ret_event)
{
    sotto_buf answer = {0};
    peer_hello_write(ok, &answer);
    sotto_err err = peer_say(p, buf_view(&answer), ret_event);
    buf_clear(&answer);
    return err;
}

static void ready(struct link_peer *p)
{
    struct proto_hello_ok ok;
    struct link_event event;
    upgraded(p, NULL);
    peer_hello_ok(p, p->exporter, &ok);
    assert_ok(hello_with(p, &ok, &event));
    assert_int_equal(event.kind, LINK_READY);
    assert_memory_equal(event.pin, p->pin, X509_PIN);
}

static sotto_err say_ws(struct link_peer *p, enum ws_opcode opcode, view payload,
                        struct link_event *ret_event)
{
    sotto_buf bytes = {0};
    assert_ok(ws_frame_write(opcode, payload, NULL, &bytes));
    sotto_err err = peer_say(p, buf_view(&bytes), ret_event);
    buf_clear(&bytes);
    return err;
}

static void the_request_is_what_rfc_6455_asks_for(void **state)
{
    struct link_peer *p = *state;
    struct http_head head;
    size_t len;
    peer_connect(p, NULL);
    assert_ok(http_request_read(buf_view(&p->said), 0, &head, &len));
    assert_int_equal(len, p->said.len);
    assert_true(view_equal(head.method, VIEW_LIT("GET")));
    assert_true(view_equal(head.target, VIEW_LIT("/sotto")));
    assert_true(view_equal(http_field_find(&head, "Host"), VIEW_LIT("localhost:5000")));
    assert_true(view_equal(http_field_find(&head, "Sec-WebSocket-Version"), VIEW_LIT("13")));
    assert_true(ws_key_valid(http_field_find(&head, "Sec-WebSocket-Key")));
}

static void a_server_that_proves_its_key_is_ready(void **state)
{
    ready(*state);
}

static void the_pinned_server_is_accepted(void **state)
{
    struct link_peer *p = *state;
    struct proto_hello_ok ok;
    struct link_event event;
    upgraded(p, p->pin);
    peer_hello_ok(p, p->exporter, &ok);
    assert_ok(hello_with(p, &ok, &event));
    assert_int_equal(event.kind, LINK_READY);
}

static void another_root_than_the_pinned_one_is_refused(void **state)
{
    struct link_peer *p = *state;
    uint8_t other[X509_PIN];
    struct proto_hello_ok ok;
    struct link_event event = {.kind = LINK_CLOSED};
    memcpy(other, p->pin, sizeof other);
    other[X509_PIN - 1] ^= 1;
    upgraded(p, other);
    peer_hello_ok(p, p->exporter, &ok);
    assert_err(hello_with(p, &ok, &event), PIN);
    assert_int_equal(event.kind, LINK_CLOSED); /* untouched */
    assert_err(link_send(p->link, VIEW_LIT("123456"), &p->said), NOT_NOW);
}

static void a_signature_over_another_connection_is_refused(void **state)
{
    struct link_peer *p = *state;
    uint8_t other[HELLO_EXPORTER] = {0};
    struct proto_hello_ok ok;
    struct link_event event;
    upgraded(p, NULL);
    peer_hello_ok(p, other, &ok);
    assert_err(hello_with(p, &ok, &event), SIGNATURE);
}

static void a_changed_nonce_signature_or_chain_is_refused(void **state)
{
    struct link_peer *p = *state;
    for (unsigned what = 0; what < 4; what++) {
        struct proto_hello_ok ok;
        struct link_event event;
        upgraded(p, NULL);
        peer_hello_ok(p, p->exporter, &ok);
        ok.nonce[0] ^= what == 0;
        ok.signature[5] ^= what == 1;
        if (what == 2)
            ok.chain[0] = ok.chain[1];
        if (what == 3)
            ok.chain[1] = ok.chain[0];
        sotto_err err = hello_with(p, &ok, &event);
        assert_true(err == (what < 2 ? SOTTO_E_SIGNATURE : SOTTO_E_CERTIFICATE));
    }
}

static void a_version_that_was_not_offered_is_refused(void **state)
{
    struct link_peer *p = *state;
    struct proto_hello_ok ok;
    struct link_event event;
    upgraded(p, NULL);
    peer_hello_ok(p, p->exporter, &ok);
    ok.version = 2;
    assert_err(hello_with(p, &ok, &event), VERSION);
}

static void the_servers_own_refusal_comes_through(void **state)
{
    struct link_peer *p = *state;
    struct proto_error error = {
        .code = SOTTO_E_FULL, .retry_ms = 1234, .detail = VIEW_LIT("come back")};
    struct link_event event;
    for (unsigned bye = 0; bye < 2; bye++) {
        sotto_buf frame = {0};
        upgraded(p, NULL);
        assert_ok(bye ? proto_bye_write(&error, &frame) : proto_error_write(1, &error, &frame));
        assert_err(say_ws(p, WS_BINARY, buf_view(&frame), &event), FULL);
        assert_int_equal(link_retry_ms(p->link), 1234);
        assert_string_equal(link_detail(p->link), "come back");
        buf_clear(&frame);
    }
}

static void answers_of_other_servers_are_named(void **state)
{
    struct link_peer *p = *state;
    const struct {
        const char *answer;
        sotto_err err;
    } answers[] = {
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", SOTTO_E_HTTP},
        {"HTTP/1.1 503 Busy\r\n\r\n", SOTTO_E_FULL},
        {"HTTP/1.1 429 Slow\r\n\r\n", SOTTO_E_RATE},
        {"SSH-2.0-OpenSSH_9.2\r\n\r\n", SOTTO_E_HTTP},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nSec-WebSocket-Protocol: "
         "sotto.1\r\n\r\n",
         SOTTO_E_HTTP},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", SOTTO_E_HTTP},
    };
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct link_event event;
        peer_connect(p, NULL);
        assert_int_equal(peer_say(p, view_str(answers[i].answer), &event), answers[i].err);
        assert_err(peer_say(p, VIEW_LIT("more"), &event), CLOSED);
    }
}

static void any_split_of_the_bytes_gives_the_same(void **state)
{
    struct link_peer *p = *state;
    sotto_buf bytes = {0};
    struct proto_hello_ok ok;
    struct link_event event;
    upgraded(p, NULL);
    peer_hello_ok(p, p->exporter, &ok);
    peer_connect(p, NULL); /* the same seed, so the same hello is coming */
    peer_upgrade(p, &bytes);
    peer_hello_write(&ok, &bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        assert_ok(peer_say(p, view_of(bytes.data + i, 1), &event));
        assert_int_equal(event.kind, i + 1 < bytes.len ? LINK_NONE : LINK_READY);
    }
    buf_clear(&bytes);
}

static void frames_come_whole_also_from_fragments(void **state)
{
    struct link_peer *p = *state;
    struct link_event event;
    const uint8_t parts[] = {0x02, 3, 'a', 'b', 'c', 0x89, 0, 0x00, 1, 'd', 0x80, 2, 'e', 'f'};
    ready(p);
    assert_ok(say_ws(p, WS_BINARY, VIEW_LIT("whole"), &event));
    assert_true(event.kind == LINK_FRAME && view_equal(event.frame, VIEW_LIT("whole")));
    assert_ok(peer_say(p, VIEW_OF(parts), &event));
    assert_true(event.kind == LINK_FRAME && view_equal(event.frame, VIEW_LIT("abcdef")));
}

static void two_frames_at_once_are_two_events(void **state)
{
    struct link_peer *p = *state;
    struct link_event event;
    const uint8_t both[] = {0x82, 1, 'a', 0x82, 1, 'b'};
    ready(p);
    assert_ok(peer_say(p, VIEW_OF(both), &event));
    assert_true(view_equal(event.frame, VIEW_LIT("a")));
    assert_ok(link_next(p->link, PEER_NOW, &p->said, &event));
    assert_true(view_equal(event.frame, VIEW_LIT("b")));
    assert_ok(link_next(p->link, PEER_NOW, &p->said, &event));
    assert_int_equal(event.kind, LINK_NONE);
}

static void a_ping_is_answered_with_its_own_bytes(void **state)
{
    struct link_peer *p = *state;
    struct link_event event;
    size_t len;
    ready(p);
    assert_int_equal(p->said.len, 0);
    assert_ok(say_ws(p, WS_PING, VIEW_LIT("are you there"), &event));
    struct ws_frame pong = peer_heard(p, &len);
    assert_int_equal(pong.opcode, WS_PONG);
    assert_true(view_equal(pong.payload, VIEW_LIT("are you there")));
}

static void a_close_is_answered_once_and_ends_the_link(void **state)
{
    struct link_peer *p = *state;
    struct link_event event;
    size_t len;
    ready(p);
    assert_ok(say_ws(p, WS_CLOSE,
                     VIEW_LIT("\x03\xe9"
                              "going"),
                     &event));
    assert_int_equal(event.kind, LINK_CLOSED);
    assert_string_equal(link_detail(p->link), "going");
    assert_int_equal(peer_heard(p, &len).opcode, WS_CLOSE);
    assert_int_equal(len, p->said.len);
    assert_ok(link_close(p->link, &p->said));
    assert_int_equal(len, p->said.len);
}

static void broken_frames_and_frames_that_are_too_large_are_refused(void **state)
{
    struct link_peer *p = *state;
    struct link_event event;
    const uint8_t masked[] = {0x82, 0x81, 0, 0, 0, 0, 'a'};
    const uint8_t gigabyte[] = {0x82, 127, 0, 0, 0, 0, 0x40, 0, 0, 0};
    const uint8_t text[] = {0x81, 1, 'a'};
    ready(p);
    assert_err(peer_say(p, VIEW_OF(masked), &event), WEBSOCKET);
    ready(p);
    assert_err(peer_say(p, VIEW_OF(gigabyte), &event), TOO_LARGE);
    ready(p);
    assert_err(peer_say(p, VIEW_OF(text), &event), WEBSOCKET);
}

static void what_the_server_does_not_take_is_not_sent(void **state)
{
    struct link_peer *p = *state;
    struct proto_hello_ok ok;
    struct link_event event;
    static uint8_t large[2000];
    size_t len;
    upgraded(p, NULL);
    peer_hello_ok(p, p->exporter, &ok);
    ok.frame_max = 1999;
    assert_ok(hello_with(p, &ok, &event));
    assert_err(link_send(p->link, VIEW_OF(large), &p->said), TOO_LARGE);
    assert_int_equal(p->said.len, 0);
    assert_ok(link_send(p->link, view_of(large, 1999), &p->said));
    assert_int_equal(peer_heard(p, &len).payload.len, 1999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_is_what_rfc_6455_asks_for),
        cmocka_unit_test(a_server_that_proves_its_key_is_ready),
        cmocka_unit_test(the_pinned_server_is_accepted),
        cmocka_unit_test(another_root_than_the_pinned_one_is_refused),
        cmocka_unit_test(a_signature_over_another_connection_is_refused),
        cmocka_unit_test(a_changed_nonce_signature_or_chain_is_refused),
        cmocka_unit_test(a_version_that_was_not_offered_is_refused),
        cmocka_unit_test(the_servers_own_refusal_comes_through),
        cmocka_unit_test(answers_of_other_servers_are_named),
        cmocka_unit_test(any_split_of_the_bytes_gives_the_same),
        cmocka_unit_test(frames_come_whole_also_from_fragments),
        cmocka_unit_test(two_frames_at_once_are_two_events),
        cmocka_unit_test(a_ping_is_answered_with_its_own_bytes),
        cmocka_unit_test(a_close_is_answered_once_and_ends_the_link),
        cmocka_unit_test(broken_frames_and_frames_that_are_too_large_are_refused),
        cmocka_unit_test(what_the_server_does_not_take_is_not_sent),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
