/* meet.h - our side of a Socket.IO gateway (docs/gateway.md): over WebSocket into a room, and messages of the lab as events:
 *   hello        ELGAMAL_PK             one string each: the whole message in hexadecimal digits; what comes under
 *   established  DEFF_HELLMAN_PK        second names (..._BC, received_message) says the same again and is left out
 *   message      message
 * Pure: bytes in by meet_feed(), events out by meet_next(), which also appends what is to be sent; randomness from a seed. Any error
 * ends it. One thread at a time. */
#ifndef LAB_MEET_H
#define LAB_MEET_H

#include "base/buf.h"
#include "crypto/rng.h"
#include "lab/lab.h"
#include "proto/ws.h"
#include "socketio/engineio.h"

#define MEET_TEXT 256 /* bytes of a reason with its NUL */

enum meet_state {
    MEET_UPGRADE, /* awaits the answer to our request */
    MEET_OPENING, /* … the terms of the session */
    MEET_JOINING, /* … a seat in the room */
    MEET_SITTING,
    MEET_OVER
};

struct meet {
    enum meet_state state;
    struct rng rng;
    sotto_buf in, text;
    size_t scanned;
    char accept[WS_ACCEPT + 1];
    struct ws_reader ws;
    uint64_t
        silence_ms; /* from the session's terms on: the longest that a gateway which lives is silent; 0: not known */
};

enum meet_event_kind {
    MEET_NONE,    /* no more before the next meet_feed() */
    MEET_SEATED,  /* in the room */
    MEET_UP,      /* the other side is there, and we have `role` */
    MEET_MESSAGE, /* one message: `bytes`, of the caller's buffer */
    MEET_LEFT,    /* the other side is gone */
    MEET_REFUSED  /* by the gateway, in `text`, whose bytes may be anything; it is over */
};
struct meet_event {
    enum meet_event_kind kind;
    enum lab_role role;
    char text[MEET_TEXT];
};

/* Appends the request. `host` is HOST:PORT, `room` a valid name (engineio_room_valid()). */
SOTTO_MUST_USE sotto_err meet_begin(struct meet *m, const char *host, const char *room,
                                    const uint8_t seed[RNG_SEED], sotto_buf *out);
void meet_clear(struct meet *m);

SOTTO_MUST_USE sotto_err meet_feed(struct meet *m, view bytes);
/* `ret_bytes` is emptied first. HTTP, WEBSOCKET, VALUE, UNEXPECTED: no gateway, or not one of ours; KIND: what the other side sent is no
 * message of the lab. CLOSED: the gateway has ended it. */
SOTTO_MUST_USE sotto_err meet_next(struct meet *m, sotto_buf *out, struct meet_event *ret_event,
                                   sotto_buf *ret_bytes);

/* Appends one message; once MEET_UP came. */
SOTTO_MUST_USE sotto_err meet_send(struct meet *m, view message, sotto_buf *out);
/* Appends our goodbye. */
SOTTO_MUST_USE sotto_err meet_leave(struct meet *m, sotto_buf *out);

#endif
