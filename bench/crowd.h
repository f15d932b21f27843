/* crowd.h - many clients of one server on one thread. A round reads what has come, lets the peer take it apart, and writes once what
 * each client has to say: messages that wait leave in one record. */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "bench/peer.h"

struct crowd {
    struct peer_sink sink;
    int epoll;
    struct peer_client **touched; /* those with something to write */
    size_t touched_count, touched_most;
    double now_us; /* read-only: when what is being taken apart was read */
};

/* All that give bool: false, and a message is on stderr. */

bool crowd_init(struct crowd *crowd, size_t most, struct peer_sink sink);
void crowd_clear(struct crowd *crowd);

/* The client must stay where it is until it is removed. */
bool crowd_add(struct crowd *crowd, struct peer_client *client);
void crowd_remove(struct crowd *crowd, struct peer_client *client);
/* It has something in its wire's buffer. */
void crowd_touch(struct crowd *crowd, struct peer_client *client);
/* One round; waits until something comes, or the time is there. */
bool crowd_serve(struct crowd *crowd, double until_us);

/* Of the monotonic clock. */
double crowd_now_us(void);

#endif
