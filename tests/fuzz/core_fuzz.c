/* A few connections, driven by fuzz bytes, against the core and a plain model of it. What must hold after each step:
 *   - two to a room, and a third is refused
 *   - a frame for the room reaches the other one, alone, at once and unchanged; from outside a room nothing reaches it
 *   - nothing is done for a connection that is not open; each frame sent is one that a client can read
 *   - the core counts what the model counts, and remembers no more than it may
 *   - what falls due has happened when core_tick() returns
 * Input: one byte that picks limits, then steps of a byte for what, a byte for who, and what they need. */
#include "fuzz.h"

#include "core/state.h"

#define PEOPLE 6
#define ROOMS  32

struct model_room {
    uint32_t slot;       /* 0: none */
    int creator, joiner; /* -1: nobody */
};

struct model {
    struct core *core;
    struct core_effects fx;
    struct rng rng;
    uint64_t now_ms;
    bool open[PEOPLE];
    struct model_room rooms[ROOMS];
    uint32_t last_slot;
    /* What the step that runs has sent, if it was a room_send of a member with somebody across. */
    int data_to;
    view data_body;
    bool data_came;
};

/* Connections are numbered from 100 on, so that a mix-up with an index shows. */
static uint64_t id_of(int who)
{
    return 100 + (uint64_t)who;
}

static int who_of(uint64_t id)
{
    HOLDS(id >= 100 && id < 100 + PEOPLE);
    return (int)(id - 100);
}

static struct model_room *room_find(struct model *m, uint32_t slot)
{
    for (size_t i = 0; i < ROOMS; i++)
        if (m->rooms[i].slot == slot)
            return &m->rooms[i];
    return NULL;
}

static void room_forget(struct model *m, uint32_t slot)
{
    struct model_room *room = room_find(m, slot);
    if (room != NULL)
        room->slot = 0;
}

static void rooms_forget(struct model *m, int who)
{
    for (size_t i = 0; i < ROOMS; i++)
        if (m->rooms[i].slot != 0 && (m->rooms[i].creator == who || m->rooms[i].joiner == who))
            m->rooms[i].slot = 0;
}

static size_t rooms_count(const struct model *m)
{
    size_t count = 0;
    for (size_t i = 0; i < ROOMS; i++)
        count += m->rooms[i].slot != 0;
    return count;
}

/* --- what the core sent --- */

static void on_opened(struct model *m, int who, view body)
{
    struct proto_room_opened opened;
    HOLDS(proto_room_opened_read(body, &opened) == SOTTO_OK);
    HOLDS(room_find(m, opened.slot) == NULL);
    struct model_room *room = room_find(m, 0);
    HOLDS(room != NULL);
    *room = (struct model_room){opened.slot, who, -1};
    m->last_slot = opened.slot;
}

static void on_joined(struct model *m, int who, view body)
{
    struct proto_room_joined joined;
    HOLDS(proto_room_joined_read(body, &joined) == SOTTO_OK);
    struct model_room *room = room_find(m, joined.slot);
    HOLDS(room != NULL && room->joiner < 0 && room->creator != who);
    room->joiner = who;
}

static void on_peer(struct model *m, int who, view body)
{
    uint32_t slot = 0;
    HOLDS(proto_room_peer_read(body, &slot) == SOTTO_OK);
    const struct model_room *room = room_find(m, slot);
    HOLDS(room != NULL && room->creator == who && room->joiner >= 0);
}

static void on_data(struct model *m, int who, view body)
{
    HOLDS(m->data_to == who && !m->data_came);
    HOLDS(view_equal(body, m->data_body));
    m->data_came = true;
}

static void on_closed(struct model *m, int who, view body)
{
    struct proto_room_end_msg end;
    HOLDS(proto_room_closed_read(body, &end) == SOTTO_OK);
    (void)who; /* the room may be forgotten: its other member was told, or left, just before */
    room_forget(m, end.slot);
}

static void on_frame(struct model *m, int who, view bytes)
{
    struct proto_frame f;
    struct proto_error error;
    HOLDS(proto_frame_read(bytes, &f) == SOTTO_OK);
    switch (f.kind) {
    case PROTO_ROOM_OPENED:
        on_opened(m, who, f.body);
        return;
    case PROTO_ROOM_JOINED:
        on_joined(m, who, f.body);
        return;
    case PROTO_ROOM_PEER:
        on_peer(m, who, f.body);
        return;
    case PROTO_ROOM_DATA:
        on_data(m, who, f.body);
        return;
    case PROTO_ROOM_CLOSED:
        on_closed(m, who, f.body);
        return;
    case PROTO_OK:
        HOLDS(proto_ok_read(f.body) == SOTTO_OK);
        return;
    case PROTO_ERROR:
        HOLDS(proto_error_read(f.body, &error) == SOTTO_OK && error.detail.len > 0);
        return;
    default:
        HOLDS(f.kind == PROTO_BYE && proto_bye_read(f.body, &error) == SOTTO_OK);
    }
}

static void on_effect(struct model *m, const struct core_effect *e)
{
    view bytes = view_of(m->fx.bytes.data + e->at, e->len);
    HOLDS(e->at + e->len <= m->fx.bytes.len);
    if (e->kind == CORE_LOG) {
        HOLDS(e->len > 0 && e->len <= FX_LOG_MAX && e->event != NULL);
        return;
    }
    int who = who_of(e->connection);
    HOLDS(m->open[who]);
    if (e->kind == CORE_SEND)
        on_frame(m, who, bytes);
    if (e->kind == CORE_PAUSE)
        HOLDS(e->until_ms > m->now_ms);
    if (e->kind == CORE_CLOSE) {
        m->open[who] = false;
        rooms_forget(m, who);
    }
}

static void check(struct model *m)
{
    struct core_counts counts = core_count(m->core);
    size_t open = 0;
    for (size_t i = 0; i < m->fx.count; i++)
        on_effect(m, &m->fx.list[i]);
    HOLDS(m->data_came == (m->data_to >= 0));
    for (int i = 0; i < PEOPLE; i++)
        open += m->open[i];
    HOLDS(counts.connections == open);
    HOLDS(counts.rooms_open == rooms_count(m));
    HOLDS(m->core->slots.count == counts.rooms_open + m->core->resting_count);
    HOLDS(m->core->origins.count <= open + m->core->lingering_count);
}

static void step(struct model *m, struct core_event event)
{
    core_effects_reset(&m->fx);
    HOLDS(core_step(m->core, &event, m->now_ms, &m->rng, &m->fx) == SOTTO_OK);
    check(m);
    m->data_to = -1;
    m->data_came = false;
}

/* --- what people do --- */

static void do_open(struct model *m, int who, view *input)
{
    if (m->open[who])
        return;
    m->open[who] = true;
    struct core_event event = {
        .kind = CORE_OPEN, .connection = id_of(who), .address = {{10, 0, 0, 0, [15] = 4}}};
    event.address.bytes[3] = fuzz_u8(input) & 3;
    step(m, event);
}

static void do_close(struct model *m, int who, view *input)
{
    uint8_t how = fuzz_u8(input);
    if (m->open[who])
        rooms_forget(m, who);
    m->open[who] = false; /* an end that the core has decided itself is told, too */
    step(m, (struct core_event){
                .kind = CORE_CLOSED, .connection = id_of(who), .clean = how & 1, .slow = how & 2});
}

static void do_frame(struct model *m, int who, sotto_buf *frame)
{
    uint8_t *copy = fuzz_copy(buf_view(frame));
    step(m, (struct core_event){
                .kind = CORE_FRAME, .connection = id_of(who), .frame = {copy, frame->len}});
    free(copy);
    buf_clear(frame);
}

static uint32_t pick_slot(struct model *m, view *input)
{
    uint8_t choice = fuzz_u8(input);
    const struct model_room *room = &m->rooms[choice % ROOMS];
    if (choice < 200 && room->slot != 0)
        return room->slot;
    return choice < 250 && m->last_slot > 0 ? m->last_slot : (uint32_t)choice + 1;
}

static void do_room_open(struct model *m, int who, view *input)
{
    sotto_buf frame = {0};
    bool lab = fuzz_u8(input) & 1;
    struct proto_room_open open = {lab ? ROOM_LAB : ROOM_SESSION,
                                   lab ? VIEW_LIT("suite-1") : (view){0}};
    HOLDS(proto_room_open_write(1, &open, &frame) == SOTTO_OK);
    do_frame(m, who, &frame);
}

static void do_room_join(struct model *m, int who, view *input)
{
    sotto_buf frame = {0};
    uint32_t slot = pick_slot(m, input);
    struct proto_room_join join = {fuzz_u8(input) & 1 ? ROOM_LAB : ROOM_SESSION, slot};
    HOLDS(proto_room_join_write(2, &join, &frame) == SOTTO_OK);
    do_frame(m, who, &frame);
}

static void do_room_send(struct model *m, int who, view *input)
{
    sotto_buf frame = {0};
    uint32_t slot = pick_slot(m, input);
    static const uint8_t zeros[1000];
    uint8_t shape = fuzz_u8(input);
    view text = shape & 1 ? view_of(zeros, sizeof zeros) : fuzz_bytes(input, shape);
    if (text.len == 0)
        text = VIEW_LIT("x");
    struct proto_room_data data = {slot, text};
    HOLDS(proto_room_send_write(3, &data, &frame) == SOTTO_OK);
    const struct model_room *room = room_find(m, slot);
    if (room != NULL && m->open[who] && room->joiner >= 0 &&
        (room->creator == who || room->joiner == who))
        m->data_to = room->creator == who ? room->joiner : room->creator;
    sotto_buf expected = {0};
    HOLDS(buf_append(&expected, view_of(frame.data + PROTO_HEADER, frame.len - PROTO_HEADER)) ==
          SOTTO_OK);
    m->data_body = buf_view(&expected);
    do_frame(m, who, &frame);
    buf_clear(&expected);
}

static void do_room_confirm(struct model *m, int who, view *input)
{
    sotto_buf frame = {0};
    HOLDS(proto_room_confirm_write(4, pick_slot(m, input), &frame) == SOTTO_OK);
    do_frame(m, who, &frame);
}

static void do_room_close(struct model *m, int who, view *input)
{
    sotto_buf frame = {0};
    uint32_t slot = pick_slot(m, input);
    struct proto_room_end_msg end = {slot, fuzz_u8(input) & 1 ? ROOM_END_LEFT : ROOM_END_CODE};
    HOLDS(proto_room_close_write(5, &end, &frame) == SOTTO_OK);
    const struct model_room *room = room_find(m, slot);
    if (room != NULL && m->open[who] && (room->creator == who || room->joiner == who))
        room_forget(m, slot);
    do_frame(m, who, &frame);
}

/* Not a room_send of a member, which do_room_send() is for; and what the fuzzer finds out by itself about rooms is told to the model
 * by what the core answers, except for a room_close, which is left out too. */
static void do_raw(struct model *m, int who, view *input)
{
    sotto_buf frame = {0};
    struct proto_frame f;
    view bytes = fuzz_bytes(input, fuzz_u8(input));
    if (proto_frame_read(bytes, &f) == SOTTO_OK &&
        (f.kind == PROTO_ROOM_SEND || f.kind == PROTO_ROOM_CLOSE))
        return;
    HOLDS(buf_append(&frame, bytes) == SOTTO_OK);
    do_frame(m, who, &frame);
}

static void do_wait(struct model *m, view *input)
{
    static const uint64_t steps_ms[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    m->now_ms += steps_ms[fuzz_u8(input) % COUNT_OF(steps_ms)];
    bool due = core_next_ms(m->core) <= m->now_ms;
    core_effects_reset(&m->fx);
    HOLDS(core_tick(m->core, m->now_ms, &m->fx) == SOTTO_OK);
    HOLDS(due == (m->fx.count > 0));
    HOLDS(core_next_ms(m->core) > m->now_ms);
    check(m);
}

static void do_something(struct model *m, view *input)
{
    uint8_t what = fuzz_u8(input);
    int who = fuzz_u8(input) % PEOPLE;
    switch (what % 12) {
    case 0:
    case 1:
        do_open(m, who, input);
        return;
    case 2:
        do_close(m, who, input);
        return;
    case 3:
        do_room_open(m, who, input);
        return;
    case 4:
    case 5:
        do_room_join(m, who, input);
        return;
    case 6:
    case 7:
        do_room_send(m, who, input);
        return;
    case 8:
        do_room_confirm(m, who, input);
        return;
    case 9:
        do_room_close(m, who, input);
        return;
    case 10:
        do_raw(m, who, input);
        return;
    default:
        if (what < 250)
            do_wait(m, input);
        else
            step(m, (struct core_event){.kind = CORE_STOP});
    }
}

static struct limits pick_limits(uint8_t choice)
{
    struct limits limits = limits_default();
    if (choice & 1)
        limits.connections = 4;
    if (choice & 2)
        limits.rooms_per_connection = limits.rooms_per_address = 0;
    if (choice & 4)
        limits.slot_rest_ms = 1000;
    if (choice & 8)
        limits.room_burst_bytes = 2000;
    if (choice & 16)
        limits.wrong_codes = limits.requests = limits.room_opens = 0;
    if (choice & 32)
        limits.connections_per_address = 2;
    limits.rooms = choice & 64 ? 3 : ROOMS;
    return limits;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[RNG_SEED] = "core_fuzz";
    view input = view_of(data, size);
    struct limits limits = pick_limits(fuzz_u8(&input));
    struct model m = {.rng = rng_from(seed), .now_ms = 1, .data_to = -1};
    HOLDS(core_new(&(struct core_config){.limits = limits}, m.now_ms, &m.core) == SOTTO_OK);
    while (input.len > 0)
        do_something(&m, &input);
    core_free(m.core);
    core_effects_clear(&m.fx);
    return 0;
}
