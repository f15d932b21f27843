#include "net/knock.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#include "crypto/rng.h"
#include "crypto/sign.h"
#include "proto/proto.h"
#include "proto/ws.h"

#define WAIT_S     5
#define STEP       4096
#define ANSWER_MAX (STEP + WS_HEADER_MAX + PROTO_FRAME_MAX) /* of head and hello_ok */

struct visit {
    int fd;
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

static sotto_err reach(struct visit *v, const struct endpoint *address)
{
    const struct timeval wait = {.tv_sec = WAIT_S};
    struct pollfd ready = {.events = POLLOUT};
    int err = 0;
    socklen_t len = sizeof err;
    v->fd = socket(address->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (v->fd < 0)
        return SOTTO_E_NET;
    ready.fd = v->fd;
    if (connect(v->fd, (const struct sockaddr *)&address->sa, address->len) != 0 &&
        errno != EINPROGRESS)
        return SOTTO_E_NET;
    if (poll(&ready, 1, WAIT_S * 1000) != 1)
        return SOTTO_E_TIMEOUT;
    if (getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0 || err != 0)
        return err == ETIMEDOUT ? SOTTO_E_TIMEOUT : SOTTO_E_NET;
    bool set = fcntl(v->fd, F_SETFL, 0) == 0 &&
               setsockopt(v->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
               setsockopt(v->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0;
    return set ? SOTTO_OK : SOTTO_E_NET;
}

/* What OpenSSL says of a socket whose time is over is that it should be tried again. */
static sotto_err trouble(const struct visit *v, int result, sotto_err otherwise)
{
    int why = SSL_get_error(v->ssl, result);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? SOTTO_E_TIMEOUT : otherwise;
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
    int done = SSL_connect(v->ssl);
    return done == 1 ? SOTTO_OK : trouble(v, done, SOTTO_E_TLS);
}

static sotto_err say(struct visit *v, view bytes)
{
    int done = SSL_write(v->ssl, bytes.data, (int)bytes.len);
    return done > 0 ? SOTTO_OK : trouble(v, done, SOTTO_E_CLOSED);
}

static sotto_err hear(struct visit *v)
{
    uint8_t *place;
    if (v->in.len > ANSWER_MAX)
        return SOTTO_E_TOO_LARGE;
    TRY(buf_extend(&v->in, STEP, &place));
    int len = SSL_read(v->ssl, place, STEP);
    v->in.len -= STEP - (len > 0 ? (size_t)len : 0);
    return len > 0 ? SOTTO_OK : trouble(v, len, SOTTO_E_CLOSED);
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
