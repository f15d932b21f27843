/* hall.h - the Socket.IO gateway without its sockets: guests, the rooms for two that they meet in, and the packets that wait for
 * each. A guest is an Engine.IO session and the Socket.IO connection in it. What a guest sends comes in by hall_take(), what it
 * is to get lies in `out`; whose `out` or state changed is on a list that hall_changed_next() takes them from.
 * One thread, no clock, no socket; bounded by the limits gateway_*. A guest's memory goes away in hall_forget() alone. */
#ifndef GATEWAY_HALL_H
#define GATEWAY_HALL_H

#include "base/base.h"
#include "base/buf.h"
#include "base/map.h"
#include "core/bucket.h"
#include "core/limits.h"
#include "crypto/rng.h"
#include "socketio/engineio.h"

#define HALL_ROOM_USUAL  "default" /* for who names none */
#define HALL_WHY         128       /* bytes of a reason, in words, with its NUL */
#define HALL_PAYLOAD_MAX (1 << 20) /* bytes of a payload, where no limit is set */

struct room;
struct link;

struct guest {
    char sid[ENGINEIO_SID + 1];    /* the session: who knows it speaks for this guest */
    char id[ENGINEIO_SID + 1];     /* what others are told */
    char asked[ENGINEIO_ROOM + 1]; /* the room in the query; "": none */
    struct room *room;             /* NULL: not connected to "/", or no longer */
    bool knocks;   /* at a full room: it hears more once both have answered a ping */
    sotto_buf out; /* packets as a payload */
    struct bucket events, bytes;
    uint64_t heard_ms; /* the last event */
    uint64_t ping_ms;  /* the next ping is due */
    uint64_t pong_ms;  /* the answer is due; 0: none is awaited */
    bool ending, ended;
    bool welcome; /* ended through no fault of its own: its client may come back by itself */
    uint64_t ended_ms;
    char why[HALL_WHY]; /* ended for this; "": it left */
    bool changed;
    struct guest *changed_next, *next, **here;
    /* The shell's: what carries the packets now, and what may soon; its name in the log. */
    struct link *poll, *push, *socket, *probe;
    unsigned serial;
};

struct hall {
    const struct limits *limits; /* borrowed */
    struct rng rng;
    struct guest *guests, *changed;
    size_t count; /* guests that have not ended */
    struct room *rooms;
};

struct hall hall_of(const struct limits *limits, const uint8_t seed[RNG_SEED]);
/* Bytes that a message or payload may have: there is always a limit. */
size_t hall_payload_max(const struct hall *hall);
/* All guests and rooms; no guest may be used any more. */
void hall_clear(struct hall *hall);

/* A new session; `room` is empty or a valid name (engineio_room_valid()). `websocket`: it needs no upgrade. FULL, NOMEM. */
SOTTO_MUST_USE sotto_err hall_enter(struct hall *hall, view room, bool websocket, uint64_t now_ms,
                                    struct guest **ret_guest);
/* NULL: no such session. It may have ended, with last words in `out`. Constant time in the name. */
struct guest *hall_find(const struct hall *hall, view sid);

/* One packet (`many` false), or a payload of several. What breaks the rules ends the guest, with the reason in `why`; false: it
 * wasn't even Engine.IO. */
bool hall_take(struct hall *hall, struct guest *guest, view text, bool many, uint64_t now_ms);
/* How long nothing more should be read from it: its rate, or the other one is slow. 0: now. */
uint64_t hall_wait_ms(const struct hall *hall, const struct guest *guest, uint64_t now_ms);
/* The other one of its room; NULL: nobody. */
struct guest *hall_other(const struct guest *guest);
/* The transport is another one now: what was asked over the old one is asked again. */
void hall_moved(struct hall *hall, struct guest *guest, uint64_t now_ms);

/* Pings, and the ends of those who are silent; for all guests, several times a second. */
void hall_tick(struct hall *hall, uint64_t now_ms);

/* Ends a guest: the other one is told. `why` goes to the guest if it is not NULL, with a DISCONNECT: its client stays away. */
void hall_end(struct hall *hall, struct guest *guest, const char *why, uint64_t now_ms);
/* The same without a DISCONNECT: for its client the connection breaks, and it connects again by itself. */
void hall_break(struct hall *hall, struct guest *guest, const char *why, uint64_t now_ms);
void hall_forget(struct hall *hall, struct guest *guest);

/* Puts a guest on the list of those that something happened to; takes the next one from it, NULL if there is no more. */
void hall_touch(struct hall *hall, struct guest *guest);
struct guest *hall_changed_next(struct hall *hall);

#endif
