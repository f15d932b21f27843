#include "unit.h"

#include "socketio/engineio.h"

static void packet_is(const char *text, enum engineio_type type, const char *data)
{
    struct engineio_packet packet;
    DEFER(buf_clear) sotto_buf again = {0};
    assert_ok(engineio_packet_read(view_str(text), &packet));
    assert_int_equal(packet.type, type);
    assert_true(view_equal(packet.data, view_str(data)));
    assert_ok(engineio_packet_write(packet.type, packet.data, &again));
    assert_true(view_equal(buf_view(&again), view_str(text)));
}

/* The examples of the specification. */
static void a_packet_is_a_digit_and_its_data(void **state)
{
    (void)state;
    packet_is("4hello", ENGINEIO_MESSAGE, "hello");
    packet_is("4\xe2\x82\xac", ENGINEIO_MESSAGE, "\xe2\x82\xac");
    packet_is("2probe", ENGINEIO_PING, "probe");
    packet_is("3probe", ENGINEIO_PONG, "probe");
    packet_is("5", ENGINEIO_UPGRADE, "");
    packet_is("6", ENGINEIO_NOOP, "");
    packet_is("1", ENGINEIO_CLOSE, "");
}

static void what_is_no_packet_is_refused(void **state)
{
    (void)state;
    struct engineio_packet packet;
    static const char *const bad[] = {"", "7", "x", "/", ":", " 4", "4\xff", "4\xc0\x80"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_err(engineio_packet_read(view_str(bad[i]), &packet), VALUE);
    assert_err(engineio_packet_read(VIEW_LIT("bAQIDBA=="), &packet), UNSUPPORTED);
}

static void a_payload_gives_its_packets_in_order(void **state)
{
    (void)state;
    static const char text[] = "4hello\x1e"
                               "2\x1e"
                               "4world";
    view payload = view_str(text);
    struct engineio_packet packet;
    DEFER(buf_clear) sotto_buf again = {0};
    static const char *const data[] = {"hello", "", "world"};
    for (size_t i = 0; i < COUNT_OF(data); i++) {
        assert_ok(engineio_payload_next(&payload, &packet));
        assert_true(view_equal(packet.data, view_str(data[i])));
        assert_ok(engineio_payload_add(packet.type, packet.data, &again));
    }
    assert_int_equal(payload.len, 0);
    assert_true(view_equal(buf_view(&again), view_str(text)));
}

static void a_payload_has_no_empty_packets(void **state)
{
    (void)state;
    struct engineio_packet packet;
    view payload = VIEW_LIT("4a\x1e");
    assert_err(engineio_payload_next(&payload, &packet), VALUE);
    payload = VIEW_LIT("\x1e"
                       "4a");
    assert_err(engineio_payload_next(&payload, &packet), VALUE);
    payload = VIEW_LIT("4a\x1e\x1e"
                       "4b");
    assert_ok(engineio_payload_next(&payload, &packet));
    assert_err(engineio_payload_next(&payload, &packet), VALUE);
    payload = (view){0};
    assert_err(engineio_payload_next(&payload, &packet), VALUE);
}

static void open_says_all_that_a_client_needs(void **state)
{
    (void)state;
    static const char text[] =
        "{\"sid\":\"lv_VI97HAXpY6yYWAAAC\",\"upgrades\":[\"websocket\"],"
        "\"pingInterval\":25000,\"pingTimeout\":5000,\"maxPayload\":1000000}";
    struct engineio_open open;
    DEFER(buf_clear) sotto_buf again = {0};
    assert_ok(engineio_open_read(view_str(text), &open));
    assert_string_equal(open.sid, "lv_VI97HAXpY6yYWAAAC");
    assert_true(open.upgrade);
    assert_int_equal(open.ping_ms, 25000);
    assert_int_equal(open.pong_ms, 5000);
    assert_int_equal(open.payload_max, 1000000);
    assert_ok(engineio_open_write(&open, &again));
    assert_true(view_equal(buf_view(&again), view_str(text)));
    for (size_t len = 0; len < sizeof text - 1; len++)
        assert_err(engineio_open_read(view_of(text, len), &open), VALUE);
    assert_err(engineio_open_read(view_of(text, sizeof text), &open), VALUE);
}

static void an_open_of_another_form_is_refused(void **state)
{
    (void)state;
    struct engineio_open open;
    static const char *const bad[] = {
        "{}",
        "[]",
        "1",
        "{\"sid\":1,\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":1,\"maxPayload\":1}",
        "{\"sid\":\"a\",\"upgrades\":1,\"pingInterval\":1,\"pingTimeout\":1,\"maxPayload\":1}",
        "{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":-1,\"pingTimeout\":1,\"maxPayload\":1}",
        "{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":1.5,\"pingTimeout\":1,\"maxPayload\":1}",
        ("{\"sid\":\"123456789012345678901234567890123\",\"upgrades\":[],\"pingInterval\":1,"
         "\"pingTimeout\":1,\"maxPayload\":1}")};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_err(engineio_open_read(view_str(bad[i]), &open), VALUE);
}

static void a_query_names_version_transport_session_and_room(void **state)
{
    (void)state;
    struct engineio_query query;
    assert_ok(engineio_query_read(
        VIEW_LIT("/socket.io/?EIO=4&transport=polling&t=N8hyd7H&sid=abc&room=lab-1"), &query));
    assert_int_equal(query.version, 4);
    assert_int_equal(query.transport, ENGINEIO_POLLING);
    assert_true(view_equal(query.sid, VIEW_LIT("abc")));
    assert_true(view_equal(query.room, VIEW_LIT("lab-1")));
    assert_ok(engineio_query_read(VIEW_LIT("/socket.io/?transport=websocket&EIO=3"), &query));
    assert_int_equal(query.version, 3);
    assert_int_equal(query.transport, ENGINEIO_WEBSOCKET);
    assert_int_equal(query.sid.len, 0);
    assert_int_equal(query.room.len, 0);
    assert_false(query.jsonp);
    assert_ok(engineio_query_read(VIEW_LIT("/socket.io/?transport=polling&EIO=4&j=0"), &query));
    assert_true(query.jsonp);
}

static void what_a_query_does_not_say_is_not_there(void **state)
{
    (void)state;
    struct engineio_query query;
    static const char *const targets[] = {
        "/socket.io/",          "/socket.io",
        "/socket.io/?",         "/socket.io/?EIO=44&transport=flash",
        "/socket.io/?&=&EIO=x", "/socket.io/?EIO&transport"};
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        assert_ok(engineio_query_read(view_str(targets[i]), &query));
        assert_int_equal(query.version, 0);
        assert_int_equal(query.transport, 0);
    }
}

static void another_path_or_a_name_twice_is_refused(void **state)
{
    (void)state;
    struct engineio_query query;
    assert_err(engineio_query_read(VIEW_LIT("/"), &query), NOTFOUND);
    assert_err(engineio_query_read(VIEW_LIT("/engine.io/?EIO=4"), &query), NOTFOUND);
    assert_err(engineio_query_read(VIEW_LIT("/socket.io/x?EIO=4"), &query), NOTFOUND);
    assert_err(engineio_query_read(VIEW_LIT("/socket.io/?sid=a&sid=b"), &query), VALUE);
    assert_err(engineio_query_read(VIEW_LIT("/socket.io/?EIO=&EIO=4"), &query), VALUE);
}

static void a_rooms_name_needs_no_escapes(void **state)
{
    (void)state;
    char long_name[ENGINEIO_ROOM + 1];
    memset(long_name, 'x', sizeof long_name);
    assert_true(engineio_room_valid(VIEW_LIT("lab-1_A.z")));
    assert_true(engineio_room_valid(view_of(long_name, ENGINEIO_ROOM)));
    assert_false(engineio_room_valid(view_of(long_name, ENGINEIO_ROOM + 1)));
    static const char *const bad[] = {"", "a b", "a%20b", "\"", "a\\b", "\xc3\xa9", "a/b", "<x>"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(engineio_room_valid(view_str(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_is_a_digit_and_its_data),
        cmocka_unit_test(what_is_no_packet_is_refused),
        cmocka_unit_test(a_payload_gives_its_packets_in_order),
        cmocka_unit_test(a_payload_has_no_empty_packets),
        cmocka_unit_test(open_says_all_that_a_client_needs),
        cmocka_unit_test(an_open_of_another_form_is_refused),
        cmocka_unit_test(a_query_names_version_transport_session_and_room),
        cmocka_unit_test(what_a_query_does_not_say_is_not_there),
        cmocka_unit_test(another_path_or_a_name_twice_is_refused),
        cmocka_unit_test(a_rooms_name_needs_no_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
