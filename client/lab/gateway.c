#include "lab/gateway.h"

#include <stdlib.h>

#include "crypto/rng.h"
#include "lab/meet.h"
#include "lab/options.h"
#include "lab/wire.h"

struct gateway_wire {
    struct wire_tcp tcp; /* the first: one pointer is both; its timer waits for silence */
    struct meet meet;
    const char *room;
};

static void on_unreachable(struct wire_tcp *w, int code)
{
    struct cli_error error = {
        .err = SOTTO_E_NET,
        .why = uv_strerror(code),
        .todo = "check the address; sottod serve --set gateway=127.0.0.1:5001 opens one"};
    wire_tcp_fail(
        w, cli_failf(w->talk->call, &error, "cannot reach a gateway at %s", w->address.text));
}

/* --- out --- */

static void wire_send(struct talk *t, view message)
{
    struct gateway_wire *g = t->wire_state;
    sotto_buf out = {0};
    if (g == NULL)
        return;
    sotto_err err = meet_send(&g->meet, message, &out);
    if (err == SOTTO_OK) {
        wire_tcp_send(&g->tcp, &out);
        return;
    }
    buf_clear(&out);
    wire_tcp_fail(&g->tcp, cli_fail(t->call, &(struct cli_error){.err = err}));
}

/* --- in --- */

static void on_seated(struct gateway_wire *g)
{
    struct talk *t = g->tcp.talk;
    screen_note(&t->screen, '+', "Connected to the gateway %s, room %s", g->tcp.address.text,
                g->room);
    screen_note(&t->screen, '*', "Waiting for the other side… (Ctrl-C cancels)");
    talk_wait(t, 0);
}

static void fail_refused(struct gateway_wire *g, const char *why)
{
    struct cli_error error = {
        .err = SOTTO_E_CLOSED, .exit = 3, .why = why, .todo = "name another room with --room"};
    wire_tcp_fail(&g->tcp, g->tcp.talk->end == TALK_NONE
                               ? cli_failf(g->tcp.talk->call, &error, "the gateway refused")
                               : 0);
}

static void event_show(struct gateway_wire *g, const struct meet_event *event, view bytes)
{
    struct talk *t = g->tcp.talk;
    switch (event->kind) {
    case MEET_SEATED:
        on_seated(g);
        break;
    case MEET_UP:
        screen_note(&t->screen, '*', "Somebody is there; we are the %s",
                    event->role == LAB_DIALER ? "dialer" : "listener");
        t->config.role = event->role;
        talk_up(t);
        break;
    case MEET_MESSAGE:
        talk_message(t, bytes);
        break;
    case MEET_LEFT:
        talk_broken(t, SOTTO_E_CLOSED, "it left the room");
        break;
    case MEET_REFUSED:
        fail_refused(g, event->text);
        break;
    default:
        break;
    }
}

static void fail_wrong(struct gateway_wire *g, sotto_err err)
{
    bool other = err == SOTTO_E_KIND;
    struct cli_error error = {.err = err,
                              .exit = 3,
                              .todo = other ? "the other side has to send each message of the lab "
                                              "as hexadecimal digits (docs/lab.md)"
                                            : "check the address: another program may be there"};
    if (err == SOTTO_E_CLOSED || g->tcp.talk->end != TALK_NONE)
        wire_tcp_drop(&g->tcp, err, "the gateway ended the connection");
    else
        wire_tcp_fail(&g->tcp, cli_failf(g->tcp.talk->call, &error, "%s (%s)",
                                         other ? "the other side does not speak as the lab does"
                                               : "no Socket.IO gateway of sottod answers there",
                                         sotto_err_text(err)));
}

/* Gives out all that has come whole. */
static void events_take(struct gateway_wire *g)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct meet_event event = {.kind = MEET_SEATED};
    while (event.kind != MEET_NONE && !g->tcp.closing) {
        sotto_buf out = {0};
        sotto_err err = meet_next(&g->meet, &out, &event, &bytes);
        wire_tcp_send(&g->tcp, &out);
        if (err != SOTTO_OK) {
            fail_wrong(g, err);
            return;
        }
        event_show(g, &event, buf_view(&bytes));
    }
}

static void on_silence(uv_timer_t *timer)
{
    wire_tcp_drop(timer->data, SOTTO_E_NET, "nothing came from the gateway for too long");
}

static void on_bytes(struct wire_tcp *w, view bytes)
{
    struct gateway_wire *g = (struct gateway_wire *)w;
    if (meet_feed(&g->meet, bytes) != SOTTO_OK)
        wire_tcp_drop(w, SOTTO_E_NOMEM, "out of memory");
    else
        events_take(g);
    if (!w->closing && !w->leaving && g->meet.silence_ms > 0)
        uv_timer_start(&w->timer, on_silence, g->meet.silence_ms, 0);
}

/* --- the end --- */

static void on_ended(struct wire_tcp *w, int code)
{
    struct gateway_wire *g = (struct gateway_wire *)w;
    bool left = code == UV_EOF;
    if (g->meet.state < MEET_JOINING)
        fail_wrong(g, SOTTO_E_HTTP);
    else
        wire_tcp_drop(w, left ? SOTTO_E_CLOSED : SOTTO_E_NET,
                      left ? "the gateway ended the connection" : uv_strerror(code));
}

static void on_gone(struct wire_tcp *w)
{
    struct gateway_wire *g = (struct gateway_wire *)w;
    meet_clear(&g->meet);
    free(g);
}

static void wire_close(struct talk *t)
{
    struct gateway_wire *g = t->wire_state;
    sotto_buf out = {0};
    if (g->tcp.closing)
        return;
    if (!g->tcp.connected || meet_leave(&g->meet, &out) != SOTTO_OK)
        buf_clear(&out);
    wire_tcp_send(&g->tcp, &out);
    wire_tcp_leave(&g->tcp);
}

/* --- connecting --- */

static void on_up(struct wire_tcp *w)
{
    struct gateway_wire *g = (struct gateway_wire *)w;
    uint8_t seed[RNG_SEED];
    sotto_buf out = {0};
    random_bytes(seed, sizeof seed);
    if (meet_begin(&g->meet, w->address.text, g->room, seed, &out) != SOTTO_OK) {
        buf_clear(&out);
        wire_tcp_drop(w, SOTTO_E_NET, "it can't be spoken to");
        return;
    }
    talk_wait(w->talk, w->talk->timeout_ms);
    wire_tcp_send(w, &out);
}

static const struct wire_tcp_events tcp_events = {
    .found = wire_tcp_dial,
    .unreachable = on_unreachable,
    .up = on_up,
    .bytes = on_bytes,
    .ended = on_ended,
    .gone = on_gone,
};

/* ADDR:PORT, ADDR, or a URL of it. */
static int address_get(const struct cli_call *call, struct server_address *ret_address)
{
    const char *given = call->operand_count > 0 ? call->operands[0] : GATEWAY_ADDRESS;
    const char *begin = strncmp(given, "http://", 7) == 0 ? given + 7 : given;
    size_t len = strcspn(begin, "/");
    char text[ADDRESS_TEXT_MAX + 8];
    struct cli_error error = {.err = SOTTO_E_USAGE,
                              .todo = "write ADDR:PORT, such as 127.0.0.1:5001"};
    bool bare = memchr(begin, ':', len) == NULL;
    int written = snprintf(text, sizeof text, bare ? "%.*s:%d" : "%.*s", (int)size_min(len, 1000),
                           begin, GATEWAY_PORT);
    if (begin[len] == '\0' || begin[len + 1] == '\0')
        if (written > 0 && (size_t)written < sizeof text &&
            address_read(text, ret_address) == SOTTO_OK)
            return 0;
    return cli_failf(call, &error, "not the address of a gateway: \"%.100s\"", given);
}

static int room_get(const struct cli_call *call, const char **ret_room)
{
    const char *room = cli_value(call, "room");
    struct cli_error error = {.err = SOTTO_E_USAGE,
                              .todo = "give up to 64 letters, digits, dots, dashes or underscores"};
    if (room == NULL)
        room = GATEWAY_ROOM;
    if (!engineio_room_valid(view_str(room)))
        return cli_failf(call, &error, "not the name of a room: \"%.100s\"", room);
    *ret_room = room;
    return 0;
}

static int wire_open(struct talk *t)
{
    struct gateway_wire *g = calloc(1, sizeof *g);
    if (g == NULL)
        return cli_fail(t->call, &(struct cli_error){.err = SOTTO_E_NOMEM});
    int status = address_get(t->call, &g->tcp.address);
    if (status == 0)
        status = room_get(t->call, &g->room);
    if (status != 0) {
        free(g);
        return status;
    }
    t->wire_state = g;
    g->tcp.events = &tcp_events;
    wire_tcp_begin(&g->tcp, t);
    return 0;
}

const struct wire gateway_wire = {
    .suite = "modp2048-elgamal-aes256cfb",
    .prepare = options_keys,
    .open = wire_open,
    .send = wire_send,
    .close = wire_close,
    .waiting = wire_tcp_waiting,
};
