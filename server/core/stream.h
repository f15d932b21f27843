/* stream.h - append-only logs with subscribers. Private to server/core.
 *
 *   stream        a conversation, or a device's inbox: entries in rising seq, one commit an epoch
 *   subscription  a device reads a stream: its cursor is the last seq that it has acknowledged
 *   answers       what a device's last operations were answered, so that a retry hears the same
 *
 * A stream is in memory while a subscriber is signed in, or while it has something to write; its subscriptions come with it. Heads,
 * cursors and answers change with each message: they are written as one row of the journal a transaction (journal.c), and into the rows
 * of their own later, a few with each commit. So a message costs one entry in the log, and some bytes in a row that is written anyway. */
#ifndef CORE_STREAM_H
#define CORE_STREAM_H

#include "base/map.h"
#include "core/bucket.h"
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
struct subscription;
struct answer;

/* What a device has of streams; embedded in struct device. */
struct device_streams {
    uint64_t highest_op;
    struct answer *answers; /* a ring, grown as needed */
    uint32_t answer_first, answer_count, answer_cap;
    struct subscription *subscriptions; /* a list by next_of_device; loaded at sign-in */
    uint64_t inbox;                     /* stream number */
    uint64_t credit;                    /* bytes that may still be pushed */
    bool listening;
    struct link dirty; /* in the journal's list */
    uint64_t dirty_since;
    struct bucket sends, bytes;
};

/* What this device may read of the stream with this id. NOTFOUND: nothing, or there is no such stream: one answer for both. */
SOTTO_MUST_USE sotto_err subscription_find(struct step *s, struct device *device,
                                           const uint8_t stream_id[STREAM_ID],
                                           struct subscription **ret_subscription);

/* Everything that a session needs of its streams. Errors of the store. */
SOTTO_MUST_USE sotto_err device_streams_load(struct step *s, struct device *device);
/* Its session has ended. */
void device_streams_leave(struct core *core, struct device *device);
/* Nothing of it has to be written any more. */
bool device_streams_is_clean(const struct device *device);
/* A new device gets its inbox. */
SOTTO_MUST_USE sotto_err device_streams_make(struct step *s, struct device *device);
/* It reads nothing any more: revoked, removed. */
SOTTO_MUST_USE sotto_err device_streams_end(struct step *s, struct device *device);

/* Appends an entry of the server's own, or of another device, to a device's inbox, and pushes it. QUOTA. */
SOTTO_MUST_USE sotto_err inbox_append(struct step *s, struct device *device, uint8_t kind,
                                      view body);

/* The journal's part of core_new(), core_commit(), core_rollback(), core_tick(). */
SOTTO_MUST_USE sotto_err streams_open(struct step *s);
SOTTO_MUST_USE sotto_err streams_commit(struct step *s);
void streams_clear(struct core *core);
SOTTO_MUST_USE sotto_err streams_tick(struct step *s); /* retention, a bounded piece at a time */
uint64_t streams_next_ms(const struct core *core);

#endif
