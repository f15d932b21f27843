/* A link that is a WebSocket: frames in and out. */
#include "gateway/link.h"

/* Nobody listens any more to a guest that has ended; but on its way from polling it may still arrive here, for its last words. */
bool link_socket_may_read(const struct link *link)
{
    const struct guest *guest = link->guest;
    return !link_is_held(link) && (guest == NULL || !guest->ended || guest->probe == link);
}

/* ---- out */

static void frame_write(struct link *link, enum ws_opcode opcode, view payload)
{
    sotto_buf frame = {0};
    if (ws_frame_write(opcode, payload, NULL, &frame) == SOTTO_OK)
        link_give(link, &frame);
    else
        link_end(link);
}

void link_socket_send(struct link *link, view payload)
{
    sotto_buf frames = {0};
    sotto_err err = SOTTO_OK;
    while (payload.len > 0 && err == SOTTO_OK) {
        const uint8_t *end = memchr(payload.data, ENGINEIO_SEPARATOR, payload.len);
        size_t len = end != NULL ? (size_t)(end - payload.data) : payload.len;
        size_t used = end != NULL ? len + 1 : len;
        err = ws_frame_write(WS_TEXT, view_of(payload.data, len), NULL, &frames);
        payload = view_of(payload.data + used, payload.len - used);
    }
    if (err == SOTTO_OK) {
        link_give(link, &frames);
        return;
    }
    buf_clear(&frames);
    link_end(link);
}

static void socket_close(struct link *link, uint16_t code, const char *why)
{
    uint8_t payload[WS_CONTROL_MAX] = {(uint8_t)(code >> 8), (uint8_t)code};
    const view words = view_str(why);
    size_t len = size_min(words.len, sizeof payload - 2);
    memcpy(payload + 2, words.data, len);
    if (link->state != LINK_SOCKET)
        return;
    frame_write(link, WS_CLOSE, view_of(payload, 2 + len));
    link_finish(link);
}

/* RFC 6455 7.4.1: normal closure, going away, policy violation */
void link_socket_close(struct link *link, const struct guest *guest)
{
    uint16_t code = guest->why[0] == 0 ? 1000 : guest->welcome ? 1001 : 1008;
    socket_close(link, code, guest->why);
}

void link_socket_refuse(struct link *link, const char *why)
{
    socket_close(link, 1002, why);
}

/* ---- in */

/* A session that polls tries WebSocket: "2probe", our "3probe", then "5" once nothing is under way over polling. */
static void probe_take(struct link *link, view text)
{
    struct gateway *gateway = link->gateway;
    struct guest *guest = link->guest;
    if (!link->probed && view_equal(text, VIEW_LIT("2probe"))) {
        link->probed = true;
        frame_write(link, WS_TEXT, VIEW_LIT("3probe"));
    } else if (link->probed && view_equal(text, VIEW_LIT("5"))) {
        guest->probe = NULL;
        guest->socket = link;
        if (guest->poll != NULL)
            link_poll_answer(guest->poll, VIEW_LIT("6"));
        hall_moved(&gateway->hall, guest, gateway_now(gateway));
    } else {
        socket_close(link, 1002, "not a probe of Engine.IO");
    }
    hall_touch(&gateway->hall, guest);
}

static void text_take(struct link *link, view text)
{
    struct gateway *gateway = link->gateway;
    if (link->guest == NULL)
        return;
    if (link->guest->socket == link)
        (void)hall_take(&gateway->hall, link->guest, text, false, gateway_now(gateway));
    else
        probe_take(link, text);
}

static void data_take(struct link *link, const struct ws_frame *frame)
{
    if (frame->opcode == WS_BINARY) {
        text_take(link, VIEW_LIT("b")); /* as polling has it */
    } else if (frame->fin && link->message.len == 0) {
        text_take(link, frame->payload);
    } else if (buf_append(&link->message, frame->payload) != SOTTO_OK) {
        link_end(link);
    } else if (frame->fin) {
        text_take(link, buf_view(&link->message));
        buf_clear(&link->message);
    }
}

static void frame_take(struct link *link, const struct ws_frame *frame)
{
    switch (frame->opcode) {
    case WS_CLOSE:
        socket_close(link, 1000, "");
        break;
    case WS_PING:
        if (link->writing == 0)
            frame_write(link, WS_PONG, frame->payload);
        break;
    case WS_PONG:
        break;
    default:
        data_take(link, frame);
        break;
    }
}

static void frame_refuse(struct link *link, sotto_err err)
{
    struct gateway *gateway = link->gateway;
    const char *why = err == SOTTO_E_TOO_LARGE ? "the message is larger than maxPayload"
                                               : "not a frame of WebSocket";
    if (link->guest != NULL && link->guest->socket == link)
        hall_end(&gateway->hall, link->guest, why, gateway_now(gateway));
    else
        socket_close(link, err == SOTTO_E_TOO_LARGE ? 1009 : 1002, why);
}

bool link_socket_take(struct link *link)
{
    struct ws_frame frame;
    size_t len, need;
    if (!link_socket_may_read(link))
        return false;
    sotto_err err = ws_frame_read(&link->ws, link->in.data, link->in.len, &frame, &len, &need);
    if (err != SOTTO_OK)
        frame_refuse(link, err);
    if (err != SOTTO_OK || len == 0)
        return false;
    frame_take(link, &frame);
    buf_consume(&link->in, len);
    return true;
}
