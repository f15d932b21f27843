/* session.c - a code session. The server's frames are rows of one table, by kind and state; what does not stand there does not
 * belong there and ends the session. What is said before the channel is secure waits in `held`, one line behind the other,
 * each behind its length. A session that has ended keeps nothing. */
#include "engine/session.h"

#include <stdlib.h>

#include "base/ct.h"
#include "base/rd.h"
#include "base/text.h"
#include "base/wr.h"
#include "proto/proto.h"
#include "room/channel.h"

enum session_state {
    STATE_NEW,
    STATE_ASKED,    /* room_open or room_join is under way */
    STATE_WAITING,  /* creator: for the other side */
    STATE_EXCHANGE, /* the channel is being made */
    STATE_SECURE,
    STATE_ENDED
};

struct session {
    sotto_crypto *crypto;
    enum session_role role;
    enum session_state state;
    unsigned words;
    struct room_code code; /* cleared when the channel has it */
    char code_text[CODE_TEXT_MAX];
    uint32_t slot;
    uint32_t request; /* the id of the last request */
    struct rng rng;
    struct channel *channel;
    sotto_buf held;       /* uint32 length and bytes of each line */
    sotto_buf message;    /* scratch: one message for the other side */
    bool done, peer_done; /* nothing more will be said */
};

/* ---- effects ---- */

void session_effects_reset(struct session_effects *fx)
{
    buf_reset(&fx->frames);
    buf_reset(&fx->bytes);
    fx->frame_count = 0;
    fx->event_count = 0;
}

void session_effects_clear(struct session_effects *fx)
{
    buf_clear(&fx->frames);
    buf_clear(&fx->bytes);
    free(fx->sizes);
    free(fx->events);
    *fx = (struct session_effects){0};
}

/* Room for one more item in a growing list; gives the list, moved if it had to be. */
static void *list_grow(void *list, size_t count, size_t *cap, size_t item)
{
    if (count < *cap)
        return list;
    size_t more = *cap > 0 ? *cap * 2 : 8;
    void *moved = realloc(list, more * item);
    if (moved != NULL)
        *cap = more;
    return moved;
}

/* Counts what was appended to fx->frames since `start` as one frame. */
static sotto_err frame_add(struct session_effects *fx, size_t start)
{
    size_t *sizes = list_grow(fx->sizes, fx->frame_count, &fx->frame_cap, sizeof *sizes);
    if (sizes == NULL) {
        fx->frames.len = start;
        return SOTTO_E_NOMEM;
    }
    fx->sizes = sizes;
    fx->sizes[fx->frame_count++] = fx->frames.len - start;
    return SOTTO_OK;
}

static sotto_err event_add(struct session_effects *fx, struct session_event event, view text)
{
    struct session_event *events =
        list_grow(fx->events, fx->event_count, &fx->event_cap, sizeof *events);
    if (events == NULL)
        return SOTTO_E_NOMEM;
    fx->events = events;
    event.at = fx->bytes.len;
    event.len = text.len;
    TRY(buf_append(&fx->bytes, text));
    fx->events[fx->event_count++] = event;
    return SOTTO_OK;
}

/* ---- life ---- */

sotto_err session_new(sotto_crypto *c, enum session_role role, unsigned words,
                      const struct room_code *code, const uint8_t seed[RNG_SEED],
                      struct session **ret_session)
{
    if (role == SESSION_CREATE ? words < CODE_WORDS_MIN || words > CODE_WORDS_MAX : code == NULL)
        return SOTTO_E_USAGE;
    struct session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return SOTTO_E_NOMEM;
    s->crypto = c;
    s->role = role;
    s->words = words;
    if (role == SESSION_JOIN)
        s->code = *code;
    s->rng = rng_from(seed);
    *ret_session = s;
    return SOTTO_OK;
}

/* Wipes what is secret; the session object itself stays. */
static void session_forget(struct session *s)
{
    channel_free(s->channel);
    s->channel = NULL;
    room_code_clear(&s->code);
    ct_wipe(s->code_text, sizeof s->code_text);
    rng_clear(&s->rng);
    buf_clear(&s->held);
    buf_clear(&s->message);
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    session_forget(s);
    ct_wipe(s, sizeof *s);
    free(s);
}

const char *session_code(const struct session *s)
{
    return s->code_text;
}

/* ---- ending ---- */

static sotto_err session_end(struct session *s, struct session_event end, view text,
                             struct session_effects *fx)
{
    if (s->state == STATE_ENDED)
        return SOTTO_OK;
    end.kind = SESSION_ENDED;
    end.secure = s->state == STATE_SECURE;
    s->state = STATE_ENDED;
    sotto_err err = event_add(fx, end, text);
    session_forget(s);
    return err;
}

/* Tells the server that we leave the room, if we are in one. */
static sotto_err room_leave(struct session *s, enum proto_room_end reason,
                            struct session_effects *fx)
{
    if (s->slot == 0)
        return SOTTO_OK;
    struct proto_room_end_msg end = {.slot = s->slot, .reason = (uint8_t)reason};
    size_t start = fx->frames.len;
    TRY(proto_room_close_write(++s->request, &end, &fx->frames));
    return frame_add(fx, start);
}

/* Something that must not happen: leave the room, say which error it was. */
static sotto_err session_fail(struct session *s, sotto_err err, struct session_effects *fx)
{
    if (err == SOTTO_E_NOMEM)
        return err;
    TRY(room_leave(s, err == SOTTO_E_CODE ? ROOM_END_CODE : ROOM_END_LEFT, fx));
    return session_end(s, (struct session_event){.err = err}, (view){0}, fx);
}

sotto_err session_lost(struct session *s, sotto_err err, struct session_effects *fx)
{
    return session_end(s, (struct session_event){.err = err}, (view){0}, fx);
}

/* ---- talking to the other side ---- */

static sotto_err peer_send(struct session *s, struct session_effects *fx)
{
    if (s->message.len == 0)
        return SOTTO_OK;
    struct proto_room_data data = {.slot = s->slot, .data = buf_view(&s->message)};
    size_t start = fx->frames.len;
    sotto_err err = proto_room_send_write(++s->request, &data, &fx->frames);
    buf_reset(&s->message);
    TRY(err);
    return frame_add(fx, start);
}

static sotto_err peer_say(struct session *s, enum channel_kind kind, view text,
                          struct session_effects *fx)
{
    TRY(channel_send(s->channel, kind, text, &s->message));
    return peer_send(s, fx);
}

/* Both sides have nothing more to say: that is the end. */
static sotto_err session_end_if_done(struct session *s, struct session_effects *fx)
{
    if (!s->done || !s->peer_done)
        return SOTTO_OK;
    TRY(peer_say(s, CHANNEL_END, (view){0}, fx));
    TRY(room_leave(s, ROOM_END_LEFT, fx));
    return session_end(s, (struct session_event){0}, (view){0}, fx);
}

static sotto_err held_say(struct session *s, struct session_effects *fx)
{
    struct rd r = rd_of(buf_view(&s->held));
    while (rd_more(&r)) {
        size_t len = rd_u32(&r);
        TRY(peer_say(s, CHANNEL_TEXT, rd_bytes(&r, len), fx));
    }
    buf_clear(&s->held);
    return s->done ? peer_say(s, CHANNEL_DONE, (view){0}, fx) : SOTTO_OK;
}

static sotto_err channel_begin(struct session *s, struct session_effects *fx)
{
    uint8_t seed[CHANNEL_SEED];
    enum channel_role role = s->role == SESSION_CREATE ? CHANNEL_CREATOR : CHANNEL_JOINER;
    rng_bytes(&s->rng, seed, sizeof seed);
    sotto_err err = channel_new(s->crypto, role, &s->code, seed, &s->message, &s->channel);
    ct_wipe(seed, sizeof seed);
    room_code_clear(&s->code);
    ct_wipe(s->code_text, sizeof s->code_text);
    TRY(err);
    s->state = STATE_EXCHANGE;
    TRY(peer_send(s, fx));
    return event_add(fx, (struct session_event){.kind = SESSION_EXCHANGING}, (view){0});
}

/* ---- frames of the server ---- */

static sotto_err on_opened(struct session *s, view body, struct session_effects *fx)
{
    struct proto_room_opened opened;
    TRY(proto_room_opened_read(body, &opened));
    TRY(room_code_make(opened.slot, s->words, &s->rng, &s->code));
    room_code_write(&s->code, s->code_text);
    s->slot = opened.slot;
    s->state = STATE_WAITING;
    return event_add(fx, (struct session_event){.kind = SESSION_CODE, .ttl_s = opened.join_ttl_s},
                     (view){0});
}

static sotto_err on_joined(struct session *s, view body, struct session_effects *fx)
{
    struct proto_room_joined joined;
    TRY(proto_room_joined_read(body, &joined));
    if (joined.slot != s->code.slot)
        return SOTTO_E_UNEXPECTED;
    s->slot = joined.slot;
    return channel_begin(s, fx);
}

static sotto_err on_peer(struct session *s, view body, struct session_effects *fx)
{
    uint32_t slot;
    TRY(proto_room_peer_read(body, &slot));
    return slot == s->slot ? channel_begin(s, fx) : SOTTO_E_UNEXPECTED;
}

static sotto_err on_channel_open(struct session *s, struct session_effects *fx)
{
    struct session_event event = {.kind = SESSION_SECURE};
    size_t start = fx->frames.len;
    channel_check(s->channel, event.check);
    s->state = STATE_SECURE;
    TRY(proto_room_confirm_write(++s->request, s->slot, &fx->frames));
    TRY(frame_add(fx, start));
    TRY(event_add(fx, event, (view){0}));
    return held_say(s, fx);
}

static sotto_err on_said(struct session *s, const struct channel_event *said,
                         struct session_effects *fx)
{
    switch (said->kind) {
    case CHANNEL_TEXT:
        if (!utf8_valid(said->text))
            return SOTTO_E_VALUE;
        return event_add(fx, (struct session_event){.kind = SESSION_TEXT}, said->text);
    case CHANNEL_DONE:
        s->peer_done = true;
        TRY(event_add(fx, (struct session_event){.kind = SESSION_PEER_DONE}, (view){0}));
        return session_end_if_done(s, fx);
    case CHANNEL_END:
        TRY(room_leave(s, ROOM_END_LEFT, fx));
        return session_end(s, (struct session_event){.peer_left = true}, (view){0}, fx);
    }
    return SOTTO_E_UNEXPECTED;
}

static sotto_err on_data(struct session *s, view body, struct session_effects *fx)
{
    struct proto_room_data data;
    struct channel_event event = {0};
    TRY(proto_room_data_read(body, &data));
    if (data.slot != s->slot)
        return SOTTO_E_UNEXPECTED;
    TRY(channel_recv(s->channel, data.data, &s->message, &event));
    TRY(peer_send(s, fx));
    if (event.event == CHANNEL_EVENT_OPEN)
        return on_channel_open(s, fx);
    return event.event == CHANNEL_EVENT_SAID ? on_said(s, &event, fx) : SOTTO_OK;
}

/* What the room's end means to us. If the channel was open, an end that the other side did not say itself, sealed, may be the
 * relay's doing: then messages may be missing. */
static sotto_err room_end_error(uint8_t reason, bool secure)
{
    switch (reason) {
    case ROOM_END_CODE:
        return SOTTO_E_CODE;
    case ROOM_END_EXPIRED:
        return SOTTO_E_EXPIRED;
    case ROOM_END_SLOW:
        return SOTTO_E_SLOW;
    case ROOM_END_SERVER:
        return SOTTO_E_NET;
    default:
        return secure ? SOTTO_E_MISSING : SOTTO_E_CLOSED;
    }
}

static sotto_err on_closed(struct session *s, view body, struct session_effects *fx)
{
    struct proto_room_end_msg end;
    TRY(proto_room_closed_read(body, &end));
    if (end.slot != s->slot)
        return SOTTO_E_UNEXPECTED;
    bool secure = s->state == STATE_SECURE;
    return session_end(
        s, (struct session_event){.err = room_end_error(end.reason, secure), .peer_left = true},
        (view){0}, fx);
}

/* An error or a bye of the server: its code is ours if we know it. */
static sotto_err end_with(struct session *s, const struct proto_error *error,
                          struct session_effects *fx)
{
    sotto_err err = error->code != 0 ? (sotto_err)error->code : SOTTO_E_CLOSED;
    return session_end(s, (struct session_event){.err = err, .retry_ms = error->retry_ms},
                       error->detail, fx);
}

static sotto_err on_error(struct session *s, view body, struct session_effects *fx)
{
    struct proto_error error;
    TRY(proto_error_read(body, &error));
    return end_with(s, &error, fx);
}

static sotto_err on_bye(struct session *s, view body, struct session_effects *fx)
{
    struct proto_error bye;
    TRY(proto_bye_read(body, &bye));
    return end_with(s, &bye, fx);
}

static sotto_err on_ok(struct session *s, view body, struct session_effects *fx)
{
    (void)s;
    (void)fx;
    return proto_ok_read(body);
}

#define IN(state) (1u << (state))
#define IN_ROOM   (IN(STATE_WAITING) | IN(STATE_EXCHANGE) | IN(STATE_SECURE))
#define ANY       (IN(STATE_ASKED) | IN_ROOM)

static const struct {
    uint16_t kind;
    unsigned role; /* bit of the role it may come to */
    unsigned states;
    sotto_err (*handler)(struct session *s, view body, struct session_effects *fx);
} frames[] = {
    {PROTO_ROOM_OPENED, 1u << SESSION_CREATE, IN(STATE_ASKED), on_opened},
    {PROTO_ROOM_JOINED, 1u << SESSION_JOIN, IN(STATE_ASKED), on_joined},
    {PROTO_ROOM_PEER, 1u << SESSION_CREATE, IN(STATE_WAITING), on_peer},
    {PROTO_ROOM_DATA, 3, IN(STATE_EXCHANGE) | IN(STATE_SECURE), on_data},
    {PROTO_ROOM_CLOSED, 3, IN_ROOM, on_closed},
    {PROTO_ERROR, 3, ANY, on_error},
    {PROTO_BYE, 3, ANY, on_bye},
    {PROTO_OK, 3, ANY, on_ok},
};

static sotto_err frame_dispatch(struct session *s, view bytes, struct session_effects *fx)
{
    struct proto_frame frame;
    TRY(proto_frame_read(bytes, &frame));
    for (size_t i = 0; i < COUNT_OF(frames); i++)
        if (frames[i].kind == frame.kind && (frames[i].role >> s->role & 1) != 0 &&
            (frames[i].states >> s->state & 1) != 0)
            return frames[i].handler(s, frame.body, fx);
    return SOTTO_E_UNEXPECTED;
}

sotto_err session_frame(struct session *s, view frame, struct session_effects *fx)
{
    if (s->state == STATE_ENDED)
        return SOTTO_OK;
    sotto_err err = frame_dispatch(s, frame, fx);
    return err == SOTTO_OK ? SOTTO_OK : session_fail(s, err, fx);
}

/* ---- what the user does ---- */

sotto_err session_start(struct session *s, struct session_effects *fx)
{
    if (s->state != STATE_NEW)
        return SOTTO_OK;
    size_t start = fx->frames.len;
    if (s->role == SESSION_CREATE) {
        struct proto_room_open open = {.kind = ROOM_SESSION};
        TRY(proto_room_open_write(++s->request, &open, &fx->frames));
    } else {
        struct proto_room_join join = {.kind = ROOM_SESSION, .slot = s->code.slot};
        TRY(proto_room_join_write(++s->request, &join, &fx->frames));
    }
    s->state = STATE_ASKED;
    return frame_add(fx, start);
}

static sotto_err hold(struct session *s, view line)
{
    if (s->held.len + line.len + sizeof(uint32_t) > SESSION_HELD_MAX)
        return SOTTO_E_FULL;
    struct wr w = wr_to(&s->held);
    wr_u32(&w, (uint32_t)line.len);
    wr_bytes(&w, line);
    return wr_end(&w);
}

sotto_err session_say(struct session *s, view line, struct session_effects *fx)
{
    if (s->done || s->state == STATE_ENDED)
        return SOTTO_E_NOT_NOW;
    if (line.len > CHANNEL_TEXT_MAX)
        return SOTTO_E_TOO_LARGE;
    if (!utf8_valid(line))
        return SOTTO_E_VALUE;
    return s->state == STATE_SECURE ? peer_say(s, CHANNEL_TEXT, line, fx) : hold(s, line);
}

sotto_err session_done(struct session *s, struct session_effects *fx)
{
    if (s->done || s->state == STATE_ENDED)
        return SOTTO_OK;
    s->done = true;
    if (s->state != STATE_SECURE)
        return SOTTO_OK;
    TRY(peer_say(s, CHANNEL_DONE, (view){0}, fx));
    return session_end_if_done(s, fx);
}

sotto_err session_leave(struct session *s, struct session_effects *fx)
{
    if (s->state == STATE_ENDED)
        return SOTTO_OK;
    if (s->state == STATE_SECURE)
        TRY(peer_say(s, CHANNEL_END, (view){0}, fx));
    TRY(room_leave(s, ROOM_END_LEFT, fx));
    return session_end(s, (struct session_event){0}, (view){0}, fx);
}
