/* sotto-bench relay: what a durable message from one to another costs, beside other servers in the same run.
 *
 * Closed loop (--inflight W): each channel keeps W messages on their way. Open loop (--rate N): N messages a second in all, due at
 * instants set beforehand, for latencies. The servers are measured in turns, ROUNDS times, so that what the machine does meanwhile
 * falls on all of them; what counts is the median round, and for latencies all rounds together. Between two turns the disk alone is
 * timed, in two ways. CPU is that of the server's process, of all its threads: it holds on a machine that is shared with others. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/beside.h"
#include "bench/disk.h"
#include "bench/pairs.h"

#define ROUNDS   BESIDE_ROUNDS
#define SYNCS    300 /* of the disk, a round */
#define WARM_S   1.0 /* of the first round; later ones need less */
#define REWARM_S 0.25
#define RATE     1000

enum figure { THROUGHPUT, CPU, CLIENT_CPU, ACK_P50, ACK_P99, E2E_P50, E2E_P99, FIGURES };

static const struct {
    const char *op, *unit;
} figure_rows[FIGURES] = {
    [THROUGHPUT] = {"throughput", "/s"},
    [CPU] = {"cpu_per_message", "us"},
    [CLIENT_CPU] = {"client_cpu_per_message", "us"},
    [ACK_P50] = {"ack_p50", "us"},
    [ACK_P99] = {"ack_p99", "us"},
    [E2E_P50] = {"e2e_p50", "us"},
    [E2E_P99] = {"e2e_p99", "us"},
};

struct subject {
    struct pairs pairs;
    struct pairs_figures rounds[ROUNDS];
    double figures[FIGURES];
};

struct relay {
    unsigned long senders, receivers, size, inflight, rate, seconds;
    bool durable;
    struct beside beside;
    struct subject subjects[BESIDE_MAX]; /* as they stand there */
    size_t started;
    struct disk disks[DISK_WAYS];
    double syncs[DISK_WAYS][ROUNDS * SYNCS];
};

/* One case: so many in flight, or so many a second (the other one is 0). */
struct relay_case {
    unsigned inflight;
    double rate;
};

static void figures_make(struct subject *subject)
{
    double rate[ROUNDS], cpu[ROUNDS], client[ROUNDS];
    struct pairs *pairs = &subject->pairs;
    for (size_t i = 0; i < ROUNDS; i++) {
        const struct pairs_figures *round = &subject->rounds[i];
        double messages = round->messages > 0 ? (double)round->messages : 1;
        rate[i] = (double)round->messages / round->seconds;
        cpu[i] = round->server_cpu_us / messages;
        client[i] = round->client_cpu_us / messages;
    }
    subject->figures[THROUGHPUT] = beside_median(rate);
    subject->figures[CPU] = beside_median(cpu);
    subject->figures[CLIENT_CPU] = beside_median(client);
    subject->figures[ACK_P50] = times_percentile(&pairs->ack, 0.5);
    subject->figures[ACK_P99] = times_percentile(&pairs->ack, 0.99);
    subject->figures[E2E_P50] = times_percentile(&pairs->e2e, 0.5);
    subject->figures[E2E_P99] = times_percentile(&pairs->e2e, 0.99);
}

static double sync_us(struct relay *relay, enum disk_way way, double share)
{
    return bench_percentile(relay->syncs[way], COUNT_OF(relay->syncs[way]), share);
}

static void disk_rows(struct bench *b, struct relay *relay, const struct relay_case *which)
{
    static const struct {
        const char *op;
        enum disk_way way;
        double share;
    } figures[] = {
        {"fdatasync_p50", DISK_APPEND, 0.5},
        {"fdatasync_p99", DISK_APPEND, 0.99},
        {"fdatasync_ahead_p50", DISK_AHEAD, 0.5},
        {"fdatasync_ahead_p99", DISK_AHEAD, 0.99},
    };
    for (size_t i = 0; i < COUNT_OF(figures); i++)
        bench_row(b, &(struct bench_row){.section = "relay",
                                         .op = figures[i].op,
                                         .n = DISK_WRITE,
                                         .value = sync_us(relay, figures[i].way, figures[i].share),
                                         .unit = "us",
                                         .iterations = ROUNDS * SYNCS,
                                         .peer = "disk",
                                         .inflight = which->inflight,
                                         .rate = which->rate});
}

/* Our aim is so many times a bare append and fdatasync. */
static double floor_of(struct relay *relay, size_t figure)
{
    if (!relay->durable || (figure != ACK_P50 && figure != ACK_P99))
        return 0;
    return sync_us(relay, DISK_APPEND, figure == ACK_P50 ? 0.5 : 0.99);
}

static void rows(struct bench *b, struct relay *relay, const struct relay_case *which)
{
    for (size_t f = 0; f < FIGURES; f++) {
        double values[BESIDE_MAX] = {0};
        for (size_t s = 0; s < relay->beside.count; s++)
            values[s] = relay->subjects[s].figures[f];
        beside_rows(b, &relay->beside,
                    (struct bench_row){.section = "relay",
                                       .op = figure_rows[f].op,
                                       .n = relay->size,
                                       .unit = figure_rows[f].unit,
                                       .inflight = which->inflight,
                                       .rate = which->rate,
                                       .floor = floor_of(relay, f)},
                    values);
    }
    disk_rows(b, relay, which);
}

static bool turn(struct relay *relay, const struct relay_case *which, struct subject *subject,
                 size_t round)
{
    double seconds = (double)relay->seconds / ROUNDS, warm_s = round == 0 ? WARM_S : REWARM_S;
    return which->inflight > 0 ? pairs_closed_loop(&subject->pairs, which->inflight, warm_s,
                                                   seconds, &subject->rounds[round])
                               : pairs_open_loop(&subject->pairs, which->rate, warm_s, seconds,
                                                 &subject->rounds[round]);
}

static bool disks_sync(struct relay *relay, double rate, size_t round)
{
    for (size_t way = 0; way < DISK_WAYS; way++)
        if (!disk_sync(&relay->disks[way], SYNCS, rate, relay->syncs[way] + round * SYNCS))
            return false;
    return true;
}

static bool measure(struct bench *b, struct relay *relay, struct relay_case which)
{
    size_t count = relay->beside.count;
    for (size_t s = 0; s < count; s++)
        pairs_forget(&relay->subjects[s].pairs);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t s = 0; s < count; s++)
            if (!turn(relay, &which, &relay->subjects[(s + round) % count], round))
                return false;
        if (!disks_sync(relay, which.rate, round))
            return false;
    }
    for (size_t s = 0; s < count; s++)
        figures_make(&relay->subjects[s]);
    rows(b, relay, &which);
    return true;
}

/* What was asked for; without either, both numbers in flight and the latencies. */
static bool measure_all(struct bench *b, struct relay *relay)
{
    bool all = relay->inflight == 0 && relay->rate == 0;
    unsigned one = all ? 32 : (unsigned)relay->inflight;
    return (one == 0 || measure(b, relay, (struct relay_case){.inflight = one})) &&
           (!all || measure(b, relay, (struct relay_case){.inflight = 1})) &&
           ((!all && relay->rate == 0) ||
            measure(b, relay, (struct relay_case){.rate = all ? RATE : (double)relay->rate}));
}

static bool run(struct bench *b, struct relay *relay)
{
    const struct beside *beside = &relay->beside;
    for (size_t way = 0; way < DISK_WAYS; way++)
        if (!disk_open(&relay->disks[way], beside->under, (enum disk_way)way))
            return false;
    while (relay->started < beside->count) {
        size_t at = relay->started++;
        if (!pairs_start(&relay->subjects[at].pairs, beside, at, (unsigned)relay->senders,
                         (unsigned)relay->receivers, relay->size))
            return false;
    }
    return measure_all(b, relay);
}

int bench_relay(struct bench *b, int argc, char **argv)
{
    struct relay *relay = calloc(1, sizeof *relay);
    struct beside_options servers = {0};
    if (relay == NULL)
        return 1;
    *relay = (struct relay){.senders = 50,
                            .receivers = 50,
                            .size = 256,
                            .seconds = 3,
                            .disks = {{.fd = -1}, {.fd = -1}}};
    const struct bench_option options[] = {
        {"--senders", &relay->senders, 1, 5000, NULL, NULL},
        {"--receivers", &relay->receivers, 1, 5000, NULL, NULL},
        {"--size", &relay->size, PAIRS_SIZE_MIN, PAIRS_SIZE_MAX, NULL, NULL},
        {"--inflight", &relay->inflight, 1, PAIRS_INFLIGHT_MAX, NULL, NULL},
        {"--rate", &relay->rate, 1, 1000000, NULL, NULL},
        {"--seconds", &relay->seconds, 1, 3600, NULL, NULL},
        BESIDE_OPTIONS(servers),
    };
    int status = 2;
    if (bench_options(b, argc, argv, options, COUNT_OF(options)) &&
        beside_find(b, &servers, &relay->beside)) {
        relay->durable = servers.durable;
        status = run(b, relay) ? 0 : 1;
        for (size_t i = 0; i < relay->started; i++)
            if (!pairs_stop(&relay->subjects[i].pairs))
                status = 1;
    }
    for (size_t way = 0; way < DISK_WAYS; way++)
        disk_close(&relay->disks[way]);
    free(relay);
    return status;
}
