/* world.h - a core, its clock and its effects, for tests: people send requests by name, and what each was sent is looked at. */
#ifndef TEST_CORE_WORLD_H
#define TEST_CORE_WORLD_H

#include <stdio.h>

#include "unit.h"

#include "core/core.h"
#include "proto/proto.h"

#define START_MS 1000000

struct world {
    struct core *core;
    struct rng rng;
    struct core_effects fx;
    uint64_t now_ms;
};

static inline struct world world_of(struct limits limits)
{
    static const uint8_t seed[RNG_SEED] = "a world's seed";
    struct world w = {.rng = rng_from(seed), .now_ms = START_MS};
    assert_ok(core_new(&(struct core_config){.limits = limits}, w.now_ms, &w.core));
    return w;
}

static inline void world_clear(struct world *w)
{
    core_free(w->core);
    core_effects_clear(&w->fx);
    rng_clear(&w->rng);
}

static inline struct core_address address_v4(uint8_t last)
{
    return (struct core_address){{192, 0, 2, last, [15] = 4}};
}

static inline void step(struct world *w, struct core_event event)
{
    core_effects_reset(&w->fx);
    assert_ok(core_step(w->core, &event, w->now_ms, &w->rng, &w->fx));
}

/* Each connection from an address of its own, unless said otherwise. */
static inline void come_from(struct world *w, uint64_t connection, uint8_t address)
{
    step(w, (struct core_event){
                .kind = CORE_OPEN, .connection = connection, .address = address_v4(address)});
}

static inline void come(struct world *w, uint64_t connection)
{
    come_from(w, connection, (uint8_t)connection);
}

static inline void go(struct world *w, uint64_t connection, bool clean, bool slow)
{
    step(w, (struct core_event){
                .kind = CORE_CLOSED, .connection = connection, .clean = clean, .slow = slow});
}

static inline void say(struct world *w, uint64_t connection, view frame)
{
    step(w, (struct core_event){.kind = CORE_FRAME, .connection = connection, .frame = frame});
}

static inline void say_buf(struct world *w, uint64_t connection, sotto_buf *frame)
{
    say(w, connection, buf_view(frame));
    buf_clear(frame);
}

static inline void tick(struct world *w, uint64_t now_ms)
{
    w->now_ms = now_ms;
    core_effects_reset(&w->fx);
    assert_ok(core_tick(w->core, now_ms, &w->fx));
}

static inline view effect_bytes(const struct world *w, const struct core_effect *effect)
{
    return view_of(w->fx.bytes.data + effect->at, effect->len);
}

/* How many effects of a kind a connection got in the last step. */
static inline size_t effects(const struct world *w, enum core_effect_kind kind, uint64_t connection)
{
    size_t count = 0;
    for (size_t i = 0; i < w->fx.count; i++)
        count += w->fx.list[i].kind == kind && w->fx.list[i].connection == connection;
    return count;
}

/* How often a rate held up or refused somebody. */
static inline uint64_t limited(const struct world *w, enum rate rate)
{
    return core_count(w->core).limited_total[rate];
}

/* The only frame that a connection got in the last step, which is of this kind. */
static inline struct proto_frame got(const struct world *w, uint64_t connection,
                                     enum proto_kind kind)
{
    struct proto_frame frame = {0};
    assert_int_equal(effects(w, CORE_SEND, connection), 1);
    for (size_t i = 0; i < w->fx.count; i++)
        if (w->fx.list[i].kind == CORE_SEND && w->fx.list[i].connection == connection)
            assert_ok(proto_frame_read(effect_bytes(w, &w->fx.list[i]), &frame));
    assert_int_equal(frame.kind, kind);
    return frame;
}

static inline struct proto_error got_error(const struct world *w, uint64_t connection,
                                           sotto_err wanted)
{
    struct proto_error error = {0};
    struct proto_frame frame = got(w, connection, PROTO_ERROR);
    assert_ok(proto_error_read(frame.body, &error));
    assert_int_equal(error.code, wanted);
    assert_true(error.detail.len > 0);
    return error;
}

/* It was told why and is closed. */
static inline struct proto_error got_bye(const struct world *w, uint64_t connection,
                                         sotto_err wanted)
{
    struct proto_error bye = {0};
    struct proto_frame frame = got(w, connection, PROTO_BYE);
    assert_ok(proto_bye_read(frame.body, &bye));
    assert_int_equal(bye.code, wanted);
    assert_int_equal(frame.request, 0);
    assert_int_equal(effects(w, CORE_CLOSE, connection), 1);
    return bye;
}

static inline void got_closed(const struct world *w, uint64_t connection, uint32_t slot,
                              uint8_t reason)
{
    struct proto_room_end_msg end = {0};
    struct proto_frame frame = got(w, connection, PROTO_ROOM_CLOSED);
    assert_ok(proto_room_closed_read(frame.body, &end));
    assert_int_equal(end.slot, slot);
    assert_int_equal(end.reason, reason);
}

static inline void got_ok(const struct world *w, uint64_t connection, uint32_t request)
{
    assert_int_equal(got(w, connection, PROTO_OK).request, request);
}

/* Whether a line about this was logged in the last step; "%u" in it stands for the slot. */
static inline bool logged(const struct world *w, const char *event, const char *format,
                          uint32_t slot)
{
    char line[200];
    const char *mark = strstr(format, "%u");
    if (mark != NULL)
        snprintf(line, sizeof line, "%.*s%u%s", (int)(mark - format), format, slot, mark + 2);
    else
        snprintf(line, sizeof line, "%s", format);
    for (size_t i = 0; i < w->fx.count; i++)
        if (w->fx.list[i].kind == CORE_LOG && strcmp(w->fx.list[i].event, event) == 0 &&
            view_equal(effect_bytes(w, &w->fx.list[i]), view_str(line)))
            return true;
    return false;
}

static inline void ask_open(struct world *w, uint64_t connection)
{
    sotto_buf frame = {0};
    struct proto_room_open open = {.kind = ROOM_SESSION};
    assert_ok(proto_room_open_write(11, &open, &frame));
    say_buf(w, connection, &frame);
}

static inline void ask_open_lab(struct world *w, uint64_t connection, const char *suite)
{
    sotto_buf frame = {0};
    struct proto_room_open open = {.kind = ROOM_LAB, .suite = view_str(suite)};
    assert_ok(proto_room_open_write(11, &open, &frame));
    say_buf(w, connection, &frame);
}

static inline void ask_join_kind(struct world *w, uint64_t connection, uint8_t kind, uint32_t slot)
{
    sotto_buf frame = {0};
    struct proto_room_join join = {kind, slot};
    assert_ok(proto_room_join_write(12, &join, &frame));
    say_buf(w, connection, &frame);
}

static inline void ask_join(struct world *w, uint64_t connection, uint32_t slot)
{
    ask_join_kind(w, connection, ROOM_SESSION, slot);
}

static inline void ask_confirm(struct world *w, uint64_t connection, uint32_t slot)
{
    sotto_buf frame = {0};
    assert_ok(proto_room_confirm_write(13, slot, &frame));
    say_buf(w, connection, &frame);
}

static inline void ask_close(struct world *w, uint64_t connection, uint32_t slot, uint8_t reason)
{
    sotto_buf frame = {0};
    struct proto_room_end_msg end = {slot, reason};
    assert_ok(proto_room_close_write(14, &end, &frame));
    say_buf(w, connection, &frame);
}

static inline void ask_send(struct world *w, uint64_t connection, uint32_t slot, view bytes)
{
    sotto_buf frame = {0};
    struct proto_room_data data = {slot, bytes};
    assert_ok(proto_room_send_write(15, &data, &frame));
    say_buf(w, connection, &frame);
}

/* Opens a room and gives its slot. */
static inline uint32_t opened(struct world *w, uint64_t connection)
{
    struct proto_room_opened answer = {0};
    ask_open(w, connection);
    assert_ok(proto_room_opened_read(got(w, connection, PROTO_ROOM_OPENED).body, &answer));
    return answer.slot;
}

/* A room with two in it, which both come first. */
static inline uint32_t joined(struct world *w, uint64_t creator, uint64_t joiner)
{
    come(w, creator);
    come(w, joiner);
    uint32_t slot = opened(w, creator);
    ask_join(w, joiner, slot);
    got(w, joiner, PROTO_ROOM_JOINED);
    return slot;
}

#endif
