#include "world.h"

static void rooms_in_all_are_limited(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.rooms = 2;
    struct world w = world_of(limits);
    come(&w, 1);
    come(&w, 2);
    come(&w, 3);
    uint32_t slot = opened(&w, 1);
    opened(&w, 2);
    ask_open(&w, 3);
    got_error(&w, 3, SOTTO_E_FULL);
    ask_close(&w, 1, slot, ROOM_END_LEFT);
    opened(&w, 3);
    world_clear(&w);
}

static void rooms_of_one_connection_are_limited(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.rooms_per_connection = 2;
    struct world w = world_of(limits);
    come(&w, 1);
    come(&w, 2);
    come(&w, 3);
    opened(&w, 1);
    uint32_t slot = opened(&w, 2), other = opened(&w, 3);
    ask_join(&w, 1, slot);
    got(&w, 1, PROTO_ROOM_JOINED);
    ask_open(&w, 1);
    got_error(&w, 1, SOTTO_E_FULL);
    ask_join(&w, 1, other);
    got_error(&w, 1, SOTTO_E_FULL);
    ask_close(&w, 1, slot, ROOM_END_LEFT);
    opened(&w, 1);
    world_clear(&w);
}

static void rooms_open_from_one_address_are_limited(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.rooms_per_address = 2;
    struct world w = world_of(limits);
    come_from(&w, 1, 7);
    come_from(&w, 2, 7);
    come_from(&w, 3, 8);
    opened(&w, 1);
    opened(&w, 2);
    ask_open(&w, 2);
    got_error(&w, 2, SOTTO_E_FULL);
    uint32_t slot = opened(&w, 3);
    ask_join(&w, 2, slot); /* joining opens none */
    got(&w, 2, PROTO_ROOM_JOINED);
    go(&w, 1, true, false);
    opened(&w, 2);
    world_clear(&w);
}

static void opening_again_and_again_has_to_wait(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.room_opens = 3;
    limits.room_open_ms = 7000;
    struct world w = world_of(limits);
    come(&w, 1);
    for (int i = 0; i < 3; i++)
        ask_close(&w, 1, opened(&w, 1), ROOM_END_LEFT);
    ask_open(&w, 1);
    assert_int_equal(got_error(&w, 1, SOTTO_E_RATE).retry_ms, 7000);
    go(&w, 1, true, false); /* coming back is no way round it */
    come(&w, 1);
    w.now_ms += 6999;
    ask_open(&w, 1);
    assert_int_equal(got_error(&w, 1, SOTTO_E_RATE).retry_ms, 1);
    assert_int_equal(limited(&w, RATE_ROOM_OPEN), 2);
    w.now_ms += 1;
    opened(&w, 1);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rooms_in_all_are_limited),
        cmocka_unit_test(rooms_of_one_connection_are_limited),
        cmocka_unit_test(rooms_open_from_one_address_are_limited),
        cmocka_unit_test(opening_again_and_again_has_to_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
