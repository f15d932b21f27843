/* sotto-bench connections: what a client costs that has signed in and waits. --n receivers, each with its mailbox, connect one after
 * the other, and say nothing for --idle seconds, in which the server pings each of them once; then one message after the other wakes
 * up one of them. Memory is the server's in user space; the kernel's sockets come on top. The floor of a handshake is the library's
 * part of it, in memory, without sockets. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/bare.h"
#include "bench/beside.h"
#include "bench/crowd.h"
#include "crypto/rng.h"

#define WARM \
    100 /* clients that come and go first, so that what is loaded and allocated once is there */
#define HANDSHAKES 1000
#define WAKES      1000
#define SETTLE_US  1000000.0
#define IDLE_S     30 /* as limits.ping_ms is by default: each is pinged once */
#define SERVE_EACH 16 /* logins between two looks at those who are there */
#define WAIT_US    10e6
#define SIZE       256 /* bytes of a message */

enum figure { HANDSHAKE, LOGIN, MEMORY, MEMORY_ALL, IDLE, WAKE_P50, WAKE_P99, FIGURES };

static const struct {
    const char *op, *unit;
} figure_rows[FIGURES] = {
    [HANDSHAKE] = {"handshake_cpu", "us"},
    [LOGIN] = {"login_cpu", "us"},
    [MEMORY] = {"memory_per_connection", "KiB"},
    [MEMORY_ALL] = {"memory", "MiB"},
    [IDLE] = {"idle_cpu", "%"},
    [WAKE_P50] = {"wake_p50", "us"},
    [WAKE_P99] = {"wake_p99", "us"},
};

/* One server. */
struct hall {
    struct peer_server server;
    struct crowd crowd;
    struct peer_client sender, *receivers;
    unsigned long n, idle_s;
    uint64_t acked, received;
    double figures[FIGURES];
};

static bool on_acked(void *context, struct peer_client *sender)
{
    (void)sender;
    ((struct hall *)context)->acked++;
    return true;
}

static bool on_received(void *context, struct peer_client *receiver, view message)
{
    (void)receiver;
    (void)message;
    ((struct hall *)context)->received++;
    return true;
}

static bool serve_for(struct hall *hall, double us)
{
    double until_us = crowd_now_us() + us;
    do {
        if (!crowd_serve(&hall->crowd, until_us))
            return false;
    } while (crowd_now_us() < until_us);
    return true;
}

static bool come(struct hall *hall, unsigned long number)
{
    struct peer_client *client = &hall->receivers[number];
    if (!peer_open(&hall->server, PEER_RECEIVER, (unsigned)number, client) ||
        !crowd_add(&hall->crowd, client))
        return false;
    wire_rest(&client->wire);
    return number % SERVE_EACH != 0 || serve_for(hall, 0);
}

static void go(struct hall *hall, unsigned long number)
{
    crowd_remove(&hall->crowd, &hall->receivers[number]);
    peer_close(&hall->receivers[number]);
}

static bool warm(struct hall *hall)
{
    unsigned long count = hall->n < WARM ? hall->n : WARM;
    for (unsigned long i = 0; i < count; i++)
        if (!come(hall, i))
            return false;
    for (unsigned long i = 0; i < count; i++)
        go(hall, i);
    return serve_for(hall, SETTLE_US);
}

/* TLS alone, and what a peer says before it: connections that end after the handshake. */
static bool handshakes(struct hall *hall)
{
    const struct child *child = &hall->server.child;
    double before = child_cpu_us(child);
    for (unsigned i = 0; i < HANDSHAKES; i++) {
        struct wire wire;
        bool done = wire_connect(&wire, child->port, i) &&
                    (!hall->server.plan.peer->speaks_first || wire_line_skip(&wire)) &&
                    wire_tls_start(&wire, hall->server.ssl);
        wire_close(&wire);
        if (!done)
            return false;
    }
    if (!serve_for(hall, SETTLE_US / 2))
        return false;
    hall->figures[HANDSHAKE] = (child_cpu_us(child) - before) / HANDSHAKES;
    return true;
}

static bool gather(struct hall *hall)
{
    const struct child *child = &hall->server.child;
    double cpu = child_cpu_us(child), memory = child_memory(child), n = (double)hall->n;
    for (unsigned long i = 0; i < hall->n; i++)
        if (!come(hall, i))
            return false;
    hall->figures[LOGIN] = (child_cpu_us(child) - cpu) / n;
    if (!serve_for(hall, SETTLE_US))
        return false;
    hall->figures[MEMORY] = (child_memory(child) - memory) / n / 1024;
    hall->figures[MEMORY_ALL] = child_memory(child) / (1 << 20);
    cpu = child_cpu_us(child);
    double idle_us = (double)hall->idle_s * 1e6;
    if (!serve_for(hall, idle_us))
        return false;
    hall->figures[IDLE] = (child_cpu_us(child) - cpu) / idle_us * 100;
    return true;
}

/* How long it takes from a message's departure until a client that slept has it. */
static bool wake_one(struct hall *hall, unsigned mailbox, view message, double *ret_us)
{
    uint64_t goal = hall->received + 1;
    double begin = crowd_now_us();
    crowd_touch(&hall->crowd, &hall->sender);
    if (!hall->server.plan.peer->put(&hall->sender, mailbox, message))
        return false;
    while (hall->received < goal) {
        if (!crowd_serve(&hall->crowd, begin + WAIT_US))
            return false;
        if (crowd_now_us() > begin + WAIT_US) {
            fprintf(stderr, "sotto-bench: a message did not come\n");
            return false;
        }
    }
    *ret_us = crowd_now_us() - begin;
    return true;
}

static bool wakes(struct hall *hall)
{
    static double times[WAKES];
    static uint8_t message[SIZE];
    random_bytes(message, sizeof message);
    if (!peer_open(&hall->server, PEER_SENDER, 0, &hall->sender) ||
        !crowd_add(&hall->crowd, &hall->sender))
        return false;
    for (size_t i = 0; i < WAKES; i++)
        if (!wake_one(hall, (unsigned)((i * 7919) % hall->n), VIEW_OF(message), &times[i]) ||
            !serve_for(hall, 0))
            return false;
    hall->figures[WAKE_P50] = bench_percentile(times, WAKES, 0.5);
    hall->figures[WAKE_P99] = bench_percentile(times, WAKES, 0.99);
    return true;
}

/* One after the other, since all of them together would want more files than a process may have. */
static bool measure(struct hall *hall, const struct beside *beside, size_t which, unsigned long n,
                    unsigned long idle_s)
{
    *hall =
        (struct hall){.n = n, .idle_s = idle_s, .receivers = calloc(n, sizeof *hall->receivers)};
    return hall->receivers != NULL &&
           crowd_init(&hall->crowd, n + 1, (struct peer_sink){hall, on_acked, on_received}) &&
           peer_start(&hall->server, &(struct peer_plan){.peer = beside->peers[which],
                                                         .under = beside->under,
                                                         .set = beside->set,
                                                         .stored = beside->stored,
                                                         .senders = 1,
                                                         .receivers = (unsigned)n}) &&
           warm(hall) && handshakes(hall) && gather(hall) && wakes(hall);
}

static bool leave(struct hall *hall)
{
    for (unsigned long i = 0; hall->receivers != NULL && i < hall->n; i++)
        peer_close(&hall->receivers[i]);
    peer_close(&hall->sender);
    bool well = peer_stop(&hall->server);
    crowd_clear(&hall->crowd);
    free(hall->receivers);
    hall->receivers = NULL;
    return well;
}

static void rows(struct bench *b, const struct beside *beside, const struct hall *halls)
{
    double bare = bare_handshake_us(HANDSHAKES / 4);
    for (size_t f = 0; f < FIGURES; f++) {
        double values[BESIDE_MAX] = {0};
        for (size_t i = 0; i < beside->count; i++)
            values[i] = halls[i].figures[f];
        beside_rows(b, beside,
                    (struct bench_row){.section = "connections",
                                       .op = figure_rows[f].op,
                                       .n = halls[0].n,
                                       .unit = figure_rows[f].unit,
                                       .floor = f == HANDSHAKE ? bare : 0},
                    values);
    }
}

int bench_connections(struct bench *b, int argc, char **argv)
{
    unsigned long n = 10000, idle_s = IDLE_S;
    struct beside_options servers = {0};
    struct beside beside = {0};
    struct hall halls[BESIDE_MAX] = {0};
    const struct bench_option options[] = {
        {"--n", &n, 1, 100000, NULL, NULL},
        {"--idle", &idle_s, 1, 3600, NULL, NULL},
        BESIDE_OPTIONS(servers),
    };
    if (!bench_options(b, argc, argv, options, COUNT_OF(options)) ||
        !beside_find(b, &servers, &beside))
        return 2;
    bool done = true;
    for (size_t i = 0; done && i < beside.count; i++) {
        done = measure(&halls[i], &beside, i, n, idle_s);
        done = leave(&halls[i]) && done;
    }
    if (done)
        rows(b, &beside, halls);
    return done ? 0 : 1;
}
