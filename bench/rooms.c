/* sotto-bench rooms [--size 256] [--inflight 1|32] [--pairs 50] [--seconds 3]: what it costs to pass a message from one to another.
 * Pairs of clients in rooms; a pair keeps so many messages on their way, each a record of its own. CPU is the server's, of all its
 * threads; the clients share the machine, so messages per second are no limit of the server's. At last 1,000 messages a second in
 * all, sent at times set beforehand: the latency of a server that is not busy. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/crowd.h"
#include "bench/options.h"
#include "bench/session.h"
#include "bench/sottod.h"
#include "bench/times.h"

#define WARM_US      1000000.0
#define SAMPLES      200000           /* of all times, kept */
#define STAMP        8                /* bytes at the front of each message: when it was sent */
#define SIZE_MOST    4096             /* bytes of a message */
#define FRAME        (SIZE_MOST + 64) /* bytes */
#define EVENTS       64
#define RATE         1000.0 /* messages a second, of the open loop */
#define PAIRS_MAX    1000
#define INFLIGHT_MAX 1024

struct pair {
    struct wire from_wire, to_wire;
    struct session from, to;
    uint32_t slot;
};

struct run {
    struct pair *pairs;
    unsigned long pair_count, size, inflight;
    int epoll;
    bool closed_loop; /* a message that came in sends the next one */
    uint64_t received;
    struct times times;
};

static bool message_send(struct run *run, struct pair *pair, double at_us)
{
    uint8_t frame[FRAME];
    sotto_buf out = BUF_ON(frame);
    static uint8_t data[SIZE_MOST];
    memcpy(data, &at_us, STAMP);
    const struct proto_room_data message = {.slot = pair->slot, .data = {data, run->size}};
    return session_put_buf(&pair->from, proto_room_send_write(0, &message, &out), &out) &&
           wire_flush(&pair->from_wire);
}

static void sample(struct run *run, const struct proto_room_data *message)
{
    double sent_us;
    memcpy(&sent_us, message->data.data, STAMP);
    run->received++;
    times_add(&run->times, crowd_now_us() - sent_us);
}

static bool messages_recv(struct run *run, struct pair *pair)
{
    struct proto_frame frame;
    enum session_next next = SESSION_NONE;
    if (!wire_fill(&pair->to_wire))
        return false;
    while ((next = session_next(&pair->to, &frame)) == SESSION_FRAME) {
        struct proto_room_data message;
        if (frame.kind != PROTO_ROOM_DATA ||
            proto_room_data_read(frame.body, &message) != SOTTO_OK || message.data.len != run->size)
            return session_unexpected(&frame);
        sample(run, &message);
        if (run->closed_loop && !message_send(run, pair, crowd_now_us()))
            return false;
    }
    return next == SESSION_NONE && (!wire_waits(&pair->to_wire) || wire_flush(&pair->to_wire));
}

static bool serve_once(struct run *run, double left_us)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(run->epoll, events, EVENTS, left_us < 1e3 ? 0 : (int)(left_us / 1e3));
    for (int i = 0; i < count; i++)
        if (!messages_recv(run, events[i].data.ptr))
            return false;
    return !child_interrupted();
}

/* Serves what comes until the time is there. */
static bool serve_until(struct run *run, double until_us)
{
    double left_us;
    while ((left_us = until_us - crowd_now_us()) > 0)
        if (!serve_once(run, left_us))
            return false;
    return true;
}

static void run_reset(struct run *run)
{
    run->received = 0;
    times_forget(&run->times);
}

static void rows(struct bench *b, struct run *run, const char *how, double cpu_us, double seconds)
{
    const struct {
        const char *op, *unit;
        double value;
    } figures[] = {
        {"CPU a message", "us", cpu_us / (double)run->received},
        {"messages", "/s", (double)run->received / seconds},
        {"latency p50", "us", times_percentile(&run->times, 0.5)},
        {"latency p99", "us", times_percentile(&run->times, 0.99)},
    };
    for (size_t i = 0; i < COUNT_OF(figures); i++) {
        char op[64];
        snprintf(op, sizeof op, "%s, %s", figures[i].op, how);
        bench_row(b, &(struct bench_row){.section = "rooms",
                                         .op = op,
                                         .n = run->size,
                                         .value = figures[i].value,
                                         .unit = figures[i].unit,
                                         .iterations = run->received});
    }
}

static bool closed_loop(struct bench *b, struct run *run, const struct child *server,
                        double seconds)
{
    char how[32];
    snprintf(how, sizeof how, "%lu in flight", run->inflight);
    run->closed_loop = true;
    for (unsigned long i = 0; i < run->pair_count; i++)
        for (unsigned long j = 0; j < run->inflight; j++)
            if (!message_send(run, &run->pairs[i], crowd_now_us()))
                return false;
    if (!serve_until(run, crowd_now_us() + WARM_US))
        return false;
    run_reset(run);
    double cpu = child_cpu_us(server), begin = crowd_now_us();
    if (!serve_until(run, begin + seconds * 1e6))
        return false;
    double taken = (crowd_now_us() - begin) / 1e6;
    rows(b, run, how, child_cpu_us(server) - cpu, taken);
    run->closed_loop = false;
    return serve_until(run, crowd_now_us() + WARM_US / 4); /* what is on its way */
}

static bool open_loop(struct bench *b, struct run *run, const struct child *server, double seconds)
{
    run_reset(run);
    double cpu = child_cpu_us(server), begin = crowd_now_us();
    for (unsigned long i = 0; (double)i < RATE * seconds; i++) {
        double at = begin + (double)i * 1e6 / RATE;
        if (!serve_until(run, at) || !message_send(run, &run->pairs[i % run->pair_count], at))
            return false;
    }
    double taken = (crowd_now_us() - begin) / 1e6;
    if (!serve_until(run, crowd_now_us() + WARM_US / 4)) /* what is on its way */
        return false;
    rows(b, run, "1000/s", child_cpu_us(server) - cpu, taken);
    return true;
}

static bool one_open(struct session_host *host, struct wire *wire, struct session *session,
                     unsigned number)
{
    return wire_connect(wire, host->port, number) && session_open(host, wire, session);
}

/* Two clients in a room. */
static bool pair_open(struct session_host *host, struct pair *pair, unsigned number)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    const struct proto_room_open open = {.kind = ROOM_SESSION};
    struct proto_frame answer;
    struct proto_room_opened opened;
    if (!one_open(host, &pair->from_wire, &pair->from, number) ||
        !one_open(host, &pair->to_wire, &pair->to, number) ||
        !session_put_buf(&pair->from, proto_room_open_write(2, &open, &frame), &frame) ||
        !session_wait(&pair->from, PROTO_ROOM_OPENED, &answer) ||
        proto_room_opened_read(answer.body, &opened) != SOTTO_OK)
        return false;
    const struct proto_room_join join = {.kind = ROOM_SESSION, .slot = opened.slot};
    pair->slot = opened.slot;
    return session_put_buf(&pair->to, proto_room_join_write(2, &join, &frame), &frame) &&
           session_wait(&pair->to, PROTO_ROOM_JOINED, &answer) &&
           session_wait(&pair->from, PROTO_ROOM_PEER, &answer);
}

static bool pairs_open(struct run *run, struct session_host *host)
{
    run->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned long i = 0; i < run->pair_count; i++) {
        struct pair *pair = &run->pairs[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = pair};
        if (!pair_open(host, pair, (unsigned)i) ||
            epoll_ctl(run->epoll, EPOLL_CTL_ADD, pair->to_wire.fd, &event) != 0)
            return false;
    }
    return true;
}

static bool measure(struct bench *b, struct run *run, const struct child *server,
                    struct session_host *host, unsigned long inflight, double seconds)
{
    static const unsigned long both[] = {1, 32};
    if (!pairs_open(run, host))
        return false;
    for (size_t i = 0; i < COUNT_OF(both); i++) {
        run->inflight = both[i];
        if ((inflight == 0 || inflight == both[i]) && !closed_loop(b, run, server, seconds))
            return false;
    }
    run->inflight = inflight;
    if (inflight != 0 && inflight != both[0] && inflight != both[1] &&
        !closed_loop(b, run, server, seconds))
        return false;
    return inflight != 0 || open_loop(b, run, server, seconds);
}

static bool run_all(struct bench *b, struct run *run, unsigned long inflight, double seconds)
{
    struct child server = {0};
    struct session_host host = {0};
    bool done = sottod_start(&server, bench_dir(NULL, true), NULL) &&
                session_host_init(&host, server.port) &&
                measure(b, run, &server, &host, inflight, seconds);
    for (unsigned long i = 0; i < run->pair_count; i++) {
        wire_close(&run->pairs[i].from_wire);
        wire_close(&run->pairs[i].to_wire);
    }
    session_host_clear(&host);
    return sottod_stop(&server) && done;
}

int bench_rooms(struct bench *b, int argc, char **argv)
{
    struct run run = {.size = 256, .pair_count = 50};
    unsigned long inflight = 0, seconds = 3;
    const struct bench_option options[] = {
        {"--pairs", &run.pair_count, 1, PAIRS_MAX, NULL, NULL},
        {"--size", &run.size, STAMP, SIZE_MOST, NULL, NULL},
        {"--inflight", &inflight, 1, INFLIGHT_MAX, NULL, NULL},
        {"--seconds", &seconds, 1, 3600, NULL, NULL},
    };
    if (!bench_options(b, argc, argv, options, COUNT_OF(options)))
        return 2;
    run.pairs = calloc(run.pair_count, sizeof *run.pairs);
    for (unsigned long i = 0; run.pairs != NULL && i < run.pair_count; i++)
        run.pairs[i].from_wire.fd = run.pairs[i].to_wire.fd = -1;
    bool done = run.pairs != NULL && times_init(&run.times, SAMPLES) &&
                run_all(b, &run, inflight, (double)seconds);
    free(run.pairs);
    times_clear(&run.times);
    return done ? 0 : 1;
}
