/* Two sessions and the server's real core between them, all in one process: what a session sends is stepped through the core, and
 * what the core sends is given to the session it is for, until nothing moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/core.h"
#include "engine/session.h"
#include "proto/proto.h"
#include "room/channel.h"

#define PEOPLE 3
#define EVENTS 256

struct person {
    struct session *session;
    struct session_event events[EVENTS];
    char *texts[EVENTS];
    size_t event_count;
    bool connected;
};

struct world {
    sotto_crypto *crypto;
    struct core *core;
    struct rng rng;
    uint64_t now_ms;
    struct person people[PEOPLE];
    sotto_buf seen; /* every byte that passed the relay */
    struct {
        size_t who;
        bool to_core;
        sotto_buf frame;
    } post[1024];
    size_t posted;
};

static void events_keep(struct person *p, const struct session_effects *fx)
{
    for (size_t i = 0; i < fx->event_count; i++) {
        assert_true(p->event_count < EVENTS);
        const struct session_event *event = &fx->events[i];
        p->texts[p->event_count] = calloc(1, event->len + 1);
        if (event->len > 0)
            memcpy(p->texts[p->event_count], fx->bytes.data + event->at, event->len);
        p->events[p->event_count++] = *event;
    }
}

/* Frames under way, in the order in which they were sent. */
static void post(struct world *w, size_t who, bool to_core, view frame)
{
    assert_true(w->posted < COUNT_OF(w->post));
    w->post[w->posted].who = who;
    w->post[w->posted].to_core = to_core;
    assert_int_equal(buf_append(&w->post[w->posted].frame, frame), SOTTO_OK);
    w->posted++;
}

/* Posts a step's frames and keeps its events. */
static void effects_post(struct world *w, size_t who, struct session_effects *fx)
{
    size_t at = 0;
    events_keep(&w->people[who], fx);
    for (size_t i = 0; i < fx->frame_count; i++) {
        view frame = view_of(fx->frames.data + at, fx->sizes[i]);
        at += fx->sizes[i];
        assert_int_equal(buf_append(&w->seen, frame), SOTTO_OK);
        post(w, who, true, frame);
    }
    session_effects_clear(fx);
}

static void core_post(struct world *w, const struct core_event *event)
{
    struct core_effects fx = {0};
    assert_int_equal(core_step(w->core, event, w->now_ms, &w->rng, &fx), SOTTO_OK);
    for (size_t i = 0; i < fx.count; i++) {
        const struct core_effect *effect = &fx.list[i];
        size_t who = (size_t)effect->connection - 1;
        if (effect->kind == CORE_CLOSE)
            w->people[who].connected = false;
        if (effect->kind == CORE_SEND)
            post(w, who, false, view_of(fx.bytes.data + effect->at, effect->len));
    }
    core_effects_clear(&fx);
}

/* Until nothing moves. */
static void pump(struct world *w)
{
    for (size_t i = 0; i < w->posted; i++) {
        struct person *p = &w->people[w->post[i].who];
        view frame = buf_view(&w->post[i].frame);
        struct session_effects fx = {0};
        if (w->post[i].to_core && p->connected)
            core_post(w, &(struct core_event){
                             .kind = CORE_FRAME, .connection = w->post[i].who + 1, .frame = frame});
        if (!w->post[i].to_core && p->session != NULL)
            assert_int_equal(session_frame(p->session, frame, &fx), SOTTO_OK);
        effects_post(w, w->post[i].who, &fx);
        buf_clear(&w->post[i].frame);
    }
    w->posted = 0;
}

static void core_run(struct world *w, const struct core_event *event)
{
    core_post(w, event);
    pump(w);
}

static void effects_run(struct world *w, size_t who, struct session_effects *fx)
{
    effects_post(w, who, fx);
    pump(w);
}

static void connect_person(struct world *w, size_t who)
{
    struct core_address address = {{127, 0, 0, (uint8_t)(who + 1)}};
    w->people[who].connected = true;
    core_run(w, &(struct core_event){.kind = CORE_OPEN, .connection = who + 1, .address = address});
}

static void disconnect(struct world *w, size_t who, bool clean)
{
    w->people[who].connected = false;
    core_run(w, &(struct core_event){.kind = CORE_CLOSED, .connection = who + 1, .clean = clean});
}

static void begin(struct world *w, size_t who, enum session_role role, const struct room_code *code)
{
    uint8_t seed[RNG_SEED] = {(uint8_t)(who + 1)};
    struct session_effects fx = {0};
    connect_person(w, who);
    assert_int_equal(session_new(w->crypto, role, 2, code, seed, &w->people[who].session),
                     SOTTO_OK);
    assert_int_equal(session_start(w->people[who].session, &fx), SOTTO_OK);
    effects_run(w, who, &fx);
}

static const struct session_event *last(const struct world *w, size_t who)
{
    const struct person *p = &w->people[who];
    assert_true(p->event_count > 0);
    return &p->events[p->event_count - 1];
}

static const struct session_event *find(const struct world *w, size_t who,
                                        enum session_event_kind kind)
{
    const struct person *p = &w->people[who];
    for (size_t i = 0; i < p->event_count; i++)
        if (p->events[i].kind == kind)
            return &p->events[i];
    return NULL;
}

static void assert_heard(const struct world *w, size_t who, size_t nth, const char *text)
{
    const struct person *p = &w->people[who];
    for (size_t i = 0; i < p->event_count; i++)
        if (p->events[i].kind == SESSION_TEXT && nth-- == 0) {
            assert_string_equal(p->texts[i], text);
            return;
        }
    fail_msg("did not hear \"%s\"", text);
}

static void assert_ended(const struct world *w, size_t who, sotto_err err, bool peer_left)
{
    assert_int_equal(last(w, who)->kind, SESSION_ENDED);
    assert_int_equal(last(w, who)->err, err);
    assert_int_equal(last(w, who)->peer_left, peer_left);
}

static void say(struct world *w, size_t who, const char *text)
{
    struct session_effects fx = {0};
    assert_int_equal(session_say(w->people[who].session, view_str(text), &fx), SOTTO_OK);
    effects_run(w, who, &fx);
}

static void done(struct world *w, size_t who)
{
    struct session_effects fx = {0};
    assert_int_equal(session_done(w->people[who].session, &fx), SOTTO_OK);
    effects_run(w, who, &fx);
}

static void leave(struct world *w, size_t who)
{
    struct session_effects fx = {0};
    assert_int_equal(session_leave(w->people[who].session, &fx), SOTTO_OK);
    effects_run(w, who, &fx);
}

/* The code as the creator would read it out. */
static struct room_code code_told(const struct world *w)
{
    struct room_code code;
    struct code_problem problem;
    assert_int_equal(room_code_read(view_str(session_code(w->people[0].session)), &code, &problem),
                     SOTTO_OK);
    return code;
}

static void meet(struct world *w)
{
    begin(w, 0, SESSION_CREATE, NULL);
    struct room_code code = code_told(w);
    begin(w, 1, SESSION_JOIN, &code);
    assert_non_null(find(w, 0, SESSION_SECURE));
    assert_non_null(find(w, 1, SESSION_SECURE));
}

static void two_people_talk_and_the_relay_sees_nothing(void **state)
{
    struct world *w = *state;
    meet(w);
    assert_memory_equal(find(w, 0, SESSION_SECURE)->check, find(w, 1, SESSION_SECURE)->check, 2);
    say(w, 0, "the eagle has landed");
    say(w, 1, "in the usual place");
    say(w, 0, "bring the charts");
    assert_heard(w, 1, 0, "the eagle has landed");
    assert_heard(w, 1, 1, "bring the charts");
    assert_heard(w, 0, 0, "in the usual place");
    assert_null(memmem(w->seen.data, w->seen.len, "eagle", 5));
    assert_null(memmem(w->seen.data, w->seen.len, "usual", 5));
    leave(w, 0);
    assert_ended(w, 0, SOTTO_OK, false);
    assert_ended(w, 1, SOTTO_OK, true);
}

static void what_is_said_early_is_held_and_sent_in_order(void **state)
{
    struct world *w = *state;
    begin(w, 0, SESSION_CREATE, NULL);
    say(w, 0, "one");
    say(w, 0, "two");
    struct room_code code = code_told(w);
    begin(w, 1, SESSION_JOIN, &code);
    assert_heard(w, 1, 0, "one");
    assert_heard(w, 1, 1, "two");
}

static void too_much_said_early_is_refused_and_nothing_is_lost(void **state)
{
    struct world *w = *state;
    char line[10001];
    struct session_effects fx = {0};
    size_t held = 0;
    memset(line, 'a', 10000);
    line[10000] = '\0';
    begin(w, 0, SESSION_CREATE, NULL);
    while (session_say(w->people[0].session, view_str(line), &fx) == SOTTO_OK)
        held++;
    assert_int_equal(session_say(w->people[0].session, view_str(line), &fx), SOTTO_E_FULL);
    assert_in_range(held, 20, SESSION_HELD_MAX / 10000);
    session_effects_clear(&fx);
    struct room_code code = code_told(w);
    begin(w, 1, SESSION_JOIN, &code);
    assert_heard(w, 1, held - 1, line);
}

static void both_ends_of_input_end_the_session_cleanly(void **state)
{
    struct world *w = *state;
    meet(w);
    say(w, 0, "last words");
    done(w, 0);
    assert_non_null(find(w, 1, SESSION_PEER_DONE));
    assert_int_not_equal(last(w, 0)->kind, SESSION_ENDED);
    say(w, 1, "still talking");
    assert_heard(w, 0, 0, "still talking");
    done(w, 1);
    assert_int_equal(last(w, 0)->err, SOTTO_OK);
    assert_int_equal(last(w, 0)->kind, SESSION_ENDED);
    assert_int_equal(last(w, 1)->kind, SESSION_ENDED);
    assert_int_equal(last(w, 1)->err, SOTTO_OK);
}

static void end_of_input_before_the_other_one_comes_is_told_later(void **state)
{
    struct world *w = *state;
    begin(w, 0, SESSION_CREATE, NULL);
    say(w, 0, "only this");
    done(w, 0);
    struct room_code code = code_told(w);
    begin(w, 1, SESSION_JOIN, &code);
    assert_heard(w, 1, 0, "only this");
    assert_non_null(find(w, 1, SESSION_PEER_DONE));
}

static void wrong_words_end_both_sides_with_the_code_used_up(void **state)
{
    struct world *w = *state;
    begin(w, 0, SESSION_CREATE, NULL);
    struct room_code code = code_told(w);
    code.words[1] ^= 1;
    begin(w, 1, SESSION_JOIN, &code);
    assert_ended(w, 1, SOTTO_E_CODE, false);
    assert_ended(w, 0, SOTTO_E_CODE, true);
    assert_null(find(w, 0, SESSION_SECURE));
    code.words[1] ^= 1;
    begin(w, 2, SESSION_JOIN, &code); /* the right words come too late */
    assert_int_equal(last(w, 2)->kind, SESSION_ENDED);
    assert_int_not_equal(last(w, 2)->err, SOTTO_OK);
}

static void a_third_one_is_told_that_the_code_was_tried(void **state)
{
    struct world *w = *state;
    begin(w, 0, SESSION_CREATE, NULL);
    struct room_code code = code_told(w);
    begin(w, 1, SESSION_JOIN, &code);
    begin(w, 2, SESSION_JOIN, &code);
    assert_ended(w, 2, SOTTO_E_TAKEN, false);
    say(w, 0, "still private");
    assert_heard(w, 1, 0, "still private");
}

static void a_slot_that_does_not_exist_is_not_found(void **state)
{
    struct world *w = *state;
    struct room_code code = {.slot = 4711, .count = 2};
    begin(w, 0, SESSION_JOIN, &code);
    assert_ended(w, 0, SOTTO_E_NOTFOUND, false);
}

static void a_connection_that_breaks_is_not_a_goodbye(void **state)
{
    struct world *w = *state;
    meet(w);
    disconnect(w, 0, false);
    assert_ended(w, 1, SOTTO_E_MISSING, true);
}

static void a_server_that_stops_is_told(void **state)
{
    struct world *w = *state;
    meet(w);
    core_run(w, &(struct core_event){.kind = CORE_STOP});
    assert_int_equal(last(w, 0)->kind, SESSION_ENDED);
    assert_int_not_equal(last(w, 0)->err, SOTTO_OK);
    assert_int_equal(last(w, 1)->kind, SESSION_ENDED);
}

static void nothing_is_sent_after_the_end(void **state)
{
    struct world *w = *state;
    struct session_effects fx = {0};
    meet(w);
    leave(w, 0);
    assert_int_equal(session_say(w->people[0].session, VIEW_LIT("more"), &fx), SOTTO_E_NOT_NOW);
    assert_int_equal(session_leave(w->people[0].session, &fx), SOTTO_OK);
    assert_int_equal(session_lost(w->people[0].session, SOTTO_E_NET, &fx), SOTTO_OK);
    assert_int_equal(fx.frame_count + fx.event_count, 0);
    session_effects_clear(&fx);
}

static void text_that_is_not_utf8_or_too_long_is_refused(void **state)
{
    struct world *w = *state;
    struct session_effects fx = {0};
    static const char long_line[CHANNEL_TEXT_MAX + 2] = {0};
    meet(w);
    assert_int_equal(session_say(w->people[0].session, VIEW_LIT("\xff\xfe"), &fx), SOTTO_E_VALUE);
    assert_int_equal(
        session_say(w->people[0].session, view_of(long_line, CHANNEL_TEXT_MAX + 1), &fx),
        SOTTO_E_TOO_LARGE);
    assert_int_equal(fx.frame_count + fx.event_count, 0);
    session_effects_clear(&fx);
}

static void the_code_is_gone_once_it_was_used(void **state)
{
    struct world *w = *state;
    begin(w, 0, SESSION_CREATE, NULL);
    struct room_code code = code_told(w);
    begin(w, 1, SESSION_JOIN, &code);
    assert_string_equal(session_code(w->people[0].session), "");
}

static int world_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct limits limits = limits_default();
    assert_int_equal(crypto_new(&w->crypto), SOTTO_OK);
    assert_int_equal(core_new(&(struct core_config){.limits = limits}, 0, &w->core), SOTTO_OK);
    w->rng = rng_from((const uint8_t[RNG_SEED]){42});
    w->now_ms = 1000;
    *state = w;
    return 0;
}

static int world_down(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < PEOPLE; i++) {
        session_free(w->people[i].session);
        for (size_t j = 0; j < w->people[i].event_count; j++)
            free(w->people[i].texts[j]);
    }
    buf_clear(&w->seen);
    core_free(w->core);
    crypto_free(w->crypto);
    free(w);
    return 0;
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_up, world_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(two_people_talk_and_the_relay_sees_nothing),
        IN_WORLD(what_is_said_early_is_held_and_sent_in_order),
        IN_WORLD(too_much_said_early_is_refused_and_nothing_is_lost),
        IN_WORLD(both_ends_of_input_end_the_session_cleanly),
        IN_WORLD(end_of_input_before_the_other_one_comes_is_told_later),
        IN_WORLD(wrong_words_end_both_sides_with_the_code_used_up),
        IN_WORLD(a_third_one_is_told_that_the_code_was_tried),
        IN_WORLD(a_slot_that_does_not_exist_is_not_found),
        IN_WORLD(a_connection_that_breaks_is_not_a_goodbye),
        IN_WORLD(a_server_that_stops_is_told),
        IN_WORLD(nothing_is_sent_after_the_end),
        IN_WORLD(text_that_is_not_utf8_or_too_long_is_refused),
        IN_WORLD(the_code_is_gone_once_it_was_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
