#include "lab/meet.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "proto/http.h"
#include "socketio/socketio.h"

#define KEY_BYTES   16
#define REQUEST_MAX 512
#define MESSAGE_MAX \
    (4 *            \
     LAB_MESSAGE_MAX) /* bytes of one text of the gateway: hexadecimal, and room for what surrounds it */
#define SILENCE_MAX 600000 /* ms: who pings less often is not expected to at all */

/* By the first byte of a message. */
static const char *const names[] = {NULL, "ELGAMAL_PK", "DEFF_HELLMAN_PK", "message"};

/* ---- out */

static sotto_err frame_add(struct meet *m, enum ws_opcode opcode, view payload, sotto_buf *out)
{
    uint8_t mask[4];
    rng_bytes(&m->rng, mask, sizeof mask);
    return ws_frame_write(opcode, payload, mask, out);
}

static sotto_err packet_add(struct meet *m, enum engineio_type type, view data, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf packet = {0};
    TRY(engineio_packet_write(type, data, &packet));
    return frame_add(m, WS_TEXT, buf_view(&packet), out);
}

/* Base64 of 16 bytes; the library's own writer is for URLs and pads nothing. */
static void key_make(struct meet *m, char ret_key[WS_KEY + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t bytes[KEY_BYTES + 2] = {0}; /* three at a time */
    rng_bytes(&m->rng, bytes, KEY_BYTES);
    for (size_t i = 0; i < sizeof bytes / 3; i++) {
        uint32_t three =
            (uint32_t)bytes[3 * i] << 16 | (uint32_t)bytes[3 * i + 1] << 8 | bytes[3 * i + 2];
        for (size_t j = 0; j < 4; j++)
            ret_key[4 * i + j] = digits[three >> (18 - 6 * j) & 63];
    }
    ret_key[WS_KEY - 2] = ret_key[WS_KEY - 1] = '=';
    ret_key[WS_KEY] = 0;
}

sotto_err meet_begin(struct meet *m, const char *host, const char *room,
                     const uint8_t seed[RNG_SEED], sotto_buf *out)
{
    char key[WS_KEY + 1], request[REQUEST_MAX];
    *m = (struct meet){.rng = rng_from(seed),
                       .ws = {.role = WS_CLIENT, .text = true, .message_max = MESSAGE_MAX}};
    key_make(m, key);
    TRY(ws_accept(view_str(key), m->accept));
    int len =
        snprintf(request, sizeof request,
                 "GET " ENGINEIO_PATH "?EIO=4&transport=websocket&room=%s HTTP/1.1\r\nHost: %s\r\n"
                 "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: %s\r\n\r\n",
                 room, host, key);
    if (len < 0 || (size_t)len >= sizeof request)
        return SOTTO_E_TOO_LARGE;
    return buf_append(out, view_of(request, (size_t)len));
}

void meet_clear(struct meet *m)
{
    buf_clear(&m->in);
    buf_clear(&m->text);
    rng_clear(&m->rng);
}

sotto_err meet_send(struct meet *m, view message, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf hex = {0}, event = {0};
    if (m->state != MEET_SITTING)
        return SOTTO_E_NOT_NOW;
    if (message.len == 0 || message.data[0] == 0 || message.data[0] >= COUNT_OF(names))
        return SOTTO_E_KIND;
    TRY(buf_append(&hex, VIEW_LIT(",\"")));
    TRY(hex_write(message, &hex));
    TRY(buf_append(&hex, VIEW_LIT("\"")));
    TRY(socketio_event_write(names[message.data[0]], buf_view(&hex), &event));
    return packet_add(m, ENGINEIO_MESSAGE, buf_view(&event), out);
}

sotto_err meet_leave(struct meet *m, sotto_buf *out)
{
    static const uint8_t normal[] = {1000 >> 8, 1000 & 0xff};
    if (m->state < MEET_OPENING || m->state == MEET_OVER)
        return SOTTO_OK;
    if (m->state == MEET_SITTING)
        TRY(packet_add(m, ENGINEIO_MESSAGE, VIEW_LIT("1"), out));
    m->state = MEET_OVER;
    return frame_add(m, WS_CLOSE, VIEW_OF(normal), out);
}

/* ---- events of the gateway */

static sotto_err refused(struct meet *m, const struct socketio_packet *packet,
                         struct meet_event *event)
{
    DEFER(buf_clear) sotto_buf text = {0};
    TRY(socketio_string(packet->data, 0, "message", &text));
    event->kind = MEET_REFUSED;
    snprintf(event->text, sizeof event->text, "%.*s", (int)size_min(text.len, MEET_TEXT),
             text.len > 0 ? (const char *)text.data : "");
    m->state = MEET_OVER;
    return SOTTO_OK;
}

static sotto_err key_exchange(const struct socketio_packet *packet, struct meet_event *event)
{
    DEFER(buf_clear) sotto_buf role = {0};
    TRY(socketio_string(packet->data, 0, "role", &role));
    bool dialer = view_equal(buf_view(&role), VIEW_LIT("dialer"));
    if (!dialer && !view_equal(buf_view(&role), VIEW_LIT("listener")))
        return SOTTO_E_VALUE;
    event->kind = MEET_UP;
    event->role = dialer ? LAB_DIALER : LAB_LISTENER;
    return SOTTO_OK;
}

static sotto_err lab_message(const struct socketio_packet *packet, size_t kind,
                             struct meet_event *event, sotto_buf *ret_bytes)
{
    DEFER(buf_clear) sotto_buf hex = {0};
    sotto_err err = socketio_string(packet->data, 0, NULL, &hex);
    if (err == SOTTO_OK)
        err = hex_read(buf_view(&hex), ret_bytes);
    if (err == SOTTO_E_NOMEM)
        return err;
    if (err != SOTTO_OK || ret_bytes->len == 0 || ret_bytes->len > LAB_MESSAGE_MAX ||
        ret_bytes->data[0] != kind)
        return SOTTO_E_KIND;
    event->kind = MEET_MESSAGE;
    return SOTTO_OK;
}

static sotto_err event_take(struct meet *m, const struct socketio_packet *packet,
                            struct meet_event *event, sotto_buf *ret_bytes)
{
    if (strcmp(packet->event, "REFUSED") == 0)
        return refused(m, packet, event);
    if (strcmp(packet->event, "KEY_EXCHANGE") == 0)
        return key_exchange(packet, event);
    if (strcmp(packet->event, "PEER_DISCONNECTED") == 0)
        event->kind = MEET_LEFT;
    for (size_t kind = 1; kind < COUNT_OF(names); kind++)
        if (strcmp(packet->event, names[kind]) == 0)
            return lab_message(packet, kind, event, ret_bytes);
    return SOTTO_OK;
}

/* CONNECT_ERROR has its object where an event has its name. */
static sotto_err connect_error(struct meet *m, const struct socketio_packet *packet,
                               struct meet_event *event)
{
    DEFER(buf_clear) sotto_buf array = {0};
    TRY(buf_append(&array, VIEW_LIT("[0,")));
    TRY(buf_append(&array, packet->data));
    TRY(buf_append(&array, VIEW_LIT("]")));
    const struct socketio_packet as_event = {.data = buf_view(&array)};
    return refused(m, &as_event, event);
}

static sotto_err message_take(struct meet *m, view data, struct meet_event *event,
                              sotto_buf *ret_bytes)
{
    struct socketio_packet packet;
    TRY(socketio_read(data, &packet));
    if (packet.type == SOCKETIO_DISCONNECT)
        return SOTTO_E_CLOSED;
    if (m->state == MEET_SITTING)
        return packet.type == SOCKETIO_EVENT ? event_take(m, &packet, event, ret_bytes)
                                             : SOTTO_E_UNEXPECTED;
    if (m->state == MEET_JOINING && packet.type == SOCKETIO_CONNECT_ERROR)
        return connect_error(m, &packet, event);
    if (m->state != MEET_JOINING || packet.type != SOCKETIO_CONNECT)
        return SOTTO_E_UNEXPECTED;
    m->state = MEET_SITTING;
    event->kind = MEET_SEATED;
    return SOTTO_OK;
}

static sotto_err open_take(struct meet *m, view data, sotto_buf *out)
{
    struct engineio_open open;
    if (m->state != MEET_OPENING)
        return SOTTO_E_UNEXPECTED;
    TRY(engineio_open_read(data, &open));
    if (open.ping_ms < SILENCE_MAX && open.pong_ms < SILENCE_MAX)
        m->silence_ms = open.ping_ms + open.pong_ms;
    m->state = MEET_JOINING;
    return packet_add(m, ENGINEIO_MESSAGE, VIEW_LIT("0"), out);
}

static sotto_err text_take(struct meet *m, view text, sotto_buf *out, struct meet_event *event,
                           sotto_buf *ret_bytes)
{
    struct engineio_packet packet;
    TRY(engineio_packet_read(text, &packet));
    switch (packet.type) {
    case ENGINEIO_OPEN:
        return open_take(m, packet.data, out);
    case ENGINEIO_PING:
        return packet_add(m, ENGINEIO_PONG, packet.data, out);
    case ENGINEIO_MESSAGE:
        return message_take(m, packet.data, event, ret_bytes);
    case ENGINEIO_CLOSE:
        return SOTTO_E_CLOSED;
    case ENGINEIO_NOOP:
        return SOTTO_OK;
    default:
        return SOTTO_E_UNEXPECTED;
    }
}

/* ---- in */

sotto_err meet_feed(struct meet *m, view bytes)
{
    return buf_append(&m->in, bytes);
}

/* *ret_len: bytes used; 0: it isn't whole. */
static sotto_err head_take(struct meet *m, size_t *ret_len)
{
    struct http_head head;
    TRY(http_answer_read(buf_view(&m->in), m->scanned, &head, ret_len));
    m->scanned = m->in.len;
    if (*ret_len == 0)
        return SOTTO_OK;
    if (head.status != 101 || !http_field_has(&head, "Upgrade", "websocket") ||
        !view_equal(http_field_find(&head, "Sec-WebSocket-Accept"), view_str(m->accept)))
        return SOTTO_E_HTTP;
    m->state = MEET_OPENING;
    return SOTTO_OK;
}

static sotto_err frame_take(struct meet *m, const struct ws_frame *frame, sotto_buf *out,
                            struct meet_event *event, sotto_buf *ret_bytes)
{
    switch (frame->opcode) {
    case WS_PING:
        return frame_add(m, WS_PONG, frame->payload, out);
    case WS_PONG:
        return SOTTO_OK;
    case WS_CLOSE:
        return SOTTO_E_CLOSED;
    case WS_BINARY:
        return SOTTO_E_UNEXPECTED;
    default:
        break;
    }
    TRY(buf_append(&m->text, frame->payload));
    if (!frame->fin)
        return SOTTO_OK;
    sotto_err err = text_take(m, buf_view(&m->text), out, event, ret_bytes);
    buf_reset(&m->text);
    return err;
}

/* One frame, or the head. */
static sotto_err piece_take(struct meet *m, sotto_buf *out, struct meet_event *event,
                            sotto_buf *ret_bytes, size_t *ret_len)
{
    struct ws_frame frame;
    size_t need;
    *ret_len = 0;
    if (m->state == MEET_UPGRADE)
        return head_take(m, ret_len);
    TRY(ws_frame_read(&m->ws, m->in.data, m->in.len, &frame, ret_len, &need));
    return *ret_len > 0 ? frame_take(m, &frame, out, event, ret_bytes) : SOTTO_OK;
}

sotto_err meet_next(struct meet *m, sotto_buf *out, struct meet_event *ret_event,
                    sotto_buf *ret_bytes)
{
    struct meet_event event = {.kind = MEET_NONE};
    size_t len = 1;
    buf_reset(ret_bytes);
    while (event.kind == MEET_NONE && len > 0 && m->in.len > 0 && m->state != MEET_OVER) {
        sotto_err err = piece_take(m, out, &event, ret_bytes, &len);
        if (err != SOTTO_OK) {
            m->state = MEET_OVER;
            return err;
        }
        buf_consume(&m->in, len);
    }
    *ret_event = event;
    return SOTTO_OK;
}
