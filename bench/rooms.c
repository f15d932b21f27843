/* sotto-bench rooms [--size 256] [--inflight 1|32] [--pairs 50] [--seconds 3]: what it costs to pass a message from one to another.
 * Pairs of clients in rooms; a pair keeps so many messages on their way, each a record of its own. CPU is the server's, of all its
 * threads; the clients share the machine, so messages per second are no limit of the server's. At last 1,000 messages a second in
 * all, sent at times set beforehand: the latency of a server that is not busy. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/load.h"

#define WARM_US   1000000.0
#define SAMPLES   200000
#define STAMP     8    /* bytes at the front of each message: when it was sent */
#define SIZE_MOST 4096 /* bytes of a message */
#define EVENTS    64
#define RATE      1000.0 /* messages a second, of the open loop */
#define PAIRS_MAX 1000

struct pair {
    struct load_client from, to;
};

struct run {
    struct pair *pairs;
    unsigned long pair_count, size, inflight;
    int epoll;
    bool closed_loop; /* a message that came in sends the next one */
    uint64_t received;
    size_t samples;
    double *times;
};

static bool message_send(struct run *run, struct pair *pair, double at_us)
{
    uint8_t frame[LOAD_MESSAGE_MAX];
    sotto_buf out = BUF_ON(frame);
    static uint8_t data[SIZE_MOST];
    memcpy(data, &at_us, STAMP);
    const struct proto_room_data message = {.slot = pair->from.slot, .data = {data, run->size}};
    return proto_room_send_write(0, &message, &out) == SOTTO_OK &&
           load_send(&pair->from, WS_BINARY, out.data, out.len);
}

static void sample(struct run *run, const struct proto_room_data *message)
{
    double sent_us;
    memcpy(&sent_us, message->data.data, STAMP);
    run->received++;
    if (run->samples < SAMPLES)
        run->times[run->samples++] = load_now_us() - sent_us;
}

static bool messages_recv(struct run *run, struct pair *pair)
{
    struct ws_frame frame;
    bool ended;
    while (load_recv(&pair->to, false, &frame, &ended)) {
        struct proto_frame f;
        struct proto_room_data message;
        if (frame.opcode != WS_BINARY || proto_frame_read(frame.payload, &f) != SOTTO_OK ||
            f.kind != PROTO_ROOM_DATA || proto_room_data_read(f.body, &message) != SOTTO_OK ||
            message.data.len != run->size) {
            fprintf(stderr, "sotto-bench: not the message that was due\n");
            return false;
        }
        sample(run, &message);
        if (run->closed_loop && !message_send(run, pair, load_now_us()))
            return false;
    }
    return !ended;
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
    while ((left_us = until_us - load_now_us()) > 0)
        if (!serve_once(run, left_us))
            return false;
    return true;
}

static void run_reset(struct run *run)
{
    run->received = 0;
    run->samples = 0;
}

static void rows(struct bench *b, const struct run *run, const char *how, double cpu_us,
                 double seconds)
{
    const struct {
        const char *op, *unit;
        double value;
    } figures[] = {
        {"CPU a message", "us", cpu_us / (double)run->received},
        {"messages", "/s", (double)run->received / seconds},
        {"latency p50", "us", load_percentile(run->times, run->samples, 0.5)},
        {"latency p99", "us", load_percentile(run->times, run->samples, 0.99)},
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

static bool closed_loop(struct bench *b, struct run *run, const struct load_server *server,
                        double seconds)
{
    char how[32];
    snprintf(how, sizeof how, "%lu in flight", run->inflight);
    run->closed_loop = true;
    for (unsigned long i = 0; i < run->pair_count; i++)
        for (unsigned long j = 0; j < run->inflight; j++)
            if (!message_send(run, &run->pairs[i], load_now_us()))
                return false;
    if (!serve_until(run, load_now_us() + WARM_US))
        return false;
    run_reset(run);
    double cpu = load_server_cpu_us(server), begin = load_now_us();
    if (!serve_until(run, begin + seconds * 1e6))
        return false;
    double taken = (load_now_us() - begin) / 1e6;
    rows(b, run, how, load_server_cpu_us(server) - cpu, taken);
    run->closed_loop = false;
    return serve_until(run, load_now_us() + WARM_US / 4); /* what is on its way */
}

static bool open_loop(struct bench *b, struct run *run, const struct load_server *server,
                      double seconds)
{
    run_reset(run);
    double cpu = load_server_cpu_us(server), begin = load_now_us();
    for (unsigned long i = 0; (double)i < RATE * seconds; i++) {
        double at = begin + (double)i * 1e6 / RATE;
        if (!serve_until(run, at) || !message_send(run, &run->pairs[i % run->pair_count], at))
            return false;
    }
    double taken = (load_now_us() - begin) / 1e6;
    if (!serve_until(run, load_now_us() + WARM_US / 4)) /* what is on its way */
        return false;
    rows(b, run, "1000/s", load_server_cpu_us(server) - cpu, taken);
    return true;
}

static bool pairs_open(struct run *run, struct load *load)
{
    run->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned long i = 0; i < run->pair_count; i++) {
        struct pair *pair = &run->pairs[i];
        if (!load_pair(load, &pair->from, &pair->to, (unsigned)i))
            return false;
        (void)fcntl(pair->from.fd, F_SETFL, O_NONBLOCK);
        (void)fcntl(pair->to.fd, F_SETFL, O_NONBLOCK);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = pair};
        if (epoll_ctl(run->epoll, EPOLL_CTL_ADD, pair->to.fd, &event) != 0)
            return false;
    }
    return true;
}

static bool measure(struct bench *b, struct run *run, const struct load_server *server,
                    struct load *load, unsigned long inflight, double seconds)
{
    static const unsigned long both[] = {1, 32};
    if (!pairs_open(run, load))
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

int bench_rooms(struct bench *b, int argc, char **argv)
{
    struct run run = {.size = load_option(argc, argv, "--size", 256),
                      .pair_count = load_option(argc, argv, "--pairs", 50)};
    unsigned long inflight = load_option(argc, argv, "--inflight", 0),
                  seconds = load_option(argc, argv, "--seconds", 3);
    if (run.size < STAMP || run.size > SIZE_MOST || run.pair_count == 0 ||
        run.pair_count > PAIRS_MAX) {
        fprintf(stderr, "sotto-bench: --size is %d to %d, --pairs 1 to %d\n", STAMP,
                PROTO_FRAME_MAX / 8, PAIRS_MAX);
        return 2;
    }
    struct load_server server;
    struct load load;
    run.pairs = calloc(run.pair_count, sizeof *run.pairs);
    run.times = calloc(SAMPLES, sizeof *run.times);
    if (run.pairs == NULL || run.times == NULL || !load_server_start(&server))
        return 1;
    bool done = load_init(&load, server.child.port) &&
                measure(b, &run, &server, &load, inflight, (double)seconds);
    for (unsigned long i = 0; i < run.pair_count; i++) {
        load_close(&run.pairs[i].from);
        load_close(&run.pairs[i].to);
    }
    load_clear(&load);
    done = load_server_stop(&server) && done;
    free(run.pairs);
    free(run.times);
    return done ? 0 : 1;
}
