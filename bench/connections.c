/* sotto-bench connections [--n 10000]: what an idle connection costs the server, and what it costs to get there. Real TLS 1.3
 * clients in this process (X25519MLKEM768), a real server beside it. Memory is the server's in user space; the kernel's
 * sockets come on top. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/bare.h"
#include "bench/bench.h"
#include "bench/load.h"

#define WARM \
    100 /* connections that come and go first, so that what is loaded and allocated once is there */
#define HANDSHAKES 2000
#define WAKES      1000
#define SETTLE_US  1500000

static bool warm(struct load *load, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct load_client client;
        bool opened = load_open(load, &client, i);
        load_close(&client);
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
static bool handshakes(struct bench *b, const struct load_server *server, struct load *load)
{
    double before = load_server_cpu_us(server);
    for (unsigned i = 0; i < HANDSHAKES; i++) {
        struct load_client client;
        bool done = load_handshake(load, &client, i);
        load_close(&client);
        if (!done)
            return false;
    }
    usleep(SETTLE_US / 3);
    double each = (load_server_cpu_us(server) - before) / HANDSHAKES;
    double bare = bare_handshake_us(HANDSHAKES / 4);
    row_over(b, "handshake, server CPU", each, bare, "us");
    row_over(b, "new handshakes per core", 1e6 / each, bare > 0 ? 1e6 / bare : 0, "/s");
    return true;
}

static bool open_all(struct bench *b, const struct load_server *server, struct load *load,
                     struct load_client *clients, unsigned long n)
{
    double cpu = load_server_cpu_us(server), memory = load_server_memory(server);
    for (unsigned i = 0; i < n; i++)
        if (!load_open(load, &clients[i], i))
            return false;
    double each = (load_server_cpu_us(server) - cpu) / (double)n;
    usleep(SETTLE_US);
    double grown = (load_server_memory(server) - memory) / (double)n;
    row(b, "connect and hello, server CPU", n, each, "us", n);
    row(b, "memory per idle connection", n, grown / 1024, "KiB", n);
    row(b, "memory of the server", n, load_server_memory(server) / (1 << 20), "MiB", 1);
    return true;
}

/* How long a connection that slept takes to answer. */
static bool wake(struct bench *b, struct load_client *clients, unsigned long n)
{
    static double times[WAKES];
    for (size_t i = 0; i < WAKES; i++) {
        struct load_client *client = &clients[(i * 7919) % n];
        struct ws_frame frame;
        bool ended;
        double before = load_now_us();
        if (!load_send(client, WS_PING, NULL, 0) || !load_recv(client, true, &frame, &ended) ||
            frame.opcode != WS_PONG)
            return false;
        times[i] = load_now_us() - before;
    }
    row(b, "wake-up, p50", n, load_percentile(times, WAKES, 0.5), "us", WAKES);
    row(b, "wake-up, p99", n, load_percentile(times, WAKES, 0.99), "us", WAKES);
    return true;
}

static bool idle_cpu(struct bench *b, const struct load_server *server, unsigned long n)
{
    double before = load_server_cpu_us(server);
    usleep(2 * SETTLE_US);
    row(b, "CPU while idle", n, (load_server_cpu_us(server) - before) / (2.0 * SETTLE_US) * 100,
        "%", 1);
    return true;
}

static bool measure(struct bench *b, const struct load_server *server, struct load *load,
                    struct load_client *clients, unsigned long n)
{
    return warm(load, WARM) && handshakes(b, server, load) &&
           open_all(b, server, load, clients, n) && idle_cpu(b, server, n) && wake(b, clients, n);
}

int bench_connections(struct bench *b, int argc, char **argv)
{
    unsigned long n = load_option(argc, argv, "--n", 10000);
    struct load_client *clients = calloc(n > 0 ? n : 1, sizeof *clients);
    struct load_server server;
    struct load load;
    if (clients == NULL || n == 0 || !load_server_start(&server))
        return 1;
    for (unsigned long i = 0; i < n; i++)
        clients[i].fd = -1;
    bool done = load_init(&load, server.child.port) && measure(b, &server, &load, clients, n);
    for (unsigned long i = 0; i < n; i++)
        load_close(&clients[i]);
    load_clear(&load);
    done = load_server_stop(&server) && done;
    free(clients);
    return done ? 0 : 1;
}
