#include "unit.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/gate.h"
#include "net/stats.h"

#define CROWD_MAX 1200

static struct limits no_limits;
static struct stats stats;

static struct gate *gate_of(const struct limits *limits)
{
    static const uint8_t key[16] = "a gate's hash ke";
    struct gate *gate = calloc(1, sizeof *gate);
    assert_non_null(gate);
    memset(&stats, 0, sizeof stats);
    assert_ok(gate_init(gate, limits, &stats, key));
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

/* With a descriptor that nobody else has, and that is none. */
static struct visitor visitor_of(struct core_address person)
{
    static int last = -1;
    return (struct visitor){.person = person, .fd = --last};
}

static enum gate_verdict enter(struct gate *gate, struct visitor *visitor,
                               struct core_address person)
{
    *visitor = visitor_of(person);
    return gate_enter(gate, visitor, 0);
}

static void without_limits_everybody_comes_in(void **state)
{
    (void)state;
    static struct visitor crowd[10000];
    struct gate *gate = gate_of(&no_limits);
    for (size_t i = 0; i < COUNT_OF(crowd); i++)
        assert_int_equal(enter(gate, &crowd[i], v4(1, 1)), GATE_IN);
    for (size_t i = 0; i < COUNT_OF(crowd); i++)
        gate_leave(gate, &crowd[i]);
    gate_free(gate);
}

static void connections_in_all_are_limited(void **state)
{
    (void)state;
    const struct limits limits = {.connections = 2};
    struct gate *gate = gate_of(&limits);
    struct visitor a, b, c;
    assert_int_equal(enter(gate, &a, v4(1, 1)), GATE_IN);
    assert_int_equal(enter(gate, &b, v4(2, 1)), GATE_IN);
    assert_int_equal(enter(gate, &c, v6(1)), GATE_CONNECTIONS);
    gate_leave(gate, &a);
    assert_int_equal(enter(gate, &c, v6(1)), GATE_IN);
    gate_leave(gate, &b);
    gate_leave(gate, &c);
    assert_int_equal(stats.refused_connections, 1);
    gate_free(gate);
}

static void connections_of_one_address_are_limited(void **state)
{
    (void)state;
    const struct limits limits = {.connections_per_address = 2};
    struct gate *gate = gate_of(&limits);
    struct visitor a, b, c, neighbour;
    assert_int_equal(enter(gate, &a, v4(1, 1)), GATE_IN);
    assert_int_equal(enter(gate, &b, v4(1, 1)), GATE_IN);
    assert_int_equal(enter(gate, &c, v4(1, 1)), GATE_ADDRESS);
    assert_int_equal(enter(gate, &neighbour, v4(1, 2)), GATE_IN);
    gate_settle(gate, &a, true, 0); /* in a room it still counts */
    assert_int_equal(enter(gate, &c, v4(1, 1)), GATE_ADDRESS);
    gate_leave(gate, &a);
    gate_leave(gate, &b);
    gate_leave(gate, &neighbour);
    assert_int_equal(stats.refused_address, 2);
    gate_free(gate);
}

static void a_room_ends_the_strangeness(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated = 2};
    struct gate *gate = gate_of(&limits);
    struct visitor a, b, c;
    assert_int_equal(enter(gate, &a, v4(1, 1)), GATE_IN);
    gate_settle(gate, &a, true, 0);
    assert_true(a.settled);
    assert_int_equal(enter(gate, &b, v4(1, 2)), GATE_IN);
    assert_int_equal(gate->strangers, 1);
    gate_settle(gate, &a, false, 0);
    assert_false(a.settled);
    assert_int_equal(gate->strangers, 2);
    assert_int_equal(enter(gate, &c, v4(1, 3)), GATE_STRANGERS);
    assert_int_equal(stats.refused_unauthenticated, 1);
    gate_leave(gate, &a);
    gate_leave(gate, &b);
    gate_free(gate);
}

static void strangers_of_one_network_are_limited(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated_per_network = 2};
    struct gate *gate = gate_of(&limits);
    struct visitor a, b, c, far, six, more, other_six;
    assert_int_equal(enter(gate, &a, v4(1, 1)), GATE_IN);
    assert_int_equal(enter(gate, &b, v4(1, 2)), GATE_IN);
    assert_int_equal(enter(gate, &c, v4(1, 3)), GATE_NETWORK);
    assert_int_equal(enter(gate, &far, v4(2, 3)), GATE_IN);
    assert_int_equal(enter(gate, &six, v6(1)), GATE_IN);
    assert_int_equal(enter(gate, &more, v6(1)), GATE_IN);
    assert_int_equal(enter(gate, &other_six, v6(1)), GATE_NETWORK);
    assert_int_equal(enter(gate, &other_six, v6(2)), GATE_IN);
    gate_settle(gate, &b, true, 0);
    assert_int_equal(enter(gate, &c, v4(1, 3)), GATE_IN);
    struct visitor *all[] = {&a, &b, &c, &far, &six, &more, &other_six};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        gate_leave(gate, all[i]);
    assert_int_equal(stats.refused_unauthenticated, 2);
    gate_free(gate);
}

/* ---- when all places are taken */

struct crowd {
    struct gate *gate;
    struct visitor all[CROWD_MAX];
    int others[CROWD_MAX]; /* the far ends of their sockets; -1: it has none */
    size_t count;
};

/* With a socket, so that one sees whether it had to go. */
static struct visitor *come(struct crowd *crowd, struct core_address person, uint64_t now_ms,
                            enum gate_verdict expected)
{
    int pair[2];
    assert_true(crowd->count < CROWD_MAX);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    struct visitor *visitor = &crowd->all[crowd->count];
    *visitor = (struct visitor){.person = person, .fd = pair[0]};
    crowd->others[crowd->count++] = pair[1];
    assert_int_equal(gate_enter(crowd->gate, visitor, now_ms), expected);
    if (expected != GATE_IN) {
        close(pair[0]);
        close(crowd->others[--crowd->count]);
    }
    return visitor;
}

static bool is_out(const struct crowd *crowd, const struct visitor *visitor)
{
    char byte;
    return recv(crowd->others[visitor - crowd->all], &byte, 1, 0) == 0;
}

static struct crowd *crowd_of(const struct limits *limits)
{
    struct crowd *crowd = calloc(1, sizeof *crowd);
    assert_non_null(crowd);
    crowd->gate = gate_of(limits);
    return crowd;
}

static void crowd_free(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->count; i++) {
        gate_leave(crowd->gate, &crowd->all[i]);
        close(crowd->all[i].fd);
        close(crowd->others[i]);
    }
    gate_free(crowd->gate);
    free(crowd);
}

static void when_all_places_are_taken_one_of_the_largest_network_goes(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated = 6};
    struct crowd *crowd = crowd_of(&limits);
    struct visitor *small[2], *large[3];
    small[0] = come(crowd, v4(1, 1), 0, GATE_IN);
    small[1] = come(crowd, v4(2, 1), 0, GATE_IN);
    for (uint8_t i = 0; i < 3; i++)
        large[i] = come(crowd, v4(3, i), 10 + i, GATE_IN);
    struct visitor *six = come(crowd, v6(1), 0, GATE_IN);
    struct visitor *comer = come(crowd, v4(4, 1), 20, GATE_IN);
    assert_true(is_out(crowd, large[0])); /* the oldest of them */
    assert_false(is_out(crowd, large[1]) || is_out(crowd, large[2]) || is_out(crowd, six));
    assert_false(is_out(crowd, small[0]) || is_out(crowd, small[1]) || is_out(crowd, comer));
    assert_int_equal(crowd->gate->strangers, 6);
    assert_int_equal(crowd->gate->total, 7); /* its descriptor is still there */
    assert_int_equal(stats.evicted, 1);
    crowd_free(crowd);
}

static void nobody_goes_for_a_network_that_holds_as_much(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated = 4};
    struct crowd *crowd = crowd_of(&limits);
    for (uint8_t i = 0; i < 4; i++)
        (void)come(crowd, v4(i / 2, i), 0, GATE_IN);
    (void)come(crowd, v4(0, 9), 100000, GATE_STRANGERS);
    (void)come(crowd, v4(7, 1), 100000, GATE_IN);
    assert_int_equal(stats.evicted, 1);
    crowd_free(crowd);
}

static void among_equals_the_one_goes_that_has_not_got_on_for_the_longest(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated = 3};
    struct crowd *crowd = crowd_of(&limits);
    struct visitor *a = come(crowd, v4(1, 1), 1000, GATE_IN);
    struct visitor *b = come(crowd, v4(2, 1), 1001, GATE_IN);
    struct visitor *c = come(crowd, v4(3, 1), 1002, GATE_IN);
    gate_progress(crowd->gate, b, 1003);
    gate_progress(crowd->gate, a, 1004);
    gate_progress(crowd->gate, c, 1005);
    (void)come(crowd, v4(4, 1), 2000, GATE_IN);
    assert_true(is_out(crowd, b) && !is_out(crowd, a) && !is_out(crowd, c));
    (void)come(crowd, v4(5, 1), 2001, GATE_IN); /* who is silent for a ms has not got on for less */
    assert_true(is_out(crowd, a) && !is_out(crowd, c));
    crowd_free(crowd);
}

/* The pace of a client far away: 150 ms from one step to the next. */
static void silence_weighs_more_than_a_long_way(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated = 3};
    struct crowd *crowd = crowd_of(&limits);
    struct visitor *a = come(crowd, v4(1, 1), 1000, GATE_IN);
    struct visitor *b = come(crowd, v4(2, 1), 1000, GATE_IN);
    gate_progress(crowd->gate, a, 1001);
    gate_progress(crowd->gate, b, 1001);
    struct visitor *silent = come(crowd, v4(3, 1), 1140, GATE_IN);
    struct visitor *comer = come(crowd, v4(4, 1), 1150, GATE_IN);
    assert_true(is_out(crowd, silent));
    gate_progress(crowd->gate, comer, 1150);
    silent = come(crowd, v4(5, 1), 2000, GATE_IN); /* but nobody may stay for ever */
    assert_true(is_out(crowd, a) || is_out(crowd, b));
    assert_false(is_out(crowd, comer) || is_out(crowd, silent));
    crowd_free(crowd);
}

static void who_had_to_go_leaves_without_taking_the_place_of_another(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated = 1};
    struct gate *gate = gate_of(&limits);
    struct visitor a, b, c;
    assert_int_equal(enter(gate, &a, v4(1, 1)), GATE_IN);
    assert_int_equal(enter(gate, &b, v4(2, 1)), GATE_IN);
    gate_progress(gate, &a, 50); /* too late: nothing of b's is touched */
    gate_settle(gate, &a, true, 50);
    assert_int_equal(gate->strangers, 1);
    gate_leave(gate, &a);
    assert_int_equal(gate->strangers, 1);
    assert_int_equal(gate->total, 1);
    assert_int_equal(enter(gate, &c, v4(3, 1)), GATE_IN);
    gate_leave(gate, &b);
    gate_leave(gate, &c);
    gate_free(gate);
}

static void who_leaves_a_room_takes_a_place_like_who_comes(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated = 2};
    struct crowd *crowd = crowd_of(&limits);
    struct visitor *member = come(crowd, v4(1, 1), 0, GATE_IN);
    gate_settle(crowd->gate, member, true, 0);
    struct visitor *a = come(crowd, v4(2, 1), 1, GATE_IN);
    struct visitor *b = come(crowd, v4(2, 2), 2, GATE_IN);
    gate_settle(crowd->gate, member, false, 3);
    assert_true(is_out(crowd, a) && !is_out(crowd, b));
    assert_int_equal(crowd->gate->strangers, 2);
    crowd_free(crowd);
}

/* Somebody who takes 60 ms in three steps, while others come all the time, from so many networks. */
static unsigned comers_let_in(unsigned networks, unsigned each_ms, bool speaks)
{
    enum { TRIES = 20, STEP_MS = 20 };
    const struct limits limits = {.unauthenticated = 512, .unauthenticated_per_network = 32};
    static struct visitor flood[40000];
    struct gate *gate = gate_of(&limits);
    size_t came = 0;
    unsigned in = 0;
    uint64_t now_ms = 1000;
    for (unsigned i = 0; i < TRIES; i++) {
        struct visitor comer = visitor_of(v4(1, 1));
        comer.person.bytes[0] = 10;
        bool good = gate_enter(gate, &comer, now_ms) == GATE_IN;
        for (uint64_t end_ms = now_ms + 3 * STEP_MS; now_ms < end_ms; now_ms++) {
            for (unsigned k = 0; k < each_ms; k++) {
                unsigned network = (unsigned)came % networks;
                struct visitor *foe = &flood[came++ % COUNT_OF(flood)];
                if (foe->fd != 0)
                    gate_leave(gate, foe);
                *foe = visitor_of(v4((uint8_t)network, (uint8_t)k));
                foe->person.bytes[0] = (uint8_t)(100 + network / 256);
                if (gate_enter(gate, foe, now_ms) != GATE_IN)
                    *foe = (struct visitor){0};
                else if (speaks)
                    gate_progress(gate, foe, now_ms);
            }
            if ((end_ms - now_ms) % STEP_MS == STEP_MS - 1)
                gate_progress(gate, &comer, now_ms);
        }
        uint64_t strangers = gate->strangers;
        gate_settle(gate, &comer, true, now_ms);
        in += good && gate->strangers < strangers; /* it still had its place */
        if (good)
            gate_leave(gate, &comer);
    }
    assert_true(gate->strangers <= limits.unauthenticated);
    for (size_t i = 0; i < COUNT_OF(flood); i++)
        if (flood[i].fd != 0)
            gate_leave(gate, &flood[i]);
    memset(flood, 0, sizeof flood);
    gate_free(gate);
    return in;
}

static void a_flood_shuts_nobody_out(void **state)
{
    (void)state;
    assert_int_equal(comers_let_in(20, 20, true), 20);
    assert_int_equal(comers_let_in(250, 20, false), 20);
    assert_int_equal(comers_let_in(250, 20, true), 20);
    assert_in_range(comers_let_in(2000, 20, false), 19, 20); /* more networks than places */
    assert_in_range(comers_let_in(2000, 4, true), 19, 20);
}

static void places_are_as_many_as_there_were_strangers_at_once(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated = 100};
    static struct visitor all[100];
    struct gate *gate = gate_of(&limits);
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 100; i++)
            assert_int_equal(enter(gate, &all[i], v4((uint8_t)i, 1)), GATE_IN);
        for (unsigned i = 0; i < 100; i++)
            gate_leave(gate, &all[(i * 37 + round) % 100]);
    }
    assert_in_range(gate->place_cap, 100, 256);
    gate_free(gate);
}

static void behind_a_proxy_limits_hold_for_who_is_named(void **state)
{
    (void)state;
    const struct limits limits = {.connections_per_address = 2, .unauthenticated_per_network = 3};
    struct gate *gate = gate_of(&limits);
    const struct core_address nobody = {{0}}, a = v4(1, 1), b = v4(1, 2), far = v4(2, 1);
    struct visitor all[10], late;
    for (size_t i = 0; i < COUNT_OF(all); i++)
        assert_int_equal(enter(gate, &all[i], nobody), GATE_IN);
    assert_int_equal(gate_name(gate, &all[0], &a), GATE_IN);
    assert_int_equal(gate_name(gate, &all[1], &a), GATE_IN);
    assert_int_equal(gate_name(gate, &all[2], &a), GATE_ADDRESS);
    assert_int_equal(gate_name(gate, &all[2], &b), GATE_IN);
    assert_int_equal(gate_name(gate, &all[3], &b), GATE_NETWORK);
    assert_int_equal(gate_name(gate, &all[3], &far), GATE_IN);
    assert_int_equal(enter(gate, &late, a), GATE_ADDRESS);
    assert_int_equal(gate->total, 10);
    assert_int_equal(gate->strangers, 10);
    gate_settle(gate, &all[0], true, 0);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        gate_leave(gate, &all[i]);
    gate_free(gate);
}

static void behind_a_proxy_who_has_no_name_yet_is_no_network(void **state)
{
    (void)state;
    const struct limits limits = {.unauthenticated = 4};
    struct crowd *crowd = crowd_of(&limits);
    const struct core_address nobody = {{0}}, a = v4(1, 1);
    struct visitor *unnamed[2], *named[2];
    for (int i = 0; i < 2; i++)
        unnamed[i] = come(crowd, nobody, 0, GATE_IN);
    for (int i = 0; i < 2; i++) {
        named[i] = come(crowd, nobody, 5, GATE_IN);
        assert_int_equal(gate_name(crowd->gate, named[i], &a), GATE_IN);
    }
    (void)come(crowd, nobody, 6, GATE_IN);
    assert_true(is_out(crowd, named[0]) || is_out(crowd, named[1])); /* two of one network */
    (void)come(crowd, nobody, 7, GATE_IN);                           /* now all are equal */
    assert_true(is_out(crowd, unnamed[0]) || is_out(crowd, unnamed[1]));
    for (int i = 0; i < 2; i++) /* the word came, but there is no place any more */
        if (is_out(crowd, unnamed[i]))
            assert_int_equal(gate_name(crowd->gate, unnamed[i], &a), GATE_IN);
    assert_int_equal(crowd->gate->strangers, 4);
    crowd_free(crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_everybody_comes_in),
        cmocka_unit_test(connections_in_all_are_limited),
        cmocka_unit_test(connections_of_one_address_are_limited),
        cmocka_unit_test(a_room_ends_the_strangeness),
        cmocka_unit_test(strangers_of_one_network_are_limited),
        cmocka_unit_test(when_all_places_are_taken_one_of_the_largest_network_goes),
        cmocka_unit_test(nobody_goes_for_a_network_that_holds_as_much),
        cmocka_unit_test(among_equals_the_one_goes_that_has_not_got_on_for_the_longest),
        cmocka_unit_test(silence_weighs_more_than_a_long_way),
        cmocka_unit_test(who_had_to_go_leaves_without_taking_the_place_of_another),
        cmocka_unit_test(who_leaves_a_room_takes_a_place_like_who_comes),
        cmocka_unit_test(a_flood_shuts_nobody_out),
        cmocka_unit_test(places_are_as_many_as_there_were_strangers_at_once),
        cmocka_unit_test(behind_a_proxy_limits_hold_for_who_is_named),
        cmocka_unit_test(behind_a_proxy_who_has_no_name_yet_is_no_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
