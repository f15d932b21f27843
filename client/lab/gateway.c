#include "lab/gateway.h"

#include <stdlib.h>

#include "crypto/rng.h"
#include "engine/address.h"
#include "lab/meet.h"
#include "lab/options.h"

/* `handles` counts what libuv still holds; with the last one all goes. */

#define GOODBYE_MS 2000

struct gateway_wire {
    struct talk *talk;
    struct meet meet;
    struct server_address address;
    const char *room;
    uv_getaddrinfo_t lookup;
    uv_tcp_t stream;
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    uv_timer_t timer; /* silence, then the goodbye */
    unsigned handles;
    bool looking, stream_open, connected, leaving, closing;
    sotto_err err;
    char detail[MEET_TEXT];
    uint8_t chunk[16384];
};

/* --- the end --- */

static void free_if_done(struct gateway_wire *g)
{
    struct talk *t = g->talk;
    if (g->handles > 0 || g->looking)
        return;
    t->wire_state = NULL;
    talk_down(t, g->err, g->detail);
    meet_clear(&g->meet);
    free(g);
}

static void on_close(uv_handle_t *handle)
{
    struct gateway_wire *g = handle->data;
    g->handles--;
    free_if_done(g);
}

static void shut(void *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_close);
}

/* Ends at once. */
static void drop(struct gateway_wire *g, sotto_err err, const char *detail)
{
    if (!g->closing) {
        g->err = err;
        snprintf(g->detail, sizeof g->detail, "%s", detail);
    }
    g->closing = true;
    if (g->looking)
        uv_cancel((uv_req_t *)&g->lookup);
    if (g->stream_open)
        shut(&g->stream);
    shut(&g->timer);
}

/* Ends it for the user first, with an error that was printed. */
static void fail(struct gateway_wire *g, int status)
{
    talk_fail(g->talk, status);
    drop(g, SOTTO_E_NET, "");
}

static void fail_reach(struct gateway_wire *g, int status)
{
    struct cli_error error = {
        .err = SOTTO_E_NET,
        .why = uv_strerror(status),
        .todo = "check the address; sottod serve --set gateway=127.0.0.1:5001 opens one"};
    fail(g, cli_failf(g->talk->call, &error, "cannot reach a gateway at %s", g->address.text));
}

/* --- out --- */

struct outgoing {
    uv_write_t request;
    sotto_buf bytes;
};

static void on_written(uv_write_t *request, int status)
{
    struct outgoing *o = request->data;
    struct gateway_wire *g = request->handle->data;
    buf_clear(&o->bytes);
    free(o);
    if (status < 0 && status != UV_ECANCELED)
        drop(g, SOTTO_E_NET, uv_strerror(status));
    else if (!g->closing && uv_stream_get_write_queue_size((uv_stream_t *)&g->stream) == 0)
        talk_drained(g->talk);
}

/* Takes the bytes over, whatever comes of it. */
static void bytes_send(struct gateway_wire *g, sotto_buf *bytes)
{
    struct outgoing *o = bytes->len > 0 && !g->closing ? calloc(1, sizeof *o) : NULL;
    if (o == NULL) {
        if (bytes->len > 0 && !g->closing)
            drop(g, SOTTO_E_NOMEM, "out of memory");
        buf_clear(bytes);
        return;
    }
    o->bytes = *bytes;
    *bytes = (sotto_buf){0};
    o->request.data = o;
    const uv_buf_t out = uv_buf_init((char *)o->bytes.data, (unsigned)o->bytes.len);
    if (uv_write(&o->request, (uv_stream_t *)&g->stream, &out, 1, on_written) == 0)
        return;
    buf_clear(&o->bytes);
    free(o);
    drop(g, SOTTO_E_NET, "it can't be written to");
}

static void wire_send(struct talk *t, view message)
{
    struct gateway_wire *g = t->wire_state;
    sotto_buf out = {0};
    if (g == NULL || !g->connected || g->closing)
        return;
    sotto_err err = meet_send(&g->meet, message, &out);
    if (err == SOTTO_OK) {
        bytes_send(g, &out);
        return;
    }
    buf_clear(&out);
    fail(g, cli_fail(t->call, &(struct cli_error){.err = err}));
}

static size_t wire_waiting(const struct talk *t)
{
    const struct gateway_wire *g = t->wire_state;
    return g != NULL && g->stream_open
               ? uv_stream_get_write_queue_size((const uv_stream_t *)&g->stream)
               : 0;
}

/* --- in --- */

static void on_seated(struct gateway_wire *g)
{
    struct talk *t = g->talk;
    screen_note(&t->screen, '+', "Connected to the gateway %s, room %s", g->address.text, g->room);
    screen_note(&t->screen, '*', "Waiting for the other side… (Ctrl-C cancels)");
    talk_wait(t, 0);
}

static void fail_refused(struct gateway_wire *g, const char *why)
{
    struct cli_error error = {
        .err = SOTTO_E_CLOSED, .exit = 3, .why = why, .todo = "name another room with --room"};
    fail(g,
         g->talk->end == TALK_NONE ? cli_failf(g->talk->call, &error, "the gateway refused") : 0);
}

static void event_show(struct gateway_wire *g, const struct meet_event *event, view bytes)
{
    struct talk *t = g->talk;
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
    if (err == SOTTO_E_CLOSED || g->talk->end != TALK_NONE)
        drop(g, err, "the gateway ended the connection");
    else
        fail(g, cli_failf(g->talk->call, &error, "%s (%s)",
                          other ? "the other side does not speak as the lab does"
                                : "no Socket.IO gateway of sottod answers there",
                          sotto_err_text(err)));
}

/* Gives out all that has come whole. */
static void events_take(struct gateway_wire *g)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct meet_event event = {.kind = MEET_SEATED};
    while (event.kind != MEET_NONE && !g->closing) {
        sotto_buf out = {0};
        sotto_err err = meet_next(&g->meet, &out, &event, &bytes);
        bytes_send(g, &out);
        if (err != SOTTO_OK) {
            fail_wrong(g, err);
            return;
        }
        event_show(g, &event, buf_view(&bytes));
    }
}

static void on_silence(uv_timer_t *timer)
{
    drop(timer->data, SOTTO_E_NET, "nothing came from the gateway for too long");
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_place)
{
    struct gateway_wire *g = handle->data;
    (void)suggested;
    *ret_place = uv_buf_init((char *)g->chunk, sizeof g->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *place)
{
    struct gateway_wire *g = stream->data;
    (void)place;
    if (len < 0 && g->meet.state < MEET_JOINING)
        fail_wrong(g, SOTTO_E_HTTP);
    else if (len < 0)
        drop(g, len == UV_EOF ? SOTTO_E_CLOSED : SOTTO_E_NET,
             len == UV_EOF ? "the gateway ended the connection" : uv_strerror((int)len));
    else if (meet_feed(&g->meet, view_of(g->chunk, (size_t)len)) != SOTTO_OK)
        drop(g, SOTTO_E_NOMEM, "out of memory");
    else
        events_take(g);
    if (!g->closing && !g->leaving && g->meet.silence_ms > 0)
        uv_timer_start(&g->timer, on_silence, g->meet.silence_ms, 0);
}

/* --- closing in peace --- */

static void on_goodbye(uv_timer_t *timer)
{
    drop(timer->data, SOTTO_OK, "");
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)status;
    drop(request->data, SOTTO_OK, "");
}

static void wire_close(struct talk *t)
{
    struct gateway_wire *g = t->wire_state;
    sotto_buf out = {0};
    if (g->closing)
        return;
    if (!g->connected || meet_leave(&g->meet, &out) != SOTTO_OK) {
        buf_clear(&out);
        drop(g, SOTTO_OK, "");
        return;
    }
    bytes_send(g, &out);
    g->leaving = true;
    g->shutdown.data = g;
    if (g->closing || uv_shutdown(&g->shutdown, (uv_stream_t *)&g->stream, on_shutdown) != 0)
        drop(g, SOTTO_OK, "");
    else
        uv_timer_start(&g->timer, on_goodbye, GOODBYE_MS, 0);
}

/* --- connecting --- */

static void on_connect(uv_connect_t *request, int status)
{
    struct gateway_wire *g = request->data;
    uint8_t seed[RNG_SEED];
    sotto_buf out = {0};
    if (status == UV_ECANCELED || g->closing)
        return;
    if (status != 0) {
        fail_reach(g, status);
        return;
    }
    g->connected = true;
    uv_tcp_nodelay(&g->stream, 1);
    random_bytes(seed, sizeof seed);
    sotto_err err = meet_begin(&g->meet, g->address.text, g->room, seed, &out);
    if (err != SOTTO_OK || uv_read_start((uv_stream_t *)&g->stream, on_alloc, on_read) != 0) {
        buf_clear(&out);
        drop(g, SOTTO_E_NET, "it can't be spoken to");
        return;
    }
    talk_wait(g->talk, g->talk->timeout_ms);
    bytes_send(g, &out);
}

static void on_lookup(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct gateway_wire *g = request->data;
    g->looking = false;
    if (status == 0 && !g->closing) {
        uv_tcp_init(&g->talk->loop, &g->stream);
        g->stream.data = g->connect.data = g;
        g->stream_open = true;
        g->handles++;
        status = uv_tcp_connect(&g->connect, &g->stream, found->ai_addr, on_connect);
    }
    uv_freeaddrinfo(found);
    if (g->closing)
        free_if_done(g);
    else if (status != 0)
        fail_reach(g, status);
}

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
    g->talk = t;
    int status = address_get(t->call, &g->address);
    if (status == 0)
        status = room_get(t->call, &g->room);
    if (status != 0) {
        free(g);
        return status;
    }
    t->wire_state = g;
    uv_timer_init(&t->loop, &g->timer);
    g->timer.data = g->lookup.data = g;
    g->handles++;
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)g->address.port);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    g->looking = true;
    status = uv_getaddrinfo(&t->loop, &g->lookup, on_lookup, g->address.host, port, &hints);
    if (status != 0) {
        g->looking = false;
        fail_reach(g, status);
    }
    return 0;
}

const struct wire gateway_wire = {
    .suite = "modp2048-elgamal-aes256cfb",
    .prepare = options_keys,
    .open = wire_open,
    .send = wire_send,
    .close = wire_close,
    .waiting = wire_waiting,
};
