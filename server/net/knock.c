#include "net/knock.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "crypto/rng.h"
#include "crypto/sign.h"
#include "proto/proto.h"
#include "proto/ws.h"

#define REACH_MS   5000
#define TALK_MS    10000 /* for all of it, however slowly it comes */
#define STEP       4096
#define ANSWER_MAX (STEP + WS_HEADER_MAX + PROTO_FRAME_MAX) /* of head and hello_ok */

struct visit {
    int fd; /* does not block */
    int64_t until_ms;
    SSL_CTX *context;
    SSL *ssl;
    sotto_buf in;
};

static void visit_end(struct visit *v)
{
    if (v->ssl != NULL && SSL_is_init_finished(v->ssl))
        (void)SSL_shutdown(v->ssl);
    SSL_free(v->ssl);
    SSL_CTX_free(v->context);
    if (v->fd >= 0)
        close(v->fd);
    buf_clear(&v->in);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static sotto_err wait_for(const struct visit *v, short events)
{
    struct pollfd ready = {.fd = v->fd, .events = events};
    for (;;) {
        int64_t left_ms = v->until_ms - now_ms();
        int count = left_ms > 0 ? poll(&ready, 1, (int)left_ms) : 0;
        if (count >= 0)
            return count > 0 ? SOTTO_OK : SOTTO_E_TIMEOUT;
        if (errno != EINTR)
            return SOTTO_E_NET;
    }
}

static sotto_err reach(struct visit *v, const struct endpoint *address)
{
    int err = 0;
    socklen_t len = sizeof err;
    v->until_ms = now_ms() + REACH_MS;
    v->fd = socket(address->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (v->fd < 0)
        return SOTTO_E_NET;
    if (connect(v->fd, (const struct sockaddr *)&address->sa, address->len) != 0 &&
        errno != EINPROGRESS)
        return SOTTO_E_NET;
    TRY(wait_for(v, POLLOUT));
    if (getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0 || err != 0)
        return err == ETIMEDOUT ? SOTTO_E_TIMEOUT : SOTTO_E_NET;
    v->until_ms = now_ms() + TALK_MS;
    return SOTTO_OK;
}

/* OK: the call that gave this may be made again. What earlier calls left in OpenSSL's queue would be taken for its reason, so that is
 * emptied before each. */
static sotto_err again(const struct visit *v, int result, sotto_err otherwise)
{
    int why = SSL_get_error(v->ssl, result);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
        return otherwise;
    return wait_for(v, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
}

/* Any certificate will do: what counts is the signature in hello_ok. */
static sotto_err tls_begin(struct visit *v, const char *host)
{
    v->context = SSL_CTX_new(TLS_client_method());
    if (v->context == NULL || SSL_CTX_set_min_proto_version(v->context, TLS1_3_VERSION) != 1)
        return SOTTO_E_NOMEM;
    v->ssl = SSL_new(v->context);
    if (v->ssl == NULL || SSL_set_fd(v->ssl, v->fd) != 1 ||
        SSL_set_tlsext_host_name(v->ssl, host) != 1)
        return SOTTO_E_NOMEM;
    for (;;) {
        ERR_clear_error();
        int done = SSL_connect(v->ssl);
        if (done == 1)
            return SOTTO_OK;
        TRY(again(v, done, SOTTO_E_TLS));
    }
}

static sotto_err say(struct visit *v, view bytes)
{
    for (;;) {
        ERR_clear_error();
        int done = SSL_write(v->ssl, bytes.data, (int)bytes.len);
        if (done > 0)
            return SOTTO_OK;
        TRY(again(v, done, SOTTO_E_CLOSED));
    }
}

static sotto_err hear(struct visit *v)
{
    uint8_t piece[STEP];
    if (v->in.len > ANSWER_MAX)
        return SOTTO_E_TOO_LARGE;
    for (;;) {
        ERR_clear_error();
        int len = SSL_read(v->ssl, piece, sizeof piece);
        if (len > 0)
            return buf_append(&v->in, view_of(piece, (size_t)len));
        TRY(again(v, len, SOTTO_E_CLOSED));
    }
}

static sotto_err upgrade(struct visit *v, const char *host)
{
    static const char accepted[] = "HTTP/1.1 101 ", end[] = "\r\n\r\n";
    const uint8_t *found = NULL;
    char request[X509_HOST_MAX + 256];
    int len = snprintf(request, sizeof request,
                       "GET " PROTO_PATH " HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                       "Sec-WebSocket-Protocol: " PROTO_SUBPROTOCOL "\r\n\r\n",
                       host);
    if (len < 0 || (size_t)len >= sizeof request)
        return SOTTO_E_TOO_LARGE;
    TRY(say(v, view_of(request, (size_t)len)));
    while (found == NULL) {
        TRY(hear(v));
        found = memmem(v->in.data, v->in.len, end, sizeof end - 1);
    }
    if (v->in.len < sizeof accepted || memcmp(v->in.data, accepted, sizeof accepted - 1) != 0)
        return SOTTO_E_HTTP;
    buf_consume(&v->in, (size_t)(found - v->in.data) + sizeof end - 1);
    return SOTTO_OK;
}

static sotto_err hello_say(struct visit *v, const struct proto_hello *hello)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    DEFER(buf_clear) sotto_buf message = {0};
    static const uint8_t mask[4] = {1, 2, 3, 4};
    TRY(proto_hello_write(1, hello, &frame));
    TRY(ws_frame_write(WS_BINARY, buf_view(&frame), mask, &message));
    return say(v, buf_view(&message));
}

/* Borrowed from what was read. */
static sotto_err hello_hear(struct visit *v, struct proto_hello_ok *ret_ok)
{
    struct ws_reader reader = {.role = WS_CLIENT, .message_max = PROTO_FRAME_MAX};
    struct ws_frame message;
    struct proto_frame frame;
    size_t len = 0, need;
    for (;;) {
        if (v->in.len > 0)
            TRY(ws_frame_read(&reader, v->in.data, v->in.len, &message, &len, &need));
        if (len > 0)
            break;
        TRY(hear(v));
    }
    if (message.opcode != WS_BINARY || !message.fin)
        return SOTTO_E_UNEXPECTED;
    TRY(proto_frame_read(message.payload, &frame));
    return frame.kind == PROTO_HELLO_OK ? proto_hello_ok_read(frame.body, ret_ok)
                                        : SOTTO_E_UNEXPECTED;
}

static sotto_err hello_check(struct visit *v, sotto_crypto *c, const struct proto_hello *hello,
                             const struct proto_hello_ok *ok, const uint8_t pin[X509_PIN],
                             int64_t now_s)
{
    DEFER(buf_clear) sotto_buf text = {0};
    uint8_t key[ED25519_PUBLIC], found[X509_PIN], exporter[HELLO_EXPORTER];
    TRY(x509_verify_server_chain(c, ok->chain, ok->chain_count, pin, now_s, key, found));
    if (SSL_export_keying_material(v->ssl, exporter, sizeof exporter, HELLO_EXPORTER_LABEL,
                                   sizeof HELLO_EXPORTER_LABEL - 1, NULL, 0, 0) != 1)
        return SOTTO_E_TLS;
    TRY(proto_hello_signed(ok->nonce, exporter, hello->challenge, &text));
    return verify(c, SIGN_ED25519, VIEW_OF(key), buf_view(&text), VIEW_OF(ok->signature));
}

sotto_err knock(sotto_crypto *c, const struct endpoint *address, const char *host,
                const uint8_t pin[X509_PIN], int64_t now_s)
{
    DEFER(visit_end) struct visit v = {.fd = -1};
    struct proto_hello hello = {
        .versions = {PROTO_VERSION}, .version_count = 1, .software = VIEW_LIT("sottod doctor")};
    struct proto_hello_ok ok;
    random_bytes(hello.challenge, sizeof hello.challenge);
    TRY(reach(&v, address));
    TRY(tls_begin(&v, host));
    TRY(upgrade(&v, host));
    TRY(hello_say(&v, &hello));
    TRY(hello_hear(&v, &ok));
    return hello_check(&v, c, &hello, &ok, pin, now_s);
}
