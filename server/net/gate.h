/* gate.h - who is let in: connections in all and from one address, and how many of them may be strangers (unauthenticated: they
 * have not said hello, or sit in no room). From half of the strangers' limit on, new ones are refused at random, more of them the
 * fuller it gets, so that a flood can't shut the door on everybody else at once. All calls lock; any thread. */
#ifndef NET_GATE_H
#define NET_GATE_H

#include <pthread.h>

#include "base/base.h"
#include "base/map.h"
#include "core/core.h"

struct gate {
    pthread_mutex_t lock;
    const struct limits *limits;
    uint64_t total, strangers;
    struct map counters; /* by address and by network */
};

enum gate_verdict {
    GATE_IN,
    GATE_CONNECTIONS, /* too many in all */
    GATE_ADDRESS,     /* too many from this address */
    GATE_STRANGERS,   /* too many strangers in all */
    GATE_NETWORK,     /* too many strangers from this network */
    GATE_EARLY,       /* refused at random before that */
    GATE_NOMEM
};

struct stats;

/* `limits` is borrowed; a limit of 0 is none. `key` is random: attackers choose addresses. NOMEM. */
SOTTO_MUST_USE sotto_err gate_init(struct gate *gate, const struct limits *limits,
                                   const uint8_t key[MAP_KEY]);
void gate_clear(struct gate *gate);
/* From now on these count; who is in stays. Borrowed. */
void gate_limit(struct gate *gate, const struct limits *limits);

/* A new connection, a stranger. `chance` is a fresh random number. GATE_IN: counted until gate_leave(). {0} is somebody behind a
 * proxy, whose address is not known yet: counted in all alone. */
enum gate_verdict gate_enter(struct gate *gate, const struct core_address *person, uint32_t chance);
/* The proxy has said who it is; still a stranger. Any verdict but GATE_IN: counted as before. */
enum gate_verdict gate_name(struct gate *gate, const struct core_address *person);
/* Counts somebody who was refused. */
void gate_count(enum gate_verdict verdict, struct stats *stats);
/* It sits in a room now, or no longer. */
void gate_settle(struct gate *gate, const struct core_address *person, bool settled);
void gate_leave(struct gate *gate, const struct core_address *person, bool settled);

#endif
