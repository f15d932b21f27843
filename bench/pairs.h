/* pairs.h - senders and receivers of one server: the load of `sotto-bench relay`. A channel leads from a sender to a mailbox; there
 * are as many as the larger of both sides has members. A message is done when its receiver has it and its sender the server's
 * acknowledgement. Each message says its channel, its number and when it was due, so that none is lost, doubled or out of order
 * unseen. One thread. */
#ifndef BENCH_PAIRS_H
#define BENCH_PAIRS_H

#include "bench/beside.h"
#include "bench/crowd.h"
#include "bench/times.h"

#define PAIRS_SIZE_MIN     16   /* bytes of a message */
#define PAIRS_SIZE_MAX     4096 /* bytes */
#define PAIRS_INFLIGHT_MAX 1024
#define PAIRS_SAMPLES      (1 << 20) /* of all times, kept */

struct pairs_figures {
    uint64_t messages;
    double seconds, server_cpu_us, client_cpu_us;
};

struct pairs {
    struct peer_server server; /* read-only */
    struct times ack, e2e;     /* of all runs since pairs_forget() */
    struct times late;         /* by how much the open loop sent later than due */
    struct crowd crowd;        /* private, as all that follows */
    struct peer_client *senders, *receivers;
    struct channel *channels;
    struct flight *flights; /* of each sender: what is not acknowledged */
    size_t size;
    unsigned inflight; /* of the closed loop; 0: nothing sends by itself */
    uint64_t done;
    bool counts; /* it is warm: times are taken */
    uint8_t message[PAIRS_SIZE_MAX];
};

/* All that give bool: false, and a message is on stderr; then only pairs_stop() is left. */

/* Starts that server of the list and logs everybody in. */
bool pairs_start(struct pairs *pairs, const struct beside *beside, size_t which, unsigned senders,
                 unsigned receivers, size_t size);
bool pairs_stop(struct pairs *pairs);
/* Nobody sends for so long; what comes is taken. */
bool pairs_rest(struct pairs *pairs, double seconds);
void pairs_forget(struct pairs *pairs);

/* So many messages of each channel are kept on their way. What happens while it warms up does not count. All are done when it
 * returns. */
bool pairs_closed_loop(struct pairs *pairs, unsigned inflight, double warm_s, double seconds,
                       struct pairs_figures *ret);
/* So many messages a second in all, each due at an instant set beforehand, from which its times count. */
bool pairs_open_loop(struct pairs *pairs, double rate, double warm_s, double seconds,
                     struct pairs_figures *ret);

#endif
