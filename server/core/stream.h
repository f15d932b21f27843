/* stream.h - append-only logs with subscribers. Private to server/core.
 *
 *   stream        a conversation, or a device's inbox: entries in rising seq, one commit an epoch
 *   subscription  a device reads a stream: its cursor is the last seq that it has acknowledged
 *   answers       what a device's last operations were answered, so that a retry hears the same
 *
 * A stream is in memory, with all its subscriptions, while it has something to write or while somebody who listens is behind in it; else
 * it is in the store alone. So an idle device costs nothing here, and of a stream that is not in memory everybody who listens has been
 * told all. Heads, cursors and answers change with each message: they are written as one row of the journal a transaction (journal.c),
 * and into the rows of their own later, a few with each commit. So a message costs one entry in the log, and some bytes in a row that is
 * written anyway. */
#ifndef CORE_STREAM_H
#define CORE_STREAM_H

#include "base/map.h"
#include "core/list.h"
#include "identity/identity.h"

#define STREAM_ID 16
#define ANSWERS_MAX \
    256 /* operations of a device that may be unanswered, and whose answers are kept */
#define STREAM_TOKEN 32 /* bytes: SHA-256 of the epoch's access token */

struct step;
struct connection;
struct core;
struct device;
struct request;
struct subscription;

/* What a session has of streams; embedded in struct device. */
struct device_streams {
    uint64_t highest_op;         /* for auth_ok */
    uint64_t inbox;              /* stream number */
    uint8_t inbox_id[STREAM_ID]; /* for auth_ok */
    uint64_t credit;             /* bytes that may still be pushed */
    bool listening;
    struct list subscriptions; /* those in memory, of streams in memory; the one used last first */
};

/* What this device, which is signed in, may read of the stream with this id. NOTFOUND: nothing, or there is no such stream: one answer for
 * both. */
SOTTO_MUST_USE sotto_err subscription_find(struct step *s, struct device *device,
                                           const uint8_t stream_id[STREAM_ID],
                                           struct subscription **ret_subscription);

/* At sign-in: highest_op, inbox, inbox_id. Errors of the store. */
SOTTO_MUST_USE sotto_err device_streams_load(struct step *s, struct device *device);
/* Its session has ended: from here on nothing points to the device. */
void device_streams_leave(struct core *core, struct device *device);
/* A new device gets its inbox; draws from s->rng. */
SOTTO_MUST_USE sotto_err device_streams_make(struct step *s, struct device *device);
/* It reads nothing any more: revoked, removed. Its inbox goes. */
SOTTO_MUST_USE sotto_err device_streams_end(struct step *s, struct device *device);
/* An account is gone: its blobs go, a piece a tick; what conversations need is kept for these, in nobody's quota. */
SOTTO_MUST_USE sotto_err blobs_forsake(struct step *s, uint64_t account);

/* Appends an entry of the server's own, or of another device, to a device's inbox, and pushes it. QUOTA. */
SOTTO_MUST_USE sotto_err inbox_append(struct step *s, struct device *device, uint8_t kind,
                                      view body);

/* The journal's part of core_new(), core_commit(), core_rollback(), core_tick(). */
SOTTO_MUST_USE sotto_err streams_open(struct step *s);
SOTTO_MUST_USE sotto_err streams_commit(struct step *s);
void streams_clear(struct core *core);
/* Retention, and what the journal still has to write, a bounded piece at a time. */
SOTTO_MUST_USE sotto_err streams_tick(struct step *s);
uint64_t streams_next_ms(const struct core *core);

#endif
