/* sotto-bench connections [--n 10000]: what an idle connection costs the server, and what it costs to get there. Real TLS 1.3
 * clients in this process (X25519MLKEM768), a real server beside it. Memory is the server's in user space; the kernel's
 * sockets come on top. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/bare.h"
#include "bench/bench.h"
#include "bench/crowd.h"
#include "bench/options.h"
#include "bench/session.h"
#include "bench/sottod.h"

#define WARM \
    100 /* connections that come and go first, so that what is loaded and allocated once is there */
#define HANDSHAKES 2000
#define WAKES      1000
#define SETTLE_US  1500000

struct client {
    struct wire wire;
    struct session session;
};

static bool client_handshake(struct session_host *host, struct client *client, unsigned number)
{
    return wire_connect(&client->wire, host->port, number) &&
           wire_tls_start(&client->wire, host->ssl);
}

static bool client_open(struct session_host *host, struct client *client, unsigned number)
{
    if (!wire_connect(&client->wire, host->port, number) ||
        !session_open(host, &client->wire, &client->session))
        return false;
    wire_rest(&client->wire);
    return true;
}

static void client_close(struct client *client)
{
    wire_close(&client->wire);
}

static bool warm(struct session_host *host, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct client client;
        bool opened = client_open(host, &client, i);
        client_close(&client);
        if (!opened)
            return false;
    }
    usleep(SETTLE_US);
    return true;
}

static void row(struct bench *b, const char *op, unsigned long n, double value, const char *unit,
                uint64_t iterations)
{
    bench_row(b, &(struct bench_row){.section = "connections",
                                     .op = op,
                                     .n = n,
                                     .value = value,
                                     .unit = unit,
                                     .iterations = iterations});
}

static void row_over(struct bench *b, const char *op, double value, double floor, const char *unit)
{
    bench_row(b, &(struct bench_row){.section = "connections",
                                     .op = op,
                                     .n = 1,
                                     .value = value,
                                     .unit = unit,
                                     .floor = floor,
                                     .iterations = HANDSHAKES});
}

/* TLS alone: connections that end after the handshake. The floor is the library's part of it, without sockets. */
static bool handshakes(struct bench *b, const struct child *server, struct session_host *host)
{
    double before = child_cpu_us(server);
    for (unsigned i = 0; i < HANDSHAKES; i++) {
        struct client client;
        bool done = client_handshake(host, &client, i);
        client_close(&client);
        if (!done)
            return false;
    }
    usleep(SETTLE_US / 3);
    double each = (child_cpu_us(server) - before) / HANDSHAKES;
    double bare = bare_handshake_us(HANDSHAKES / 4);
    row_over(b, "handshake, server CPU", each, bare, "us");
    row_over(b, "new handshakes per core", 1e6 / each, bare > 0 ? 1e6 / bare : 0, "/s");
    return true;
}

static bool open_all(struct bench *b, const struct child *server, struct session_host *host,
                     struct client *clients, unsigned long n)
{
    double cpu = child_cpu_us(server), memory = child_memory(server);
    for (unsigned i = 0; i < n; i++)
        if (!client_open(host, &clients[i], i))
            return false;
    double each = (child_cpu_us(server) - cpu) / (double)n;
    usleep(SETTLE_US);
    double grown = (child_memory(server) - memory) / (double)n;
    row(b, "connect and hello, server CPU", n, each, "us", n);
    row(b, "memory per idle connection", n, grown / 1024, "KiB", n);
    row(b, "memory of the server", n, child_memory(server) / (1 << 20), "MiB", 1);
    return true;
}

/* How long a connection that slept takes to answer. */
static bool wake(struct bench *b, struct client *clients, unsigned long n)
{
    static double times[WAKES];
    for (size_t i = 0; i < WAKES; i++) {
        struct session *session = &clients[(i * 7919) % n].session;
        double before = crowd_now_us();
        if (!session_ping(session))
            return false;
        times[i] = crowd_now_us() - before;
    }
    row(b, "wake-up, p50", n, bench_percentile(times, WAKES, 0.5), "us", WAKES);
    row(b, "wake-up, p99", n, bench_percentile(times, WAKES, 0.99), "us", WAKES);
    return true;
}

static bool idle_cpu(struct bench *b, const struct child *server, unsigned long n)
{
    double before = child_cpu_us(server);
    usleep(2 * SETTLE_US);
    row(b, "CPU while idle", n, (child_cpu_us(server) - before) / (2.0 * SETTLE_US) * 100, "%", 1);
    return true;
}

static bool measure(struct bench *b, const struct child *server, struct session_host *host,
                    struct client *clients, unsigned long n)
{
    return warm(host, WARM) && handshakes(b, server, host) &&
           open_all(b, server, host, clients, n) && idle_cpu(b, server, n) && wake(b, clients, n);
}

static bool run(struct bench *b, struct client *clients, unsigned long n)
{
    struct child server = {0};
    struct session_host host = {0};
    bool done = sottod_start(&server, bench_dir(NULL, true), NULL) &&
                session_host_init(&host, server.port) && measure(b, &server, &host, clients, n);
    for (unsigned long i = 0; i < n; i++)
        client_close(&clients[i]);
    session_host_clear(&host);
    return sottod_stop(&server) && done;
}

int bench_connections(struct bench *b, int argc, char **argv)
{
    unsigned long n = 10000;
    const struct bench_option options[] = {{"--n", &n, 1, 100000, NULL, NULL}};
    if (!bench_options(b, argc, argv, options, COUNT_OF(options)))
        return 2;
    struct client *clients = calloc(n, sizeof *clients);
    for (unsigned long i = 0; clients != NULL && i < n; i++)
        clients[i].wire.fd = -1;
    bool done = clients != NULL && run(b, clients, n);
    free(clients);
    return done ? 0 : 1;
}
