#include "unit.h"

#include "gateway/hall.h"

struct place {
    struct limits limits;
    struct hall hall;
    uint64_t now_ms;
};

static struct place *place_new(void)
{
    static const uint8_t seed[RNG_SEED] = {1};
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->limits = limits_default();
    p->hall = hall_of(&p->limits, seed);
    p->now_ms = 1000;
    return p;
}

static void place_free(struct place *p)
{
    hall_clear(&p->hall);
    free(p);
}

static struct guest *enter(struct place *p, const char *room)
{
    struct guest *guest;
    assert_ok(hall_enter(&p->hall, view_str(room), true, p->now_ms, &guest));
    buf_reset(&guest->out);
    return guest;
}

static void say(struct place *p, struct guest *guest, const char *text)
{
    (void)hall_take(&p->hall, guest, view_str(text), false, p->now_ms);
}

/* All that the guest was given since it was last asked, with "|" between packets. */
static const char *got(struct guest *guest)
{
    static char text[4096];
    assert_true(guest->out.len < sizeof text);
    if (guest->out.len > 0)
        memcpy(text, guest->out.data, guest->out.len);
    text[guest->out.len] = 0;
    for (char *at = text; *at != 0; at++)
        if (*at == ENGINEIO_SEPARATOR)
            *at = '|';
    buf_reset(&guest->out);
    return text;
}

static struct guest *come(struct place *p, const char *room)
{
    struct guest *guest = enter(p, room);
    say(p, guest, "40");
    return guest;
}

static void pair(struct place *p, struct guest **ret_a, struct guest **ret_b)
{
    *ret_a = come(p, "");
    *ret_b = come(p, "");
    buf_reset(&(*ret_a)->out);
    buf_reset(&(*ret_b)->out);
}

static void a_session_opens_with_its_terms(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *guest;
    struct engineio_open open;
    assert_ok(hall_enter(&p->hall, (view){0}, false, 0, &guest));
    assert_int_equal(guest->out.data[0], '0');
    assert_ok(engineio_open_read(view_of(guest->out.data + 1, guest->out.len - 1), &open));
    assert_string_equal(open.sid, guest->sid);
    assert_true(open.upgrade);
    assert_int_equal(open.payload_max, p->limits.gateway_payload_bytes);
    assert_ptr_equal(hall_find(&p->hall, view_str(open.sid)), guest);
    assert_null(hall_find(&p->hall, VIEW_LIT("00000000000000000000000000000000")));
    assert_null(hall_find(&p->hall, view_str(guest->id)));
    place_free(p);
}

static void without_limits_nobody_is_pinged_and_clients_wait_for_ever(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *guest;
    struct engineio_open open;
    p->limits = (struct limits){0};
    assert_ok(hall_enter(&p->hall, (view){0}, true, 0, &guest));
    assert_ok(engineio_open_read(view_of(guest->out.data + 1, guest->out.len - 1), &open));
    assert_int_equal(open.ping_ms, 1000000000);
    assert_true(open.ping_ms + open.pong_ms < INT32_MAX); /* a timer of JavaScript */
    assert_int_equal(open.payload_max, 1 << 20);
    buf_reset(&guest->out);
    hall_tick(&p->hall, 1000000000000);
    assert_int_equal(guest->out.len, 0);
    assert_false(guest->ended);
    assert_int_equal(hall_wait_ms(&p->hall, guest, 0), 0);
    place_free(p);
}

static void two_in_a_room_exchange_keys_and_the_third_is_refused(void **state)
{
    (void)state;
    struct place *p = place_new();
    char want[512];
    struct guest *a = come(p, "");
    snprintf(want, sizeof want, "40{\"sid\":\"%s\"}", a->id);
    assert_string_equal(got(a), want);
    struct guest *b = come(p, "default");
    snprintf(want, sizeof want,
             "40{\"sid\":\"%s\"}|42[\"PEER_CONNECTED\",{\"room\":\"default\",\"id\":\"%s\"}]|"
             "42[\"KEY_EXCHANGE\",{\"room\":\"default\",\"role\":\"dialer\"}]",
             b->id, a->id);
    assert_string_equal(got(b), want);
    snprintf(want, sizeof want,
             "42[\"PEER_CONNECTED\",{\"room\":\"default\",\"id\":\"%s\"}]|"
             "42[\"KEY_EXCHANGE\",{\"room\":\"default\",\"role\":\"listener\"}]",
             b->id);
    assert_string_equal(got(a), want);
    struct guest *c = come(p, "");
    for (int living = 0; living <= 2; living++) { /* once both have shown that they are there */
        hall_tick(&p->hall, p->now_ms);
        assert_string_equal(got(c), living < 2 ? ""
                                               : "44{\"message\":\"the room default is full: two "
                                                 "are in it; name another one\"}");
        assert_string_equal(got(living == 0 ? a : b), living < 2 ? "2" : "");
        say(p, living == 0 ? a : b, "3");
    }
    assert_false(c->ended);
    assert_null(c->room);
    assert_string_equal(got(a), "");
    place_free(p);
}

static void who_knocks_gets_the_seat_of_one_who_is_gone(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    char want[512];
    pair(p, &a, &b);
    p->limits.gateway_connect_ms = 1; /* it is no fault of its own that it has to wait */
    struct guest *c = come(p, ""), *d = come(p, "");
    say(p, a, "3");
    p->now_ms += p->limits.gateway_pong_ms - 1;
    hall_tick(&p->hall, p->now_ms);
    assert_string_equal(got(a), "2"); /* for both who knock */
    assert_string_equal(got(c), "");
    assert_string_equal(got(d), "");
    p->now_ms++;
    hall_tick(&p->hall, p->now_ms);
    assert_true(b->ended);
    struct guest *in = c->room != NULL ? c : d, *out = in == c ? d : c;
    assert_ptr_equal(hall_other(a), in);
    snprintf(want, sizeof want,
             "40{\"sid\":\"%s\"}|42[\"PEER_CONNECTED\",{\"room\":\"default\",\"id\":\"%s\"}]|"
             "42[\"KEY_EXCHANGE\",{\"room\":\"default\",\"role\":\"dialer\"}]",
             in->id, a->id);
    assert_string_equal(got(in), want);
    assert_non_null(strstr(got(out), "is full"));
    place_free(p);
}

static void who_knocks_says_nothing_more_and_may_leave(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    pair(p, &a, &b);
    struct guest *c = come(p, ""), *d = come(p, "");
    say(p, c, "40");
    assert_true(c->ended);
    say(p, d, "1");
    assert_true(d->ended);
    hall_end(&p->hall, b, NULL, p->now_ms);
    hall_tick(&p->hall, p->now_ms);
    assert_null(hall_other(a));
    place_free(p);
}

static void where_nobody_is_ever_missed_the_third_is_refused_at_once(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    p->limits.gateway_pong_ms = 0;
    pair(p, &a, &b);
    assert_non_null(strstr(got(come(p, "")), "is full"));
    place_free(p);
}

static void rooms_keep_apart(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a = come(p, "x"), *b = come(p, "y"), *c = come(p, "x");
    got(a), got(b), got(c);
    say(p, a, "42[\"hello\"]");
    assert_string_equal(got(c), "42[\"hello\"]");
    assert_string_equal(got(b), "");
    place_free(p);
}

static void events_pass_unread_and_some_under_two_names(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    pair(p, &a, &b);
    say(p, a, "42[\"ELGAMAL_PK\", \"1\\u0032\" ]");
    assert_string_equal(got(b),
                        "42[\"ELGAMAL_PK\", \"1\\u0032\" ]|42[\"ELGAMAL_PK_BC\", \"1\\u0032\" ]");
    say(p, b, "42[\"DEFF_HELLMAN_PK\",{\"y\":5}]");
    assert_string_equal(got(a),
                        "42[\"DEFF_HELLMAN_PK\",{\"y\":5}]|42[\"DEFF_HELLMAN_PK_BC\",{\"y\":5}]");
    say(p, a, "42[\"message\",\"x\"]");
    assert_string_equal(got(b), "42[\"message\",\"x\"]|42[\"received_message\",\"x\"]");
    say(p, a, "42[\"typing\"]");
    assert_string_equal(got(b), "42[\"typing\"]");
    assert_string_equal(got(a), "");
    place_free(p);
}

static void who_asks_is_told_whether_it_was_passed_on(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a = come(p, "");
    got(a);
    say(p, a, "427[\"hello\"]");
    assert_string_equal(got(a),
                        "42[\"REFUSED\",{\"message\":\"nobody else is in the room: this was "
                        "not passed on\"}]|437[{\"ok\":false}]");
    struct guest *b = come(p, "");
    got(a), got(b);
    say(p, a, "428[\"hello\"]");
    assert_string_equal(got(a), "438[{\"ok\":true}]");
    assert_string_equal(got(b), "42[\"hello\"]");
    say(p, a, "429[\"KEY_EXCHANGE\",{}]");
    assert_string_equal(got(a), "42[\"REFUSED\",{\"message\":\"an event of this name is the "
                                "gateway's own\"}]|439[{\"ok\":false}]");
    assert_string_equal(got(b), "");
    place_free(p);
}

static void leaving_is_told_and_makes_room(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    char want[256];
    pair(p, &a, &b);
    snprintf(want, sizeof want, "42[\"PEER_DISCONNECTED\",{\"room\":\"default\",\"id\":\"%s\"}]",
             b->id);
    say(p, b, "41");
    assert_null(b->room);
    assert_string_equal(got(a), want);
    say(p, b, "1");
    assert_true(b->ended);
    assert_string_equal(b->why, "");
    assert_string_equal(got(a), "");
    struct guest *c = come(p, "");
    assert_non_null(strstr(got(c), "KEY_EXCHANGE"));
    assert_non_null(strstr(got(a), "\"role\":\"listener\""));
    hall_end(&p->hall, a, NULL, p->now_ms);
    assert_non_null(strstr(got(c), "PEER_DISCONNECTED"));
    place_free(p);
}

static void who_has_disconnected_may_connect_again_in_time(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    pair(p, &a, &b);
    say(p, b, "41");
    say(p, b, "40");
    assert_false(b->ended);
    assert_non_null(strstr(got(b), "KEY_EXCHANGE"));
    say(p, b, "41");
    p->now_ms += p->limits.gateway_connect_ms;
    hall_tick(&p->hall, p->now_ms);
    assert_true(b->ended);
    assert_string_equal(got(b), "1");
    assert_false(a->ended);
    say(p, a, "41");
    say(p, a, "42[\"a\"]");
    assert_true(a->ended);
    place_free(p);
}

static void who_did_nothing_wrong_is_not_told_to_stay_away(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    pair(p, &a, &b);
    hall_break(&p->hall, a, "the server stops", p->now_ms);
    assert_true(a->ended && a->welcome);
    assert_string_equal(got(a), "42[\"REFUSED\",{\"message\":\"the server stops\"}]");
    assert_non_null(strstr(got(b), "PEER_DISCONNECTED"));
    struct guest *c = enter(p, "");
    hall_break(&p->hall, c, "the server stops", p->now_ms);
    assert_string_equal(got(c), "1");
    place_free(p);
}

static void who_neither_listens_nor_answers_is_told_nothing(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    struct link *link = (struct link *)p; /* any that is not NULL */
    pair(p, &a, &b);
    b->socket = link;
    p->now_ms += p->limits.gateway_ping_ms;
    hall_tick(&p->hall, p->now_ms);
    assert_string_equal(got(a), "2");
    assert_string_equal(got(b), "2");
    p->now_ms += p->limits.gateway_pong_ms;
    hall_tick(&p->hall, p->now_ms);
    assert_true(a->ended && a->welcome && b->ended && b->welcome);
    assert_string_equal(got(a), "");
    assert_non_null(strstr(got(b), "no answer came to a ping"));
    place_free(p);
}

static void join_moves_to_another_room(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    pair(p, &a, &b);
    say(p, a, "421[\"join\",\"lab\"]");
    assert_string_equal(got(a), "431[{\"ok\":true}]");
    assert_non_null(strstr(got(b), "PEER_DISCONNECTED"));
    say(p, b, "42[\"join\",\"lab\"]");
    assert_non_null(strstr(got(b), "\"room\":\"lab\",\"role\":\"dialer\""));
    assert_non_null(strstr(got(a), "\"room\":\"lab\",\"role\":\"listener\""));
    say(p, b, "422[\"join\",\"lab\"]");
    assert_string_equal(got(b), "432[{\"ok\":true}]");
    struct guest *c = come(p, "");
    got(c);
    say(p, c, "423[\"join\",\"lab\"]");
    assert_string_equal(got(c),
                        "42[\"REFUSED\",{\"message\":\"this room is full: two are in it\"}]|"
                        "433[{\"ok\":false}]");
    say(p, c, "42[\"join\",\"a b\"]");
    assert_non_null(strstr(got(c), "join takes the name of a room"));
    say(p, c, "42[\"join\"]");
    assert_non_null(strstr(got(c), "join takes the name of a room"));
    assert_false(c->ended);
    place_free(p);
}

static void another_namespace_is_refused(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a = enter(p, "");
    say(p, a, "40/admin,");
    assert_string_equal(got(a), "44/admin,{\"message\":\"there is no namespace here but /\"}");
    say(p, a, "40");
    assert_non_null(a->room);
    place_free(p);
}

static void what_breaks_the_rules_ends_the_session_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"x", "not a packet of Engine.IO (protocol 4)"},
        {"", "not a packet of Engine.IO (protocol 4)"},
        {"b4AAA", "binary data"},
        {"2", "a packet of Engine.IO that does not belong here"},
        {"5", "a packet of Engine.IO that does not belong here"},
        {"0{}", "a packet of Engine.IO that does not belong here"},
        {"4x", "not a packet of Socket.IO"},
        {"42[\"a\"", "not a packet of Socket.IO"},
        {"451-[\"a\",{\"_placeholder\":true,\"num\":0}]", "binary data"},
        {"42[\"a\",123456789012345678901234567890]", "a number has more than 64 bits"},
        {"40", "message does not belong here"},
        {"431[]", "message does not belong here"},
        {"44{}", "message does not belong here"},
        {"42/admin,[\"a\"]", "message does not belong here"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct place *p = place_new();
        struct guest *a, *b;
        pair(p, &a, &b);
        say(p, a, cases[i].text);
        assert_true(a->ended);
        assert_non_null(strstr(a->why, cases[i].why));
        const char *told = got(a);
        assert_non_null(strstr(told, "42[\"REFUSED\",{\"message\":\""));
        assert_non_null(strstr(told, cases[i].why));
        assert_string_equal(told + strlen(told) - 3, "|41");
        assert_non_null(strstr(got(b), "PEER_DISCONNECTED"));
        assert_int_equal(p->hall.count, 1);
        place_free(p);
    }
}

static void nothing_is_taken_before_connect(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a = enter(p, "");
    say(p, a, "42[\"a\"]");
    assert_true(a->ended);
    assert_string_equal(got(a), "1");
    place_free(p);
}

static void a_payload_is_taken_up_to_what_breaks_the_rules(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    pair(p, &a, &b);
    static const char text[] = "42[\"a\"]\x1e"
                               "42[\"b\"]\x1e"
                               "9\x1e"
                               "42[\"c\"]";
    assert_false(hall_take(&p->hall, a, view_str(text), true, p->now_ms));
    const char *told = got(b);
    assert_ptr_equal(strstr(told, "42[\"a\"]|42[\"b\"]|42[\"PEER_DISCONNECTED\""), told);
    place_free(p);
}

static void pings_come_and_silence_ends_the_session(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    pair(p, &a, &b);
    p->now_ms += 24999;
    hall_tick(&p->hall, p->now_ms);
    assert_string_equal(got(a), "");
    p->now_ms += 1;
    hall_tick(&p->hall, p->now_ms);
    hall_tick(&p->hall, p->now_ms + 10000);
    assert_string_equal(got(a), "2");
    assert_string_equal(got(b), "2");
    say(p, b, "3");
    p->now_ms += 20000;
    hall_tick(&p->hall, p->now_ms);
    assert_true(a->ended);
    assert_string_equal(a->why, "no answer came to a ping");
    assert_false(b->ended);
    place_free(p);
}

static void who_only_answers_pings_is_idle_in_the_end(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a = come(p, ""), *never = enter(p, "");
    for (uint64_t end = p->now_ms + 3600000; p->now_ms < end; p->now_ms += 1000) {
        assert_false(a->ended);
        hall_tick(&p->hall, p->now_ms);
        got(a);
        say(p, a, "3");
        assert_int_equal(never->ended, p->now_ms >= 21000);
    }
    hall_tick(&p->hall, p->now_ms);
    assert_true(a->ended);
    assert_string_equal(a->why, "nothing came from you for too long");
    assert_string_equal(never->why, "no connection to the namespace / came in time");
    place_free(p);
}

static void over_its_rate_a_guest_has_to_wait(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    pair(p, &a, &b);
    for (unsigned i = 0; i < 199; i++) {
        assert_int_equal(hall_wait_ms(&p->hall, a, p->now_ms), 0);
        say(p, a, "42[\"a\"]");
    }
    assert_int_equal(hall_wait_ms(&p->hall, a, p->now_ms), 20);
    assert_int_equal(hall_wait_ms(&p->hall, b, p->now_ms), 0);
    assert_int_equal(hall_wait_ms(&p->hall, a, p->now_ms + 20), 0);
    place_free(p);
}

static void a_slow_reader_holds_up_who_writes_to_it(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    p->limits.gateway_events = 100000;
    p->limits.gateway_burst_bytes = 100000000;
    pair(p, &a, &b);
    static char text[100000] = "42[\"x\",\"";
    memset(text + 8, 'x', sizeof text - 11);
    memcpy(text + sizeof text - 3, "\"]", 3);
    say(p, a, text);
    say(p, a, text);
    assert_int_equal(hall_wait_ms(&p->hall, a, p->now_ms), 0);
    say(p, a, text);
    assert_true(hall_wait_ms(&p->hall, a, p->now_ms) > 0);
    assert_true(hall_wait_ms(&p->hall, b, p->now_ms) > 0); /* it should read first */
    buf_reset(&b->out);
    assert_int_equal(hall_wait_ms(&p->hall, a, p->now_ms), 0);
    for (unsigned i = 0; i < 100 && !b->ended; i++)
        say(p, a, text); /* as a shell would that does not ask */
    assert_true(b->ended);
    assert_string_equal(b->why, "too much waits that you did not read");
    assert_false(a->ended);
    place_free(p);
}

static void sessions_are_limited_and_what_ended_gives_its_place_back(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *guest;
    p->limits.gateway_sessions = 2;
    struct guest *a = enter(p, "x");
    enter(p, "y");
    assert_err(hall_enter(&p->hall, (view){0}, true, 0, &guest), FULL);
    hall_end(&p->hall, a, "enough", 0);
    assert_ok(hall_enter(&p->hall, (view){0}, true, 0, &guest));
    place_free(p);
}

static void last_words_are_kept_for_a_while(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a = come(p, "");
    got(a);
    say(p, a, "nonsense");
    while (hall_changed_next(&p->hall) != NULL)
        continue;
    hall_tick(&p->hall, p->now_ms + 4999);
    assert_null(hall_changed_next(&p->hall));
    assert_true(a->out.len > 0);
    hall_tick(&p->hall, p->now_ms + 5000);
    assert_int_equal(a->out.len, 0);
    assert_ptr_equal(hall_changed_next(&p->hall), a);
    hall_forget(&p->hall, a);
    assert_null(p->hall.guests);
    assert_null(p->hall.rooms);
    place_free(p);
}

static void each_change_is_on_the_list_once(void **state)
{
    (void)state;
    struct place *p = place_new();
    struct guest *a, *b;
    pair(p, &a, &b);
    while (hall_changed_next(&p->hall) != NULL)
        continue;
    say(p, a, "42[\"a\"]");
    say(p, a, "42[\"a\"]");
    assert_ptr_equal(hall_changed_next(&p->hall), b);
    assert_null(hall_changed_next(&p->hall));
    hall_touch(&p->hall, a);
    hall_touch(&p->hall, b);
    hall_forget(&p->hall, a);
    assert_ptr_equal(hall_changed_next(&p->hall), b);
    assert_null(hall_changed_next(&p->hall));
    place_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_opens_with_its_terms),
        cmocka_unit_test(without_limits_nobody_is_pinged_and_clients_wait_for_ever),
        cmocka_unit_test(two_in_a_room_exchange_keys_and_the_third_is_refused),
        cmocka_unit_test(who_knocks_gets_the_seat_of_one_who_is_gone),
        cmocka_unit_test(who_knocks_says_nothing_more_and_may_leave),
        cmocka_unit_test(where_nobody_is_ever_missed_the_third_is_refused_at_once),
        cmocka_unit_test(rooms_keep_apart),
        cmocka_unit_test(events_pass_unread_and_some_under_two_names),
        cmocka_unit_test(who_asks_is_told_whether_it_was_passed_on),
        cmocka_unit_test(leaving_is_told_and_makes_room),
        cmocka_unit_test(who_has_disconnected_may_connect_again_in_time),
        cmocka_unit_test(who_did_nothing_wrong_is_not_told_to_stay_away),
        cmocka_unit_test(who_neither_listens_nor_answers_is_told_nothing),
        cmocka_unit_test(join_moves_to_another_room),
        cmocka_unit_test(another_namespace_is_refused),
        cmocka_unit_test(what_breaks_the_rules_ends_the_session_with_a_reason),
        cmocka_unit_test(nothing_is_taken_before_connect),
        cmocka_unit_test(a_payload_is_taken_up_to_what_breaks_the_rules),
        cmocka_unit_test(pings_come_and_silence_ends_the_session),
        cmocka_unit_test(who_only_answers_pings_is_idle_in_the_end),
        cmocka_unit_test(over_its_rate_a_guest_has_to_wait),
        cmocka_unit_test(a_slow_reader_holds_up_who_writes_to_it),
        cmocka_unit_test(sessions_are_limited_and_what_ended_gives_its_place_back),
        cmocka_unit_test(last_words_are_kept_for_a_while),
        cmocka_unit_test(each_change_is_on_the_list_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
