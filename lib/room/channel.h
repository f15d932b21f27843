/* channel.h - the private channel of a room, version 1 (docs/protocol.md, "The room's channel"): a spoken code becomes a key
 * by CPace, and each message gets a key of its own. Bytes in, bytes out: what goes to the other side travels as room_send's data.
 *
 * Both sides are in step, so every message that the relay drops, repeats, reorders or alters is noticed, named, and ends the
 * channel. The code is destroyed when the run begins: a wrong code costs whoever tried it the only guess there is. */
#ifndef ROOM_CHANNEL_H
#define ROOM_CHANNEL_H

#include "base/buf.h"
#include "crypto/crypto.h"
#include "room/code.h"

#define CHANNEL_VERSION  1
#define CHANNEL_SEED     80    /* fresh random bytes for one run: a nonce and CPace's seed */
#define CHANNEL_TEXT_MAX 49152 /* bytes of one message's text */

enum channel_role { CHANNEL_CREATOR, CHANNEL_JOINER };

/* What is said over an open channel. */
enum channel_kind {
    CHANNEL_TEXT = 1, /* UTF-8 */
    CHANNEL_DONE = 2, /* nothing more will be said by this side; it still listens */
    CHANNEL_END = 3   /* this side leaves */
};

enum channel_event_kind {
    CHANNEL_EVENT_NONE, /* send what was written to `out`, wait for more */
    CHANNEL_EVENT_OPEN, /* the other side has the same code: the channel is secure */
    CHANNEL_EVENT_SAID  /* `kind` and `text` hold what it said */
};

struct channel_event {
    enum channel_event_kind event;
    enum channel_kind kind;
    view text; /* borrowed until the next call */
};

struct channel; /* opaque */

/* Begins a run; borrows `c` for the channel's life. The caller can clear the code at once. For the creator `out` gets the
 * first message, to be sent when the joiner is there; for the joiner nothing is written. */
SOTTO_MUST_USE sotto_err channel_new(sotto_crypto *c, enum channel_role role,
                                     const struct room_code *code, const uint8_t seed[CHANNEL_SEED],
                                     sotto_buf *out, struct channel **ret_channel);

/* Takes one message of the other side. What must be sent is appended to `out`.
 * CODE: the words did not match. REFLECTED: our own message came back. REPLAYED, MISSING: a message came twice, or one did not
 * come. DECRYPT: altered. Others: not a message of this protocol. After any error the channel is dead: free it. */
SOTTO_MUST_USE sotto_err channel_recv(struct channel *ch, view message, sotto_buf *out,
                                      struct channel_event *ret_event);

/* Seals one message and appends it to `out`. NOT_NOW: the channel is not open, or has said this was the last.
 * TOO_LARGE: over CHANNEL_TEXT_MAX. */
SOTTO_MUST_USE sotto_err channel_send(struct channel *ch, enum channel_kind kind, view text,
                                      sotto_buf *out);

bool channel_is_open(const struct channel *ch);

/* Two numbers below 64 that both sides share: shown as two emoji, an optional check on top of the code. */
void channel_check(const struct channel *ch, uint8_t ret_numbers[2]);

void channel_free(struct channel *ch); /* accepts NULL; wipes */
void channel_freep(struct channel **ch);

#endif
