/* session.h - one code session as a step function: the server's frames and what the user does go in; frames for the server
 * and events for the screen come out. No socket, no clock, no terminal; randomness comes from the seed. The connection has
 * said hello before.
 *
 *   CREATE  start -> room_open -> CODE ... the joiner comes -> EXCHANGING -> SECURE -> TEXT* -> ENDED
 *   JOIN    start -> room_join -> EXCHANGING -> SECURE -> TEXT* -> ENDED
 *
 * What the user says before SECURE is held, and sent then. ENDED comes exactly once and is the last event. */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include "base/buf.h"
#include "crypto/crypto.h"
#include "crypto/rng.h"
#include "room/code.h"

#define SESSION_HELD_MAX 262144 /* bytes said before SECURE that are held */

enum session_role { SESSION_CREATE, SESSION_JOIN };

enum session_event_kind {
    SESSION_CODE, /* session_code() is what the other side needs; ttl_s: how long it can be used */
    SESSION_EXCHANGING, /* the other side is there, keys are made from the code */
    SESSION_SECURE,     /* check[] holds the numbers of the two emoji */
    SESSION_TEXT,       /* the other side said the text: UTF-8, not yet stripped for a terminal */
    SESSION_PEER_DONE,  /* the other side will say nothing more */
    SESSION_ENDED       /* err: OK, or why; the text: what the server said about it, may be empty */
};

struct session_event {
    enum session_event_kind kind;
    sotto_err err;
    bool peer_left;    /* ENDED with OK: the other side left, not we */
    bool secure;       /* ENDED: whether the channel had been secure */
    uint32_t ttl_s;    /* CODE */
    uint32_t retry_ms; /* ENDED with RATE, FULL */
    uint8_t check[2];  /* SECURE */
    size_t at, len;    /* the text, in session_effects.bytes */
};

/* What a step wants done: send `frames` first (sizes[] are the lengths of the whole frames in it, each its own WebSocket
 * message), then show the events. The caller keeps and resets it, so that its memory is used again. */
struct session_effects {
    sotto_buf frames;
    size_t *sizes;
    size_t frame_count, frame_cap;
    struct session_event *events;
    size_t event_count, event_cap;
    sotto_buf bytes;
};
void session_effects_reset(struct session_effects *fx);
void session_effects_clear(struct session_effects *fx);

struct session; /* opaque */

/* `words` (CREATE): how many the code gets. `code` (JOIN): what was typed; copied, and destroyed when it is used. Borrows `c`. */
SOTTO_MUST_USE sotto_err session_new(sotto_crypto *c, enum session_role role, unsigned words,
                                     const struct room_code *code, const uint8_t seed[RNG_SEED],
                                     struct session **ret_session);
void session_free(struct session *s); /* accepts NULL; wipes */

/* Each of these appends to `fx`. NOMEM is the only error of the first three; all else comes as ENDED. After ENDED they do nothing. */
SOTTO_MUST_USE sotto_err session_start(struct session *s, struct session_effects *fx);
SOTTO_MUST_USE sotto_err session_frame(struct session *s, view frame, struct session_effects *fx);
/* The connection to the server broke (`err` says how), or the server said bye: session_frame() sees that by itself. */
SOTTO_MUST_USE sotto_err session_lost(struct session *s, sotto_err err, struct session_effects *fx);

/* The user says a line. FULL: SESSION_HELD_MAX bytes are held already. VALUE: not UTF-8. TOO_LARGE: over CHANNEL_TEXT_MAX.
 * NOT_NOW: after done or leave. Nothing is lost or sent then. */
SOTTO_MUST_USE sotto_err session_say(struct session *s, view line, struct session_effects *fx);
/* End of input: nothing more to say. The session ends when the other side is done too, or leaves. */
SOTTO_MUST_USE sotto_err session_done(struct session *s, struct session_effects *fx);
/* The user leaves: the other side is told, ENDED follows at once. */
SOTTO_MUST_USE sotto_err session_leave(struct session *s, struct session_effects *fx);

/* The code of a session that we created; "" before CODE and after its use. */
const char *session_code(const struct session *s);

#endif
