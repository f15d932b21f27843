/* store.h - where the core keeps what must survive: tables of rows, and one log of entries. An interface with several back-ends
 * (store_memory_new, store_sqlite_open); one suite of tests runs on each. Nothing here knows what a row means (docs/store.md does).
 *
 *   table   ordered by key, a byte string; key and value are opaque here. Small rows, any order of writing.
 *   log     entries (stream, seq, body): appended in rising seq for each stream, read in runs, dropped from the front or one by one.
 *           Laid out so that appending costs the same however much is stored, and whatever stream comes next.
 *
 * All writing happens between store_begin() and store_commit(); what was read inside sees it. After store_commit() it survives
 * kill -9 and loss of power. One thread, apart from store_checkpoint() and store_backup(), which have connections of their own.
 * Views that a call returns are borrowed until the next call on the store, and may not be passed to it. A function that a call
 * takes may not call the store.
 *
 * Errors of all calls: NOMEM; IO: the disk failed, and what is on it is uncertain: stop the server, never go on after IO from
 * store_commit() or store_checkpoint(): every later call gives IO too; DISK_FULL: no space, roll back, what frees space may work;
 * DAMAGED: what was read can't be right. After one of these inside a transaction all calls but store_rollback() give it again.
 * NOTFOUND, EXISTS and TOO_LARGE are answers: they change nothing, and the transaction goes on. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdatomic.h>

#include "base/base.h"
#include "base/buf.h"

#define STORE_KEY_MAX   320     /* bytes */
#define STORE_VALUE_MAX 1048576 /* bytes */

/* X(NAME, number, "name", "key -> value"): numbers are for ever. */
#define STORE_TABLES(X)                                                                      \
    X(META, 1, "meta", "name of a counter or setting -> its value")                          \
    X(ACCOUNT, 2, "account", "account number -> the account")                                \
    X(ACCOUNT_BY_ID, 3, "account_by_id", "account id -> account number")                     \
    X(ACCOUNT_BY_NAME, 4, "account_by_name", "name -> account number")                       \
    X(ROTATION, 5, "rotation", "account number, n -> rotation record")                       \
    X(DEVICE, 6, "device", "device number -> the device")                                    \
    X(DEVICE_BY_ID, 7, "device_by_id", "account number, device id -> device number")         \
    X(KEY_PACKAGE, 8, "key_package", "device number, rising number -> key package")          \
    X(LAST_RESORT, 9, "last_resort", "device number -> key package that is not used up")     \
    X(INVITE, 10, "invite", "hash of the redeem token -> the invite")                        \
    X(PASSWORD, 11, "password", "mail address or name -> a one-time password, hashed")       \
    X(STREAM, 12, "stream", "stream number -> the stream")                                   \
    X(STREAM_BY_ID, 13, "stream_by_id", "stream id -> stream number")                        \
    X(SUBSCRIPTION, 14, "subscription", "stream number, device number -> cursor and rights") \
    X(SUBSCRIBED, 15, "subscribed", "device number, stream number -> nothing")               \
    X(HEADER, 16, "header", "stream number, epoch -> commit header")                         \
    X(STATE, 17, "state", "stream number, epoch, kind -> sealed group state or its blob")    \
    X(ANSWERS, 18, "answers", "device number -> its highest operation and its last answers") \
    X(JOURNAL, 19, "journal", "rising number -> small changes of one transaction")           \
    X(BLOB, 20, "blob", "hash -> size, owner, expiry, references")                           \
    X(BLOB_EXPIRY, 21, "blob_expiry", "time, hash -> nothing")                               \
    X(DUE, 22, "due", "kind, time, number -> what is to be done then")                       \
    X(MAIL, 23, "mail", "rising number -> a mail to be sent")                                \
    X(INVITED, 24, "invited", "account number, hash of the redeem token -> nothing")         \
    X(BLOB_OF, 25, "blob_of", "account number, hash -> nothing")                             \
    X(CONVERSATIONS, 26, "conversations", "account number -> how many it is in")             \
    X(LEFT, 27, "left", "device number, stream number -> nothing")

enum store_table {
#define STORE_TABLE_ENUM(name, number, text, what) STORE_##name = (number),
    STORE_TABLES(STORE_TABLE_ENUM)
#undef STORE_TABLE_ENUM
        STORE_TABLE_END
};

/* "account"; NULL for a number that is not in the list. */
const char *store_table_name(enum store_table table);

struct store; /* opaque */

/* --- opening --- */

/* For tests and the simulator. NOMEM. */
SOTTO_MUST_USE sotto_err store_memory_new(struct store **ret_store);
/* Of such a store: after so many more calls that write (store_begin() and store_commit() are such) each of them gives this error, until the next call
 * of this. OK: none does. */
void store_memory_fail(struct store *store, sotto_err err, uint64_t after);

struct store_options {
    const char *path;     /* of the database file, in a directory of ours */
    uint64_t cache_bytes; /* page cache; 0: 16 MiB */
};
/* Makes it if it isn't there; migrates an older schema forward, after a copy of the file beside it (PATH.before-N). Until it is freed no
 * other process can read or write it. NEWER: made by a newer version, untouched; IN_USE: another process has it open; DAMAGED; IO; NOTFOUND: no such directory; PERMISSION; DISK_FULL. `ret_why`, if not NULL, gets a sentence of at most 255 bytes. */
SOTTO_MUST_USE sotto_err store_sqlite_open(const struct store_options *options,
                                           struct store **ret_store, char ret_why[256]);
/* The schema that a database has once this opened it. */
int store_schema(void);
void store_free(struct store *store); /* accepts NULL; rolls back what is open */
void store_freep(struct store **store);

/* --- transactions --- */

SOTTO_MUST_USE sotto_err store_begin(struct store *store);
/* Durable when it returns OK. On any error the transaction is gone. IO: stop the server. */
SOTTO_MUST_USE sotto_err store_commit(struct store *store);
void store_rollback(struct store *store); /* nothing, if no transaction is open */

/* --- tables --- */

/* Borrowed until the next call. NOTFOUND. */
SOTTO_MUST_USE sotto_err store_get(struct store *store, enum store_table table, view key,
                                   view *ret_value);
/* Makes or replaces the row. The key is not empty. TOO_LARGE. */
SOTTO_MUST_USE sotto_err store_put(struct store *store, enum store_table table, view key,
                                   view value);
/* OK also if there is no such row. */
SOTTO_MUST_USE sotto_err store_delete(struct store *store, enum store_table table, view key);
/* The first row whose key begins with `prefix` and is greater than `after` (empty: from the first on). NOTFOUND at the end. Both views are
 * borrowed until the next call; copy the key to go on from it. */
SOTTO_MUST_USE sotto_err store_next(struct store *store, enum store_table table, view prefix,
                                    view after, view *ret_key, view *ret_value);

/* --- the log --- */

/* EXISTS: that seq, or a higher one of the stream, is there. TOO_LARGE: the body is over STORE_VALUE_MAX, or a number is 2^63 or more. The body may be empty. */
SOTTO_MUST_USE sotto_err log_append(struct store *store, uint64_t stream, uint64_t seq, view body);

/* Gives each entry from `from` to `to`, both included, in order; entries may be missing. `to` may be UINT64_MAX. The function
 * returns false to stop. */
typedef bool log_each(void *user, uint64_t seq, view body);
SOTTO_MUST_USE sotto_err log_read(struct store *store, uint64_t stream, uint64_t from, uint64_t to,
                                  log_each *each, void *user);
/* Drops all entries up to `to`, included. */
SOTTO_MUST_USE sotto_err log_drop(struct store *store, uint64_t stream, uint64_t to);
/* Replaces one entry's body (a lost entry leaves a mark behind). NOTFOUND. */
SOTTO_MUST_USE sotto_err log_replace(struct store *store, uint64_t stream, uint64_t seq, view body);
/* The oldest entries of all streams, by the order in which they were appended: for retention by age. Gives at most `max`. */
typedef bool log_oldest_each(void *user, uint64_t stream, uint64_t seq, view body);
SOTTO_MUST_USE sotto_err log_oldest(struct store *store, size_t max, log_oldest_each *each,
                                    void *user);

/* --- upkeep --- */

struct store_sizes {
    uint64_t bytes;     /* of the database */
    uint64_t wal_bytes; /* of its write-ahead log */
    uint64_t
        free_bytes; /* what the database's file has on the disk without use: it never shrinks, new rows take this first */
    uint64_t
        room_bytes; /* what the disk has left for us: refuse what adds before it is used up, so that acknowledgements go on */
};
SOTTO_MUST_USE sotto_err store_sizes(struct store *store, struct store_sizes *ret_sizes);

/* From another thread than the store's, while that one works on: moves what was committed from the write-ahead log to the database,
 * as far as readers and writer allow, without making the writer wait. Nothing happens until some MiB wait, or nothing was committed since
 * the last call. A no-op in memory. */
SOTTO_MUST_USE sotto_err store_checkpoint(struct store *store);

/* From another thread, while the store's works on: writes a consistent copy, a database that store_sqlite_open() takes, to this path,
 * which must not exist (EXISTS). `progress` may be NULL; false from it ends with INTERRUPTED. UNSUPPORTED in memory. */
typedef bool store_progress(void *user, uint64_t done_bytes, uint64_t all_bytes);
SOTTO_MUST_USE sotto_err store_backup(struct store *store, const char *path,
                                      store_progress *progress, void *user);

/* Reads everything and checks its structure: of a file that nobody has open. DAMAGED, NEWER, NOTFOUND, with a sentence. INTERRUPTED:
 * `ending`, which may be NULL, has become true. IN_USE: a store has it open, or was opened meanwhile, which goes first; or another
 * process has locked it. */
SOTTO_MUST_USE sotto_err store_verify(const char *path, const atomic_bool *ending,
                                      char ret_why[256]);

#endif
