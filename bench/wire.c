#include "bench/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/child.h"

#define ADDRESSES  100   /* of the loopback network */
#define STEP       16384 /* bytes: one record */
#define AHEAD      65536 /* bytes that one read() may take: OpenSSL's own buffer */
#define WAIT_MS    30000
#define FIRST_LINE 8192

static bool fail(const char *what)
{
    fprintf(stderr, "sotto-bench: %s\n", what);
    return false;
}

SSL_CTX *wire_context(void)
{
    SSL_CTX *ssl = SSL_CTX_new(TLS_client_method());
    if (ssl == NULL || SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(ssl, "TLS_AES_128_GCM_SHA256") != 1) {
        SSL_CTX_free(ssl);
        return NULL;
    }
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(ssl, 1);
    SSL_CTX_set_default_read_buffer_len(ssl, AHEAD);
    return ssl;
}

bool wire_connect(struct wire *w, uint16_t port, unsigned number)
{
    return wire_connect_from(w, port, INADDR_LOOPBACK + number % ADDRESSES);
}

bool wire_connect_from(struct wire *w, uint16_t port, uint32_t address)
{
    if (child_interrupted())
        return false;
    const int one = 1;
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *w = (struct wire){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (w->fd < 0)
        return fail("no more sockets");
    (void)setsockopt(w->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    (void)setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(w->fd, (const struct sockaddr *)&from, sizeof from) != 0 ||
        connect(w->fd, (const struct sockaddr *)&to, sizeof to) != 0)
        return fail("cannot connect");
    return fcntl(w->fd, F_SETFL, O_NONBLOCK) == 0 || fail("cannot connect");
}

static bool ready(const struct wire *w, short what)
{
    struct pollfd p = {.fd = w->fd, .events = what};
    return poll(&p, 1, WAIT_MS) == 1;
}

/* Byte by byte, since what follows the line belongs to TLS. */
bool wire_line_skip(struct wire *w)
{
    char byte = 0;
    for (size_t i = 0; byte != '\n' && i < FIRST_LINE; i++)
        if (!ready(w, POLLIN) || read(w->fd, &byte, 1) != 1)
            return fail("the server hung up");
    return byte == '\n' || fail("the server's first line does not end");
}

bool wire_tls_start(struct wire *w, SSL_CTX *context)
{
    w->ssl = SSL_new(context);
    if (w->ssl == NULL || SSL_set_fd(w->ssl, w->fd) != 1)
        return fail("out of memory");
    for (;;) {
        int done = SSL_connect(w->ssl);
        int why = SSL_get_error(w->ssl, done);
        if (done == 1)
            return true;
        if ((why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) ||
            !ready(w, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT))
            return fail("the TLS handshake failed");
    }
}

void wire_close(struct wire *w)
{
    if (w->ssl != NULL && (SSL_get_shutdown(w->ssl) & SSL_SENT_SHUTDOWN) == 0)
        (void)SSL_shutdown(w->ssl);
    SSL_free(w->ssl);
    if (w->fd >= 0)
        close(w->fd);
    buf_clear(&w->in);
    buf_clear(&w->out);
    *w = (struct wire){.fd = -1};
}

bool wire_put(struct wire *w, view bytes)
{
    return buf_append(&w->out, bytes) == SOTTO_OK || fail("out of memory");
}

bool wire_flush(struct wire *w)
{
    while (wire_waits(w)) {
        size_t len = size_min(w->out.len - w->out_at, INT32_MAX);
        int sent = SSL_write(w->ssl, w->out.data + w->out_at, (int)len);
        if (sent <= 0)
            return SSL_get_error(w->ssl, sent) == SSL_ERROR_WANT_WRITE ||
                   fail("the server hung up");
        w->out_at += (size_t)sent;
    }
    w->out.len = w->out_at = 0; /* nothing here is secret: no need to wipe */
    return true;
}

bool wire_flush_wait(struct wire *w)
{
    do {
        if (!wire_flush(w))
            return false;
        if (wire_waits(w) && !ready(w, POLLOUT))
            return fail("the server hung up");
    } while (wire_waits(w));
    return true;
}

/* A close() while something is unread would be a reset, at which a server may drop what it has not read itself. */
bool wire_end_wait(struct wire *w)
{
    uint8_t rest[4096];
    ssize_t len = 1;
    if (!wire_flush_wait(w))
        return false;
    (void)SSL_shutdown(w->ssl);
    (void)shutdown(w->fd, SHUT_WR);
    while (len > 0 && ready(w, POLLIN))
        len = read(w->fd, rest, sizeof rest);
    return len <= 0 || fail("the server does not hang up");
}

/* What was taken makes room: moved only when that is most of it. */
static void in_compact(struct wire *w)
{
    if (w->in_at == 0 || w->in_at < w->in.len / 2)
        return;
    if (w->in.len > w->in_at)
        memmove(w->in.data, w->in.data + w->in_at, w->in.len - w->in_at);
    w->in.len -= w->in_at;
    w->in_at = 0;
}

bool wire_fill(struct wire *w)
{
    in_compact(w);
    do {
        if (buf_reserve(&w->in, STEP) != SOTTO_OK)
            return fail("out of memory");
        int len = SSL_read(w->ssl, w->in.data + w->in.len, STEP);
        if (len <= 0)
            return SSL_get_error(w->ssl, len) == SSL_ERROR_WANT_READ || fail("the server hung up");
        w->in.len += (size_t)len;
    } while (SSL_has_pending(w->ssl));
    return true;
}

bool wire_fill_wait(struct wire *w)
{
    size_t had = wire_in(w).len;
    while (wire_in(w).len == had) {
        if (!wire_flush(w) || !ready(w, wire_waits(w) ? POLLIN | POLLOUT : POLLIN) || !wire_fill(w))
            return false;
    }
    return true;
}

void wire_rest(struct wire *w)
{
    if (w->in.len != w->in_at || wire_waits(w))
        return;
    buf_clear(&w->in);
    buf_clear(&w->out);
    w->in_at = w->out_at = 0;
}
