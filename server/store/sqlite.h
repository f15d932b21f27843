/* sqlite.h - the inside of the SQLite back-end, for server/store and its tests alone.
 *
 *   sqlite.c         opens and closes; statements        sqlite_rows.c   tables
 *   sqlite_schema.c  who made the file, migrations       sqlite_log.c    the log, with hot.c
 *   wal_file.c       how the write-ahead log is written  sqlite_keep.c   sizes, checkpoint, copy, verify
 *
 * The store's thread has `db`. Checkpoints have `keeper`, each copy a connection of its own. The write-ahead log is never moved to
 * the database by a commit: the keeper does it beside the writer (sqlite_checkpoint). */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/backend.h"
#include "store/hot.h"

#define WHY_MAX        256        /* bytes of a sentence */
#define SQL_PAGE       4096       /* bytes */
#define SQL_APP_ID     0x536f7474 /* "Sott" */
#define SQL_FRAME_HEAD 24         /* bytes before a page in the write-ahead log */
#define SQL_LOG_FULL   32768      /* pages, 128 MiB: all of such a log is moved before it grows */
#define SQL_BUSY_MS    5000       /* for somebody else who holds the file */
#define SQL_HOT        16384      /* entries whose place is known without an index, about */
#define SQL_TEXT_MAX   200        /* bytes of the longest one over a table */

/* Each statement is kept once it was asked for. */
enum sqlite_fixed {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_APPEND,
    SQL_OLDEST,
    SQL_NEWEST, /* from a place on */
    SQL_HOT_READ,
    SQL_HOT_DROP,
    SQL_HOT_REPLACE,
    SQL_COLD_LAST,
    SQL_COLD_READ,
    SQL_COLD_DROP, /* the entries, before */
    SQL_COLD_FORGET,
    SQL_COLD_REPLACE,
    SQL_COOL,
    SQL_MARK,
    SQL_FIXED_COUNT
};
enum sqlite_of_table {
    SQL_GET,
    SQL_PUT,
    SQL_REMOVE,
    SQL_FROM,  /* the first row from a key on */
    SQL_AFTER, /* the first one behind it */
    SQL_OF_TABLE_COUNT
};

struct sqlite {
    struct store store;
    char *path;
    int lock; /* the descriptor that keeps a second process out; -1: none */
    sqlite3 *db, *keeper;
    sqlite3_stmt *fixed[SQL_FIXED_COUNT];
    sqlite3_stmt *of_table[STORE_TABLE_END][SQL_OF_TABLE_COUNT];
    sqlite3_stmt *lent; /* its row is lent until the next call */
    int64_t last_place; /* the highest in the log so far */
    int64_t index_to;   /* up to this one the table says where entries stand, from then on: */
    struct hot hot;
    int64_t hot_most; /* places that stay in it */
    bool hot_stale, hot_changed,
        appended;             /* not as the database; in this transaction: changed, by an append */
    atomic_uint wal_frames;   /* in the write-ahead log */
    atomic_uint moved_frames; /* of these in the database too */
    atomic_bool
        finish; /* the rest is little: the writer shall move it, so that the log begins anew */
    struct wal_file *log; /* of the writer; locks itself */
    unsigned seen_frames; /* the keeper's: when it last looked */
    unsigned long_frames; /* the keeper's: the log's file was made as long as that */
    unsigned held_frames; /* the writer's: a log that a reader holds up is left alone until then */
    pthread_mutex_t moving; /* who moves frames has it */
};

static inline struct sqlite *sqlite_of(struct store *store)
{
    return (struct sqlite *)(void *)store;
}

/* A change of the schema: from the version before to this one, in SQL. Rows of a list are in the order of rising versions from 1. */
struct migration {
    int version;
    const char *sql;
};
extern const struct migration sqlite_migrations[];
extern const size_t sqlite_migration_count;

/* What store_sqlite_open() does, with any list: for tests. */
SOTTO_MUST_USE sotto_err sqlite_open_as(const struct store_options *options,
                                        const struct migration *list, size_t count,
                                        struct store **ret_store, char ret_why[WHY_MAX]);

/* Fills in the sentence and gives `err` back. */
__attribute__((format(printf, 3, 4))) sotto_err sqlite_say(char why[WHY_MAX], sotto_err err,
                                                           const char *format, ...);
/* The error of a result code; OK for SQLITE_OK, ROW and DONE. */
sotto_err sqlite_err(int code);
SOTTO_MUST_USE sotto_err sqlite_exec(sqlite3 *db, const char *sql);
/* The first column of the first row. */
SOTTO_MUST_USE sotto_err sqlite_number(sqlite3 *db, const char *sql, int64_t *ret_number);
/* Whether a store has this database open, or is about to: it takes its lock first, then waits for the file. Any thread. */
bool sqlite_is_held(const char *path);
/* A connection with what we want of each, through a layer of this name; NULL: SQLite's usual one, which other processes may read and
 * write beside. */
SOTTO_MUST_USE sotto_err sqlite_connect(const char *path, const char *layer, sqlite3 **ret_db);
void sqlite_closep(sqlite3 **db);
void sqlite_finalizep(sqlite3_stmt **statement);

/* The statement, ready to be bound. */
SOTTO_MUST_USE sotto_err sqlite_fixed(struct sqlite *q, enum sqlite_fixed which,
                                      sqlite3_stmt **ret_statement);
SOTTO_MUST_USE sotto_err sqlite_of_table(struct sqlite *q, enum store_table table,
                                         enum sqlite_of_table which, sqlite3_stmt **ret_statement);
/* Runs one that gives no row. */
SOTTO_MUST_USE sotto_err sqlite_run(sqlite3_stmt *statement);

/* --- sqlite_rows.c: as in backend.h --- */

sotto_err sqlite_get(struct store *store, enum store_table table, view key, view *ret_value);
sotto_err sqlite_put(struct store *store, enum store_table table, view key, view value);
sotto_err sqlite_remove(struct store *store, enum store_table table, view key);
sotto_err sqlite_next(struct store *store, enum store_table table, view prefix, view after,
                      view *ret_key, view *ret_value);
/* What was lent is given back. */
void sqlite_lent_end(struct sqlite *q);
SOTTO_MUST_USE sotto_err sqlite_bind_bytes(sqlite3_stmt *statement, int at, view bytes);
view sqlite_column_bytes(sqlite3_stmt *statement, int at);

/* --- sqlite_log.c: as in backend.h --- */

sotto_err sqlite_append(struct store *store, uint64_t stream, uint64_t seq, view body);
sotto_err sqlite_read(struct store *store, uint64_t stream, uint64_t from, uint64_t to,
                      log_each *each, void *user);
sotto_err sqlite_drop(struct store *store, uint64_t stream, uint64_t to);
sotto_err sqlite_replace(struct store *store, uint64_t stream, uint64_t seq, view body);
sotto_err sqlite_oldest(struct store *store, size_t max, log_oldest_each *each, void *user);
/* Finds out where the log ends. */
SOTTO_MUST_USE sotto_err sqlite_log_open(struct sqlite *q);
/* Before each commit: what is too much to be hot goes to the table. */
SOTTO_MUST_USE sotto_err sqlite_log_commit(struct sqlite *q);

/* --- sqlite_schema.c --- */

/* Which version the file has: 0 if nothing was ever in it. NEWER, DAMAGED, with a sentence. */
SOTTO_MUST_USE sotto_err sqlite_version(sqlite3 *db, int newest, int *ret_version,
                                        char why[WHY_MAX]);
/* Brings it to the newest version in one transaction, after a copy. */
SOTTO_MUST_USE sotto_err sqlite_migrate(sqlite3 *db, const char *path, const struct migration *list,
                                        size_t count, char why[WHY_MAX]);
/* Whether each table is there. DAMAGED, with a sentence. */
SOTTO_MUST_USE sotto_err sqlite_check_tables(sqlite3 *db, char why[WHY_MAX]);

/* --- sqlite_keep.c --- */

sotto_err sqlite_sizes(struct store *store, struct store_sizes *ret_sizes);
sotto_err sqlite_checkpoint(struct store *store);
sotto_err sqlite_backup(struct store *store, const char *path, store_progress *progress,
                        void *user);
/* Between two transactions: moves what the keeper left. */
SOTTO_MUST_USE sotto_err sqlite_finish(struct sqlite *q);
/* Copies what the connection sees to a new file. */
SOTTO_MUST_USE sotto_err sqlite_copy(sqlite3 *db, const char *path, store_progress *progress,
                                     void *user);
/* When the connection is closed, nothing is moved from the write-ahead log to the database. */
void sqlite_leave_log(sqlite3 *db);
/* Whether the structure of the database is sound. DAMAGED, with a sentence. */
SOTTO_MUST_USE sotto_err sqlite_check(sqlite3 *db, char why[WHY_MAX]);

#endif
