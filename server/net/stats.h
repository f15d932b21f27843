/* stats.h - what /metrics tells: one row a number. Counters are atomic, relaxed: each is right, together they may be of two moments. */
#ifndef NET_STATS_H
#define NET_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/base.h"
#include "core/core.h"

/* X(name, "what it counts") */
#define STATS(X)                                                                          \
    X(accepted, "connections that were let in")                                           \
    X(refused_connections, "connections refused since there are too many in all")         \
    X(refused_address, "connections refused since there are too many from their address") \
    X(refused_memory, "connections refused since there is little memory")                 \
    X(refused_unauthenticated,                                                            \
      "connections refused since too many are strangers, or for want of memory")          \
    X(evicted, "strangers who had to go so that others came in")                          \
    X(refused_proxy, "connections of a listed proxy without a good PROXY header")         \
    X(handshakes, "TLS handshakes that ended well")                                       \
    X(own_records, "TLS connections that left OpenSSL after their handshake")             \
    X(handshakes_failed, "TLS handshakes that failed")                                    \
    X(hellos, "connections that said hello")                                              \
    X(ended, "connections that have ended")                                               \
    X(timeouts_handshake, "connections closed for a slow TLS handshake")                  \
    X(timeouts_head, "connections closed for a slow HTTP head")                           \
    X(timeouts_hello, "connections closed for a slow hello")                              \
    X(timeouts_dead, "connections closed since nothing came from them")                   \
    X(closed_slow, "connections closed since they read too slowly")                       \
    X(closed_malformed, "connections closed for breaking the protocol")                   \
    X(gateway_sessions, "sessions of Socket.IO that were opened")                         \
    X(held, "times that a sender was held up for a slow reader")                          \
    X(paused, "times that a sender was held up for its rate")                             \
    X(paused_frames, "times that a sender was held up for too many frames")

struct stats {
#define STATS_FIELD(name, what) atomic_uint_fast64_t name;
    STATS(STATS_FIELD)
#undef STATS_FIELD
    atomic_uint_fast64_t
        core[sizeof(struct core_counts) / sizeof(uint64_t)]; /* as the core thread told them last */
};

#define stats_add(stats, name) \
    ((void)atomic_fetch_add_explicit(&(stats)->name, 1, memory_order_relaxed))

/* The core's own counts, copied so that other threads may read them. */
void stats_core_set(struct stats *s, const struct core_counts *counts);

struct core_counts stats_core_get(const struct stats *s);

/* Appends all of them in the text form that Prometheus reads. NOMEM. */
SOTTO_MUST_USE sotto_err stats_write(const struct stats *s, sotto_buf *out);

#endif
