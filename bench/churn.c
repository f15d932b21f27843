/* sotto-bench churn: clients that come for a moment. A message waits for each; it connects, signs in, gets and acknowledges the message
 * and leaves. One after the other: what counts is the server's CPU and how long a visit takes, for the clients share the machine. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/beside.h"
#include "bench/crowd.h"
#include "bench/times.h"
#include "crypto/rng.h"

#define TIMES   100000 /* of visits, kept */
#define WAIT_US 10e6
#define SIZE    256 /* bytes of a message */

enum figure { VISITS, VISIT_CPU, VISIT_P50, VISIT_P99, FIGURES };

static const struct {
    const char *op, *unit;
} figure_rows[FIGURES] = {
    [VISITS] = {"visits", "/s"},
    [VISIT_CPU] = {"cpu_per_visit", "us"},
    [VISIT_P50] = {"visit_p50", "us"},
    [VISIT_P99] = {"visit_p99", "us"},
};

/* One server. */
struct door {
    struct peer_server server;
    struct crowd crowd;
    struct peer_client sender, visitor;
    uint64_t sent, acked, received;
    struct times visits;
    double cpu_us, visits_us, figures[FIGURES];
};

static bool on_acked(void *context, struct peer_client *sender)
{
    (void)sender;
    ((struct door *)context)->acked++;
    return true;
}

static bool on_received(void *context, struct peer_client *receiver, view message)
{
    (void)receiver;
    (void)message;
    ((struct door *)context)->received++;
    return true;
}

static bool serve_to(struct door *door, const uint64_t *count, uint64_t goal)
{
    double until_us = crowd_now_us() + WAIT_US;
    while (*count < goal) {
        if (!crowd_serve(&door->crowd, until_us))
            return false;
        if (crowd_now_us() > until_us) {
            fprintf(stderr, "sotto-bench: %s: a message did not come\n",
                    door->server.plan.peer->name);
            return false;
        }
    }
    return true;
}

static bool message_leave(struct door *door, unsigned mailbox)
{
    static uint8_t message[SIZE];
    random_bytes(message, sizeof message);
    crowd_touch(&door->crowd, &door->sender);
    return door->server.plan.peer->put(&door->sender, mailbox, VIEW_OF(message)) &&
           serve_to(door, &door->acked, ++door->sent);
}

static bool visit(struct door *door, unsigned number)
{
    double begin = crowd_now_us(), cpu = child_cpu_us(&door->server.child);
    bool served = peer_open(&door->server, PEER_RECEIVER, number, &door->visitor) &&
                  crowd_add(&door->crowd, &door->visitor) &&
                  serve_to(door, &door->received, door->sent) && wire_end_wait(&door->visitor.wire);
    crowd_remove(&door->crowd, &door->visitor);
    peer_close(&door->visitor);
    double taken_us = crowd_now_us() - begin;
    times_add(&door->visits, taken_us);
    door->visits_us += taken_us;
    door->cpu_us += child_cpu_us(&door->server.child) - cpu;
    return served;
}

/* Mailboxes of receivers that were never there are made first, and everything is warm then. */
static bool warm(struct door *door)
{
    bool served = true;
    for (unsigned i = 0; served && i < door->server.plan.receivers; i++) {
        served = peer_open(&door->server, PEER_RECEIVER, i, &door->visitor) &&
                 wire_end_wait(&door->visitor.wire);
        peer_close(&door->visitor);
    }
    return served;
}

static bool measure(struct door *door, double seconds)
{
    double begin = crowd_now_us();
    for (unsigned i = 0; crowd_now_us() < begin + seconds * 1e6; i++) {
        unsigned number = i % door->server.plan.receivers;
        if (!message_leave(door, number) || !visit(door, number))
            return false;
    }
    double count = (double)door->visits.seen;
    door->figures[VISITS] = count / door->visits_us * 1e6;
    door->figures[VISIT_CPU] = door->cpu_us / count;
    door->figures[VISIT_P50] = times_percentile(&door->visits, 0.5);
    door->figures[VISIT_P99] = times_percentile(&door->visits, 0.99);
    return true;
}

static bool open_door(struct door *door, const struct beside *beside, size_t which,
                      unsigned long devices)
{
    return times_init(&door->visits, TIMES) &&
           crowd_init(&door->crowd, 2, (struct peer_sink){door, on_acked, on_received}) &&
           peer_start(&door->server, &(struct peer_plan){.peer = beside->peers[which],
                                                         .under = beside->under,
                                                         .set = beside->set,
                                                         .stored = beside->stored,
                                                         .senders = 1,
                                                         .receivers = (unsigned)devices}) &&
           peer_open(&door->server, PEER_SENDER, 0, &door->sender) &&
           crowd_add(&door->crowd, &door->sender) && warm(door);
}

static bool close_door(struct door *door)
{
    peer_close(&door->sender);
    peer_close(&door->visitor);
    bool well = peer_stop(&door->server);
    crowd_clear(&door->crowd);
    times_clear(&door->visits);
    return well;
}

static void rows(struct bench *b, const struct beside *beside, const struct door *doors)
{
    for (size_t f = 0; f < FIGURES; f++) {
        double values[BESIDE_MAX] = {0};
        for (size_t i = 0; i < beside->count; i++)
            values[i] = doors[i].figures[f];
        beside_rows(b, beside,
                    (struct bench_row){.section = "churn",
                                       .op = figure_rows[f].op,
                                       .n = doors[0].server.plan.receivers,
                                       .unit = figure_rows[f].unit,
                                       .iterations = doors[0].visits.seen},
                    values);
    }
}

int bench_churn(struct bench *b, int argc, char **argv)
{
    unsigned long devices = 100, seconds = 3;
    struct beside_options servers = {0};
    struct beside beside = {0};
    const struct bench_option options[] = {
        {"--devices", &devices, 1, 10000, NULL, NULL},
        {"--seconds", &seconds, 1, 3600, NULL, NULL},
        BESIDE_OPTIONS(servers),
    };
    if (!bench_options(b, argc, argv, options, COUNT_OF(options)) ||
        !beside_find(b, &servers, &beside))
        return 2;
    struct door *doors = calloc(BESIDE_MAX, sizeof *doors);
    bool done = doors != NULL;
    for (size_t i = 0; done && i < beside.count; i++)
        done = open_door(&doors[i], &beside, i, devices) && measure(&doors[i], (double)seconds);
    if (done)
        rows(b, &beside, doors);
    for (size_t i = 0; doors != NULL && i < beside.count; i++)
        done = close_door(&doors[i]) && done;
    free(doors);
    return done ? 0 : 1;
}
