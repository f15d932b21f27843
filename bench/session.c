#include "bench/session.h"

#include <stdio.h>
#include <time.h>

#include "crypto/rng.h"
#include "crypto/sign.h"

static const uint8_t mask[4] = {1, 2, 3, 4};

static bool fail(const char *what)
{
    fprintf(stderr, "sotto-bench: %s\n", what);
    return false;
}

bool session_host_init(struct session_host *host, uint16_t port)
{
    *host = (struct session_host){.port = port, .ssl = wire_context()};
    return (host->ssl != NULL && crypto_new(&host->crypto) == SOTTO_OK) || fail("out of memory");
}

void session_host_clear(struct session_host *host)
{
    SSL_CTX_free(host->ssl);
    crypto_free(host->crypto);
    *host = (struct session_host){0};
}

/* ---- frames */

static bool message_put(struct session *session, enum ws_opcode opcode, uint8_t *payload,
                        size_t len)
{
    uint8_t header[WS_HEADER_MAX];
    size_t header_len = ws_header_write(header, opcode, len, mask);
    ws_mask(payload, len, mask);
    return wire_put(session->wire, view_of(header, header_len)) &&
           wire_put(session->wire, view_of(payload, len));
}

bool session_put(struct session *session, uint8_t *frame, size_t len)
{
    return message_put(session, WS_BINARY, frame, len);
}

bool session_put_buf(struct session *session, sotto_err written, sotto_buf *frame)
{
    if (written != SOTTO_OK)
        return fail(sotto_err_text(written));
    bool put = session_put(session, frame->data, frame->len);
    buf_reset(frame);
    return put;
}

static bool pong_put(struct session *session, view ping)
{
    uint8_t payload[WS_CONTROL_MAX];
    size_t len = size_min(ping.len, sizeof payload);
    if (len > 0)
        memcpy(payload, ping.data, len);
    return message_put(session, WS_PONG, payload, len);
}

enum session_next session_next(struct session *session, struct proto_frame *ret_frame)
{
    for (;;) {
        struct wire *w = session->wire;
        struct ws_frame message;
        size_t len = 0, need;
        view in = wire_in(w);
        if (in.len == 0)
            return SESSION_NONE;
        if (ws_frame_read(&session->ws, w->in.data + w->in_at, in.len, &message, &len, &need) !=
            SOTTO_OK)
            return fail("not a WebSocket frame"), SESSION_FAILED;
        wire_took(w, len);
        if (len == 0)
            return SESSION_NONE;
        if (message.opcode == WS_PING) {
            if (!pong_put(session, message.payload))
                return SESSION_FAILED;
            continue;
        }
        if (message.opcode == WS_PONG)
            continue;
        if (message.opcode != WS_BINARY || !message.fin ||
            proto_frame_read(message.payload, ret_frame) != SOTTO_OK)
            return fail("the server closed the connection"), SESSION_FAILED;
        return SESSION_FRAME;
    }
}

bool session_unexpected(const struct proto_frame *frame)
{
    struct proto_error error;
    const char *name = proto_kind_name(frame->kind);
    if ((frame->kind == PROTO_ERROR && proto_error_read(frame->body, &error) == SOTTO_OK) ||
        (frame->kind == PROTO_BYE && proto_bye_read(frame->body, &error) == SOTTO_OK))
        fprintf(stderr, "sotto-bench: the server said: %.*s\n", (int)error.detail.len,
                (const char *)error.detail.data);
    else
        fprintf(stderr, "sotto-bench: %s is not the answer that was due\n",
                name != NULL ? name : "an unknown frame");
    return false;
}

bool session_wait(struct session *session, enum proto_kind kind, struct proto_frame *ret_frame)
{
    enum session_next next;
    while ((next = session_next(session, ret_frame)) == SESSION_NONE)
        if (!wire_fill_wait(session->wire))
            return false;
    if (next == SESSION_FAILED)
        return false;
    return ret_frame->kind == kind || session_unexpected(ret_frame);
}

/* ---- the beginning */

static bool upgrade(struct session *session)
{
    static const char request[] =
        "GET " PROTO_PATH " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Protocol: " PROTO_SUBPROTOCOL "\r\n\r\n";
    static const char accepted[] = "HTTP/1.1 101", end[] = "\r\n\r\n";
    struct wire *w = session->wire;
    const uint8_t *found = NULL;
    if (!wire_put(w, view_of(request, sizeof request - 1)))
        return false;
    while (found == NULL) {
        if (!wire_fill_wait(w))
            return false;
        if (wire_in(w).len > 0)
            found = memmem(wire_in(w).data, wire_in(w).len, end, sizeof end - 1);
    }
    view in = wire_in(w);
    bool good = in.len >= sizeof accepted && memcmp(in.data, accepted, sizeof accepted - 1) == 0;
    wire_took(w, (size_t)(found - in.data) + sizeof end - 1);
    return good || fail("the server did not upgrade");
}

/* The chain is checked once; who has another key later is another server. */
static bool hello_check(struct session_host *host, struct session *session,
                        const struct proto_hello *hello, const struct proto_hello_ok *ok)
{
    DEFER(buf_clear) sotto_buf text = {0};
    if (!host->known &&
        x509_verify_server_chain(host->crypto, ok->chain, ok->chain_count, NULL,
                                 (int64_t)time(NULL), host->server_key, host->pin) != SOTTO_OK)
        return fail("the server's certificates are not valid");
    host->known = true;
    memcpy(session->nonce, ok->nonce, sizeof session->nonce);
    if (SSL_export_keying_material(session->wire->ssl, session->exporter, HELLO_EXPORTER,
                                   HELLO_EXPORTER_LABEL, sizeof HELLO_EXPORTER_LABEL - 1, NULL, 0,
                                   0) != 1 ||
        proto_hello_signed(ok->nonce, session->exporter, hello->challenge, &text) != SOTTO_OK)
        return fail("no exporter");
    return verify(host->crypto, SIGN_ED25519, VIEW_OF(host->server_key), buf_view(&text),
                  VIEW_OF(ok->signature)) == SOTTO_OK ||
           fail("the server's signature is not valid");
}

static bool greet(struct session_host *host, struct session *session)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_hello hello = {
        .versions = {PROTO_VERSION}, .version_count = 1, .software = VIEW_LIT("sotto-bench")};
    struct proto_frame answer;
    struct proto_hello_ok ok;
    random_bytes(hello.challenge, sizeof hello.challenge);
    return session_put_buf(session, proto_hello_write(1, &hello, &frame), &frame) &&
           session_wait(session, PROTO_HELLO_OK, &answer) &&
           (proto_hello_ok_read(answer.body, &ok) == SOTTO_OK || fail("hello_ok can't be read")) &&
           hello_check(host, session, &hello, &ok);
}

bool session_open(struct session_host *host, struct wire *wire, struct session *ret_session)
{
    *ret_session =
        (struct session){.wire = wire, .ws = {.role = WS_CLIENT, .message_max = PROTO_FRAME_MAX}};
    return wire_tls_start(wire, host->ssl) && upgrade(ret_session) && greet(host, ret_session);
}
