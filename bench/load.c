#include "bench/load.h"

#include <arpa/inet.h>
#include <libgen.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "crypto/x509.h"

#define ADDRESSES 100   /* of the loopback network */
#define READ_STEP 16384 /* bytes: one TLS record */
#define START_MS  10000

static bool fail(const char *what)
{
    fprintf(stderr, "sotto-bench: %s\n", what);
    return false;
}

double load_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- the server */

static bool server_path(char path[PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return false;
    self[len] = 0;
    return snprintf(path, PATH_MAX, "%s/sottod", dirname(self)) < PATH_MAX;
}

bool load_server_start(struct load_server *server)
{
    char path[PATH_MAX];
    unsigned long port = 0;
    *server = (struct load_server){0};
    if (!server_path(path) || !child_dir_make(&server->child, bench_dir(NULL, true)))
        return false;
    const char *const argv[] = {path,    "serve",       "--listen", "127.0.0.1:0", "--dir",
                                "state", "--no-limits", "--quiet",  NULL};
    if (!child_start(&server->child, argv) ||
        !child_log_wait(&server->child, "listening on 127.0.0.1:", &port))
        return false;
    server->child.port = (uint16_t)port;
    return true;
}

bool load_server_stop(struct load_server *server)
{
    return child_stop(&server->child) || fail("the server did not end well");
}

double load_server_cpu_us(const struct load_server *server)
{
    return child_cpu_us(&server->child);
}

double load_server_memory(const struct load_server *server)
{
    return child_memory(&server->child);
}

/* ---- clients */

bool load_init(struct load *load, uint16_t port)
{
    *load = (struct load){.port = port, .ssl = SSL_CTX_new(TLS_client_method())};
    if (load->ssl == NULL || crypto_new(&load->crypto) != SOTTO_OK)
        return fail("out of memory");
    SSL_CTX_set_min_proto_version(load->ssl, TLS1_3_VERSION);
    SSL_CTX_set_mode(load->ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(load->ssl, SSL_SESS_CACHE_OFF);
    return true;
}

void load_clear(struct load *load)
{
    SSL_CTX_free(load->ssl);
    crypto_free(load->crypto);
}

static struct sockaddr_in loopback(unsigned last, uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(0x7f000000U + last)};
}

bool load_handshake(struct load *load, struct load_client *client, unsigned number)
{
    const int one = 1;
    const struct sockaddr_in from = loopback(1 + number % ADDRESSES, 0),
                             to = loopback(1, load->port);
    if (child_interrupted())
        return false;
    *client = (struct load_client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                                   .ssl = SSL_new(load->ssl)};
    if (client->fd < 0 || client->ssl == NULL)
        return fail("no more sockets");
    (void)setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    (void)setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(client->fd, (const struct sockaddr *)&from, sizeof from) != 0 ||
        connect(client->fd, (const struct sockaddr *)&to, sizeof to) != 0)
        return fail("cannot connect");
    SSL_set_fd(client->ssl, client->fd);
    return SSL_connect(client->ssl) == 1 || fail("the TLS handshake failed");
}

void load_close(struct load_client *client)
{
    SSL_free(client->ssl);
    if (client->fd >= 0)
        close(client->fd);
    buf_clear(&client->in);
}

static bool upgrade(struct load_client *client)
{
    static const char request[] =
        "GET " PROTO_PATH " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Protocol: " PROTO_SUBPROTOCOL "\r\n\r\n";
    char answer[1024];
    if (SSL_write(client->ssl, request, sizeof request - 1) <= 0)
        return fail("the server hung up");
    int len = SSL_read(client->ssl, answer, sizeof answer - 1);
    client->ws = (struct ws_reader){.role = WS_CLIENT, .message_max = PROTO_FRAME_MAX};
    return (len > 12 && memcmp(answer, "HTTP/1.1 101", 12) == 0) ||
           fail("the server did not upgrade");
}

static bool writable(const struct load_client *client)
{
    struct pollfd p = {.fd = client->fd, .events = POLLOUT};
    return poll(&p, 1, START_MS) == 1;
}

bool load_send(struct load_client *client, enum ws_opcode opcode, uint8_t *frame, size_t len)
{
    static const uint8_t mask[4] = {1, 2, 3, 4};
    uint8_t message[WS_HEADER_MAX + LOAD_MESSAGE_MAX];
    if (len > LOAD_MESSAGE_MAX)
        return fail("a message too long for this bench");
    size_t header = ws_header_write(message, opcode, len, mask);
    ws_mask(frame, len, mask);
    if (len > 0)
        memcpy(message + header, frame, len);
    for (;;) {
        int sent = SSL_write(client->ssl, message, (int)(header + len));
        if (sent > 0)
            return true;
        if (SSL_get_error(client->ssl, sent) != SSL_ERROR_WANT_WRITE || !writable(client))
            return fail("the server hung up");
    }
}

/* Reads once; false: nothing there, or the end. */
static bool read_more(struct load_client *client, bool *ret_ended)
{
    if (client->in_at > 0) {
        buf_consume(&client->in, client->in_at);
        client->in_at = 0;
    }
    if (buf_reserve(&client->in, READ_STEP) != SOTTO_OK)
        return fail("out of memory");
    int len = SSL_read(client->ssl, client->in.data + client->in.len, READ_STEP);
    if (len > 0) {
        client->in.len += (size_t)len;
        return true;
    }
    *ret_ended = SSL_get_error(client->ssl, len) != SSL_ERROR_WANT_READ;
    if (client->in.len == 0)
        buf_clear(&client->in);
    return false;
}

bool load_recv(struct load_client *client, bool wait, struct ws_frame *ret_frame, bool *ret_ended)
{
    *ret_ended = false;
    for (;;) {
        size_t len = 0, need;
        if (client->in.len > client->in_at &&
            ws_frame_read(&client->ws, client->in.data + client->in_at,
                          client->in.len - client->in_at, ret_frame, &len, &need) != SOTTO_OK)
            return *ret_ended = true, fail("not a WebSocket frame");
        client->in_at += len;
        if (len > 0)
            return true;
        if (!read_more(client, ret_ended) && (*ret_ended || !wait))
            return false;
    }
}

static bool frame_recv(struct load_client *client, enum proto_kind kind,
                       struct proto_frame *ret_frame)
{
    struct ws_frame message;
    bool ended;
    return (load_recv(client, true, &message, &ended) && message.opcode == WS_BINARY &&
            proto_frame_read(message.payload, ret_frame) == SOTTO_OK && ret_frame->kind == kind) ||
           fail("not the answer that was due");
}

static bool buf_send(struct load_client *client, sotto_buf *frame)
{
    bool sent = load_send(client, WS_BINARY, frame->data, frame->len);
    buf_reset(frame);
    return sent;
}

/* The chain is checked once; who has another key later is another server. */
static bool hello_check(struct load *load, struct load_client *client,
                        const struct proto_hello *hello, const struct proto_hello_ok *ok)
{
    uint8_t exporter[HELLO_EXPORTER], pin[X509_PIN];
    DEFER(buf_clear) sotto_buf text = {0};
    if (!load->known &&
        x509_verify_server_chain(load->crypto, ok->chain, ok->chain_count, NULL,
                                 (int64_t)time(NULL), load->server_key, pin) != SOTTO_OK)
        return fail("the server's certificates are not valid");
    load->known = true;
    if (SSL_export_keying_material(client->ssl, exporter, sizeof exporter, HELLO_EXPORTER_LABEL,
                                   sizeof HELLO_EXPORTER_LABEL - 1, NULL, 0, 0) != 1 ||
        proto_hello_signed(ok->nonce, exporter, hello->challenge, &text) != SOTTO_OK)
        return fail("no exporter");
    return verify(load->crypto, SIGN_ED25519, VIEW_OF(load->server_key), buf_view(&text),
                  VIEW_OF(ok->signature)) == SOTTO_OK ||
           fail("the server's signature is not valid");
}

bool load_open(struct load *load, struct load_client *client, unsigned number)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_hello hello = {
        .versions = {PROTO_VERSION}, .version_count = 1, .software = VIEW_LIT("sotto-bench")};
    struct proto_frame answer;
    struct proto_hello_ok ok;
    random_bytes(hello.challenge, sizeof hello.challenge);
    if (!load_handshake(load, client, number) || !upgrade(client))
        return false;
    if (proto_hello_write(1, &hello, &frame) != SOTTO_OK || !buf_send(client, &frame) ||
        !frame_recv(client, PROTO_HELLO_OK, &answer))
        return false;
    if (proto_hello_ok_read(answer.body, &ok) != SOTTO_OK ||
        !hello_check(load, client, &hello, &ok))
        return false;
    buf_clear(&client->in);
    client->in_at = 0;
    return true;
}

bool load_pair(struct load *load, struct load_client *a, struct load_client *b, unsigned number)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    const struct proto_room_open open = {.kind = ROOM_SESSION};
    struct proto_frame answer;
    struct proto_room_opened opened;
    if (!load_open(load, a, number) || !load_open(load, b, number) ||
        proto_room_open_write(2, &open, &frame) != SOTTO_OK || !buf_send(a, &frame) ||
        !frame_recv(a, PROTO_ROOM_OPENED, &answer) ||
        proto_room_opened_read(answer.body, &opened) != SOTTO_OK)
        return false;
    const struct proto_room_join join = {.kind = ROOM_SESSION, .slot = opened.slot};
    a->slot = b->slot = opened.slot;
    return proto_room_join_write(2, &join, &frame) == SOTTO_OK && buf_send(b, &frame) &&
           frame_recv(b, PROTO_ROOM_JOINED, &answer) && frame_recv(a, PROTO_ROOM_PEER, &answer);
}

/* ---- small things */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double load_percentile(double *values, size_t count, double share)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, compare);
    return values[size_min((size_t)((double)count * share), count - 1)];
}

unsigned long load_option(int argc, char **argv, const char *name, unsigned long otherwise)
{
    for (int i = 0; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return strtoul(argv[i + 1], NULL, 10);
    return otherwise;
}
