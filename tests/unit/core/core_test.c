/* The step function as a whole: an event is applied whole or not at all, also when memory runs out anywhere in it; and the same
 * events, times and seed give the same effects. */
#include "../allocations.h"
#include "world.h"

#include "core/state.h"

/* A script of events that touches each request, each end and the stop. Frames are in hex, "%" stands for the slot. */
struct line {
    enum core_event_kind kind;
    uint64_t connection;
    const char *frame;
};

static const struct line script[] = {
    {CORE_OPEN, 1, NULL},
    {CORE_OPEN, 2, NULL},
    {CORE_OPEN, 3, NULL},
    {CORE_FRAME, 1, "0100 00000001 01 00"},
    {CORE_FRAME, 2, "0102 00000002 01 %"},
    {CORE_FRAME, 3, "0102 00000003 01 %"},
    {CORE_FRAME, 1, "0105 00000004 % 05 68656c6c6f"},
    {CORE_FRAME, 2, "0105 00000005 % 02 6f6b"},
    {CORE_FRAME, 1, "0107 00000006 %"},
    {CORE_FRAME, 2, "0107 00000007 %"},
    {CORE_FRAME, 3, "0100 00000008 02 07 73756974652d31"},
    {CORE_FRAME, 2, "0108 00000009 % 01"},
    {CORE_FRAME, 2, "0777 0000000a"},
    {CORE_FRAME, 1, "0001 0000000b"},
    {CORE_CLOSED, 3, NULL},
    {CORE_OPEN, 4, NULL},
    {CORE_FRAME, 4, "0100 0000000c 01 00"},
    {CORE_STOP, 0, NULL},
    {CORE_OPEN, 5, NULL},
};

static void slot_into(sotto_buf *frame, const char *hex, uint32_t slot)
{
    char text[200], number[9];
    snprintf(number, sizeof number, "%08x", slot);
    const char *mark = strchr(hex, '%');
    if (mark != NULL)
        snprintf(text, sizeof text, "%.*s%s%s", (int)(mark - hex), hex, number, mark + 1);
    else
        snprintf(text, sizeof text, "%s", hex);
    *frame = unhex(text);
}

static void same_counts(struct core_counts a, struct core_counts b)
{
    assert_memory_equal(&a, &b, sizeof a);
}

/* Applies one line, with the allocation number `failing` failing; then nothing may have changed, and the same again works. */
static void apply(struct world *w, const struct line *line, uint32_t slot, size_t failing)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    if (line->frame != NULL)
        slot_into(&frame, line->frame, slot);
    struct core_event event = {
        .kind = line->kind, .connection = line->connection, .frame = buf_view(&frame)};
    event.address = address_v4((uint8_t)line->connection);
    struct core_counts before = core_count(w->core);
    core_effects_clear(&w->fx); /* so that it has to allocate, too */
    allocations_left = failing;
    sotto_err err = core_step(w->core, &event, w->now_ms, &w->rng, &w->fx);
    allocations_left = SIZE_MAX;
    if (err == SOTTO_OK)
        return;
    assert_int_equal(err, SOTTO_E_NOMEM);
    assert_int_equal(w->fx.count, 0);
    same_counts(core_count(w->core), before);
    struct connection *c = connection_find(w->core, line->connection);
    if (c != NULL)
        c->ignored = false; /* as if it had come again */
    assert_ok(core_step(w->core, &event, w->now_ms, &w->rng, &w->fx));
}

/* Plays the script; the allocation `failing` of line `bad` fails. All effects go to `ret_log`. */
static void play(size_t bad, size_t failing, sotto_buf *ret_log)
{
    struct limits limits = limits_default();
    limits.requests = 2; /* so that there are pauses */
    struct world w = world_of(limits);
    uint32_t slot = 1;
    for (size_t i = 0; i < COUNT_OF(script); i++) {
        apply(&w, &script[i], slot, i == bad ? failing : SIZE_MAX);
        for (size_t e = 0; e < w.fx.count; e++) {
            const struct core_effect *effect = &w.fx.list[e];
            uint64_t head[3] = {effect->kind, effect->connection, effect->until_ms};
            assert_ok(buf_append(ret_log, VIEW_OF(head)));
            assert_ok(buf_append(ret_log, effect_bytes(&w, effect)));
        }
        struct proto_room_opened opened_now = {0};
        if (i == 3) {
            assert_int_equal(effects(&w, CORE_SEND, 1), 1);
            struct proto_frame frame = got(&w, 1, PROTO_ROOM_OPENED);
            assert_ok(proto_room_opened_read(frame.body, &opened_now));
            slot = opened_now.slot;
        }
        w.now_ms += 10;
    }
    assert_int_equal(core_count(w.core).connections, 0);
    world_clear(&w);
}

static void same_script_gives_the_same_effects(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf first = {0}, second = {0};
    play(SIZE_MAX, 0, &first);
    play(SIZE_MAX, 0, &second);
    assert_true(first.len > 500);
    assert_true(view_equal(buf_view(&first), buf_view(&second)));
    buf_clear(&second);
}

static void event_is_applied_whole_or_not_at_all_when_memory_runs_out(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf wanted = {0};
    size_t failures = 0;
    play(SIZE_MAX, 0, &wanted);
    for (size_t bad = 0; bad < COUNT_OF(script); bad++) {
        for (size_t failing = 0;; failing++) {
            DEFER(buf_clear) sotto_buf log = {0};
            allocation_failed = false;
            play(bad, failing, &log);
            assert_true(view_equal(buf_view(&log), buf_view(&wanted)));
            if (!allocation_failed)
                break;
            failures++;
        }
    }
    assert_true(failures > 2 * COUNT_OF(script));
}

static void new_core_without_memory_is_refused(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct core *core = NULL;
    allocations_left = 0;
    assert_err(core_new(&(struct core_config){.limits = limits}, 0, &core), NOMEM);
    assert_null(core);
}

static void tick_that_lacks_memory_goes_on_later(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    come(&w, 1);
    come(&w, 2);
    core_effects_clear(&w.fx);
    allocations_left = 0;
    assert_err(core_tick(w.core, w.now_ms + 60000, &w.fx), NOMEM);
    assert_int_equal(core_count(w.core).connections, 2);
    assert_ok(core_tick(w.core, w.now_ms + 60000, &w.fx));
    got_bye(&w, 1, SOTTO_E_TIMEOUT);
    got_bye(&w, 2, SOTTO_E_TIMEOUT);
    world_clear(&w);
}

static void nothing_is_due_in_an_empty_core(void **state)
{
    (void)state;
    struct world w = world_of(limits_default());
    assert_true(core_next_ms(w.core) == UINT64_MAX);
    tick(&w, UINT64_MAX);
    assert_int_equal(w.fx.count, 0);
    core_free(NULL);
    world_clear(&w);
}

static void limits_of_zero_are_none(void **state)
{
    (void)state;
    struct world w = world_of((struct limits){0});
    for (uint64_t id = 1; id <= 200; id++)
        come_from(&w, id, 7);
    for (int i = 0; i < 50; i++)
        opened(&w, 1);
    uint32_t slot = opened(&w, 1);
    ask_join(&w, 2, slot);
    static const uint8_t bytes[PROTO_ROOM_DATA_MAX];
    for (int i = 0; i < 1000; i++) {
        ask_send(&w, 1, slot, VIEW_OF(bytes));
        assert_int_equal(w.fx.count, 1);
    }
    assert_true(core_next_ms(w.core) == UINT64_MAX);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_script_gives_the_same_effects),
        cmocka_unit_test(event_is_applied_whole_or_not_at_all_when_memory_runs_out),
        cmocka_unit_test(new_core_without_memory_is_refused),
        cmocka_unit_test(tick_that_lacks_memory_goes_on_later),
        cmocka_unit_test(nothing_is_due_in_an_empty_core),
        cmocka_unit_test(limits_of_zero_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
