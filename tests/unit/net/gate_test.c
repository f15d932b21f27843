#include "unit.h"

#include "net/gate.h"

#define NEVER  UINT32_MAX /* the chance that is refused only at certainty */
#define ALWAYS 0

static struct limits no_limits;

static struct gate *gate_of(const struct limits *limits)
{
    static const uint8_t key[16] = "a gate's hash ke";
    struct gate *gate = calloc(1, sizeof *gate);
    assert_non_null(gate);
    assert_ok(gate_init(gate, limits, key));
    return gate;
}

static void gate_free(struct gate *gate)
{
    assert_int_equal(gate->counters.count, 0); /* who left is forgotten */
    assert_int_equal(gate->total, 0);
    assert_int_equal(gate->strangers, 0);
    gate_clear(gate);
    free(gate);
}

static struct core_address v4(uint8_t c, uint8_t d)
{
    return (struct core_address){{192, 0, c, d, [15] = 4}};
}

static struct core_address v6(uint8_t last)
{
    return (struct core_address){{0x20, 1, 0xd, 0xb8, 0, 0, last, [15] = 6}};
}

static void without_limits_everybody_comes_in(void **state)
{
    (void)state;
    struct gate *gate = gate_of(&no_limits);
    struct core_address a = v4(1, 1);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(gate_enter(gate, &a, ALWAYS), GATE_IN);
    for (int i = 0; i < 10000; i++)
        gate_leave(gate, &a, false);
    gate_free(gate);
}

static void connections_in_all_are_limited(void **state)
{
    (void)state;
    const struct limits limits = {.connections = 2};
    struct gate *gate = gate_of(&limits);
    struct core_address a = v4(1, 1), b = v4(2, 1), c = v6(1);
    assert_int_equal(gate_enter(gate, &a, NEVER), GATE_IN);
    assert_int_equal(gate_enter(gate, &b, NEVER), GATE_IN);
    assert_int_equal(gate_enter(gate, &c, NEVER), GATE_CONNECTIONS);
    gate_leave(gate, &a, false);
    assert_int_equal(gate_enter(gate, &c, NEVER), GATE_IN);
    gate_leave(gate, &b, false);
    gate_leave(gate, &c, false);
    gate_free(gate);
}

static void connections_of_one_address_are_limited(void **state)
{
    (void)state;
    const struct limits limits = {.connections_per_address = 2};
    struct gate *gate = gate_of(&limits);
    struct core_address a = v4(1, 1), neighbour = v4(1, 2);
    assert_int_equal(gate_enter(gate, &a, NEVER), GATE_IN);
    assert_int_equal(gate_enter(gate, &a, NEVER), GATE_IN);
    assert_int_equal(gate_enter(gate, &a, NEVER), GATE_ADDRESS);
    assert_int_equal(gate_enter(gate, &neighbour, NEVER), GATE_IN);
    gate_settle(gate, &a, true); /* in a room it still counts */
    assert_int_equal(gate_enter(gate, &a, NEVER), GATE_ADDRESS);
    gate_leave(gate, &a, true);
    gate_leave(gate, &a, false);
    gate_leave(gate, &neighbour, false);
    gate_free(gate);
}

static void strangers_in_all_are_limited_and_a_room_ends_the_strangeness(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated = 1};
    struct gate *gate = gate_of(&limits);
    struct core_address a = v4(1, 1), b = v4(2, 1);
    assert_int_equal(gate_enter(gate, &a, NEVER), GATE_IN);
    assert_int_equal(gate_enter(gate, &b, NEVER), GATE_STRANGERS);
    gate_settle(gate, &a, true);
    assert_int_equal(gate_enter(gate, &b, NEVER), GATE_IN);
    gate_settle(gate, &a, false);
    assert_int_equal(gate->strangers, 2);
    gate_leave(gate, &a, false);
    gate_leave(gate, &b, false);
    gate_free(gate);
}

static void strangers_of_one_network_are_limited(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated_per_network = 2};
    struct gate *gate = gate_of(&limits);
    struct core_address a = v4(1, 1), b = v4(1, 2), c = v4(1, 3), other = v4(2, 3), six = v6(1),
                        other_six = v6(2);
    assert_int_equal(gate_enter(gate, &a, NEVER), GATE_IN);
    assert_int_equal(gate_enter(gate, &b, NEVER), GATE_IN);
    assert_int_equal(gate_enter(gate, &c, NEVER), GATE_NETWORK);
    assert_int_equal(gate_enter(gate, &other, NEVER), GATE_IN);
    assert_int_equal(gate_enter(gate, &six, NEVER), GATE_IN);
    assert_int_equal(gate_enter(gate, &six, NEVER), GATE_IN);
    assert_int_equal(gate_enter(gate, &six, NEVER), GATE_NETWORK);
    assert_int_equal(gate_enter(gate, &other_six, NEVER), GATE_IN);
    gate_settle(gate, &b, true);
    assert_int_equal(gate_enter(gate, &c, NEVER), GATE_IN);
    gate_leave(gate, &a, false);
    gate_leave(gate, &b, true);
    gate_leave(gate, &c, false);
    gate_leave(gate, &other, false);
    gate_leave(gate, &six, false);
    gate_leave(gate, &six, false);
    gate_leave(gate, &other_six, false);
    gate_free(gate);
}

/* The share of 1,000 evenly spread chances that are refused when so many strangers are in. */
static unsigned refused_of_1000(struct gate *gate, const struct core_address *a)
{
    unsigned refused = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        enum gate_verdict verdict = gate_enter(gate, a, (uint32_t)(i * UINT32_MAX / 1000));
        if (verdict == GATE_IN)
            gate_leave(gate, a, false);
        else
            assert_int_equal(verdict, GATE_EARLY);
        refused += verdict != GATE_IN;
    }
    return refused;
}

static void from_half_of_the_limit_on_strangers_are_refused_at_random_more_and_more(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated = 100};
    struct gate *gate = gate_of(&limits);
    struct core_address a = v4(1, 1);
    unsigned in = 0;
    for (; in < 50; in++) {
        assert_int_equal(refused_of_1000(gate, &a), 0);
        assert_int_equal(gate_enter(gate, &a, NEVER), GATE_IN);
    }
    for (; in < 75; in++)
        assert_int_equal(gate_enter(gate, &a, NEVER), GATE_IN);
    unsigned refused = refused_of_1000(gate, &a);
    assert_in_range(refused, 490, 510);
    for (; in < 99; in++)
        assert_int_equal(gate_enter(gate, &a, NEVER), GATE_IN);
    assert_in_range(refused_of_1000(gate, &a), 970, 990);
    assert_int_equal(gate_enter(gate, &a, NEVER), GATE_IN);
    assert_int_equal(gate_enter(gate, &a, NEVER), GATE_STRANGERS);
    for (in = 0; in < 100; in++)
        gate_leave(gate, &a, false);
    gate_free(gate);
}

static void behind_a_proxy_limits_hold_for_who_is_named(void **state)
{
    (void)state;
    const struct limits limits = {.connections_per_address = 2, .unauthenticated_per_network = 3};
    struct gate *gate = gate_of(&limits);
    struct core_address nobody = {{0}}, a = v4(1, 1), b = v4(1, 2), far = v4(2, 1);
    for (int i = 0; i < 10; i++)
        assert_int_equal(gate_enter(gate, &nobody, NEVER), GATE_IN);
    assert_int_equal(gate_name(gate, &a), GATE_IN);
    assert_int_equal(gate_name(gate, &a), GATE_IN);
    assert_int_equal(gate_name(gate, &a), GATE_ADDRESS);
    assert_int_equal(gate_name(gate, &b), GATE_IN);
    assert_int_equal(gate_name(gate, &b), GATE_NETWORK);
    assert_int_equal(gate_name(gate, &far), GATE_IN);
    assert_int_equal(gate_enter(gate, &a, NEVER), GATE_ADDRESS);
    assert_int_equal(gate->total, 10);
    assert_int_equal(gate->strangers, 10);
    for (int i = 0; i < 6; i++)
        gate_leave(gate, &nobody, false);
    gate_settle(gate, &a, true);
    gate_leave(gate, &a, true);
    gate_leave(gate, &a, false);
    gate_leave(gate, &b, false);
    gate_leave(gate, &far, false);
    assert_int_equal(gate->total, 0);
    assert_int_equal(gate->strangers, 0);
    assert_int_equal(gate->counters.count, 0);
    gate_free(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_everybody_comes_in),
        cmocka_unit_test(connections_in_all_are_limited),
        cmocka_unit_test(connections_of_one_address_are_limited),
        cmocka_unit_test(strangers_in_all_are_limited_and_a_room_ends_the_strangeness),
        cmocka_unit_test(strangers_of_one_network_are_limited),
        cmocka_unit_test(from_half_of_the_limit_on_strangers_are_refused_at_random_more_and_more),
        cmocka_unit_test(behind_a_proxy_limits_hold_for_who_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
