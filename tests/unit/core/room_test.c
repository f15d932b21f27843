/* What two people see of a room, from opening to its end. */
#include "world.h"

static void opened_room_has_a_short_slot_and_a_time_to_join(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, 1);
    ask_open(&w, 1);
    struct proto_room_opened answer = {0};
    struct proto_frame frame = got(&w, 1, PROTO_ROOM_OPENED);
    assert_ok(proto_room_opened_read(frame.body, &answer));
    assert_int_equal(frame.request, 11);
    assert_in_range(answer.slot, 1, 99);
    assert_int_equal(answer.join_ttl_s, 600);
    assert_int_equal(effects(&w, CORE_SETTLED, 1), 1);
    assert_true(logged(&w, "room", "session open %u", answer.slot));
    world_clear(&w);
}

static void joiner_gets_in_and_the_creator_hears_of_it(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, 1);
    come(&w, 2);
    uint32_t slot = opened(&w, 1), told = 0;
    ask_join(&w, 2, slot);
    struct proto_room_joined answer = {0};
    struct proto_frame frame = got(&w, 2, PROTO_ROOM_JOINED);
    assert_ok(proto_room_joined_read(frame.body, &answer));
    assert_int_equal(frame.request, 12);
    assert_int_equal(answer.slot, slot);
    assert_int_equal(answer.suite.len, 0);
    assert_ok(proto_room_peer_read(got(&w, 1, PROTO_ROOM_PEER).body, &told));
    assert_int_equal(told, slot);
    assert_int_equal(effects(&w, CORE_SETTLED, 2), 1);
    assert_true(logged(&w, "room", "peer joined %u", slot));
    world_clear(&w);
}

static void what_is_sent_reaches_the_other_one_unchanged_and_nobody_else(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    uint32_t slot = joined(&w, 1, 2), other = joined(&w, 3, 4);
    struct proto_room_data data = {0};
    ask_send(&w, 1, slot, VIEW_LIT("to two"));
    struct proto_frame frame = got(&w, 2, PROTO_ROOM_DATA);
    assert_int_equal(frame.request, 0);
    assert_ok(proto_room_data_read(frame.body, &data));
    assert_int_equal(data.slot, slot);
    assert_true(view_equal(data.data, VIEW_LIT("to two")));
    assert_int_equal(w.fx.count, 1);
    ask_send(&w, 4, other, VIEW_LIT("to three"));
    assert_ok(proto_room_data_read(got(&w, 3, PROTO_ROOM_DATA).body, &data));
    assert_true(view_equal(data.data, VIEW_LIT("to three")));
    assert_int_equal(w.fx.count, 1);
    world_clear(&w);
}

static void third_one_is_told_that_the_code_is_taken(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    uint32_t slot = joined(&w, 1, 2);
    come(&w, 3);
    ask_join(&w, 3, slot);
    got_error(&w, 3, SOTTO_E_TAKEN);
    assert_int_equal(w.fx.count, 1);
    ask_send(&w, 3, slot, VIEW_LIT("let me in"));
    got_error(&w, 3, SOTTO_E_NOTFOUND);
    assert_int_equal(w.fx.count, 1);
    ask_send(&w, 1, slot, VIEW_LIT("hello"));
    got(&w, 2, PROTO_ROOM_DATA);
    assert_int_equal(w.fx.count, 1);
    world_clear(&w);
}

static void late_one_is_told_what_became_of_the_code(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    uint32_t used = joined(&w, 1, 2);
    come(&w, 3);
    come(&w, 9);
    uint32_t left = opened(&w, 3), expired = opened(&w, 3);
    ask_close(&w, 1, used, ROOM_END_LEFT);
    ask_close(&w, 3, left, ROOM_END_LEFT);
    tick(&w, w.now_ms + 600000);
    come(&w, 9);
    ask_join(&w, 9, used);
    got_error(&w, 9, SOTTO_E_TAKEN);
    ask_join(&w, 9, left);
    got_error(&w, 9, SOTTO_E_NOTFOUND);
    ask_join(&w, 9, expired);
    got_error(&w, 9, SOTTO_E_EXPIRED);
    world_clear(&w);
}

static void creator_cannot_join_its_own_room(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, 1);
    uint32_t slot = opened(&w, 1);
    ask_join(&w, 1, slot);
    got_error(&w, 1, SOTTO_E_EXISTS);
    world_clear(&w);
}

static void room_of_the_other_kind_is_not_found(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, 1);
    come(&w, 2);
    uint32_t slot = opened(&w, 1);
    ask_join_kind(&w, 2, ROOM_LAB, slot);
    got_error(&w, 2, SOTTO_E_NOTFOUND);
    ask_join(&w, 2, slot);
    got(&w, 2, PROTO_ROOM_JOINED);
    world_clear(&w);
}

static void lab_room_tells_the_joiner_its_suite(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    struct proto_room_opened opened_answer = {0};
    struct proto_room_joined joined_answer = {0};
    come(&w, 1);
    come(&w, 2);
    ask_open_lab(&w, 1, "x25519-hkdf-aes256gcm");
    assert_ok(proto_room_opened_read(got(&w, 1, PROTO_ROOM_OPENED).body, &opened_answer));
    assert_true(logged(&w, "room", "lab open %u x25519-hkdf-aes256gcm", opened_answer.slot));
    ask_join_kind(&w, 2, ROOM_LAB, opened_answer.slot);
    assert_ok(proto_room_joined_read(got(&w, 2, PROTO_ROOM_JOINED).body, &joined_answer));
    assert_true(view_equal(joined_answer.suite, VIEW_LIT("x25519-hkdf-aes256gcm")));
    world_clear(&w);
}

static void sending_before_anybody_joined_is_refused(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, 1);
    uint32_t slot = opened(&w, 1);
    ask_send(&w, 1, slot, VIEW_LIT("anybody?"));
    got_error(&w, 1, SOTTO_E_NOT_NOW);
    ask_confirm(&w, 1, slot);
    got_error(&w, 1, SOTTO_E_NOT_NOW);
    world_clear(&w);
}

static void confirmation_is_logged_when_both_have_given_it(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    uint32_t slot = joined(&w, 1, 2);
    ask_confirm(&w, 2, slot);
    got_ok(&w, 2, 13);
    assert_false(logged(&w, "room", "confirmed %u", slot));
    ask_confirm(&w, 2, slot);
    got_ok(&w, 2, 13);
    assert_false(logged(&w, "room", "confirmed %u", slot));
    ask_confirm(&w, 1, slot);
    got_ok(&w, 1, 13);
    assert_true(logged(&w, "room", "confirmed %u", slot));
    world_clear(&w);
}

static void close_ends_the_room_for_both(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    uint32_t slot = joined(&w, 1, 2);
    ask_close(&w, 2, slot, ROOM_END_LEFT);
    got_ok(&w, 2, 14);
    got_closed(&w, 1, slot, ROOM_END_LEFT);
    assert_int_equal(effects(&w, CORE_UNSETTLED, 1), 1);
    assert_int_equal(effects(&w, CORE_UNSETTLED, 2), 1);
    assert_true(logged(&w, "room", "closed %u", slot));
    ask_send(&w, 1, slot, VIEW_LIT("still there?"));
    got_error(&w, 1, SOTTO_E_NOTFOUND);
    assert_int_equal(core_count(w.core).rooms_open, 0);
    world_clear(&w);
}

static void end_of_a_connection_ends_its_rooms_and_says_how(void **state)
{
    (void)state;
    static const struct {
        bool clean, slow;
        uint8_t reason;
    } cases[] = {
        {true, false, ROOM_END_LEFT}, {false, false, ROOM_END_LOST}, {false, true, ROOM_END_SLOW}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct world w = world_of(limits_default());
        uint32_t slot = joined(&w, 1, 2);
        go(&w, 1, cases[i].clean, cases[i].slow);
        got_closed(&w, 2, slot, cases[i].reason);
        for (size_t e = 0; e < w.fx.count; e++)
            assert_true(w.fx.list[e].kind == CORE_LOG || w.fx.list[e].connection == 2);
        world_clear(&w);
    }
}

static void one_connection_may_sit_in_several_rooms(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, 1);
    come(&w, 2);
    come(&w, 3);
    uint32_t first = opened(&w, 1), second = opened(&w, 1);
    assert_int_not_equal(first, second);
    assert_int_equal(effects(&w, CORE_SETTLED, 1), 0);
    ask_join(&w, 2, first);
    ask_join(&w, 3, second);
    ask_send(&w, 1, second, VIEW_LIT("x"));
    got(&w, 3, PROTO_ROOM_DATA);
    ask_close(&w, 1, second, ROOM_END_LEFT);
    assert_int_equal(effects(&w, CORE_UNSETTLED, 1), 0);
    ask_send(&w, 1, first, VIEW_LIT("y"));
    got(&w, 2, PROTO_ROOM_DATA);
    go(&w, 1, true, false);
    got_closed(&w, 2, first, ROOM_END_LEFT);
    world_clear(&w);
}

static void room_that_nobody_joins_expires(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.room_join_ms = 5000;
    struct world w = world_of(limits);
    come(&w, 1);
    uint32_t slot = opened(&w, 1);
    assert_int_equal(core_next_ms(w.core), w.now_ms + 5000);
    tick(&w, w.now_ms + 4999);
    assert_int_equal(w.fx.count, 0);
    tick(&w, w.now_ms + 1);
    got_closed(&w, 1, slot, ROOM_END_EXPIRED);
    world_clear(&w);
}

static void joined_room_lives_on_until_its_life_is_over(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.room_life_ms = 3600000;
    struct world w = world_of(limits);
    uint32_t slot = joined(&w, 1, 2);
    assert_int_equal(core_next_ms(w.core), w.now_ms + 3600000);
    tick(&w, w.now_ms + 3599999);
    assert_int_equal(w.fx.count, 0);
    tick(&w, w.now_ms + 1);
    got_closed(&w, 1, slot, ROOM_END_EXPIRED);
    got_closed(&w, 2, slot, ROOM_END_EXPIRED);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opened_room_has_a_short_slot_and_a_time_to_join),
        cmocka_unit_test(joiner_gets_in_and_the_creator_hears_of_it),
        cmocka_unit_test(what_is_sent_reaches_the_other_one_unchanged_and_nobody_else),
        cmocka_unit_test(third_one_is_told_that_the_code_is_taken),
        cmocka_unit_test(late_one_is_told_what_became_of_the_code),
        cmocka_unit_test(creator_cannot_join_its_own_room),
        cmocka_unit_test(room_of_the_other_kind_is_not_found),
        cmocka_unit_test(lab_room_tells_the_joiner_its_suite),
        cmocka_unit_test(sending_before_anybody_joined_is_refused),
        cmocka_unit_test(confirmation_is_logged_when_both_have_given_it),
        cmocka_unit_test(close_ends_the_room_for_both),
        cmocka_unit_test(end_of_a_connection_ends_its_rooms_and_says_how),
        cmocka_unit_test(one_connection_may_sit_in_several_rooms),
        cmocka_unit_test(room_that_nobody_joins_expires),
        cmocka_unit_test(joined_room_lives_on_until_its_life_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
