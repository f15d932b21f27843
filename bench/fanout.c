/* sotto-bench fanout: a message to a conversation of many devices. It is stored once; each device that is online gets it in a record
 * of its own. One message at a time, first with nobody else online, then with --online devices: the difference is what delivery costs.
 * The floor is one TLS record and one send() of that size by the library alone, timed in the same run. Acknowledgements are left out:
 * devices send them when it suits them, many in one. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/bare.h"
#include "bench/beside.h"
#include "bench/crowd.h"
#include "crypto/rng.h"
#include "proto/stream.h"
#include "proto/ws.h"

#define ROUNDS    3
#define TURN      200 /* messages of one round and state */
#define BARE_TURN 50  /* records to each connection, of the floor */
#define WAIT_US   20e6
#define SIZE_MOST 4096 /* bytes of a message */

struct fanout {
    struct peer_server server;
    struct crowd crowd;
    struct peer_client sender, *online;
    unsigned long devices, online_count, size;
    uint64_t sent, acked, received;
    uint8_t message[SIZE_MOST];
    double alone_us[ROUNDS], with_us[ROUNDS], bare_us[ROUNDS], times[ROUNDS * TURN];
    size_t time_count;
};

static bool on_acked(void *context, struct peer_client *sender)
{
    (void)sender;
    ((struct fanout *)context)->acked++;
    return true;
}

static bool on_received(void *context, struct peer_client *receiver, view message)
{
    (void)receiver;
    (void)message;
    ((struct fanout *)context)->received++;
    return true;
}

/* One message, until everybody who is to have it has it. */
static bool message_pass(struct fanout *f, unsigned long online, double *ret_us)
{
    uint64_t received = f->received + online, acked = f->acked + 1;
    double begin = crowd_now_us();
    f->sent++;
    crowd_touch(&f->crowd, &f->sender);
    if (!f->server.plan.peer->put(&f->sender, 0, view_of(f->message, f->size)))
        return false;
    while (f->acked < acked || f->received < received) {
        if (!crowd_serve(&f->crowd, begin + WAIT_US))
            return false;
        if (crowd_now_us() > begin + WAIT_US) {
            fprintf(stderr, "sotto-bench: a message did not come to all devices\n");
            return false;
        }
    }
    *ret_us = crowd_now_us() - begin;
    return true;
}

static bool messages_pass(struct fanout *f, unsigned long online, double *ret_cpu_us)
{
    double cpu = child_cpu_us(&f->server.child), us;
    for (unsigned i = 0; i < TURN; i++) {
        if (!message_pass(f, online, &us))
            return false;
        if (online > 0 && f->time_count < COUNT_OF(f->times))
            f->times[f->time_count++] = us;
    }
    *ret_cpu_us = (child_cpu_us(&f->server.child) - cpu) / TURN;
    return true;
}

/* They read what they missed; from then on they are pushed what comes. */
static bool online_come(struct fanout *f)
{
    uint64_t goal = f->sent * f->online_count;
    double until_us = crowd_now_us() + WAIT_US;
    for (unsigned long i = 0; i < f->online_count; i++) {
        if (!peer_open(&f->server, PEER_RECEIVER, (unsigned)i, &f->online[i]))
            return false;
        f->online[i].silent = true;
        if (!crowd_add(&f->crowd, &f->online[i]))
            return false;
    }
    while (f->received < goal && crowd_now_us() < until_us)
        if (!crowd_serve(&f->crowd, until_us))
            return false;
    double warm_us;
    return message_pass(f, f->online_count, &warm_us);
}

static void online_go(struct fanout *f)
{
    for (unsigned long i = 0; f->online != NULL && i < f->online_count; i++) {
        crowd_remove(&f->crowd, &f->online[i]);
        peer_close(&f->online[i]);
    }
}

/* What an entry with such a message is long, as it goes into a record: frame and WebSocket header. */
static size_t record_size(const struct fanout *f)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    uint8_t header[WS_HEADER_MAX];
    const struct proto_entry entry = {
        .seq = 1, .kind = ENTRY_APPLICATION, .body = view_of(f->message, f->size)};
    if (proto_entry_write(0, &entry, &frame) != SOTTO_OK)
        return 0;
    return frame.len + ws_header_write(header, WS_BINARY, frame.len, NULL);
}

static bool turn(struct fanout *f, size_t round)
{
    bool done = messages_pass(f, 0, &f->alone_us[round]) && online_come(f) &&
                messages_pass(f, f->online_count, &f->with_us[round]);
    online_go(f);
    f->bare_us[round] = bare_record_us((unsigned)f->online_count, record_size(f), BARE_TURN);
    return done && f->bare_us[round] > 0;
}

static bool measure(struct fanout *f, const struct beside *beside)
{
    struct peer_plan plan = {.peer = beside->peers[0],
                             .under = beside->under,
                             .set = beside->set,
                             .stored = beside->stored,
                             .senders = 1,
                             .receivers = (unsigned)f->devices - 1,
                             .group = true};
    f->online = calloc(f->online_count, sizeof *f->online);
    random_bytes(f->message, sizeof f->message);
    if (f->online == NULL ||
        !crowd_init(&f->crowd, f->online_count + 1, (struct peer_sink){f, on_acked, on_received}) ||
        !peer_start(&f->server, &plan) || !peer_open(&f->server, PEER_SENDER, 0, &f->sender) ||
        !crowd_add(&f->crowd, &f->sender))
        return false;
    for (size_t round = 0; round < ROUNDS; round++)
        if (!turn(f, round))
            return false;
    return true;
}

static bool leave(struct fanout *f)
{
    online_go(f);
    peer_close(&f->sender);
    bool well = peer_stop(&f->server);
    crowd_clear(&f->crowd);
    free(f->online);
    return well;
}

static void rows(struct bench *b, const struct beside *beside, struct fanout *f)
{
    double alone = beside_median(f->alone_us), with = beside_median(f->with_us),
           online = (double)f->online_count;
    const struct {
        const char *op;
        double value, floor;
    } figures[] = {
        {"append_cpu", alone, 0},
        {"cpu_per_message", with, 0},
        {"cpu_per_online_device", (with - alone) / online, beside_median(f->bare_us)},
        {"all_have_it_p50", bench_percentile(f->times, f->time_count, 0.5), 0},
        {"all_have_it_p99", bench_percentile(f->times, f->time_count, 0.99), 0},
    };
    for (size_t i = 0; i < COUNT_OF(figures); i++)
        bench_row(b, &(struct bench_row){.section = "fanout",
                                         .op = figures[i].op,
                                         .n = f->devices,
                                         .value = figures[i].value,
                                         .unit = "us",
                                         .floor = figures[i].floor,
                                         .iterations = TURN * ROUNDS,
                                         .peer = beside->peers[0]->name,
                                         .inflight = 1});
}

static bool run(struct bench *b, const struct beside *beside, unsigned long devices,
                unsigned long online, unsigned long size)
{
    struct fanout *f = calloc(1, sizeof *f);
    if (f == NULL)
        return false;
    f->devices = devices;
    f->size = size;
    f->online_count = online < devices ? online : devices - 1;
    bool done = measure(f, beside);
    if (done)
        rows(b, beside, f);
    done = leave(f) && done;
    free(f);
    return done;
}

int bench_fanout(struct bench *b, int argc, char **argv)
{
    static const unsigned long usual[] = {5, 100, 1000};
    unsigned long devices = 0, online = 100, size = 256;
    struct beside_options servers = {0};
    struct beside beside = {0};
    const struct bench_option options[] = {
        {"--devices", &devices, 2, 2000, NULL, NULL},
        {"--online", &online, 1, 2000, NULL, NULL},
        {"--size", &size, 1, SIZE_MOST, NULL, NULL},
        BESIDE_OPTIONS_OURS(servers),
    };
    if (!bench_options(b, argc, argv, options, COUNT_OF(options)) ||
        !beside_find(b, &servers, &beside))
        return 2;
    bool done = devices == 0 || run(b, &beside, devices, online, size);
    for (size_t i = 0; devices == 0 && done && i < COUNT_OF(usual); i++)
        done = run(b, &beside, usual[i], online, size);
    return done ? 0 : 1;
}
