/* A sender's messages are acknowledged in the order in which they were sent, so a ring of what is on its way tells which one is
 * meant. Bounds: a ring holds FLIGHTS messages; a sender that is further behind ends the bench. */
#include "bench/pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "crypto/rng.h"

#define FLIGHTS  8192 /* a power of two */
#define DRAIN_US 20e6

struct channel {
    uint64_t sent, acked, received;
};

struct flight {
    uint64_t head, tail; /* taken, put */
    struct {
        unsigned channel;
        double due_us;
    } ring[FLIGHTS];
};

/* The front of each message. */
struct stamp {
    double due_us;
    uint32_t channel, number;
};
_Static_assert(sizeof(struct stamp) == PAIRS_SIZE_MIN, "what a message has to hold");

static bool fail(const struct pairs *pairs, const char *what)
{
    fprintf(stderr, "sotto-bench: %s: %s\n", pairs->server.plan.peer->name, what);
    return false;
}

static double thread_cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- messages */

static bool message_send(struct pairs *pairs, unsigned number, double due_us)
{
    struct channel *channel = &pairs->channels[number];
    unsigned who = number % pairs->server.plan.senders;
    struct peer_client *sender = &pairs->senders[who];
    struct flight *flight = &pairs->flights[who];
    if (flight->tail - flight->head == FLIGHTS)
        return fail(pairs, "the server does not keep up with its senders");
    flight->ring[flight->tail % FLIGHTS].channel = number;
    flight->ring[flight->tail++ % FLIGHTS].due_us = due_us;
    const struct stamp stamp = {due_us, number, (uint32_t)channel->sent++};
    memcpy(pairs->message, &stamp, sizeof stamp);
    crowd_touch(&pairs->crowd, sender);
    return sender->server->plan.peer->put(sender, number, view_of(pairs->message, pairs->size));
}

static uint64_t finished(const struct channel *channel)
{
    return channel->acked < channel->received ? channel->acked : channel->received;
}

/* Something of this channel has come: what is done is counted, and followed by the next. */
static bool channel_go(struct pairs *pairs, unsigned number, uint64_t before)
{
    struct channel *channel = &pairs->channels[number];
    pairs->done += finished(channel) - before;
    while (channel->sent - finished(channel) < pairs->inflight)
        if (!message_send(pairs, number, pairs->crowd.now_us))
            return false;
    return true;
}

static void sample(const struct pairs *pairs, struct times *times, double us)
{
    if (pairs->counts)
        times_add(times, us);
}

static bool acked(void *context, struct peer_client *sender)
{
    struct pairs *pairs = context;
    struct flight *flight = &pairs->flights[sender->number];
    if (flight->head == flight->tail)
        return fail(pairs, "an acknowledgement too many");
    unsigned number = flight->ring[flight->head % FLIGHTS].channel;
    sample(pairs, &pairs->ack, pairs->crowd.now_us - flight->ring[flight->head++ % FLIGHTS].due_us);
    uint64_t before = finished(&pairs->channels[number]);
    pairs->channels[number].acked++;
    return channel_go(pairs, number, before);
}

static bool received(void *context, struct peer_client *receiver, view message)
{
    struct pairs *pairs = context;
    struct stamp stamp;
    (void)receiver;
    if (message.len != pairs->size)
        return fail(pairs, "a message of another length");
    memcpy(&stamp, message.data, sizeof stamp);
    if (stamp.channel >= pairs->server.mailboxes ||
        stamp.number != (uint32_t)pairs->channels[stamp.channel].received)
        return fail(pairs, "a message was lost, doubled or overtaken");
    sample(pairs, &pairs->e2e, pairs->crowd.now_us - stamp.due_us);
    uint64_t before = finished(&pairs->channels[stamp.channel]);
    pairs->channels[stamp.channel].received++;
    return channel_go(pairs, stamp.channel, before);
}

/* ---- runs */

static bool serve_until(struct pairs *pairs, double until_us)
{
    while (crowd_now_us() < until_us)
        if (!crowd_serve(&pairs->crowd, until_us))
            return false;
    return true;
}

bool pairs_rest(struct pairs *pairs, double seconds)
{
    return serve_until(pairs, crowd_now_us() + seconds * 1e6);
}

static bool all_done(const struct pairs *pairs)
{
    for (unsigned i = 0; i < pairs->server.mailboxes; i++)
        if (finished(&pairs->channels[i]) != pairs->channels[i].sent)
            return false;
    return true;
}

static bool drain(struct pairs *pairs)
{
    double until_us = crowd_now_us() + DRAIN_US;
    pairs->inflight = 0;
    while (!all_done(pairs))
        if (crowd_now_us() > until_us)
            return fail(pairs, "messages or acknowledgements did not come");
        else if (!crowd_serve(&pairs->crowd, until_us))
            return false;
    return true;
}

static struct pairs_figures figures_now(const struct pairs *pairs)
{
    return (struct pairs_figures){.messages = pairs->done,
                                  .seconds = crowd_now_us() / 1e6,
                                  .server_cpu_us = child_cpu_us(&pairs->server.child),
                                  .client_cpu_us = thread_cpu_us()};
}

static struct pairs_figures figures_since(const struct pairs *pairs, struct pairs_figures begin)
{
    struct pairs_figures now = figures_now(pairs);
    return (struct pairs_figures){.messages = now.messages - begin.messages,
                                  .seconds = now.seconds - begin.seconds,
                                  .server_cpu_us = now.server_cpu_us - begin.server_cpu_us,
                                  .client_cpu_us = now.client_cpu_us - begin.client_cpu_us};
}

/* It is warm: the figures count from here on. */
static struct pairs_figures count_begin(struct pairs *pairs)
{
    pairs->counts = true;
    return figures_now(pairs);
}

static void count_end(struct pairs *pairs, struct pairs_figures begin, struct pairs_figures *ret)
{
    *ret = figures_since(pairs, begin);
    pairs->counts = false;
}

bool pairs_closed_loop(struct pairs *pairs, unsigned inflight, double warm_s, double seconds,
                       struct pairs_figures *ret)
{
    pairs->inflight = inflight;
    for (unsigned i = 0; i < pairs->server.mailboxes; i++)
        for (unsigned j = 0; j < inflight; j++)
            if (!message_send(pairs, i, crowd_now_us()))
                return false;
    if (!serve_until(pairs, crowd_now_us() + warm_s * 1e6))
        return false;
    struct pairs_figures begin = count_begin(pairs);
    if (!serve_until(pairs, crowd_now_us() + seconds * 1e6))
        return false;
    count_end(pairs, begin, ret);
    return drain(pairs);
}

static bool paced(struct pairs *pairs, double rate, double seconds)
{
    double begin = crowd_now_us();
    for (uint64_t i = 0; (double)i < rate * seconds; i++) {
        double due = begin + (double)i * 1e6 / rate;
        if (!serve_until(pairs, due))
            return false;
        sample(pairs, &pairs->late, crowd_now_us() - due);
        if (!message_send(pairs, (unsigned)(i % pairs->server.mailboxes), due))
            return false;
    }
    return true;
}

bool pairs_open_loop(struct pairs *pairs, double rate, double warm_s, double seconds,
                     struct pairs_figures *ret)
{
    (void)prctl(PR_SET_TIMERSLACK, 1); /* else the kernel wakes us up to 50 us late */
    if (!paced(pairs, rate, warm_s) || !drain(pairs))
        return false;
    struct pairs_figures begin = count_begin(pairs);
    if (!paced(pairs, rate, seconds) || !drain(pairs))
        return false;
    count_end(pairs, begin, ret);
    return true;
}

/* ---- beginning and end */

static bool clients_open(struct pairs *pairs)
{
    struct peer_server *server = &pairs->server;
    for (unsigned i = 0; i < server->plan.receivers; i++)
        if (!peer_open(server, PEER_RECEIVER, i, &pairs->receivers[i]) ||
            !crowd_add(&pairs->crowd, &pairs->receivers[i]))
            return false;
    for (unsigned i = 0; i < server->plan.senders; i++)
        if (!peer_open(server, PEER_SENDER, i, &pairs->senders[i]) ||
            !crowd_add(&pairs->crowd, &pairs->senders[i]))
            return false;
    return true;
}

static bool memory_take(struct pairs *pairs, unsigned senders, unsigned receivers)
{
    unsigned channels = senders > receivers ? senders : receivers;
    pairs->senders = calloc(senders, sizeof *pairs->senders);
    pairs->receivers = calloc(receivers, sizeof *pairs->receivers);
    pairs->channels = calloc(channels, sizeof *pairs->channels);
    pairs->flights = calloc(senders, sizeof *pairs->flights);
    if (pairs->senders == NULL || pairs->receivers == NULL || pairs->channels == NULL ||
        pairs->flights == NULL) {
        fprintf(stderr, "sotto-bench: out of memory\n");
        return false;
    }
    return times_init(&pairs->ack, PAIRS_SAMPLES) && times_init(&pairs->e2e, PAIRS_SAMPLES) &&
           times_init(&pairs->late, PAIRS_SAMPLES);
}

bool pairs_start(struct pairs *pairs, const struct beside *beside, size_t which, unsigned senders,
                 unsigned receivers, size_t size)
{
    *pairs = (struct pairs){.size = size};
    random_bytes(pairs->message, sizeof pairs->message); /* as ciphertexts look */
    return memory_take(pairs, senders, receivers) &&
           crowd_init(&pairs->crowd, senders + receivers,
                      (struct peer_sink){pairs, acked, received}) &&
           peer_start(&pairs->server, &(struct peer_plan){.peer = beside->peers[which],
                                                          .under = beside->under,
                                                          .set = beside->set,
                                                          .stored = beside->stored,
                                                          .config = beside->config,
                                                          .senders = senders,
                                                          .receivers = receivers}) &&
           clients_open(pairs);
}

bool pairs_stop(struct pairs *pairs)
{
    for (unsigned i = 0; pairs->receivers != NULL && i < pairs->server.plan.receivers; i++)
        peer_close(&pairs->receivers[i]);
    for (unsigned i = 0; pairs->senders != NULL && i < pairs->server.plan.senders; i++)
        peer_close(&pairs->senders[i]);
    bool well = peer_stop(&pairs->server);
    crowd_clear(&pairs->crowd);
    free(pairs->senders);
    free(pairs->receivers);
    free(pairs->channels);
    free(pairs->flights);
    times_clear(&pairs->ack);
    times_clear(&pairs->e2e);
    times_clear(&pairs->late);
    *pairs = (struct pairs){0};
    return well;
}

void pairs_forget(struct pairs *pairs)
{
    times_forget(&pairs->ack);
    times_forget(&pairs->e2e);
    times_forget(&pairs->late);
}
