/* core.h - all that the server knows and decides, as one pure step function: events and the time in, effects out. No socket, no
 * clock, no thread, no randomness of its own (each step may draw from the rng it is given). One thread owns it.
 *
 * A connection is a number that the shell gives; the core hears of it after TLS and the WebSocket upgrade ("open"), then one
 * event for each whole frame, then "closed", exactly once. The shell answers hello's signature itself (server/net): the core sees
 * connections that said hello. Effects come in order for each connection. */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include "base/base.h"
#include "base/buf.h"
#include "core/limits.h"
#include "crypto/rng.h"

struct core; /* opaque */

/* The address as limits see it: the IPv4 address (4 bytes), or the /56 of an IPv6 one (7 bytes), zero-padded, with the family
 * (4 or 6) in the last byte; the shell fills it. */
struct core_address {
    uint8_t bytes[16];
};

enum core_event_kind {
    CORE_OPEN,   /* a connection said hello; address is filled */
    CORE_FRAME,  /* one whole frame; `frame` is borrowed for the step */
    CORE_CLOSED, /* the connection has ended; drained: false if it broke */
    CORE_STOP    /* the server stops: say bye to everybody */
};

struct core_event {
    enum core_event_kind kind;
    uint64_t connection;
    struct core_address address;
    view frame;
    bool clean; /* CORE_CLOSED: the client said goodbye */
    bool slow;  /* CORE_CLOSED: we closed it since it read too slowly */
};

enum core_effect_kind {
    CORE_SEND,  /* bytes: one whole frame for this connection */
    CORE_CLOSE, /* close after what was sent before */
    CORE_PAUSE, /* stop reading from this connection until until_ms: its bytes are over the limit (nothing is dropped) */
    CORE_LOG, /* a line for people: bytes, without personal data; connection: whose event it was, 0 for time */
    CORE_SETTLED,  /* the connection sits in a room now: it no longer counts as unauthenticated */
    CORE_UNSETTLED /* it sits in no room any more */
};

struct core_effect {
    enum core_effect_kind kind;
    uint64_t connection;
    uint64_t until_ms;
    size_t at, len; /* the bytes, in core_effects.bytes */
};

/* What a batch of steps wants done; the caller keeps it and resets it, so that its memory is used again. */
struct core_effects {
    struct core_effect *list;
    size_t count, cap;
    sotto_buf bytes;
};
void core_effects_reset(struct core_effects *fx);
void core_effects_clear(struct core_effects *fx);

/* `limits` is copied. NOMEM. */
SOTTO_MUST_USE sotto_err core_new(const struct limits *limits, uint64_t now_ms,
                                  struct core **ret_core);
void core_free(struct core *core);

/* Applies one event. Appends to `fx`. NOMEM: the event was not applied, the connection should be closed by the caller.
 * EXISTS: CORE_OPEN of a number that is open. After CORE_CLOSE the core knows the connection no more: what still comes of it,
 * CORE_CLOSED too, changes nothing. */
SOTTO_MUST_USE sotto_err core_step(struct core *core, const struct core_event *event,
                                   uint64_t now_ms, struct rng *rng, struct core_effects *fx);

/* Applies what time alone brings: rooms expire. Call at core_next_ms() or later. */
SOTTO_MUST_USE sotto_err core_tick(struct core *core, uint64_t now_ms, struct core_effects *fx);

/* When core_tick() is due; UINT64_MAX: never. */
uint64_t core_next_ms(const struct core *core);

/* For /metrics. */
struct core_counts {
    uint64_t connections, rooms_open, rooms_total, frames_total, bytes_total, refused_total,
        code_failures_total;
};
struct core_counts core_count(const struct core *core);

#endif
