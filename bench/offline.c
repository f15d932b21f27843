/* sotto-bench offline: what waits for a device that is away. A receiver makes its mailbox and leaves; --n messages are sent to it, a
 * window of them on their way; then it comes back, gets them all and acknowledges each. Queueing counts from the first message to
 * the last acknowledgement, draining from the connect until all of its acknowledgements have left; none may be missing, doubled or out of order. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/beside.h"
#include "bench/crowd.h"
#include "crypto/rng.h"

#define ROUNDS    BESIDE_ROUNDS
#define WINDOW    256  /* as many as one device of ours may have unanswered */
#define SIZE_MOST 4096 /* bytes of a message */
#define STALL_US  60e6
#define SETTLE_US 200e3

enum figure { QUEUE, QUEUE_CPU, DRAIN, DRAIN_CPU, FIGURES };

static const struct {
    const char *op, *unit;
} figure_rows[FIGURES] = {
    [QUEUE] = {"queue", "/s"},
    [QUEUE_CPU] = {"queue_cpu_per_message", "us"},
    [DRAIN] = {"drain", "/s"},
    [DRAIN_CPU] = {"drain_cpu_per_message", "us"},
};

/* One server. */
struct post {
    struct peer_server server;
    struct crowd crowd;
    struct peer_client sender, receiver;
    unsigned long n, size;
    uint64_t acked, received;
    uint8_t message[SIZE_MOST];
    double figures[FIGURES][ROUNDS];
};

static bool fail(const struct post *post, const char *what)
{
    fprintf(stderr, "sotto-bench: %s: %s\n", post->server.plan.peer->name, what);
    return false;
}

static bool on_acked(void *context, struct peer_client *sender)
{
    struct post *post = context;
    (void)sender;
    post->acked++;
    return true;
}

static bool on_received(void *context, struct peer_client *receiver, view message)
{
    struct post *post = context;
    uint64_t number;
    (void)receiver;
    if (message.len != post->size)
        return fail(post, "a message of another length");
    memcpy(&number, message.data, sizeof number);
    return number == post->received++ || fail(post, "a message was lost, doubled or overtaken");
}

/* Serves until a count is reached; who stands still for a minute has lost something. */
static bool serve_to(struct post *post, const uint64_t *count, uint64_t goal)
{
    uint64_t before = *count;
    double until_us = crowd_now_us() + STALL_US;
    while (*count < goal) {
        if (!crowd_serve(&post->crowd, until_us))
            return false;
        if (*count == before && crowd_now_us() > until_us)
            return fail(post, "messages or acknowledgements did not come");
        if (*count != before)
            until_us = crowd_now_us() + STALL_US;
        before = *count;
    }
    return true;
}

/* One turn begins at `base` messages of earlier ones. */
static bool queue(struct post *post, uint64_t base)
{
    for (uint64_t i = base; i < base + post->n; i++) {
        memcpy(post->message, &i, sizeof i);
        if (i - post->acked >= WINDOW && !serve_to(post, &post->acked, i - WINDOW / 2))
            return false;
        crowd_touch(&post->crowd, &post->sender);
        if (!post->server.plan.peer->put(&post->sender, 0, view_of(post->message, post->size)))
            return false;
    }
    return serve_to(post, &post->acked, base + post->n);
}

/* Its last acknowledgements leave before it does. */
static bool leave(struct post *post)
{
    bool left = wire_end_wait(&post->receiver.wire);
    crowd_remove(&post->crowd, &post->receiver);
    peer_close(&post->receiver);
    return left;
}

static bool drain(struct post *post, uint64_t base)
{
    return peer_open(&post->server, PEER_RECEIVER, 0, &post->receiver) &&
           crowd_add(&post->crowd, &post->receiver) &&
           serve_to(post, &post->received, base + post->n) && leave(post);
}

/* What the server still does with the last acknowledgements counts as well. */
static bool settle(struct post *post)
{
    double until_us = crowd_now_us() + SETTLE_US;
    while (crowd_now_us() < until_us)
        if (!crowd_serve(&post->crowd, until_us))
            return false;
    return true;
}

static bool turn(struct post *post, size_t round)
{
    const struct child *child = &post->server.child;
    double n = (double)post->n, cpu = child_cpu_us(child), begin = crowd_now_us();
    uint64_t base = post->acked;
    if (!queue(post, base))
        return false;
    post->figures[QUEUE][round] = n / (crowd_now_us() - begin) * 1e6;
    post->figures[QUEUE_CPU][round] = (child_cpu_us(child) - cpu) / n;
    cpu = child_cpu_us(child);
    begin = crowd_now_us();
    if (!drain(post, base))
        return false;
    post->figures[DRAIN][round] = n / (crowd_now_us() - begin) * 1e6;
    if (!settle(post))
        return false;
    post->figures[DRAIN_CPU][round] = (child_cpu_us(child) - cpu) / n;
    return true;
}

static bool start(struct post *post, const struct beside *beside, size_t which)
{
    random_bytes(post->message, sizeof post->message);
    return crowd_init(&post->crowd, 2, (struct peer_sink){post, on_acked, on_received}) &&
           peer_start(&post->server, &(struct peer_plan){.peer = beside->peers[which],
                                                         .under = beside->under,
                                                         .set = beside->set,
                                                         .stored = beside->stored,
                                                         .senders = 1,
                                                         .receivers = 1}) &&
           peer_open(&post->server, PEER_RECEIVER, 0, &post->receiver) &&
           crowd_add(&post->crowd, &post->receiver) && leave(post) &&
           peer_open(&post->server, PEER_SENDER, 0, &post->sender) &&
           crowd_add(&post->crowd, &post->sender);
}

static bool stop(struct post *post)
{
    peer_close(&post->sender);
    peer_close(&post->receiver);
    bool well = peer_stop(&post->server);
    crowd_clear(&post->crowd);
    return well;
}

static void rows(struct bench *b, const struct beside *beside, struct post *posts)
{
    for (size_t f = 0; f < FIGURES; f++) {
        double values[BESIDE_MAX] = {0};
        for (size_t i = 0; i < beside->count; i++)
            values[i] = beside_median(posts[i].figures[f]);
        beside_rows(b, beside,
                    (struct bench_row){.section = "offline",
                                       .op = figure_rows[f].op,
                                       .n = posts[0].n,
                                       .unit = figure_rows[f].unit,
                                       .iterations = posts[0].n * ROUNDS},
                    values);
    }
}

static bool run(struct bench *b, const struct beside *beside, struct post *posts)
{
    for (size_t i = 0; i < beside->count; i++)
        if (!start(&posts[i], beside, i))
            return false;
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < beside->count; i++)
            if (!turn(&posts[(i + round) % beside->count], round))
                return false;
    rows(b, beside, posts);
    return true;
}

int bench_offline(struct bench *b, int argc, char **argv)
{
    unsigned long n = 100000, size = 256;
    struct beside_options servers = {0};
    struct beside beside = {0};
    const struct bench_option options[] = {
        {"--n", &n, 1, 100000000, NULL, NULL},
        {"--size", &size, sizeof(uint64_t), SIZE_MOST, NULL, NULL},
        BESIDE_OPTIONS(servers),
    };
    if (!bench_options(b, argc, argv, options, COUNT_OF(options)) ||
        !beside_find(b, &servers, &beside))
        return 2;
    struct post *posts = calloc(BESIDE_MAX, sizeof *posts);
    for (size_t i = 0; posts != NULL && i < beside.count; i++) {
        posts[i].n = n;
        posts[i].size = size;
    }
    bool done = posts != NULL && run(b, &beside, posts);
    for (size_t i = 0; posts != NULL && i < beside.count; i++)
        done = stop(&posts[i]) && done;
    free(posts);
    return done ? 0 : 1;
}
