#include "unit.h"

#include "socketio/socketio.h"

static struct socketio_packet read_text(const char *text)
{
    struct socketio_packet packet;
    assert_ok(socketio_read(view_str(text), &packet));
    return packet;
}

/* The packet, and the same bytes written again. */
static void packet_is(const char *text, enum socketio_type type, const char *space, int64_t id,
                      const char *data)
{
    struct socketio_packet packet = read_text(text);
    DEFER(buf_clear) sotto_buf again = {0};
    assert_int_equal(packet.type, type);
    assert_true(view_equal(packet.space, view_str(space)));
    assert_int_equal(packet.has_id, id >= 0);
    if (id >= 0)
        assert_int_equal(packet.id, id);
    assert_true(view_equal(packet.data, view_str(data)));
    assert_ok(socketio_write(packet.type, packet.space, packet.has_id ? &packet.id : NULL,
                             packet.data, &again));
    assert_true(view_equal(buf_view(&again), view_str(text)));
}

/* The tables of the specification's "Packet encoding", but for the binary ones. */
static void the_examples_of_the_specification_are_read_and_written(void **state)
{
    (void)state;
    packet_is("0", SOCKETIO_CONNECT, "/", -1, "");
    packet_is("0{\"sid\":\"wZX3oN0bSVIhsaknAAAI\"}", SOCKETIO_CONNECT, "/", -1,
              "{\"sid\":\"wZX3oN0bSVIhsaknAAAI\"}");
    packet_is("0/admin,", SOCKETIO_CONNECT, "/admin", -1, "");
    packet_is("0/admin,{\"token\":\"123\"}", SOCKETIO_CONNECT, "/admin", -1, "{\"token\":\"123\"}");
    packet_is("4{\"message\":\"Not authorized\"}", SOCKETIO_CONNECT_ERROR, "/", -1,
              "{\"message\":\"Not authorized\"}");
    packet_is("2[\"foo\"]", SOCKETIO_EVENT, "/", -1, "[\"foo\"]");
    packet_is("2/admin,[\"bar\"]", SOCKETIO_EVENT, "/admin", -1, "[\"bar\"]");
    packet_is("212[\"foo\"]", SOCKETIO_EVENT, "/", 12, "[\"foo\"]");
    packet_is("2/admin,13[\"foo\"]", SOCKETIO_EVENT, "/admin", 13, "[\"foo\"]");
    packet_is("312[]", SOCKETIO_ACK, "/", 12, "[]");
    packet_is("3/admin,13[\"bar\"]", SOCKETIO_ACK, "/admin", 13, "[\"bar\"]");
    packet_is("1", SOCKETIO_DISCONNECT, "/", -1, "");
    packet_is("1/admin,", SOCKETIO_DISCONNECT, "/admin", -1, "");
}

static void binary_packets_are_not_supported(void **state)
{
    (void)state;
    struct socketio_packet packet;
    assert_err(socketio_read(VIEW_LIT("51-[\"baz\",{\"_placeholder\":true,\"num\":0}]"), &packet),
               UNSUPPORTED);
    assert_err(socketio_read(VIEW_LIT("61-15[\"bar\"]"), &packet), UNSUPPORTED);
}

static void an_event_is_a_name_and_arguments_as_they_came(void **state)
{
    (void)state;
    static const struct {
        const char *text, *event, *arguments;
    } cases[] = {
        {"2[\"a\"]", "a", ""},
        {"2[\"a\",1,{\"x\":[2]},\"]\"]", "a", ",1,{\"x\":[2]},\"]\""},
        {"2 [ \"a\" , 1.50e1 ] ", "a", ", 1.50e1 "},
        {"2[\"\\u0061\\\"\\u00e9\",null]", "a\"\xc3\xa9", ",null"},
        {"2[\"ELGAMAL_PK\",\"\\u0000\"]", "ELGAMAL_PK", ",\"\\u0000\""},
        {"27[\"a\",9223372036854775807]", "a", ",9223372036854775807"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct socketio_packet packet = read_text(cases[i].text);
        assert_string_equal(packet.event, cases[i].event);
        assert_true(view_equal(packet.arguments, view_str(cases[i].arguments)));
    }
}

static void an_event_is_written_under_another_name(void **state)
{
    (void)state;
    struct socketio_packet packet = read_text("2[\"message\",{\"iv\":\"0\"},7]");
    DEFER(buf_clear) sotto_buf out = {0};
    assert_ok(socketio_event_write("received_message", packet.arguments, &out));
    assert_true(view_equal(buf_view(&out), VIEW_LIT("2[\"received_message\",{\"iv\":\"0\"},7]")));
}

static void what_is_no_packet_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "7",
                                      "x",
                                      "2",
                                      "2{}",
                                      "2[]",
                                      "2[1]",
                                      "2[\"\"]",
                                      "2[\"a\"",
                                      "2[\"a\"]]",
                                      "2[\"a\"] x",
                                      "2[\"a\",]",
                                      "2a[\"a\"]",
                                      "2/admin",
                                      "0/a\x1e",
                                      ("0/a\x1e"
                                       "b,"),
                                      "202[\"a\"]",
                                      "2-1[\"a\"]",
                                      "21234567890123456[\"a\"]",
                                      "3[]",
                                      "3",
                                      "312",
                                      "312{}",
                                      "0[]",
                                      "01",
                                      "0x",
                                      "1{}",
                                      "15",
                                      "1[]",
                                      "4[]",
                                      "2[\"a\\u0000b\"]",
                                      "2[\"a\",\"\x01\"]",
                                      "2[\"a\",\"\x1e\"]",
                                      "2[\"\xff\"]",
                                      "2[\"a\",nul]",
                                      "2[\"a\",01]"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct socketio_packet packet = {.id = 77};
        assert_err(socketio_read(view_str(bad[i]), &packet), VALUE);
        assert_int_equal(packet.id, 77);
    }
}

static void a_packet_is_not_whole_before_its_end(void **state)
{
    (void)state;
    static const char text[] = "2/a,12[\"foo\",{\"x\":1}]";
    for (size_t len = 0; len < sizeof text - 1; len++) {
        struct socketio_packet packet;
        assert_err(socketio_read(view_of(text, len), &packet), VALUE);
    }
}

static void numbers_and_names_have_a_size(void **state)
{
    (void)state;
    struct socketio_packet packet;
    char text[SOCKETIO_NAME + 8];
    assert_err(socketio_read(VIEW_LIT("2[\"a\",9223372036854775808]"), &packet), TOO_LARGE);
    assert_err(socketio_read(VIEW_LIT("2[\"a\",1e999]"), &packet), TOO_LARGE);
    snprintf(text, sizeof text, "2[\"%064d\"]", 1);
    assert_ok(socketio_read(view_str(text), &packet));
    snprintf(text, sizeof text, "2[\"%065d\"]", 1);
    assert_err(socketio_read(view_str(text), &packet), TOO_LARGE);
}

static void strings_are_taken_out_of_an_event(void **state)
{
    (void)state;
    static const char data[] = "[\"join\",\"caf\\u00e9\",{\"room\":\"x\",\"n\":1}]";
    DEFER(buf_clear) sotto_buf out = {0};
    assert_ok(socketio_string(view_str(data), 0, NULL, &out));
    assert_ok(socketio_string(view_str(data), 1, "room", &out));
    assert_true(view_equal(buf_view(&out), VIEW_LIT("caf\xc3\xa9x")));
    assert_err(socketio_string(view_str(data), 1, "n", &out), NOTFOUND);
    assert_err(socketio_string(view_str(data), 1, "y", &out), NOTFOUND);
    assert_err(socketio_string(view_str(data), 1, NULL, &out), NOTFOUND);
    assert_err(socketio_string(view_str(data), 2, NULL, &out), NOTFOUND);
    assert_err(socketio_string(view_str(data), 0, "room", &out), NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_specification_are_read_and_written),
        cmocka_unit_test(binary_packets_are_not_supported),
        cmocka_unit_test(an_event_is_a_name_and_arguments_as_they_came),
        cmocka_unit_test(an_event_is_written_under_another_name),
        cmocka_unit_test(what_is_no_packet_is_refused),
        cmocka_unit_test(a_packet_is_not_whole_before_its_end),
        cmocka_unit_test(numbers_and_names_have_a_size),
        cmocka_unit_test(strings_are_taken_out_of_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
