/* A connection that waits holds its struct conn, OpenSSL's objects and a place in the loop's tables; buffers are there only while a
 * head, a frame or an answer is under way.
 *
 * Reading stops, and TCP tells the sender, for any of three reasons: the core asked for a pause, the core's mailbox is full, or what
 * this connection sent piles up at a slow reader (holds). Nothing that was read is ever dropped.
 * Writing: frames gather in `out` and go out together before the loop sleeps. */
#include "net/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "crypto/rng.h"
#include "net/hello.h"
#include "net/loop.h"
#include "net/proxy.h"
#include "net/route.h"
#include "net/transfer.h"
#include "proto/proto.h"

#define READ_STEP     TLS_READ_MIN
#define READ_ROUNDS   4           /* steps before others have their turn, */
#define TURN_FRAMES   32          /* or frames */
#define LONG_MS       2000        /* of a pause: who hangs up meanwhile is gone, unread or not */
#define PONG_MOST     (16 * 1024) /* bytes that wait: then pings are not answered */
#define HELLO_MAX     1024  /* bytes of the first frame: a stranger gets no more memory than that */
#define WRITTEN_PARTS 4     /* of output_bytes: the core is told when one more is written */
#define BLOB_MS       10000 /* over which the speed of a transfer is looked at */
#define RETRY_MS      1000  /* for who finds no memory */
#define CLOSE_MS      2000  /* for the client to take in the last words */

static struct stats *conn_stats(struct conn *conn)
{
    return &conn->loop->server->stats;
}

static struct gate *conn_gate(struct conn *conn)
{
    return &conn->loop->server->gate;
}

static const struct limits *conn_limits(const struct conn *conn)
{
    return &server_live(conn->loop->server)->config.limits;
}

static size_t conn_waiting(const struct conn *conn)
{
    return conn->out.len - conn->out_at;
}

static bool conn_is_live(const struct conn *conn)
{
    return conn->state < CONN_CLOSING;
}

/* ---- the poll handle */

static bool conn_may_read(const struct conn *conn)
{
    if (conn->state >= CONN_CLOSING)
        return conn->state == CONN_CLOSING;
    if (conn->transfer != NULL && transfer_is_full(conn->transfer))
        return false;
    return conn->holds == 0 && conn->pause_ms == 0 && !conn->waits_core;
}

static void conn_on_poll(uv_poll_t *handle, int status, int events);

/* A pause of seconds may be followed by all that TCP still holds: we would learn late that nobody is there. */
static bool conn_rests_long(const struct conn *conn)
{
    return conn->state == CONN_OPEN && conn->pause_ms > loop_now(conn->loop) + LONG_MS;
}

static void conn_poll_update(struct conn *conn)
{
    if (conn->state == CONN_ENDED)
        return;
    int events = (conn_may_read(conn) ? UV_READABLE : 0) | (conn->want_write ? UV_WRITABLE : 0) |
                 (conn_rests_long(conn) ? UV_DISCONNECT : 0);
    if (events == conn->poll_events)
        return;
    conn->poll_events = (uint8_t)events;
    if (events == 0)
        uv_poll_stop(&conn->poll);
    else
        uv_poll_start(&conn->poll, events, conn_on_poll);
}

/* ---- deadlines */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t open_due(const struct conn *conn)
{
    const struct limits *l = conn_limits(conn);
    uint64_t due = conn->heard_ms + l->dead_ms;
    if (!conn->pinged)
        due = earlier(due, conn->heard_ms + l->ping_ms);
    if (conn_waiting(conn) > 0)
        due = earlier(due, conn->progress_ms + l->stall_ms);
    else if (conn->held_count > 0)
        due = loop_now(conn->loop); /* should have been released */
    return conn->pause_ms > 0 ? earlier(due, conn->pause_ms) : due;
}

static uint64_t conn_next_due(const struct conn *conn)
{
    const struct limits *l = conn_limits(conn);
    switch (conn->state) {
    case CONN_PROXY:
    case CONN_HANDSHAKE:
        return conn->since_ms + l->handshake_ms;
    case CONN_HEAD:
        return conn->since_ms + l->head_ms;
    case CONN_HELLO:
        return conn->since_ms + l->hello_ms;
    case CONN_OPEN:
        return open_due(conn);
    case CONN_BLOB:
        return conn->since_ms + BLOB_MS;
    case CONN_CLOSING:
        return conn->since_ms + CLOSE_MS;
    default:
        return UINT64_MAX;
    }
}

static void conn_arm(struct conn *conn)
{
    loop_arm(conn->loop, conn, conn_next_due(conn));
}

static void conn_enter(struct conn *conn, enum conn_state state)
{
    conn->state = (uint8_t)state;
    conn->since_ms = loop_now(conn->loop);
    if (state == CONN_HEAD || state == CONN_HELLO || state == CONN_OPEN)
        gate_progress(conn_gate(conn), &conn->visitor, conn->since_ms);
    conn_arm(conn);
}

/* ---- slow readers: who sends to them is held up */

/* False: without memory for the post somebody is still held; the timer tries again. */
static bool held_release(struct conn *conn)
{
    while (conn->held_count > 0) {
        if (loop_tell(conn->loop, POST_RELEASE, conn->held[conn->held_count - 1]) != SOTTO_OK)
            return false;
        conn->held_count--;
    }
    free(conn->held);
    conn->held = NULL;
    return true;
}

static bool held_has(const struct conn *conn, uint64_t source)
{
    for (uint32_t i = 0; i < conn->held_count; i++)
        if (conn->held[i] == source)
            return true;
    return false;
}

static sotto_err held_add(struct conn *conn, uint64_t source)
{
    uint64_t *held = realloc(conn->held, (conn->held_count + 1) * sizeof *held);
    if (held == NULL)
        return SOTTO_E_NOMEM;
    conn->held = held;
    TRY(loop_tell(conn->loop, POST_HOLD, source));
    held[conn->held_count++] = source;
    stats_add(conn_stats(conn), held);
    return SOTTO_OK;
}

/* Holds up the one whose frame has to wait here. */
static sotto_err held_consider(struct conn *conn, uint64_t source)
{
    uint64_t limit = conn_limits(conn)->output_bytes;
    if (source == 0 || conn_waiting(conn) <= limit || held_has(conn, source))
        return SOTTO_OK;
    return held_add(conn, source);
}

void conn_hold(struct conn *conn)
{
    conn->holds++;
    conn_poll_update(conn);
}

/* Silence that we caused doesn't count against the client. */
static void conn_read_again(struct conn *conn)
{
    conn->heard_ms = loop_now(conn->loop);
    conn->want_read = true;
    loop_work_add(conn->loop, conn);
    conn_poll_update(conn);
}

void conn_release(struct conn *conn)
{
    if (conn->holds > 0 && --conn->holds == 0)
        conn_read_again(conn);
}

/* The later of two pauses counts. */
static void conn_pause_until(struct conn *conn, uint64_t until_ms)
{
    if (until_ms <= conn->pause_ms)
        return;
    conn->pause_ms = until_ms;
    conn_arm(conn);
    conn_poll_update(conn);
}

void conn_pause(struct conn *conn, uint64_t until_ms)
{
    if (conn->state != CONN_OPEN || until_ms <= loop_now(conn->loop))
        return;
    stats_add(conn_stats(conn), paused);
    conn_pause_until(conn, until_ms);
}

void conn_settle(struct conn *conn, bool settled)
{
    if (conn->state != CONN_ENDED && conn->visitor.settled != settled)
        gate_settle(conn_gate(conn), &conn->visitor, settled, loop_now(conn->loop));
}

void conn_resume(struct conn *conn)
{
    conn->waits_core = false;
    conn->loop->waiting--;
    conn_read_again(conn);
}

/* True: the core takes no more for now. The second look is for room that was made between the first and the flag. */
static bool core_is_full(struct conn *conn)
{
    struct loop *loop = conn->loop;
    if (!mailbox_is_full(&loop->server->core))
        return false;
    atomic_store(&loop->wants_room, true);
    if (!mailbox_is_full(&loop->server->core))
        return false;
    conn->waits_core = true;
    loop->waiting++;
    return true;
}

/* ---- the end */

static const char *ending(const struct conn *conn)
{
    if (conn->slow)
        return "closed: it reads too slowly";
    return conn->clean ? "left" : conn->dismissed ? "closed" : "lost";
}

/* Tells the core, once. When there is no memory for that, the timer tries again: the core must not believe in the dead. */
static bool conn_forget(struct conn *conn)
{
    if (!conn->known)
        return true;
    const struct post post = {
        .kind = POST_CLOSED, .connection = conn->id, .clean = conn->clean, .slow = conn->slow};
    if (loop_tell_core(conn->loop, &post, (view){0}) != SOTTO_OK)
        return false;
    conn->known = false;
    if (!server_live(conn->loop->server)->config.quiet)
        log_line(conn->loop->server->log, "disconnected", "client %u %s", conn->serial,
                 ending(conn));
    return true;
}

static void conn_on_freed(uv_handle_t *handle)
{
    struct conn *conn = handle->data;
    conn->loop->conn_count--;
    free(conn);
}

void conn_end(struct conn *conn)
{
    if (conn->state == CONN_ENDED)
        return;
    transfer_leave(conn->transfer);
    conn->transfer = NULL;
    if (!conn_forget(conn) || !held_release(conn)) {
        conn->state = CONN_CLOSING;
        loop_arm(conn->loop, conn, loop_now(conn->loop) + CLOSE_MS);
        return;
    }
    struct loop *loop = conn->loop;
    conn->state = CONN_ENDED;
    if (conn->waits_core)
        loop->waiting--;
    wheel_disarm(&loop->wheel, &conn->timer);
    loop_work_drop(loop, conn);
    loop_slot_give(loop, conn);
    gate_leave(&loop->server->gate, &conn->visitor);
    stats_add(conn_stats(conn), ended);
    uv_close((uv_handle_t *)&conn->poll, conn_on_freed);
    free(conn->behind);
    tls_free(conn->tls);
    conn->tls = NULL;
    close(conn->visitor.fd);
    buf_clear(&conn->in);
    buf_clear(&conn->message);
    buf_clear(&conn->out);
}

/* ---- writing */

static void out_drop(struct conn *conn, size_t len)
{
    conn->out_at += len;
    if (conn->out_at == conn->out.len) {
        buf_clear(&conn->out);
        conn->out_at = 0;
    } else if (conn->out_at > conn->out.len / 2) {
        buf_consume(&conn->out, conn->out_at);
        conn->out_at = 0;
    }
}

/* Without memory for the post the core thinks that more waits than does; what is written next tries again. */
static void written_tell(struct conn *conn)
{
    uint64_t limit = conn_limits(conn)->output_bytes, waiting = conn_waiting(conn);
    if (!conn->known || conn->pushed <= waiting || conn->pushed - waiting < limit / WRITTEN_PARTS)
        return;
    const struct post post = {
        .kind = POST_WRITTEN, .connection = conn->id, .written = conn->pushed - waiting};
    if (loop_tell_core(conn->loop, &post, (view){0}) == SOTTO_OK)
        conn->pushed = waiting;
}

/* Everything went out. In CLOSING that was the last: no more comes from us. */
static void out_done(struct conn *conn)
{
    if (conn->state != CONN_CLOSING || conn->shut)
        return;
    conn->shut = true;
    tls_shutdown(conn->tls);
    (void)shutdown(conn->visitor.fd, SHUT_WR);
}

static void conn_flush(struct conn *conn)
{
    conn->want_write = false;
    while (conn_waiting(conn) > 0) {
        size_t sent;
        const view next = {conn->out.data + conn->out_at, conn_waiting(conn)};
        enum tls_result result = tls_write(conn->tls, next, &sent);
        if (result == TLS_WANT_WRITE || result == TLS_WANT_READ) {
            conn->want_write = result == TLS_WANT_WRITE;
            break;
        }
        if (result != TLS_DONE) {
            conn_end(conn);
            return;
        }
        conn->progress_ms = loop_now(conn->loop);
        out_drop(conn, sent);
    }
    if (conn->held_count > 0 && conn_waiting(conn) <= conn_limits(conn)->output_bytes / 2)
        (void)held_release(conn);
    written_tell(conn);
    if (conn_waiting(conn) == 0 && conn->transfer != NULL)
        transfer_drained(conn->transfer);
    else if (conn_waiting(conn) == 0)
        out_done(conn);
    else
        conn_arm(conn);
    conn_poll_update(conn);
}

static sotto_err conn_out(struct conn *conn, enum ws_opcode opcode, view payload)
{
    if (conn_waiting(conn) == 0)
        conn->progress_ms = loop_now(conn->loop);
    TRY(ws_frame_write(opcode, payload, NULL, &conn->out));
    loop_work_add(conn->loop, conn);
    return SOTTO_OK;
}

void conn_send(struct conn *conn, view frame, uint64_t source)
{
    if (conn->state != CONN_OPEN)
        return;
    if (conn_out(conn, WS_BINARY, frame) != SOTTO_OK || held_consider(conn, source) != SOTTO_OK)
        conn_end(conn);
}

void conn_push(struct conn *conn, view frame)
{
    conn->pushed += frame.len;
    conn_send(conn, frame, 0);
}

/* ---- saying goodbye */

static void conn_close_begin(struct conn *conn)
{
    if (!conn_is_live(conn))
        return;
    (void)conn_forget(conn);
    (void)held_release(conn);
    transfer_leave(conn->transfer);
    conn->transfer = NULL;
    conn_enter(conn, CONN_CLOSING);
    loop_work_add(conn->loop, conn);
    conn_poll_update(conn);
}

static uint16_t ws_code(sotto_err why)
{
    switch (why) {
    case SOTTO_OK:
        return 1000;
    case SOTTO_E_CLOSED:
        return 1001;
    case SOTTO_E_WEBSOCKET:
        return 1002;
    case SOTTO_E_TOO_LARGE:
        return 1009;
    default:
        return 1008;
    }
}

static void ws_goodbye(struct conn *conn, sotto_err why)
{
    uint16_t code = ws_code(why);
    const uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    if (conn_out(conn, WS_CLOSE, VIEW_OF(payload)) == SOTTO_OK)
        conn_close_begin(conn);
    else
        conn_end(conn);
}

static void bye(struct conn *conn, sotto_err why, const char *detail)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    const struct proto_error said = {.code = (uint16_t)why,
                                     .retry_ms = why == SOTTO_E_NOMEM ? RETRY_MS : 0,
                                     .detail = view_str(detail)};
    if (proto_bye_write(&said, &frame) == SOTTO_OK &&
        conn_out(conn, WS_BINARY, buf_view(&frame)) == SOTTO_OK)
        ws_goodbye(conn, why);
    else
        conn_end(conn);
}

void conn_close(struct conn *conn, sotto_err why)
{
    conn->dismissed = true;
    if (conn->state == CONN_OPEN && why != SOTTO_OK)
        bye(conn, why, sotto_err_text(why));
    else if (conn->state == CONN_OPEN)
        ws_goodbye(conn, conn->loop->stopping ? SOTTO_E_CLOSED : SOTTO_OK);
    else if (conn->state == CONN_BLOB) /* what the core said of it was undone */
        conn_blob_answer(conn, 503, "", false);
}

/* ---- blobs */

void conn_blob_answer(struct conn *conn, unsigned status, const char *fields, bool head)
{
    conn->progress_ms = loop_now(conn->loop);
    if (route_status(status, fields, !head, &conn->out) == SOTTO_OK)
        conn_close_begin(conn);
    else
        conn_end(conn);
}

void conn_blob_send(struct conn *conn, view bytes)
{
    if (buf_append(&conn->out, bytes) != SOTTO_OK) {
        conn_end(conn);
        return;
    }
    loop_work_add(conn->loop, conn);
}

void conn_blob_done(struct conn *conn)
{
    conn_close_begin(conn);
}

void conn_blob_go_on(struct conn *conn, const char *words)
{
    if (buf_append(&conn->out, view_str(words)) == SOTTO_OK)
        conn_read_again(conn);
    else
        conn_end(conn);
}

void conn_blob_kept(struct conn *conn, sotto_err verdict)
{
    if (conn->transfer != NULL)
        transfer_kept(conn->transfer, verdict);
}

static sotto_err take_blob(struct conn *conn, const struct http_head *head)
{
    struct blob_request request = {0};
    unsigned status = conn->loop->server->blobs != NULL ? blob_request_read(head, &request) : 404;
    if (status == 0)
        status = transfer_start(conn, &request, &conn->transfer);
    if (status != 0) {
        conn_blob_answer(conn, status, status == 405 ? "Allow: GET, HEAD, PUT\r\n" : "",
                         view_equal(head->method, VIEW_LIT("HEAD")));
        return SOTTO_OK;
    }
    conn_settle(conn, true);
    conn_enter(conn, CONN_BLOB);
    return SOTTO_OK;
}

static sotto_err take_body(struct conn *conn, uint8_t *data, size_t len, size_t *ret_len)
{
    *ret_len = transfer_take(conn->transfer, view_of(data, len));
    return SOTTO_OK;
}

/* Who is too slow loses the connection, and can go on where it was. */
static void blob_due_act(struct conn *conn, uint64_t now)
{
    uint64_t least = conn_limits(conn)->transfer_bytes_per_s * (BLOB_MS / 1000);
    conn->since_ms = now;
    if (transfer_moved(conn->transfer) >= least)
        return;
    stats_add(conn_stats(conn), closed_slow);
    if (transfer_is_upload(conn->transfer))
        transfer_refuse(conn->transfer, 408);
    else
        conn_end(conn);
}

static void http_goodbye(struct conn *conn, sotto_err why)
{
    conn->progress_ms = loop_now(conn->loop);
    if (route_refuse(why, &conn->out) == SOTTO_OK)
        conn_close_begin(conn);
    else
        conn_end(conn);
}

void conn_refuse(struct conn *conn, sotto_err why, const char *detail)
{
    if (sotto_err_class_of(why) == SOTTO_CLASS_WIRE)
        stats_add(conn_stats(conn), closed_malformed);
    conn->dismissed = true;
    switch (conn->state) {
    case CONN_PROXY:
    case CONN_HANDSHAKE:
        conn_end(conn);
        break;
    case CONN_HEAD:
        http_goodbye(conn, why);
        break;
    case CONN_HELLO:
    case CONN_OPEN:
        bye(conn, why, detail);
        break;
    case CONN_BLOB:
        conn_end(conn);
        break;
    default:
        break;
    }
}

/* ---- what came: each state takes a piece from the front and says how long it was; 0: it isn't whole yet */

static sotto_err take_nothing(struct conn *conn, uint8_t *data, size_t len, size_t *ret_len)
{
    (void)conn;
    (void)data;
    *ret_len = len;
    return SOTTO_OK;
}

static sotto_err take_head(struct conn *conn, uint8_t *data, size_t len, size_t *ret_len)
{
    const struct limits *limits = conn_limits(conn);
    struct http_head head;
    size_t head_len;
    TRY(http_request_read((view){data, len}, conn->scanned, &head, &head_len));
    if ((head_len == 0 ? len : head_len) > limits->head_bytes)
        return SOTTO_E_TOO_LARGE;
    conn->scanned = (uint16_t)len;
    *ret_len = head_len;
    if (head_len == 0)
        return SOTTO_OK;
    if (blob_request_is(&head))
        return take_blob(conn, &head);
    bool upgrade;
    TRY(route_request(&head, &conn->out, &upgrade));
    conn->progress_ms = loop_now(conn->loop);
    loop_work_add(conn->loop, conn);
    if (!upgrade) {
        conn_close_begin(conn);
        return SOTTO_OK;
    }
    conn->ws = (struct ws_reader){.role = WS_SERVER, .message_max = HELLO_MAX};
    conn_enter(conn, CONN_HELLO);
    return SOTTO_OK;
}

static bool peer_get(const struct conn *conn, struct endpoint *ret_peer)
{
    ret_peer->len = sizeof ret_peer->sa;
    return getpeername(conn->visitor.fd, (struct sockaddr *)&ret_peer->sa, &ret_peer->len) == 0;
}

/* The whole address if that is wanted, else a name that is good for a day. */
static void peer_name(struct conn *conn, char ret_text[ENDPOINT_TEXT])
{
    struct loop *loop = conn->loop;
    struct endpoint peer;
    ret_text[0] = 0;
    if (!server_live(loop->server)->config.log_addresses)
        redact_address(&loop->server->redact, loop->crypto, &conn->visitor.person,
                       (int64_t)time(NULL), ret_text);
    else if (conn->behind != NULL)
        endpoint_write(conn->behind, ret_text);
    else if (peer_get(conn, &peer))
        endpoint_write(&peer, ret_text);
}

static void log_connected(struct conn *conn)
{
    const struct server *server = conn->loop->server;
    if (server_live(server)->config.quiet)
        return;
    char text[ENDPOINT_TEXT];
    peer_name(conn, text);
    log_line(server->log, "connected", "client %u connected%s%s", conn->serial,
             text[0] != 0 ? " from " : "", text);
}

static uint32_t frame_max(const struct conn *conn)
{
    return (uint32_t)conn_limits(conn)->frame_bytes;
}

static sotto_err on_hello(struct conn *conn, view frame)
{
    struct loop *loop = conn->loop;
    if (loop->stopping)
        return SOTTO_E_CLOSED;
    TRY(tls_export(conn->tls, HELLO_EXPORTER_LABEL, conn->exporter, sizeof conn->exporter));
    random_bytes(conn->nonce, sizeof conn->nonce);
    DEFER(buf_clear) sotto_buf answer = {0};
    loop_refresh(loop);
    TRY(hello_answer(loop->crypto, loop->key, &loop->kept->identity, frame_max(conn), frame,
                     conn->exporter, conn->nonce, &answer));
    struct post post = {.kind = POST_OPEN, .connection = conn->id, .address = conn->visitor.person};
    memcpy(post.nonce, conn->nonce, sizeof post.nonce);
    TRY(loop_tell_core(loop, &post, (view){0}));
    conn->known = true;
    conn->ws.message_max = frame_max(conn);
    conn_enter(conn, CONN_OPEN);
    conn->serial = (uint32_t)atomic_fetch_add(&conn_stats(conn)->hellos, 1) + 1;
    log_connected(conn);
    return conn_out(conn, WS_BINARY, buf_view(&answer));
}

/* Signatures that prove themselves are checked here, on many threads, before the one core thread sees the request. */
static sotto_err precheck(struct conn *conn, view frame)
{
    struct loop *loop = conn->loop;
    struct core_binding binding;
    memcpy(binding.pin, loop->kept->identity.pin, sizeof binding.pin);
    memcpy(binding.nonce, conn->nonce, sizeof binding.nonce);
    memcpy(binding.exporter, conn->exporter, sizeof binding.exporter);
    return core_precheck(loop->crypto, frame, &binding);
}

/* The time that it takes is what strangers have cost in this round. */
static sotto_err on_costly(struct conn *conn, view message)
{
    uint64_t began_ns = uv_hrtime();
    sotto_err err = conn->state == CONN_HELLO ? on_hello(conn, message) : precheck(conn, message);
    conn->loop->strangers_ns += uv_hrtime() - began_ns;
    return err;
}

static sotto_err on_message(struct conn *conn, view message)
{
    if (conn->state == CONN_HELLO)
        return on_costly(conn, message);
    conn->costly = core_wants_precheck(message);
    if (conn->costly)
        TRY(on_costly(conn, message));
    const struct post post = {.kind = POST_FRAME, .connection = conn->id};
    return loop_tell_core(conn->loop, &post, message);
}

/* RFC 6455 5.4. ws_reader bounds the whole message before its parts come here. */
static sotto_err on_data(struct conn *conn, const struct ws_frame *frame)
{
    if (frame->fin && conn->message.len == 0)
        return on_message(conn, frame->payload);
    TRY(buf_append(&conn->message, frame->payload));
    if (!frame->fin)
        return SOTTO_OK;
    sotto_err err = on_message(conn, buf_view(&conn->message));
    buf_clear(&conn->message);
    return err;
}

/* A client that pings but doesn't read gets no heap of answers: one may answer the last ping alone (RFC 6455 5.5.3). */
static sotto_err on_ping(struct conn *conn, view payload)
{
    return conn_waiting(conn) < PONG_MOST ? conn_out(conn, WS_PONG, payload) : SOTTO_OK;
}

static sotto_err on_close(struct conn *conn, view payload)
{
    uint16_t code;
    view reason;
    TRY(ws_close_read(payload, &code, &reason));
    conn->clean = true;
    ws_goodbye(conn, SOTTO_OK);
    return SOTTO_OK;
}

/* Each frame costs, whatever is in it: pings and fragments, too. */
static sotto_err count_frame(struct conn *conn)
{
    const struct limits *l = conn_limits(conn);
    const struct bucket_rate rate = {l->frames > 0 ? l->frames_per_s : 0, 1000, l->frames};
    uint64_t now = loop_now(conn->loop);
    conn->turn--;
    bucket_take(&conn->frames, &rate, 1, now);
    uint64_t wait_ms = bucket_wait_ms(&conn->frames, &rate, 0, now);
    if (wait_ms == 0)
        return SOTTO_OK;
    if (conn->state == CONN_HELLO)
        return SOTTO_E_RATE;
    stats_add(conn_stats(conn), paused_frames);
    conn_pause_until(conn, now + wait_ms);
    return SOTTO_OK;
}

/* Whether it has to wait for the core, or for the loop's next round. What a frame costs is known only when it is read: a stranger's
 * waits in any case, and one that is costly gets through once for each who is no stranger. */
static bool must_wait(struct conn *conn)
{
    if (conn->state == CONN_OPEN && core_is_full(conn))
        return true;
    if (!loop_is_tired(conn->loop) || (conn->visitor.settled && !conn->costly))
        return false;
    conn->turn = 0;
    return true;
}

static sotto_err take_frame(struct conn *conn, uint8_t *data, size_t len, size_t *ret_len)
{
    if (must_wait(conn))
        return SOTTO_OK;
    struct ws_frame frame;
    size_t frame_len, need;
    TRY(ws_frame_read(&conn->ws, data, len, &frame, &frame_len, &need));
    *ret_len = frame_len;
    if (frame_len == 0)
        return SOTTO_OK;
    TRY(count_frame(conn));
    switch (frame.opcode) {
    case WS_PING:
        return on_ping(conn, frame.payload);
    case WS_PONG:
        return SOTTO_OK;
    case WS_CLOSE:
        return on_close(conn, frame.payload);
    default:
        return on_data(conn, &frame);
    }
}

static sotto_err (*const takers[])(struct conn *conn, uint8_t *data, size_t len,
                                   size_t *ret_len) = {
    [CONN_PROXY] = take_nothing,     /* can't be, as in HANDSHAKE: */
    [CONN_HANDSHAKE] = take_nothing, /* nothing is read before it is done */
    [CONN_HEAD] = take_head,         [CONN_HELLO] = take_frame,     [CONN_OPEN] = take_frame,
    [CONN_BLOB] = take_body,         [CONN_CLOSING] = take_nothing, [CONN_ENDED] = take_nothing,
};

/* Takes what is whole from the front of `in` and leaves the rest in conn->in. */
static void conn_take(struct conn *conn, sotto_buf *in)
{
    size_t used = 0, step = 1;
    while (used < in->len && step > 0 && conn->turn > 0 && conn_may_read(conn)) {
        step = 0;
        sotto_err err = takers[conn->state](conn, in->data + used, in->len - used, &step);
        used += step;
        if (err != SOTTO_OK)
            conn_refuse(conn, err, sotto_err_text(err));
    }
    if (conn->state >= CONN_CLOSING)
        used = in->len;
    if (in == &conn->in) {
        buf_consume(in, used);
        if (in->len == 0)
            buf_clear(in);
        return;
    }
    const view rest = {in->data + used, in->len - used};
    in->len = 0;
    if (rest.len > 0 && buf_set(&conn->in, rest) != SOTTO_OK)
        conn_end(conn);
}

/* ---- reading */

/* False: there is no more for now, or it has ended. */
static bool conn_read_step(struct conn *conn)
{
    sotto_buf *in = conn->in.len > 0 ? &conn->in : &conn->loop->scratch;
    if (buf_reserve(in, READ_STEP) != SOTTO_OK) {
        conn_end(conn);
        return false;
    }
    size_t len;
    switch (tls_read(conn->tls, in->data + in->len, READ_STEP, &len)) {
    case TLS_DONE:
        break;
    case TLS_WANT_READ:
        return false;
    case TLS_WANT_WRITE: /* an answer of TLS itself waits */
        conn->want_write = conn->want_read = true;
        return false;
    default:
        conn_end(conn);
        return false;
    }
    in->len += len;
    conn->heard_ms = loop_now(conn->loop);
    conn->pinged = false;
    conn_take(conn, in);
    return conn->state != CONN_ENDED;
}

static void conn_read(struct conn *conn)
{
    conn->want_read = false;
    conn->turn = TURN_FRAMES;
    if (conn->in.len > 0 && conn_may_read(conn))
        conn_take(conn, &conn->in);
    bool more = conn->state != CONN_ENDED;
    for (unsigned round = 0; more && conn->turn > 0 && round < READ_ROUNDS && conn_may_read(conn);
         round++)
        more = conn_read_step(conn) && tls_has_pending(conn->tls);
    if (conn->state != CONN_ENDED && (more || conn->turn == 0) && conn_may_read(conn)) {
        conn->want_read = true;
        loop_work_add(conn->loop, conn);
    }
    conn_poll_update(conn);
}

/* ---- the handshake */

/* As long as nothing comes, a connection costs next to nothing: floods are made of such. False: it waits, or has ended. */
static bool conn_spoke(struct conn *conn)
{
    struct loop *loop = conn->loop;
    char byte;
    if (conn->tls != NULL)
        return true;
    ssize_t len = recv(conn->visitor.fd, &byte, 1, MSG_PEEK);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    loop_refresh(loop);
    if (len <= 0 || tls_new(loop->tls, conn->visitor.fd, &conn->tls) != SOTTO_OK) {
        conn_end(conn);
        return false;
    }
    gate_progress(conn_gate(conn), &conn->visitor, loop_now(loop));
    return true;
}

static void conn_handshake(struct conn *conn)
{
    if (loop_is_tired(conn->loop))
        return; /* the socket will tell again */
    uint64_t began_ns = uv_hrtime();
    if (!conn_spoke(conn))
        return;
    enum tls_result result = tls_handshake(conn->tls);
    conn->loop->strangers_ns += uv_hrtime() - began_ns;
    conn->want_write = false;
    switch (result) {
    case TLS_DONE:
        stats_add(conn_stats(conn), handshakes);
        if (tls_has_own_records(conn->tls))
            stats_add(conn_stats(conn), own_records);
        conn_enter(conn, CONN_HEAD);
        if (tls_has_pending(conn->tls)) /* the head may have come with the client's last flight */
            conn_read(conn);
        break;
    case TLS_WANT_WRITE:
        conn->want_write = true;
        break;
    case TLS_WANT_READ:
        break;
    default:
        stats_add(conn_stats(conn), handshakes_failed);
        conn_end(conn);
        break;
    }
    conn_poll_update(conn);
}

/* ---- a proxy's word */

/* Who it is now counts, as if it had come by itself. */
static sotto_err proxy_believe(struct conn *conn, const struct proxy_header *header)
{
    struct endpoint source = header->source;
    if (!header->known && !peer_get(conn, &source))
        return SOTTO_E_CLOSED;
    const struct core_address person = endpoint_person(&source);
    if (gate_name(conn_gate(conn), &conn->visitor, &person) != GATE_IN)
        return SOTTO_E_FULL;
    if (!server_live(conn->loop->server)->config.log_addresses)
        return SOTTO_OK;
    conn->behind = malloc(sizeof *conn->behind);
    if (conn->behind == NULL)
        return SOTTO_E_NOMEM;
    *conn->behind = source;
    return SOTTO_OK;
}

/* TLS goes on in the time that is left. */
static void conn_proxy(struct conn *conn)
{
    struct proxy_header header;
    bool whole;
    sotto_err err = proxy_take(conn->visitor.fd, &conn->in, &header, &whole);
    if (err != SOTTO_OK)
        stats_add(conn_stats(conn), refused_proxy);
    else if (whole)
        err = proxy_believe(conn, &header);
    if (err != SOTTO_OK)
        conn_end(conn);
    else if (whole)
        conn->state = CONN_HANDSHAKE;
}

static void conn_on_poll(uv_poll_t *handle, int status, int events)
{
    struct conn *conn = handle->data;
    if (status >= 0 && conn->state == CONN_PROXY)
        conn_proxy(conn);
    if (status < 0 || ((events & UV_DISCONNECT) != 0 && conn_rests_long(conn)))
        conn_end(conn);
    else if (conn->state == CONN_PROXY)
        return;
    else if (conn->state == CONN_HANDSHAKE)
        conn_handshake(conn);
    else {
        if ((events & UV_WRITABLE) != 0)
            conn_flush(conn);
        if (((events & UV_READABLE) != 0 || conn->want_read) && conn_may_read(conn))
            conn_read(conn);
        conn_poll_update(
            conn); /* the end of a long pause is near: no longer told that it hung up */
    }
}

void conn_work(struct conn *conn)
{
    if (conn->want_read && conn_may_read(conn))
        conn_read(conn);
    if (conn->state != CONN_ENDED && conn->state > CONN_HANDSHAKE && !conn->want_write)
        conn_flush(conn);
}

/* ---- time */

static void conn_ping(struct conn *conn)
{
    conn->pinged = true;
    if (conn_out(conn, WS_PING, (view){0}) != SOTTO_OK)
        conn_end(conn);
}

static void open_due_act(struct conn *conn, uint64_t now)
{
    const struct limits *l = conn_limits(conn);
    if (conn->pause_ms > 0 && conn->pause_ms <= now) {
        conn->pause_ms = 0;
        conn_read_again(conn);
    }
    if (!conn_may_read(conn))
        conn->heard_ms = now;
    if (conn_waiting(conn) == 0)
        (void)held_release(conn);
    if (conn_waiting(conn) > 0 && conn->progress_ms + l->stall_ms <= now) {
        stats_add(conn_stats(conn), closed_slow);
        conn->slow = true;
        conn_end(conn);
    } else if (conn->heard_ms + l->dead_ms <= now) {
        stats_add(conn_stats(conn), timeouts_dead);
        conn_refuse(conn, SOTTO_E_TIMEOUT, "nothing came from you for too long");
    } else if (!conn->pinged && conn->heard_ms + l->ping_ms <= now) {
        conn_ping(conn);
    }
}

void conn_due(struct conn *conn)
{
    uint64_t now = loop_now(conn->loop);
    if (conn_next_due(conn) > now) {
        conn_arm(conn);
        return;
    }
    switch (conn->state) {
    case CONN_PROXY:
        stats_add(conn_stats(conn), refused_proxy);
        conn_end(conn);
        break;
    case CONN_HANDSHAKE:
        stats_add(conn_stats(conn), timeouts_handshake);
        conn_end(conn);
        break;
    case CONN_HEAD:
        stats_add(conn_stats(conn), timeouts_head);
        conn_refuse(conn, SOTTO_E_TIMEOUT, "");
        break;
    case CONN_HELLO:
        stats_add(conn_stats(conn), timeouts_hello);
        conn_refuse(conn, SOTTO_E_TIMEOUT, "no hello came in time");
        break;
    case CONN_OPEN:
        open_due_act(conn, now);
        break;
    case CONN_BLOB:
        blob_due_act(conn, now);
        break;
    default:
        conn_end(conn);
        break;
    }
    if (conn->state != CONN_ENDED)
        conn_arm(conn);
}

/* ---- the beginning */

static void conn_drop_new(struct loop *loop, struct conn *conn, const struct visitor *visitor)
{
    struct visitor leaving = *visitor;
    gate_leave(&loop->server->gate, &leaving);
    close(leaving.fd);
    free(conn);
}

void conn_start(struct loop *loop, const struct visitor *visitor)
{
    struct conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL || loop_slot_take(loop, conn) != SOTTO_OK) {
        conn_drop_new(loop, conn, visitor);
        return;
    }
    conn->loop = loop;
    conn->visitor = *visitor;
    conn->costly = true; /* the first one is hello */
    if (uv_poll_init(&loop->uv, &conn->poll, visitor->fd) != 0) {
        loop_slot_give(loop, conn);
        conn_drop_new(loop, conn, visitor);
        return;
    }
    conn->poll.data = conn;
    loop->conn_count++;
    stats_add(conn_stats(conn), accepted);
    conn_enter(conn, endpoint_is_known(&visitor->person) ? CONN_HANDSHAKE : CONN_PROXY);
    conn_poll_update(conn);
}
