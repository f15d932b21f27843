#include "bench/bare.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/tls_cert.h"

#define ROUNDS     8     /* more than a handshake has flights */
#define RECORD_MAX 16384 /* bytes */
#define WAIT_MS    10000

static double thread_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static bool identify(SSL_CTX *ctx)
{
    DEFER(buf_clear) sotto_buf pem = {0};
    if (tls_cert_make("localhost", &pem) != SOTTO_OK)
        return false;
    BIO *key_in = BIO_new_mem_buf(pem.data, (int)pem.len),
        *cert_in = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(key_in, NULL, NULL, NULL);
    X509 *cert = PEM_read_bio_X509(cert_in, NULL, NULL, NULL);
    bool set = SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1;
    X509_free(cert);
    EVP_PKEY_free(key);
    BIO_free(key_in);
    BIO_free(cert_in);
    return set;
}

/* One handshake between two memory buffers; adds the server's time. */
static bool handshake(SSL_CTX *server_ctx, SSL_CTX *client_ctx, double *us)
{
    SSL *client = SSL_new(client_ctx);
    BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
    BIO_up_ref(up);
    BIO_up_ref(down);
    SSL_set_bio(client, down, up);
    SSL_set_connect_state(client);
    double before = thread_us();
    SSL *server = SSL_new(server_ctx);
    SSL_set_bio(server, up, down);
    SSL_set_accept_state(server);
    *us += thread_us() - before;
    for (unsigned i = 0;
         i < ROUNDS && !(SSL_is_init_finished(server) && SSL_is_init_finished(client)); i++) {
        (void)SSL_do_handshake(client);
        before = thread_us();
        (void)SSL_do_handshake(server);
        *us += thread_us() - before;
    }
    bool done = SSL_is_init_finished(server) && SSL_is_init_finished(client);
    before = thread_us();
    SSL_free(server);
    *us += thread_us() - before;
    SSL_free(client);
    return done;
}

static SSL_CTX *server_context(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (identify(ctx) && SSL_CTX_set1_groups_list(ctx, "X25519MLKEM768") == 1 &&
        SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") == 1)
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

double bare_handshake_us(unsigned count)
{
    SSL_CTX *server = server_context(), *client = SSL_CTX_new(TLS_client_method());
    double us = 0;
    bool done = server != NULL && client != NULL;
    for (unsigned i = 0; done && i < count; i++)
        done = handshake(server, client, &us);
    SSL_CTX_free(server);
    SSL_CTX_free(client);
    return done ? us / count : 0;
}

/* ---- records */

struct line {
    int ends[2]; /* server, client */
    SSL *server, *client;
};

static bool sockets_open(int listener, const struct sockaddr_in *at, int ends[2])
{
    const int one = 1;
    ends[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ends[0] = ends[1] >= 0 && connect(ends[1], (const struct sockaddr *)at, sizeof *at) == 0
                  ? accept4(listener, NULL, NULL, SOCK_CLOEXEC)
                  : -1;
    if (ends[0] < 0)
        return false;
    (void)setsockopt(ends[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0;
}

static bool line_open(struct line *line, int listener, const struct sockaddr_in *at,
                      SSL_CTX *server, SSL_CTX *client)
{
    line->server = SSL_new(server);
    line->client = SSL_new(client);
    if (!sockets_open(listener, at, line->ends) || line->server == NULL || line->client == NULL ||
        SSL_set_fd(line->server, line->ends[0]) != 1 ||
        SSL_set_fd(line->client, line->ends[1]) != 1)
        return false;
    SSL_set_accept_state(line->server);
    SSL_set_connect_state(line->client);
    for (unsigned i = 0;
         i < ROUNDS && !(SSL_is_init_finished(line->server) && SSL_is_init_finished(line->client));
         i++) {
        (void)SSL_do_handshake(line->client);
        (void)SSL_do_handshake(line->server);
    }
    return SSL_is_init_finished(line->server) && SSL_is_init_finished(line->client);
}

static void line_close(struct line *line)
{
    SSL_free(line->server);
    SSL_free(line->client);
    for (size_t i = 0; i < 2; i++)
        if (line->ends[i] >= 0)
            close(line->ends[i]);
}

static bool record_read(struct line *line, size_t size)
{
    static uint8_t record[RECORD_MAX];
    int len;
    while ((len = SSL_read(line->client, record, sizeof record)) <= 0) {
        struct pollfd p = {.fd = line->ends[1], .events = POLLIN};
        if (SSL_get_error(line->client, len) != SSL_ERROR_WANT_READ || poll(&p, 1, WAIT_MS) != 1)
            return false;
    }
    return (size_t)len == size;
}

/* One record to each, timed; then all are read. */
static bool records_pass(struct line *lines, unsigned count, size_t size, double *us)
{
    static const uint8_t data[RECORD_MAX];
    bool passed = true;
    double before = thread_us();
    for (unsigned i = 0; passed && i < count; i++)
        passed = SSL_write(lines[i].server, data, (int)size) == (int)size;
    *us += thread_us() - before;
    for (unsigned i = 0; passed && i < count; i++)
        passed = record_read(&lines[i], size);
    return passed;
}

static bool lines_open(struct line *lines, unsigned count, SSL_CTX *server, SSL_CTX *client)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool opened = listener >= 0 && bind(listener, (const struct sockaddr *)&at, sizeof at) == 0 &&
                  listen(listener, 1) == 0 &&
                  getsockname(listener, (struct sockaddr *)&at, &len) == 0;
    for (unsigned i = 0; opened && i < count; i++)
        opened = line_open(&lines[i], listener, &at, server, client);
    if (listener >= 0)
        close(listener);
    return opened;
}

double bare_record_us(unsigned connections, size_t size, unsigned rounds)
{
    SSL_CTX *server = server_context(), *client = SSL_CTX_new(TLS_client_method());
    struct line *lines = calloc(connections, sizeof *lines);
    double us = 0;
    for (unsigned i = 0; lines != NULL && i < connections; i++)
        lines[i].ends[0] = lines[i].ends[1] = -1;
    bool done = server != NULL && client != NULL && lines != NULL && size <= RECORD_MAX &&
                lines_open(lines, connections, server, client);
    for (unsigned i = 0; done && i < rounds; i++)
        done = records_pass(lines, connections, size, &us);
    for (unsigned i = 0; lines != NULL && i < connections; i++)
        line_close(&lines[i]);
    free(lines);
    SSL_CTX_free(server);
    SSL_CTX_free(client);
    return done ? us / rounds / connections : 0;
}
