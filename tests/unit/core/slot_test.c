#include "world.h"

static struct limits endless(void)
{
    struct limits limits = limits_default();
    limits.rooms = limits.rooms_per_connection = limits.rooms_per_address = 0;
    limits.room_opens = limits.requests = 0;
    return limits;
}

static void slots_are_short_and_different(void **state)
{
    (void)state;
    struct world w = world_of(endless());
    bool used[1000] = {false};
    come(&w, 1);
    for (int i = 0; i < 200; i++) {
        uint32_t slot = opened(&w, 1);
        assert_in_range(slot, 1, i < 50 ? 99 : 999);
        assert_false(used[slot]);
        used[slot] = true;
    }
    world_clear(&w);
}

static void slot_rests_before_it_is_given_out_again(void **state)
{
    (void)state;
    struct limits limits = endless();
    limits.slot_rest_ms = 10000;
    struct world w = world_of(limits);
    bool used[1000] = {false};
    come(&w, 1);
    for (int i = 0; i < 300; i++) {
        uint32_t slot = opened(&w, 1);
        assert_false(used[slot]);
        used[slot] = true;
        ask_close(&w, 1, slot, ROOM_END_LEFT);
    }
    w.now_ms += 9999;
    assert_in_range(opened(&w, 1), 100, 999); /* most likely: at most one in ten is below */
    w.now_ms += 1;
    uint32_t slot = opened(&w, 1); /* all are awake: few are in use, so it is short again */
    assert_in_range(slot, 1, 99);
    world_clear(&w);
}

static void slots_of_two_servers_differ(void **state)
{
    (void)state;
    struct world a = world_of(limits_default()), b = world_of(limits_default());
    uint8_t seed[RNG_SEED] = "another seed";
    b.rng = rng_from(seed);
    come(&a, 1);
    come(&b, 1);
    size_t same = 0;
    for (int i = 0; i < 4; i++)
        same += opened(&a, 1) == opened(&b, 1);
    assert_true(same < 4);
    world_clear(&a);
    world_clear(&b);
}

static void resting_slots_take_bounded_memory(void **state)
{
    (void)state;
    struct world w = world_of(endless());
    uint32_t highest = 0;
    come(&w, 1);
    for (int i = 0; i < 300000; i++) {
        uint32_t slot = opened(&w, 1);
        highest = slot > highest ? slot : highest;
        ask_close(&w, 1, slot, ROOM_END_LEFT);
    }
    assert_in_range(highest, 100000,
                    999999); /* 131,072 rest; more would need seven digits in the end */
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_short_and_different),
        cmocka_unit_test(slot_rests_before_it_is_given_out_again),
        cmocka_unit_test(slots_of_two_servers_differ),
        cmocka_unit_test(resting_slots_take_bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
