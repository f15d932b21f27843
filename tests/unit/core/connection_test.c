#include "world.h"

static struct limits few(void)
{
    struct limits limits = limits_default();
    limits.connections = 3;
    limits.connections_per_address = 2;
    return limits;
}

static void connections_in_all_are_limited(void **state)
{
    (void)state;
    struct world w = world_of(few());
    come(&w, 1);
    come(&w, 2);
    come(&w, 3);
    assert_int_equal(w.fx.count, 0);
    come(&w, 4);
    got_bye(&w, 4, SOTTO_E_FULL);
    assert_int_equal(core_count(w.core).connections, 3);
    ask_open(&w, 4); /* it is no connection: nothing comes of what it says */
    assert_int_equal(w.fx.count, 0);
    go(&w, 4, true, false);
    go(&w, 1, true, false);
    come(&w, 5);
    assert_int_equal(w.fx.count, 0);
    world_clear(&w);
}

static void connections_from_one_address_are_limited(void **state)
{
    (void)state;
    struct world w = world_of(few());
    come_from(&w, 1, 7);
    come_from(&w, 2, 7);
    come_from(&w, 3, 7);
    got_bye(&w, 3, SOTTO_E_FULL);
    come_from(&w, 4, 8);
    assert_int_equal(w.fx.count, 0);
    go(&w, 1, false, false);
    come_from(&w, 5, 7);
    assert_int_equal(w.fx.count, 0);
    world_clear(&w);
}

static void connection_without_a_room_is_closed_in_time(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, 1);
    assert_int_equal(core_next_ms(w.core), w.now_ms + 60000);
    tick(&w, w.now_ms + 59999);
    assert_int_equal(w.fx.count, 0);
    tick(&w, w.now_ms + 1);
    got_bye(&w, 1, SOTTO_E_TIMEOUT);
    assert_int_equal(core_count(w.core).connections, 0);
    assert_true(core_next_ms(w.core) == UINT64_MAX);
    world_clear(&w);
}

static void time_without_a_room_begins_again_when_one_ends(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, 1);
    w.now_ms += 50000;
    uint32_t slot = opened(&w, 1);
    tick(&w, w.now_ms + 100000);
    assert_int_equal(w.fx.count, 0);
    ask_close(&w, 1, slot, ROOM_END_LEFT);
    assert_int_equal(core_next_ms(w.core), w.now_ms + 60000);
    tick(&w, w.now_ms + 60000);
    got_bye(&w, 1, SOTTO_E_TIMEOUT);
    world_clear(&w);
}

static void same_number_cannot_be_open_twice(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, 1);
    struct core_event again = {.kind = CORE_OPEN, .connection = 1, .address = address_v4(2)};
    core_effects_reset(&w.fx);
    assert_err(core_step(w.core, &again, w.now_ms, &w.rng, &w.fx), EXISTS);
    assert_int_equal(w.fx.count, 0);
    world_clear(&w);
}

static void stop_says_bye_to_everybody_and_lets_nobody_in(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    joined(&w, 1, 2);
    come(&w, 3);
    step(&w, (struct core_event){.kind = CORE_STOP});
    got_bye(&w, 3, SOTTO_E_CLOSED);
    for (uint64_t id = 1; id <= 3; id++)
        assert_int_equal(effects(&w, CORE_CLOSE, id), 1);
    assert_int_equal(effects(&w, CORE_SEND, 1), 2); /* room_closed and bye */
    assert_int_equal(core_count(w.core).connections, 0);
    assert_int_equal(core_count(w.core).rooms_open, 0);
    come(&w, 4);
    got_bye(&w, 4, SOTTO_E_CLOSED);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_in_all_are_limited),
        cmocka_unit_test(connections_from_one_address_are_limited),
        cmocka_unit_test(connection_without_a_room_is_closed_in_time),
        cmocka_unit_test(time_without_a_room_begins_again_when_one_ends),
        cmocka_unit_test(same_number_cannot_be_open_twice),
        cmocka_unit_test(stop_says_bye_to_everybody_and_lets_nobody_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
