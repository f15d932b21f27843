/* Guesses at codes: who pays for them, and what they cost. */
#include "world.h"

#define ATTACKER 2

/* A fresh room of a fresh creator with the attacker in it. */
static uint32_t guess(struct world *w, uint64_t creator)
{
    come(w, creator);
    uint32_t slot = opened(w, creator);
    ask_join(w, ATTACKER, slot);
    return slot;
}

static void five_wrong_codes_are_free_and_the_sixth_waits(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, ATTACKER);
    for (uint64_t creator = 10; creator < 15; creator++) {
        uint32_t slot = guess(&w, creator);
        got(&w, ATTACKER, PROTO_ROOM_JOINED);
        ask_close(&w, creator, slot, ROOM_END_CODE);
        got_closed(&w, ATTACKER, slot, ROOM_END_CODE);
    }
    uint32_t slot = guess(&w, 15);
    assert_int_equal(got_error(&w, ATTACKER, SOTTO_E_RATE).retry_ms, 300000);
    assert_int_equal(effects(&w, CORE_SEND, 15), 0); /* the room is untouched */
    go(&w, ATTACKER, true, false);
    come(&w, ATTACKER); /* coming back is no way round it */
    w.now_ms += 299999;
    ask_join(&w, ATTACKER, slot);
    got_error(&w, ATTACKER, SOTTO_E_RATE);
    w.now_ms += 1;
    ask_join(&w, ATTACKER, slot);
    got(&w, ATTACKER, PROTO_ROOM_JOINED);
    assert_int_equal(core_count(w.core).code_failures_total, 5);
    assert_int_equal(limited(&w, RATE_WRONG_CODE), 2);
    world_clear(&w);
}

static void how_many_and_how_long_can_be_set(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.wrong_codes = 1;
    limits.wrong_code_ms = 1234;
    struct world w = world_of(limits);
    come(&w, ATTACKER);
    ask_close(&w, 10, guess(&w, 10), ROOM_END_CODE);
    uint32_t slot = guess(&w, 11);
    assert_int_equal(got_error(&w, ATTACKER, SOTTO_E_RATE).retry_ms, 1234);
    w.now_ms += 1234;
    ask_join(&w, ATTACKER, slot);
    got(&w, ATTACKER, PROTO_ROOM_JOINED);
    world_clear(&w);
}

static void guesses_under_way_at_once_count_too(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.rooms_per_connection = 100;
    struct world w = world_of(limits);
    come(&w, ATTACKER);
    for (uint64_t creator = 10; creator < 15; creator++) {
        guess(&w, creator);
        got(&w, ATTACKER, PROTO_ROOM_JOINED);
    }
    guess(&w, 15);
    got_error(&w, ATTACKER, SOTTO_E_RATE);
    world_clear(&w);
}

static void right_codes_cost_nothing(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, ATTACKER);
    for (uint64_t creator = 10; creator < 30; creator++) {
        uint32_t slot = guess(&w, creator);
        got(&w, ATTACKER, PROTO_ROOM_JOINED);
        ask_confirm(&w, creator, slot);
        ask_confirm(&w, ATTACKER, slot);
        ask_close(&w, ATTACKER, slot, ROOM_END_LEFT);
    }
    assert_int_equal(core_count(w.core).code_failures_total, 0);
    world_clear(&w);
}

static void confirming_alone_does_not_make_a_code_right(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, ATTACKER);
    for (uint64_t creator = 10; creator < 15; creator++) {
        uint32_t slot = guess(&w, creator);
        ask_confirm(&w, ATTACKER, slot);
        ask_close(&w, ATTACKER, slot, ROOM_END_LEFT);
    }
    guess(&w, 15);
    got_error(&w, ATTACKER, SOTTO_E_RATE);
    world_clear(&w);
}

static void joiner_who_leaves_before_confirming_has_guessed(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    for (uint64_t creator = 10; creator < 15; creator++) {
        come(&w, ATTACKER);
        guess(&w, creator);
        got(&w, ATTACKER, PROTO_ROOM_JOINED);
        go(&w, ATTACKER, false, false);
    }
    come(&w, ATTACKER);
    guess(&w, 15);
    got_error(&w, ATTACKER, SOTTO_E_RATE);
    world_clear(&w);
}

static void creator_who_leaves_costs_the_joiner_nothing(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, ATTACKER);
    for (uint64_t creator = 10; creator < 30; creator++) {
        uint32_t slot = guess(&w, creator);
        got(&w, ATTACKER, PROTO_ROOM_JOINED);
        ask_close(&w, creator, slot, ROOM_END_LEFT);
    }
    world_clear(&w);
}

static void creator_never_pays(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    for (uint64_t joiner = 10; joiner < 20; joiner++) {
        uint32_t slot = joined(&w, 1, joiner);
        ask_close(&w, 1, slot, ROOM_END_CODE);
        go(&w, 1, true, false);
    }
    come(&w, 1);
    come(&w, 3);
    ask_join(&w, 1, opened(&w, 3));
    got(&w, 1, PROTO_ROOM_JOINED);
    world_clear(&w);
}

static void number_where_no_room_is_counts_as_a_guess(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, ATTACKER);
    for (uint32_t i = 0; i < 5; i++) {
        ask_join(&w, ATTACKER, 1000 + i);
        got_error(&w, ATTACKER, SOTTO_E_NOTFOUND);
    }
    ask_join(&w, ATTACKER, 1005);
    got_error(&w, ATTACKER, SOTTO_E_RATE);
    world_clear(&w);
}

static void lab_rooms_know_no_guesses(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, 1);
    come(&w, ATTACKER);
    for (int i = 0; i < 10; i++) {
        struct proto_room_opened answer = {0};
        ask_open_lab(&w, 1, "modp2048-aes256gcm");
        assert_ok(proto_room_opened_read(got(&w, 1, PROTO_ROOM_OPENED).body, &answer));
        ask_join_kind(&w, ATTACKER, ROOM_LAB, answer.slot);
        got(&w, ATTACKER, PROTO_ROOM_JOINED);
        ask_close(&w, ATTACKER, answer.slot, ROOM_END_LEFT);
    }
    assert_int_equal(core_count(w.core).code_failures_total, 0);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_wrong_codes_are_free_and_the_sixth_waits),
        cmocka_unit_test(how_many_and_how_long_can_be_set),
        cmocka_unit_test(guesses_under_way_at_once_count_too),
        cmocka_unit_test(right_codes_cost_nothing),
        cmocka_unit_test(confirming_alone_does_not_make_a_code_right),
        cmocka_unit_test(joiner_who_leaves_before_confirming_has_guessed),
        cmocka_unit_test(creator_who_leaves_costs_the_joiner_nothing),
        cmocka_unit_test(creator_never_pays),
        cmocka_unit_test(number_where_no_room_is_counts_as_a_guess),
        cmocka_unit_test(lab_rooms_know_no_guesses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
