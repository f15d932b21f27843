/* link.c - `in` holds what came and was not used yet, from `used` on; it is moved to its front
 * before new bytes are added, so that what an event borrows stays until then. `message` gathers
 * a fragmented message. The stage tells what must come next. */
#include "engine/link.h"

#include <stdio.h>
#include <stdlib.h>

#include <sotto/version.h>

#include "base/text.h"
#include "crypto/sign.h"
#include "proto/http.h"
#include "proto/ws.h"

#define HELLO_REQUEST 1 /* the id of our hello; sessions count on from above it */

enum link_stage { STAGE_UPGRADE, STAGE_HELLO, STAGE_OPEN, STAGE_DEAD };

struct link {
    sotto_crypto *crypto;
    enum link_stage stage;
    bool upgraded, close_sent, pinned;
    struct rng rng;
    sotto_buf in, message;
    size_t used, scanned;
    struct ws_reader reader;
    char key[WS_KEY + 1];
    uint8_t exporter[HELLO_EXPORTER], challenge[HELLO_CHALLENGE], pin[X509_PIN];
    uint32_t frame_max, retry_ms;
    char detail[LINK_DETAIL_MAX];
};

static sotto_err request_write(const struct link *l, const char *host, sotto_buf *out)
{
    char head[768];
    int len = snprintf(head, sizeof head,
                       "GET " PROTO_PATH
                       " HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: "
                       "13\r\nSec-WebSocket-Protocol: " PROTO_SUBPROTOCOL "\r\n\r\n",
                       host, l->key);
    if (len < 0 || (size_t)len >= sizeof head)
        return SOTTO_E_TOO_LARGE;
    return buf_append(out, view_of(head, (size_t)len));
}

/* 16 bytes in base64 with its padding (RFC 6455 4.1), made from base64url. */
static sotto_err key_write(const uint8_t nonce[16], char ret_key[WS_KEY + 1])
{
    uint8_t place[WS_KEY];
    sotto_buf text = BUF_ON(place);
    TRY(base64url_write(view_of(nonce, 16), &text));
    for (size_t i = 0; i < WS_KEY; i++) {
        char c = i < text.len ? (char)place[i] : '=';
        ret_key[i] = c;
        if (c == '-')
            ret_key[i] = '+';
        else if (c == '_')
            ret_key[i] = '/';
    }
    ret_key[WS_KEY] = '\0';
    return SOTTO_OK;
}

sotto_err link_new(sotto_crypto *c, const char *host, const uint8_t exporter[HELLO_EXPORTER],
                   const uint8_t *pin, const uint8_t seed[RNG_SEED], sotto_buf *out,
                   struct link **ret_link)
{
    uint8_t nonce[16];
    DEFER(link_freep) struct link *l = calloc(1, sizeof *l);
    if (l == NULL)
        return SOTTO_E_NOMEM;
    l->crypto = c;
    l->rng = rng_from(seed);
    l->reader = (struct ws_reader){.role = WS_CLIENT, .message_max = PROTO_FRAME_MAX};
    memcpy(l->exporter, exporter, HELLO_EXPORTER);
    l->pinned = pin != NULL;
    if (pin != NULL)
        memcpy(l->pin, pin, X509_PIN);
    rng_bytes(&l->rng, l->challenge, sizeof l->challenge);
    rng_bytes(&l->rng, nonce, sizeof nonce);
    TRY(key_write(nonce, l->key));
    TRY(request_write(l, host, out));
    *ret_link = MOVE(l);
    return SOTTO_OK;
}

void link_free(struct link *l)
{
    if (l == NULL)
        return;
    rng_clear(&l->rng);
    buf_clear(&l->in);
    buf_clear(&l->message);
    free(l);
}

void link_freep(struct link **l)
{
    link_free(*l);
}

const char *link_detail(const struct link *l)
{
    return l->detail;
}

uint32_t link_retry_ms(const struct link *l)
{
    return l->retry_ms;
}

static sotto_err fail(struct link *l, sotto_err err, const char *detail)
{
    l->stage = STAGE_DEAD;
    snprintf(l->detail, sizeof l->detail, "%s", detail);
    return err;
}

sotto_err link_feed(struct link *l, view bytes)
{
    buf_consume(&l->in, l->used);
    l->used = 0;
    return buf_append(&l->in, bytes);
}

static sotto_err ws_write(struct link *l, enum ws_opcode opcode, view payload, sotto_buf *out)
{
    uint8_t mask[4];
    rng_bytes(&l->rng, mask, sizeof mask);
    return ws_frame_write(opcode, payload, mask, out);
}

sotto_err link_send(struct link *l, view frame, sotto_buf *out)
{
    if (l->stage != STAGE_OPEN)
        return SOTTO_E_NOT_NOW;
    if (frame.len > l->frame_max)
        return SOTTO_E_TOO_LARGE;
    return ws_write(l, WS_BINARY, frame, out);
}

sotto_err link_ping(struct link *l, sotto_buf *out)
{
    if (!l->upgraded || l->close_sent)
        return SOTTO_E_NOT_NOW;
    return ws_write(l, WS_PING, (view){0}, out);
}

sotto_err link_close(struct link *l, sotto_buf *out)
{
    static const uint8_t normal[] = {1000 >> 8, 1000 & 0xff};
    if (!l->upgraded || l->close_sent)
        return SOTTO_OK;
    l->close_sent = true;
    return ws_write(l, WS_CLOSE, VIEW_OF(normal), out);
}

/* The first words to the server: which versions we know, and a challenge that its answer must be
 * signed over. */
static sotto_err hello_write(struct link *l, sotto_buf *out)
{
    static const char software[] = "sotto " SOTTO_VERSION;
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_hello hello = {.versions = {PROTO_VERSION},
                                .version_count = 1,
                                .software = view_of(software, sizeof software - 1)};
    memcpy(hello.challenge, l->challenge, sizeof hello.challenge);
    TRY(proto_hello_write(HELLO_REQUEST, &hello, &frame));
    return ws_write(l, WS_BINARY, buf_view(&frame), out);
}

/* A server that is full or busy says so before the WebSocket begins. */
static sotto_err refused(struct link *l, unsigned status)
{
    char detail[64];
    snprintf(detail, sizeof detail, "it answered with HTTP status %u", status);
    return fail(l,
                status == 429   ? SOTTO_E_RATE
                : status == 503 ? SOTTO_E_FULL
                                : SOTTO_E_HTTP,
                detail);
}

static sotto_err answer_check(struct link *l, const struct http_head *head)
{
    char accept[WS_ACCEPT + 1];
    if (head->status != 101)
        return refused(l, head->status);
    TRY(ws_accept(view_str(l->key), accept));
    bool agreed =
        http_field_has(head, "Upgrade", "websocket") &&
        http_field_has(head, "Connection", "upgrade") &&
        view_equal(http_field_find(head, "Sec-WebSocket-Accept"), view_str(accept)) &&
        view_equal(http_field_find(head, "Sec-WebSocket-Protocol"), VIEW_LIT(PROTO_SUBPROTOCOL)) &&
        http_field_find(head, "Sec-WebSocket-Extensions").data == NULL;
    return agreed ? SOTTO_OK : fail(l, SOTTO_E_HTTP, "it answered, but not as a sotto server does");
}

static sotto_err upgrade_step(struct link *l, sotto_buf *out, bool *ret_moved)
{
    struct http_head head;
    size_t len;
    view input = view_of(l->in.data, l->in.len);
    sotto_err err = http_answer_read(input, l->scanned, &head, &len);
    if (err != SOTTO_OK)
        return fail(l, err, "it answered, but not as a sotto server does");
    l->scanned = input.len;
    *ret_moved = len > 0;
    if (len == 0)
        return SOTTO_OK;
    TRY(answer_check(l, &head));
    l->used = len;
    l->upgraded = true;
    l->stage = STAGE_HELLO;
    return hello_write(l, out);
}

/* `error` and `bye` while we say hello: the server's own reason. */
static sotto_err refusal_take(struct link *l, const struct proto_frame *frame)
{
    struct proto_error error;
    sotto_err err = frame->kind == PROTO_ERROR ? proto_error_read(frame->body, &error)
                                               : proto_bye_read(frame->body, &error);
    if (err != SOTTO_OK)
        return fail(l, err, "its refusal could not be read");
    char detail[PROTO_DETAIL_MAX + 1];
    snprintf(detail, sizeof detail, "%.*s", (int)size_min(error.detail.len, PROTO_DETAIL_MAX),
             (const char *)error.detail.data);
    l->retry_ms = error.retry_ms;
    return fail(l, error.code == 0 ? SOTTO_E_CLOSED : (sotto_err)error.code, detail);
}

/* Who the server is: its chain ends in the root that we pinned, and its key signed this very
 * connection (design section 3). */
static sotto_err proof_check(struct link *l, const struct proto_hello_ok *ok, int64_t now_s,
                             uint8_t ret_pin[X509_PIN])
{
    uint8_t server_key[ED25519_PUBLIC], pin[X509_PIN];
    DEFER(buf_clear) sotto_buf message = {0};
    TRY(x509_verify_server_chain(l->crypto, ok->chain, ok->chain_count, l->pinned ? l->pin : NULL,
                                 now_s, server_key, pin));
    TRY(proto_hello_signed(ok->nonce, l->exporter, l->challenge, &message));
    TRY(verify(l->crypto, SIGN_ED25519, VIEW_OF(server_key), buf_view(&message),
               VIEW_OF(ok->signature)));
    memcpy(ret_pin, pin, X509_PIN);
    return SOTTO_OK;
}

static sotto_err hello_take(struct link *l, view message, int64_t now_s,
                            struct link_event *ret_event)
{
    struct proto_frame frame;
    struct proto_hello_ok ok;
    struct link_event event = {.kind = LINK_READY};
    if (proto_frame_read(message, &frame) != SOTTO_OK)
        return fail(l, SOTTO_E_UNEXPECTED, "its answer to hello could not be read");
    if (frame.kind == PROTO_ERROR || frame.kind == PROTO_BYE)
        return refusal_take(l, &frame);
    if (frame.kind != PROTO_HELLO_OK || frame.request != HELLO_REQUEST)
        return fail(l, SOTTO_E_UNEXPECTED, "it did not answer hello");
    sotto_err err = proto_hello_ok_read(frame.body, &ok);
    if (err != SOTTO_OK)
        return fail(l, err, "its answer to hello could not be read");
    if (ok.version != PROTO_VERSION)
        return fail(l, SOTTO_E_VERSION, "it chose a version that we did not offer");
    err = proof_check(l, &ok, now_s, event.pin);
    if (err != SOTTO_OK)
        return fail(l, err, "");
    l->frame_max = ok.frame_max < PROTO_FRAME_MAX ? ok.frame_max : PROTO_FRAME_MAX;
    l->stage = STAGE_OPEN;
    *ret_event = event;
    return SOTTO_OK;
}

static sotto_err message_take(struct link *l, view message, int64_t now_s,
                              struct link_event *ret_event)
{
    if (l->stage == STAGE_HELLO)
        return hello_take(l, message, now_s, ret_event);
    *ret_event = (struct link_event){.kind = LINK_FRAME, .frame = message};
    return SOTTO_OK;
}

static sotto_err close_take(struct link *l, view payload, sotto_buf *out,
                            struct link_event *ret_event)
{
    uint16_t code = 0;
    view reason = {0};
    sotto_err err = ws_close_read(payload, &code, &reason);
    if (err != SOTTO_OK)
        return fail(l, err, "");
    TRY(link_close(l, out));
    snprintf(l->detail, sizeof l->detail, "%.*s", (int)reason.len,
             reason.len > 0 ? (const char *)reason.data : "");
    l->stage = STAGE_DEAD;
    *ret_event = (struct link_event){.kind = LINK_CLOSED};
    return SOTTO_OK;
}

/* A data frame: mostly a whole message, which is used where it lies. */
static sotto_err data_take(struct link *l, const struct ws_frame *frame, int64_t now_s,
                           struct link_event *ret_event)
{
    if (frame->opcode == WS_BINARY && frame->fin)
        return message_take(l, frame->payload, now_s, ret_event);
    if (frame->opcode == WS_BINARY)
        buf_reset(&l->message);
    TRY(buf_append(&l->message, frame->payload));
    return frame->fin ? message_take(l, buf_view(&l->message), now_s, ret_event) : SOTTO_OK;
}

static sotto_err frame_take(struct link *l, const struct ws_frame *frame, int64_t now_s,
                            sotto_buf *out, struct link_event *ret_event)
{
    switch (frame->opcode) {
    case WS_PING:
        return l->close_sent ? SOTTO_OK : ws_write(l, WS_PONG, frame->payload, out);
    case WS_PONG:
        return SOTTO_OK;
    case WS_CLOSE:
        return close_take(l, frame->payload, out, ret_event);
    default:
        return data_take(l, frame, now_s, ret_event);
    }
}

static sotto_err frame_step(struct link *l, int64_t now_s, sotto_buf *out,
                            struct link_event *ret_event, bool *ret_moved)
{
    struct ws_frame frame;
    size_t len, need;
    sotto_err err =
        ws_frame_read(&l->reader, l->in.data + l->used, l->in.len - l->used, &frame, &len, &need);
    if (err != SOTTO_OK)
        return fail(l, err, "it broke the rules of WebSocket");
    *ret_moved = len > 0;
    if (len == 0)
        return SOTTO_OK;
    l->used += len;
    return frame_take(l, &frame, now_s, out, ret_event);
}

sotto_err link_next(struct link *l, int64_t now_s, sotto_buf *out, struct link_event *ret_event)
{
    struct link_event event = {.kind = LINK_NONE};
    for (bool moved = true; moved && event.kind == LINK_NONE && l->used < l->in.len;) {
        if (l->stage == STAGE_DEAD)
            return SOTTO_E_CLOSED;
        if (l->stage == STAGE_UPGRADE)
            TRY(upgrade_step(l, out, &moved));
        else
            TRY(frame_step(l, now_s, out, &event, &moved));
    }
    *ret_event = event;
    return SOTTO_OK;
}
