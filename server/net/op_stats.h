/* op_stats.h - how long requests take and how they are refused, by kind, for /metrics. Whoever runs the core writes, anybody may read. A
 * request counts from when the core takes it, with all that waits, until what it did is durable and its answer is on the way; one that
 * nobody waits for, until it is done. */
#ifndef NET_OP_STATS_H
#define NET_OP_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/base.h"
#include "base/buf.h"
#include "proto/proto.h"

#define OP_BUCKETS 12
#define OP_ERRORS  256

enum op {
#define OP_FROM_CLIENT(name) OP_##name,
#define OP_FROM_SERVER(name)
#define OP_ENUM(name, number, from, text, what) OP_FROM_##from(name)
    PROTO_KINDS(OP_ENUM)
#undef OP_ENUM
#undef OP_FROM_SERVER
#undef OP_FROM_CLIENT
        OP_COUNT
};

struct op_stats {
    /* private to who runs the core: requests since the last op_stats_settle() */
    uint32_t waiting[OP_COUNT];
    bool any;
    /* of all threads */
    atomic_uint_fast64_t buckets[OP_COUNT]
                                [OP_BUCKETS + 1]; /* each its own; the last: longer than all */
    atomic_uint_fast64_t sum_ns[OP_COUNT];
    atomic_uint_fast64_t errors[OP_ERRORS]; /* by sotto_err */
};

/* One request of this kind; others are not counted. */
void op_stats_take(struct op_stats *s, uint16_t kind);
/* All that were taken are done, after so long. */
void op_stats_settle(struct op_stats *s, uint64_t took_ns);
/* One frame for a client: counted if it is a refusal. */
void op_stats_tell(struct op_stats *s, view frame);

/* NOMEM. */
SOTTO_MUST_USE sotto_err op_stats_write(const struct op_stats *s, sotto_buf *out);

#endif
