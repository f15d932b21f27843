/* gate.h - who is let in: connections in all and from one address, and how many of them may be strangers (unauthenticated: they have
 * neither signed in nor sit in a room). Strangers have places. When all are taken, who comes gets the place of somebody else, so
 * that a flood shuts nobody out: of the networks that hold the most places, it is the one that has not got on for the longest. Its
 * socket is shut down; the loop that it belongs to sees that, and ends it. All calls lock; any thread. */
#ifndef NET_GATE_H
#define NET_GATE_H

#include <pthread.h>

#include "base/base.h"
#include "base/map.h"
#include "core/core.h"

struct gate_place;
struct stats;

struct gate {
    pthread_mutex_t lock;
    const struct limits *limits;
    struct stats *stats;
    uint64_t total, strangers;
    bool shut;           /* for newcomers: there is little memory */
    struct map counters; /* by address and by network */
    struct gate_place *places;
    uint32_t place_count,
        place_cap; /* count: those that were ever taken since the last time that all were free */
    uint32_t place_free; /* the first free one of them; PLACE_NONE */
    uint32_t hand;       /* where the next one to go is looked for */
};

#define PLACE_NONE UINT32_MAX

/* A connection, as the gate knows it. Its socket stays open until gate_leave(). */
struct visitor {
    struct core_address person; /* {0}: somebody behind a proxy that has not said yet who */
    int fd;
    uint32_t place; /* private */
    bool settled;   /* no stranger: signed in, or in a room; read only */
};

enum gate_verdict {
    GATE_IN,
    GATE_CONNECTIONS, /* too many in all */
    GATE_ADDRESS,     /* too many from this address */
    GATE_STRANGERS,   /* too many strangers in all, and none who should go instead */
    GATE_NETWORK,     /* too many strangers from this network */
    GATE_MEMORY,      /* gate_shut() */
    GATE_NOMEM
};

/* `limits` and `stats` are borrowed; a limit of 0 is none. `key` is random: attackers choose addresses. NOMEM. */
SOTTO_MUST_USE sotto_err gate_init(struct gate *gate, const struct limits *limits,
                                   struct stats *stats, const uint8_t key[MAP_KEY]);
void gate_clear(struct gate *gate);
/* From now on these count; who is in stays. Borrowed. */
void gate_limit(struct gate *gate, const struct limits *limits);

/* Whether newcomers are refused, whoever they are. */
void gate_shut(struct gate *gate, bool shut);

/* A new connection, a stranger: `person` and `fd` are set. GATE_IN: counted until gate_leave(). Without a name it is counted in all
 * alone. Other verdicts are counted in the stats. */
enum gate_verdict gate_enter(struct gate *gate, struct visitor *visitor, uint64_t now_ms);
/* The proxy has said who it is; still a stranger. Any verdict but GATE_IN: counted as before. */
enum gate_verdict gate_name(struct gate *gate, struct visitor *visitor,
                            const struct core_address *person);
/* A stranger has sent its first bytes, or has come one step further. */
void gate_progress(struct gate *gate, const struct visitor *visitor, uint64_t now_ms);
/* It has signed in or sits in a room now, or no longer. */
void gate_settle(struct gate *gate, struct visitor *visitor, bool settled, uint64_t now_ms);
void gate_leave(struct gate *gate, struct visitor *visitor);

#endif
