/* What frames do that are not right, and what asking too much costs. */
#include "talk.h"

static void ends_it(const char *hex, sotto_err wanted)
{
    struct world w = world_of(limits_default());
    uint32_t slot = joined(&w, 1, 2);
    sotto_buf frame = unhex(hex);
    say_buf(&w, 1, &frame);
    got_bye(&w, 1, wanted);
    got_closed(&w, 2, slot, ROOM_END_LOST);
    assert_int_equal(core_count(w.core).connections, 1);
    assert_int_equal(core_count(w.core).rooms_open, 0);
    world_clear(&w);
}

static void malformed_frame_ends_the_connection(void **state)
{
    (void)state;
    ends_it("", SOTTO_E_TRUNCATED);
    ends_it("0100 000000", SOTTO_E_TRUNCATED);
    ends_it("0100 00000001", SOTTO_E_TRUNCATED);
    ends_it("0100 00000001 01 00 00", SOTTO_E_TRAILING);
    ends_it("0100 00000001 09 00", SOTTO_E_VALUE);
    ends_it("0102 00000001 01 00000000", SOTTO_E_VALUE);
    ends_it("0105 00000001 00000007 4001 61", SOTTO_E_VARINT);
    ends_it("0105 00000001 00000007 8000f001", SOTTO_E_TOO_LARGE);
    ends_it("0108 00000001 00000007 05", SOTTO_E_VALUE);
}

static void kind_that_is_no_request_ends_the_connection(void **state)
{
    (void)state;
    ends_it("0001 00000001", SOTTO_E_UNEXPECTED); /* a second hello */
    ends_it("0004 00000001", SOTTO_E_UNEXPECTED); /* what only the server says */
    ends_it("0106 00000001 00000007 01 61", SOTTO_E_UNEXPECTED);
}

static void unknown_kind_is_refused_and_the_connection_lives_on(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, 1);
    sotto_buf frame = unhex("7777 0000002a 0102");
    say_buf(&w, 1, &frame);
    got_error(&w, 1, SOTTO_E_KIND);
    assert_int_equal(got(&w, 1, PROTO_ERROR).request, 42);
    opened(&w, 1);
    world_clear(&w);
}

static void frame_over_the_limit_ends_the_connection(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.frame_bytes = 100;
    struct world w = world_of(limits);
    uint32_t slot = joined(&w, 1, 2);
    static const uint8_t bytes[90];
    ask_send(&w, 1, slot, view_of(bytes, 88)); /* 6 + 4 + 2 + 88 */
    got(&w, 2, PROTO_ROOM_DATA);
    ask_send(&w, 1, slot, view_of(bytes, 89));
    got_bye(&w, 1, SOTTO_E_TOO_LARGE);
    world_clear(&w);
}

static uint64_t paused_until(const struct world *w, uint64_t connection)
{
    for (size_t i = 0; i < w->fx.count; i++)
        if (w->fx.list[i].kind == CORE_PAUSE && w->fx.list[i].connection == connection)
            return w->fx.list[i].until_ms;
    return 0;
}

static void requests_over_the_rate_are_answered_but_slowed_down(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.requests = 3;
    limits.requests_per_s = 2;
    struct world w = world_of(limits);
    uint32_t slot = joined(&w, 1, 2); /* opening costs 5: 2 over 3, 1 s */
    w.now_ms += 2500;                 /* all has leaked */
    const uint64_t before = limited(&w, RATE_REQUEST);
    for (int i = 0; i < 3; i++) {
        ask_confirm(&w, 1, slot);
        got_ok(&w, 1, 13);
        assert_int_equal(paused_until(&w, 1), 0);
    }
    ask_confirm(&w, 1, slot);
    got_ok(&w, 1, 13);
    assert_int_equal(paused_until(&w, 1), w.now_ms + 500);
    ask_confirm(&w, 1, slot);
    assert_int_equal(paused_until(&w, 1), w.now_ms + 1000);
    assert_int_equal(limited(&w, RATE_REQUEST) - before, 2);
    world_clear(&w);
}

static void refusals_cost_as_well(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.requests = 3;
    struct world w = world_of(limits);
    come(&w, 1);
    for (int i = 0; i < 3; i++) {
        ask_send(&w, 1, 7, VIEW_LIT("x"));
        got_error(&w, 1, SOTTO_E_NOTFOUND);
        assert_int_equal(paused_until(&w, 1), 0);
    }
    ask_send(&w, 1, 7, VIEW_LIT("x"));
    assert_int_equal(paused_until(&w, 1), w.now_ms + 500);
    assert_int_equal(core_count(w.core).refused_total, 4);
    world_clear(&w);
}

static struct chat slow_talk(void)
{
    struct limits limits = no_limits();
    limits.requests = 3;
    limits.requests_per_s = 2;
    struct chat c = talk_of(limits, 2);
    later(&c.town, 60000);
    return c;
}

static void acks_that_change_nothing_cost_an_eighth(void **state)
{
    (void)state;
    struct chat c = slow_talk();
    for (int i = 0; i < 40; i++) { /* what moves a cursor costs nothing */
        ask_ack(&c, 1, says(&c, 0, "hello"));
        assert_int_equal(paused_until(world(&c), connection_of(1)), 0);
    }
    for (int i = 0; i < 4 * 8; i++) {
        assert_int_equal(paused_until(world(&c), connection_of(1)), 0);
        ask_ack(&c, 1, 1);
    }
    assert_int_equal(paused_until(world(&c), connection_of(1)), world(&c)->now_ms + 500);
    chat_clear(&c);
}

static void many_acks_in_one_frame_cost_as_much(void **state)
{
    (void)state;
    struct chat c = slow_talk();
    DEFER(buf_clear) sotto_buf list = {0};
    sotto_buf frame = {0};
    for (uint8_t i = 0; i < 5 * 8; i++)
        assert_ok(proto_ack_add(&(struct proto_ack_item){.stream = {i}, .seq = 1}, &list));
    assert_ok(proto_ack_write(34, &(struct proto_list){buf_view(&list), 5 * 8}, &frame));
    tell(&c.town, connection_of(1), &frame);
    assert_int_equal(effects(world(&c), CORE_SEND, connection_of(1)), 0);
    assert_int_equal(paused_until(world(&c), connection_of(1)), world(&c)->now_ms + 1000);
    chat_clear(&c);
}

static void an_op_that_was_answered_costs_a_quarter(void **state)
{
    (void)state;
    struct chat c = slow_talk();
    uint64_t op = c.voices[0].op;
    assert_int_equal(says(&c, 0, "hello"), 2);
    for (int i = 0; i < 4 * 4; i++) {
        assert_int_equal(paused_until(world(&c), connection_of(0)), 0);
        c.voices[0].op = op;
        assert_int_equal(says(&c, 0, "hello"), 2);
    }
    assert_int_equal(paused_until(world(&c), connection_of(0)), world(&c)->now_ms + 500);
    chat_clear(&c);
}

static void streams_that_one_left_cost_nothing_when_streams_are_listed(void **state)
{
    (void)state;
    struct chat c = slow_talk();
    uint8_t stream[STREAM_ID] = {0};
    memset(c.header_hash, 0, sizeof c.header_hash);
    c.epoch = 0;
    for (uint8_t i = 1; i <= 16; i++) {
        memset(c.stream, i, sizeof c.stream);
        ask_create(&c, 0, c.stream);
        heard_appended(&c, 0);
        says(&c, 0, "hello");
        ask_unsubscribe(&c, 0);
    }
    later(&c.town, 600000);
    sotto_buf frame = {0};
    for (int i = 0; i < 4; i++) {
        assert_ok(proto_streams_write(50, stream, &frame));
        tell(&c.town, connection_of(0), &frame);
        assert_int_equal(paused_until(world(&c), connection_of(0)),
                         i < 3 ? 0 : world(&c)->now_ms + 500);
    }
    chat_clear(&c);
}

static void bytes_over_the_rate_pause_the_sender_and_are_all_passed_on(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.room_bytes_per_s = 1000;
    limits.room_burst_bytes = 2000;
    struct world w = world_of(limits);
    uint32_t slot = joined(&w, 1, 2);
    static const uint8_t bytes[488]; /* with 12 of header, slot and length: 500 */
    for (int i = 0; i < 4; i++) {
        ask_send(&w, 1, slot, VIEW_OF(bytes));
        got(&w, 2, PROTO_ROOM_DATA);
        assert_int_equal(paused_until(&w, 1), 0);
    }
    assert_int_equal(limited(&w, RATE_ROOM_BYTES), 0);
    ask_send(&w, 1, slot, VIEW_OF(bytes));
    got(&w, 2, PROTO_ROOM_DATA);
    assert_int_equal(paused_until(&w, 1), w.now_ms + 500);
    assert_int_equal(limited(&w, RATE_ROOM_BYTES), 1);
    ask_send(&w, 2, slot, VIEW_OF(bytes)); /* each side has its own */
    got(&w, 1, PROTO_ROOM_DATA);
    assert_int_equal(paused_until(&w, 2), 0);
    w.now_ms += 500;
    ask_send(&w, 1, slot, VIEW_LIT("x"));
    got(&w, 2, PROTO_ROOM_DATA);
    assert_int_equal(paused_until(&w, 1), w.now_ms + 12);
    world_clear(&w);
}

static void many_small_messages_are_limited_in_bytes_only(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    uint32_t slot = joined(&w, 1, 2);
    static const uint8_t bytes[256];
    for (int i = 0; i < 10000; i++) {
        ask_send(&w, 1, slot, VIEW_OF(bytes));
        got(&w, 2, PROTO_ROOM_DATA);
        assert_int_equal(w.fx.count, 1);
    }
    assert_int_equal(core_count(w.core).bytes_total, 2560000);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_frame_ends_the_connection),
        cmocka_unit_test(kind_that_is_no_request_ends_the_connection),
        cmocka_unit_test(unknown_kind_is_refused_and_the_connection_lives_on),
        cmocka_unit_test(frame_over_the_limit_ends_the_connection),
        cmocka_unit_test(requests_over_the_rate_are_answered_but_slowed_down),
        cmocka_unit_test(refusals_cost_as_well),
        cmocka_unit_test(acks_that_change_nothing_cost_an_eighth),
        cmocka_unit_test(many_acks_in_one_frame_cost_as_much),
        cmocka_unit_test(an_op_that_was_answered_costs_a_quarter),
        cmocka_unit_test(streams_that_one_left_cost_nothing_when_streams_are_listed),
        cmocka_unit_test(bytes_over_the_rate_pause_the_sender_and_are_all_passed_on),
        cmocka_unit_test(many_small_messages_are_limited_in_bytes_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
