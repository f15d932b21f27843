/* connection.c - the stages of one connection: RESOLVE -> CONNECT -> TLS -> LINK -> READY ->
 * CLOSING -> ENDING. Ciphertext waits in `out` while a write is under way in `writing`.
 * Everything that can go wrong meets in end_with(), which keeps the first reason; handles are
 * closed once, and the last close callback reports and frees. */
#include "host/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/rng.h"
#include "engine/link.h"
#include "host/tls.h"

#define CLOSE_MS   2000 /* for what is left to write */
#define TICK_MS    5000
#define PING_TICKS 4 /* of silence, after which we ask whether the server is still there */
#define DEAD_TICKS 9 /* of silence, after which it is not */

enum stage {
    STAGE_RESOLVE,
    STAGE_CONNECT,
    STAGE_TLS,
    STAGE_LINK,
    STAGE_READY,
    STAGE_CLOSING,
    STAGE_ENDING
};

struct connection {
    uv_loop_t *loop;
    sotto_crypto *crypto;
    struct server_address address;
    const struct connection_events *events;
    void *user;
    enum stage stage;
    struct connection_end end;
    unsigned open_handles;
    bool resolving, reported, full;
    bool pinned;
    uint8_t pin[X509_PIN];
    uv_getaddrinfo_t resolve;
    struct addrinfo *found, *trying; /* all addresses of the name; the one that is tried */
    uv_connect_t connect;
    uv_tcp_t tcp;
    uv_timer_t deadline, tick;
    unsigned silent_ticks; /* since the server was last heard */
    uv_write_t write;
    uv_shutdown_t shutdown;
    bool write_busy, half_closed;
    sotto_buf out, writing, plain, link_out;
    char *chunk;
    struct tls *tls;
    struct link *link;
};

#define CHUNK 65536

static void tcp_start(struct connection *c);

static void connection_free(struct connection *c)
{
    link_free(c->link);
    tls_free(c->tls);
    buf_clear(&c->out);
    buf_clear(&c->writing);
    buf_clear(&c->plain);
    buf_clear(&c->link_out);
    if (c->found != NULL)
        uv_freeaddrinfo(c->found);
    free(c->chunk);
    free(c);
}

/* The last thing that happens to a connection. A name look-up that can't be called back may take
 * the system minutes: nobody waits for it, but the memory does. */
static void finish_if_done(struct connection *c)
{
    if (c->stage != STAGE_ENDING || c->open_handles > 0)
        return;
    if (!c->reported) {
        c->reported = true;
        c->events->ended(c->user, &c->end);
    }
    if (!c->resolving)
        connection_free(c);
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    c->open_handles--;
    finish_if_done(c);
}

static void handle_close(uv_handle_t *handle)
{
    if (handle->loop != NULL && !uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void shut(struct connection *c)
{
    if (c->stage == STAGE_ENDING)
        return;
    c->stage = STAGE_ENDING;
    if (c->resolving)
        uv_cancel((uv_req_t *)&c->resolve);
    handle_close((uv_handle_t *)&c->tcp);
    handle_close((uv_handle_t *)&c->deadline);
    handle_close((uv_handle_t *)&c->tick);
}

/* Ends for this reason, unless it is ending for another one already. */
static void end_with(struct connection *c, sotto_err err, const char *detail)
{
    if (c->stage < STAGE_CLOSING) {
        c->end.err = err;
        snprintf(c->end.detail, sizeof c->end.detail, "%s", detail);
        if (c->link != NULL)
            c->end.retry_ms = link_retry_ms(c->link);
    }
    shut(c);
}

static void end_with_uv(struct connection *c, int status)
{
    end_with(c, status == UV_ENOMEM ? SOTTO_E_NOMEM : SOTTO_E_NET, uv_strerror(status));
}

static void flush(struct connection *c);

static void on_written(uv_write_t *write, int status)
{
    struct connection *c = write->data;
    c->write_busy = false;
    buf_reset(&c->writing);
    if (c->stage == STAGE_ENDING)
        return;
    if (status < 0) {
        end_with_uv(c, status);
        return;
    }
    flush(c);
    if (c->full && c->stage == STAGE_READY && connection_waiting(c) < CONNECTION_LOW) {
        c->full = false;
        c->events->drained(c->user);
    }
}

/* Everything is written: the server is told so, and its own end is awaited, since closing with
 * bytes unread would take back what we sent last. */
static void half_close(struct connection *c)
{
    if (c->half_closed)
        return;
    c->half_closed = true;
    c->shutdown.data = c;
    if (uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, NULL) != 0)
        shut(c);
}

/* Writes what waits, one write at a time; when closing, the end comes after the last one. */
static void flush(struct connection *c)
{
    if (c->write_busy || c->stage == STAGE_ENDING)
        return;
    if (c->out.len == 0) {
        if (c->stage == STAGE_CLOSING)
            half_close(c);
        return;
    }
    sotto_buf swapped = c->writing;
    c->writing = c->out;
    c->out = swapped;
    uv_buf_t piece = uv_buf_init((char *)c->writing.data, (unsigned)c->writing.len);
    c->write.data = c;
    int status = uv_write(&c->write, (uv_stream_t *)&c->tcp, &piece, 1, on_written);
    c->write_busy = status == 0;
    if (status != 0)
        end_with_uv(c, status);
}

/* Encrypts what the link wants said, and takes what TLS wants sent. */
static sotto_err output_take(struct connection *c)
{
    TRY(tls_write(c->tls, buf_view(&c->link_out)));
    buf_reset(&c->link_out);
    return tls_output(c->tls, &c->out);
}

static sotto_err link_begin(struct connection *c)
{
    uint8_t exporter[HELLO_EXPORTER], seed[RNG_SEED];
    random_bytes(seed, sizeof seed);
    TRY(tls_export(c->tls, HELLO_EXPORTER_LABEL, exporter, sizeof exporter));
    TRY(link_new(c->crypto, c->address.text, exporter, c->pinned ? c->pin : NULL, seed,
                 &c->link_out, &c->link));
    c->stage = STAGE_LINK;
    return SOTTO_OK;
}

static sotto_err event_take(struct connection *c, const struct link_event *event)
{
    if (event->kind == LINK_READY) {
        TRY(c->events->ready(c->user, event->pin));
        if (c->stage == STAGE_LINK) {
            c->stage = STAGE_READY;
            c->end.was_ready = true;
            uv_timer_stop(&c->deadline);
        }
    } else if (event->kind == LINK_FRAME && c->stage == STAGE_READY) {
        c->events->frame(c->user, event->frame);
    }
    return event->kind == LINK_CLOSED ? SOTTO_E_CLOSED : SOTTO_OK;
}

/* Lets the link say all that it has to say about the bytes so far. */
static sotto_err link_run(struct connection *c)
{
    struct link_event event;
    TRY(link_feed(c->link, buf_view(&c->plain)));
    buf_reset(&c->plain);
    do {
        sotto_err err = link_next(c->link, (int64_t)time(NULL), &c->link_out, &event);
        TRY(err != SOTTO_OK ? err : event_take(c, &event));
    } while (event.kind != LINK_NONE && c->stage != STAGE_ENDING);
    return SOTTO_OK;
}

static sotto_err network_take(struct connection *c, view bytes)
{
    bool done = true;
    TRY(tls_feed(c->tls, bytes));
    if (c->stage == STAGE_TLS) {
        TRY(tls_handshake(c->tls, &done));
        if (!done)
            return SOTTO_OK;
        TRY(link_begin(c));
    }
    sotto_err read = tls_read(c->tls, &c->plain);
    TRY(link_run(c));
    return read;
}

/* Whatever went wrong, what there is to say (an alert, a WebSocket close) is still said if it
 * can be at once. */
static void network_failed(struct connection *c, sotto_err err)
{
    const char *detail = c->link != NULL ? link_detail(c->link) : "";
    if (err == SOTTO_E_TLS)
        detail = tls_detail(c->tls);
    if (err == SOTTO_E_CLOSED && detail[0] == '\0')
        detail = "the server closed the connection";
    if (output_take(c) == SOTTO_OK && !c->write_busy && c->out.len > 0) {
        uv_buf_t piece = uv_buf_init((char *)c->out.data, (unsigned)c->out.len);
        (void)uv_try_write((uv_stream_t *)&c->tcp, &piece, 1);
    }
    end_with(c, err, detail);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_piece)
{
    struct connection *c = handle->data;
    (void)suggested;
    *ret_piece = uv_buf_init(c->chunk, CHUNK);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *piece)
{
    struct connection *c = stream->data;
    if (c->stage == STAGE_ENDING || (len >= 0 && c->stage == STAGE_CLOSING))
        return;
    if (len < 0) {
        end_with(c, SOTTO_E_NET,
                 len == UV_EOF ? "the server ended the connection" : uv_strerror((int)len));
        return;
    }
    c->silent_ticks = 0;
    sotto_err err = network_take(c, view_of(piece->base, (size_t)len));
    if (c->stage >= STAGE_CLOSING)
        return;
    err = err != SOTTO_OK ? err : output_take(c);
    if (err != SOTTO_OK)
        network_failed(c, err);
    else
        flush(c);
}

static sotto_err tls_begin(struct connection *c)
{
    bool done;
    TRY(tls_new(address_is_numeric(&c->address) ? NULL : c->address.host, &c->tls));
    TRY(tls_handshake(c->tls, &done));
    return tls_output(c->tls, &c->out);
}

/* TCP is there. */
static void tls_start(struct connection *c)
{
    c->stage = STAGE_TLS;
    uv_tcp_nodelay(&c->tcp, 1);
    sotto_err err = tls_begin(c);
    int status = err == SOTTO_OK ? uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) : 0;
    if (err != SOTTO_OK)
        end_with(c, err, c->tls != NULL ? tls_detail(c->tls) : "");
    else if (status != 0)
        end_with_uv(c, status);
    else
        flush(c);
}

/* The handle of a failed try is gone: on with the next address of the name. */
static void on_retry(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    c->open_handles--;
    if (c->stage == STAGE_ENDING)
        finish_if_done(c);
    else
        tcp_start(c);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct connection *c = connect->data;
    if (c->stage == STAGE_ENDING || status == UV_ECANCELED)
        return;
    if (status == 0) {
        tls_start(c);
    } else if (c->trying->ai_next != NULL) {
        c->trying = c->trying->ai_next;
        uv_close((uv_handle_t *)&c->tcp, on_retry);
    } else {
        end_with_uv(c, status);
    }
}

static void tcp_start(struct connection *c)
{
    int status = uv_tcp_init(c->loop, &c->tcp);
    if (status == 0) {
        c->tcp.data = c;
        c->open_handles++;
        c->connect.data = c;
        status = uv_tcp_connect(&c->connect, &c->tcp, c->trying->ai_addr, on_connected);
    }
    if (status != 0)
        end_with_uv(c, status);
}

static void on_resolved(uv_getaddrinfo_t *resolve, int status, struct addrinfo *found)
{
    struct connection *c = resolve->data;
    c->resolving = false;
    c->found = found;
    c->trying = found;
    if (c->stage == STAGE_ENDING) {
        finish_if_done(c);
    } else if (status != 0) {
        end_with_uv(c, status);
    } else {
        c->stage = STAGE_CONNECT;
        tcp_start(c);
    }
}

static void on_deadline(uv_timer_t *timer)
{
    struct connection *c = timer->data;
    if (c->stage == STAGE_CLOSING)
        shut(c);
    else
        end_with(c, SOTTO_E_TIMEOUT, "");
}

/* A server that has gone without a word is noticed by its silence. Counted in ticks and not by
 * the clock: when our own output has blocked us for a minute, that is one tick, and the server
 * was not silent. */
static void on_tick(uv_timer_t *timer)
{
    struct connection *c = timer->data;
    if (c->stage != STAGE_READY || ++c->silent_ticks < PING_TICKS)
        return;
    if (c->silent_ticks >= DEAD_TICKS) {
        end_with(c, SOTTO_E_TIMEOUT, "the server has gone silent");
        return;
    }
    sotto_err err = link_ping(c->link, &c->link_out);
    err = err != SOTTO_OK ? err : output_take(c);
    if (err != SOTTO_OK)
        end_with(c, err, "");
    else
        flush(c);
}

static int timers_start(struct connection *c, uint64_t timeout_ms)
{
    int status = uv_timer_init(c->loop, &c->deadline);
    c->deadline.data = c;
    c->open_handles++;
    status = status != 0 ? status : uv_timer_init(c->loop, &c->tick);
    c->tick.data = c;
    c->open_handles++;
    status = status != 0 ? status : uv_timer_start(&c->deadline, on_deadline, timeout_ms, 0);
    return status != 0 ? status : uv_timer_start(&c->tick, on_tick, TICK_MS, TICK_MS);
}

static int resolve_start(struct connection *c)
{
    char port[8];
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    if (address_is_numeric(&c->address))
        hints.ai_flags = AI_NUMERICHOST;
    snprintf(port, sizeof port, "%u", (unsigned)c->address.port);
    c->resolve.data = c;
    int status = uv_getaddrinfo(c->loop, &c->resolve, on_resolved, c->address.host, port, &hints);
    c->resolving = status == 0;
    return status;
}

sotto_err connection_open(uv_loop_t *loop, sotto_crypto *crypto,
                          const struct server_address *address, const uint8_t *pin,
                          uint64_t timeout_ms, const struct connection_events *events, void *user,
                          struct connection **ret_connection)
{
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return SOTTO_E_NOMEM;
    c->chunk = malloc(CHUNK);
    if (c->chunk == NULL) {
        free(c);
        return SOTTO_E_NOMEM;
    }
    c->loop = loop;
    c->crypto = crypto;
    c->address = *address;
    c->events = events;
    c->user = user;
    c->pinned = pin != NULL;
    if (pin != NULL)
        memcpy(c->pin, pin, X509_PIN);
    int status = timers_start(c, timeout_ms);
    status = status != 0 ? status : resolve_start(c);
    if (status != 0)
        end_with_uv(c, status);
    *ret_connection = c;
    return SOTTO_OK;
}

size_t connection_waiting(const struct connection *c)
{
    return c->out.len + c->writing.len;
}

static sotto_err frames_write(struct connection *c, view frames, const size_t *sizes, size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        TRY(link_send(c->link, view_of(frames.data + at, sizes[i]), &c->link_out));
        at += sizes[i];
    }
    return output_take(c);
}

void connection_send(struct connection *c, view frames, const size_t *sizes, size_t count)
{
    if (c->stage < STAGE_LINK || c->stage > STAGE_READY || count == 0)
        return;
    sotto_err err = frames_write(c, frames, sizes, count);
    if (err != SOTTO_OK) {
        end_with(c, err, "");
        return;
    }
    c->full = c->full || connection_waiting(c) >= CONNECTION_HIGH;
    flush(c);
}

void connection_close(struct connection *c)
{
    if (c->stage >= STAGE_CLOSING)
        return;
    if (c->stage < STAGE_LINK) {
        shut(c);
        return;
    }
    c->stage = STAGE_CLOSING;
    uv_timer_start(&c->deadline, on_deadline, CLOSE_MS, 0);
    if (link_close(c->link, &c->link_out) == SOTTO_OK && output_take(c) == SOTTO_OK) {
        tls_close(c->tls);
        if (tls_output(c->tls, &c->out) != SOTTO_OK)
            buf_reset(&c->out);
    }
    flush(c);
}
