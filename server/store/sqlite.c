#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/files.h"
#include "store/wal_file.h"

#define CACHE_BYTES ((uint64_t)16 << 20)

sotto_err sqlite_say(char why[WHY_MAX], sotto_err err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, WHY_MAX, format, args);
    va_end(args);
    return err;
}

sotto_err sqlite_err(int code)
{
    switch (code) { /* the extended ones that mean something else */
    case SQLITE_IOERR_NOMEM:
        return SOTTO_E_NOMEM;
    case SQLITE_IOERR_SHMSIZE:
        return SOTTO_E_DISK_FULL;
    case SQLITE_IOERR_CORRUPTFS:
    case SQLITE_IOERR_DATA:
        return SOTTO_E_DAMAGED;
    default:
        break;
    }
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return SOTTO_OK;
    case SQLITE_NOMEM:
        return SOTTO_E_NOMEM;
    case SQLITE_FULL:
        return SOTTO_E_DISK_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return SOTTO_E_IN_USE;
    case SQLITE_INTERRUPT:
        return SOTTO_E_INTERRUPTED;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return SOTTO_E_PERMISSION;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_ERROR: /* a statement that the schema does not know */
    case SQLITE_SCHEMA:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return SOTTO_E_DAMAGED;
    default:
        return SOTTO_E_IO;
    }
}

sotto_err sqlite_exec(sqlite3 *db, const char *sql)
{
    return sqlite_err(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

void sqlite_finalizep(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}

sotto_err sqlite_number(sqlite3 *db, const char *sql, int64_t *ret_number)
{
    DEFER(sqlite_finalizep) sqlite3_stmt *statement = NULL;
    TRY(sqlite_err(sqlite3_prepare_v2(db, sql, -1, &statement, NULL)));
    int code = sqlite3_step(statement);
    TRY(sqlite_err(code));
    if (code != SQLITE_ROW)
        return SOTTO_E_DAMAGED;
    *ret_number = sqlite3_column_int64(statement, 0);
    return SOTTO_OK;
}

/* --- connections --- */

void sqlite_closep(sqlite3 **db)
{
    if (*db != NULL)
        sqlite3_close(*db);
}

/* What a file that somebody else wrote could make us do, it can't. */
static void connection_defend(sqlite3 *db)
{
    static const struct {
        int what, on;
    } settings[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 0},    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},        {SQLITE_DBCONFIG_DQS_DDL, 0},
    };
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        (void)sqlite3_db_config(db, settings[i].what, settings[i].on, NULL);
}

sotto_err sqlite_connect(const char *path, const char *layer, sqlite3 **ret_db)
{
    DEFER(sqlite_closep) sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &db, flags, layer);
    if (code != SQLITE_OK)
        return (code & 0xff) == SQLITE_CANTOPEN ? SOTTO_E_PERMISSION : sqlite_err(code);
    connection_defend(db);
    (void)sqlite3_busy_timeout(db, SQL_BUSY_MS);
    TRY(sqlite_exec(db, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; "
                        "PRAGMA mmap_size = 0; PRAGMA recursive_triggers = OFF; "
                        "PRAGMA secure_delete = FAST; PRAGMA wal_autocheckpoint = 0; "
                        "PRAGMA synchronous = FULL"));
    *ret_db = MOVE(db);
    return SOTTO_OK;
}

/* --- statements --- */

static sotto_err statement_get(struct sqlite *q, sqlite3_stmt **slot, const char *sql,
                               sqlite3_stmt **ret_statement)
{
    if (*slot == NULL)
        TRY(sqlite_err(sqlite3_prepare_v3(q->db, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL)));
    *ret_statement = *slot;
    return SOTTO_OK;
}

sotto_err sqlite_fixed(struct sqlite *q, enum sqlite_fixed which, sqlite3_stmt **ret_statement)
{
    static const char *const sql[SQL_FIXED_COUNT] = {
        [SQL_BEGIN] = "BEGIN IMMEDIATE",
        [SQL_COMMIT] = "COMMIT",
        [SQL_ROLLBACK] = "ROLLBACK",
        [SQL_APPEND] = "INSERT INTO log (place, stream, seq, body) VALUES (?1, ?2, ?3, ?4)",
        [SQL_OLDEST] = "SELECT stream, seq, body FROM log ORDER BY place LIMIT ?1",
        [SQL_NEWEST] = "SELECT place, stream, seq FROM log WHERE place > ?1 ORDER BY place",
        [SQL_HOT_READ] = "SELECT body FROM log WHERE place = ?1",
        [SQL_HOT_DROP] = "DELETE FROM log WHERE place = ?1",
        [SQL_HOT_REPLACE] = "UPDATE log SET body = ?2 WHERE place = ?1",
        [SQL_COLD_LAST] = "SELECT seq FROM log_at WHERE stream = ?1 ORDER BY seq DESC LIMIT 1",
        [SQL_COLD_READ] =
            ("SELECT a.seq, l.body FROM log_at a CROSS JOIN log l ON l.place = a.place "
             "WHERE a.stream = ?1 AND a.seq BETWEEN ?2 AND ?3 ORDER BY a.seq"),
        [SQL_COLD_DROP] = ("DELETE FROM log WHERE place IN "
                           "(SELECT place FROM log_at WHERE stream = ?1 AND seq <= ?2)"),
        [SQL_COLD_FORGET] = "DELETE FROM log_at WHERE stream = ?1 AND seq <= ?2",
        [SQL_COLD_REPLACE] = ("UPDATE log SET body = ?3 WHERE place = "
                              "(SELECT place FROM log_at WHERE stream = ?1 AND seq = ?2)"),
        [SQL_COOL] = ("INSERT INTO log_at (stream, seq, place) SELECT stream, seq, place FROM log "
                      "WHERE place > ?1 AND place <= ?2 ORDER BY stream, seq"),
        [SQL_MARK] = "UPDATE log_mark SET place = ?1 WHERE rowid = 1",
    };
    return statement_get(q, &q->fixed[which], sql[which], ret_statement);
}

sotto_err sqlite_of_table(struct sqlite *q, enum store_table table, enum sqlite_of_table which,
                          sqlite3_stmt **ret_statement)
{
    static const char *const formats[SQL_OF_TABLE_COUNT] = {
        [SQL_GET] = "SELECT value FROM \"%s\" WHERE key = ?1",
        [SQL_PUT] = "REPLACE INTO \"%s\" (key, value) VALUES (?1, ?2)",
        [SQL_REMOVE] = "DELETE FROM \"%s\" WHERE key = ?1",
        [SQL_FROM] = "SELECT key, value FROM \"%s\" WHERE key >= ?1 ORDER BY key LIMIT 1",
        [SQL_AFTER] = "SELECT key, value FROM \"%s\" WHERE key > ?1 ORDER BY key LIMIT 1",
    };
    sqlite3_stmt **slot = &q->of_table[table][which];
    char sql[SQL_TEXT_MAX] = "";
    if (*slot == NULL)
        (void)sqlite3_snprintf(sizeof sql, sql, formats[which], store_table_name(table));
    return statement_get(q, slot, sql, ret_statement);
}

sotto_err sqlite_run(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    (void)sqlite3_reset(statement); /* gives the same code again */
    return sqlite_err(code);
}

static sotto_err run_fixed(struct sqlite *q, enum sqlite_fixed which)
{
    sqlite3_stmt *statement;
    TRY(sqlite_fixed(q, which, &statement));
    return sqlite_run(statement);
}

/* --- transactions --- */

static sotto_err sqlite_begin(struct store *store)
{
    struct sqlite *q = sqlite_of(store);
    sqlite_lent_end(q);
    TRY(sqlite_finish(q));
    q->hot_changed = q->appended = false;
    return run_fixed(q, SQL_BEGIN);
}

static sotto_err sqlite_commit(struct store *store)
{
    struct sqlite *q = sqlite_of(store);
    sqlite_lent_end(q);
    TRY(sqlite_log_commit(q));
    return run_fixed(q, SQL_COMMIT);
}

/* Some errors have ended the transaction already. What fails here was read only, and the next BEGIN finds out. */
static void sqlite_rollback(struct store *store)
{
    struct sqlite *q = sqlite_of(store);
    sqlite_lent_end(q);
    q->hot_stale = q->hot_stale || q->hot_changed;
    if (!sqlite3_get_autocommit(q->db))
        (void)run_fixed(q, SQL_ROLLBACK);
}

/* --- opening --- */

static int frames_counted(void *user, sqlite3 *db, const char *name, int frames)
{
    struct sqlite *q = user;
    (void)db, (void)name;
    if ((unsigned)frames < atomic_load(&q->wal_frames)) { /* the log began anew */
        atomic_store(&q->moved_frames, 0);
        q->held_frames = 0;
    }
    atomic_store(&q->wal_frames, (unsigned)frames);
    return SQLITE_OK;
}

static void sqlite_free(struct store *store)
{
    struct sqlite *q = sqlite_of(store);
    for (size_t i = 0; i < SQL_FIXED_COUNT; i++)
        sqlite3_finalize(q->fixed[i]);
    for (size_t t = 0; t < STORE_TABLE_END; t++)
        for (size_t i = 0; i < SQL_OF_TABLE_COUNT; i++)
            sqlite3_finalize(q->of_table[t][i]);
    bool started = q->keeper != NULL; /* the last thing that a start makes */
    if (q->db != NULL && (!started || atomic_load(&q->store.ended))) /* or the disk failed */
        sqlite_leave_log(q->db);
    sqlite_closep(&q->keeper); /* the last one to be closed moves the log, and takes it away */
    sqlite_closep(&q->db);
    if (q->lock >= 0)
        close(q->lock);
    (void)pthread_mutex_destroy(&q->moving);
    hot_clear(&q->hot);
    free(q->path);
    free(q);
}

static void sqlite_freep(struct sqlite **q)
{
    if (*q != NULL)
        sqlite_free(&(*q)->store);
}

/* sqlite3_free() it; NULL: no memory. */
static char *lock_name(const char *path)
{
    return sqlite3_mprintf("%s.lock", path);
}

/* A lock file of its own: closing any descriptor of the database file would release the locks that SQLite holds on it. And a lock that
 * can be asked after without taking it, as none of flock() can. */
static sotto_err file_lock(struct sqlite *q)
{
    struct flock whole = {.l_type = F_WRLCK};
    char *name = lock_name(q->path);
    if (name == NULL)
        return SOTTO_E_NOMEM;
    sotto_err err = file_new(name, &q->lock);
    if (err == SOTTO_E_EXISTS) {
        q->lock = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        err = q->lock < 0 ? file_err(errno) : SOTTO_OK;
    }
    sqlite3_free(name);
    TRY(err);
    if (fcntl(q->lock, F_OFD_SETLK, &whole) != 0)
        return file_err(errno);
    return SOTTO_OK;
}

bool sqlite_is_held(const char *path)
{
    struct flock whole = {.l_type = F_WRLCK};
    char *name = lock_name(path);
    int fd = name != NULL ? open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    sqlite3_free(name);
    if (fd < 0)
        return false;
    bool held = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    close(fd);
    return held;
}

/* SQLite would make it readable for others; its other files take the mode of this one. */
static sotto_err file_make(const char *path)
{
    int file;
    sotto_err err = file_new(path, &file);
    if (err != SOTTO_OK)
        return err == SOTTO_E_EXISTS ? SOTTO_OK : err;
    close(file);
    return file_sync_directory(path);
}

static sotto_err file_open(struct sqlite *q, uint64_t cache_bytes)
{
    const char *layer = wal_file_layer();
    if (layer == NULL)
        return SOTTO_E_NOMEM;
    TRY(sqlite_connect(q->path, layer, &q->db));
    char *sql =
        sqlite3_mprintf("PRAGMA page_size = %d; PRAGMA auto_vacuum = NONE; "
                        "PRAGMA cache_size = -%lld; PRAGMA journal_size_limit = %d",
                        SQL_PAGE, (long long)((cache_bytes > 0 ? cache_bytes : CACHE_BYTES) / 1024),
                        SQL_LOG_FULL * (SQL_PAGE + SQL_FRAME_HEAD));
    sotto_err err = sql != NULL ? sqlite_exec(q->db, sql) : SOTTO_E_NOMEM;
    sqlite3_free(sql);
    return err;
}

static sotto_err wal_on(sqlite3 *db, const char *path, char why[WHY_MAX])
{
    DEFER(sqlite_finalizep) sqlite3_stmt *statement = NULL;
    TRY(sqlite_err(sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &statement, NULL)));
    TRY(sqlite_err(sqlite3_step(statement)));
    const char *mode = (const char *)sqlite3_column_text(statement, 0);
    if (mode == NULL || strcmp(mode, "wal") != 0)
        return sqlite_say(why, SOTTO_E_IO, "%s: this file system can't hold a write-ahead log",
                          path);
    return SOTTO_OK;
}

/* What is a file of ours, and not of a newer version, becomes one of this version. */
static sotto_err file_prepare(struct sqlite *q, const struct migration *list, size_t count,
                              char why[WHY_MAX])
{
    int version;
    TRY(sqlite_version(q->db, list[count - 1].version, &version, why));
    TRY(wal_on(q->db, q->path, why));
    return sqlite_migrate(q->db, q->path, list, count, why);
}

static sotto_err store_start(struct sqlite *q, const struct store_options *options,
                             const struct migration *list, size_t count, char why[WHY_MAX])
{
    TRY(file_lock(q));
    TRY(file_make(q->path));
    TRY(file_open(q, options->cache_bytes));
    TRY(file_prepare(q, list, count, why));
    TRY(sqlite_log_open(q));
    (void)sqlite3_wal_hook(q->db, frames_counted, q);
    q->log = wal_file_of(q->db);
    return sqlite_connect(q->path, WAL_FILE_BELOW, &q->keeper);
}

static const struct store_backend sqlite_backend = {
    .free = sqlite_free,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .get = sqlite_get,
    .put = sqlite_put,
    .remove = sqlite_remove,
    .next = sqlite_next,
    .append = sqlite_append,
    .read = sqlite_read,
    .drop = sqlite_drop,
    .replace = sqlite_replace,
    .oldest = sqlite_oldest,
    .sizes = sqlite_sizes,
    .checkpoint = sqlite_checkpoint,
    .backup = sqlite_backup,
};

/* A sentence for what has none yet. */
static void open_explain(sotto_err err, const char *path, char why[WHY_MAX])
{
    const char *what = "cannot use";
    if (err == SOTTO_E_IN_USE)
        what = "another process uses";
    else if (err == SOTTO_E_PERMISSION)
        what = "no permission for";
    else if (err == SOTTO_E_NOTFOUND)
        what = "there is no directory for";
    else if (err == SOTTO_E_DAMAGED)
        what = "this is damaged:";
    else if (err == SOTTO_E_DISK_FULL)
        what = "no space left for";
    else if (err == SOTTO_E_NOMEM)
        what = "not enough memory for";
    if (why[0] == 0)
        (void)snprintf(why, WHY_MAX, "%s the database %s", what, path);
}

sotto_err sqlite_open_as(const struct store_options *options, const struct migration *list,
                         size_t count, struct store **ret_store, char ret_why[WHY_MAX])
{
    char sentence[WHY_MAX], *why = ret_why != NULL ? ret_why : sentence;
    why[0] = 0;
    /* its own book-keeping costs a lock for each allocation; refused, without harm, once SQLite is in use */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    DEFER(sqlite_freep) struct sqlite *q = calloc(1, sizeof *q);
    if (q == NULL)
        return SOTTO_E_NOMEM;
    q->store.backend = &sqlite_backend;
    q->lock = -1;
    q->hot_most = SQL_HOT;
    (void)pthread_mutex_init(&q->moving, NULL); /* a plain one: can't fail */
    q->path = strdup(options->path);
    sotto_err err = q->path != NULL ? store_start(q, options, list, count, why) : SOTTO_E_NOMEM;
    if (err != SOTTO_OK) {
        open_explain(err, options->path, why);
        return err;
    }
    *ret_store = &MOVE(q)->store;
    return SOTTO_OK;
}

sotto_err store_sqlite_open(const struct store_options *options, struct store **ret_store,
                            char ret_why[256])
{
    char sentence[WHY_MAX], *why = ret_why != NULL ? ret_why : sentence;
    struct store *store;
    TRY(sqlite_open_as(options, sqlite_migrations, sqlite_migration_count, &store, why));
    sotto_err err = sqlite_check_tables(sqlite_of(store)->db, why);
    if (err != SOTTO_OK) {
        store_free(store);
        return err;
    }
    *ret_store = store;
    return SOTTO_OK;
}
