/* The write-ahead log. Commits append to it; a checkpoint moves pages from it to the database. When all of it is moved and nobody
 * reads it, the next commit writes it from its beginning again, over blocks that the disk has already given: that is what makes a
 * commit cheap, and it keeps the file as long as it once became. Under load a checkpoint never quite gets to the end, since the
 * writer goes on meanwhile. So it is done in two parts: the keeper moves nearly all of it beside the writer, and the writer moves the
 * small rest between two transactions; a log that grows all the same, since the writer is the faster one, makes that rest larger, and
 * so holds the writer back. That is no bound yet on a disk where the keeper takes its time: a writer that finds the log full waits for
 * the keeper and moves what it left, before it begins a transaction. Readers (a copy) hold it up; then the log grows, and is caught
 * up with afterwards, and its file cut back by the commit that begins it anew. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/files.h"
#include "store/sqlite.h"
#include "store/wal_file.h"

#define KEEP_FRAMES   4096 /* that wait before the keeper moves them: 16 MiB */
#define FINISH_FRAMES 256  /* that the writer moves by itself at most: 1 MiB, some ms */
#define FINISH_SHARE  16   /* or this part of a log that became long */
#define KEEP_PASSES   4
#define LENGTHEN_FROM 256 /* frames for which the file is made longer ahead: 1 MiB, */
#define LENGTHEN_TO   (KEEP_FRAMES / 4 * 5) /* to what it is as long as the keeper is in time */
#define ROOM_SHARE    16                    /* if so many times its length is free */
#define COPY_PAGES    256                   /* between two words of progress */
#define VERIFY_STEPS  1000                  /* of SQLite's machine, before `ending` is looked at, */
#define VERIFY_MS     100                   /* and so often beside it */

/* sqlite3_free() it; NULL: no memory. */
static char *wal_name(const struct sqlite *q)
{
    return sqlite3_mprintf("%s-wal", q->path);
}

/* --- sizes --- */

/* What the file has on the disk beyond the pages in use: pages may be free that only the write-ahead log has, or that were never
 * written, so that their place has still to be had. */
static uint64_t free_inside(const struct sqlite *q, uint64_t used_pages)
{
    struct stat file;
    if (stat(q->path, &file) != 0)
        return 0;
    uint64_t held = (uint64_t)file.st_blocks * 512, used = used_pages * SQL_PAGE;
    return held > used ? held - used : 0;
}

sotto_err sqlite_sizes(struct store *store, struct store_sizes *ret_sizes)
{
    struct sqlite *q = sqlite_of(store);
    int64_t pages, unused;
    struct stat wal = {0};
    struct statvfs disk;
    sqlite_lent_end(q);
    TRY(sqlite_number(q->db, "PRAGMA page_count", &pages));
    TRY(sqlite_number(q->db, "PRAGMA freelist_count", &unused));
    char *name = wal_name(q);
    if (name == NULL)
        return SOTTO_E_NOMEM;
    (void)stat(name, &wal); /* not there: nothing in it */
    sqlite3_free(name);
    if (statvfs(q->path, &disk) != 0)
        return SOTTO_E_IO;
    *ret_sizes = (struct store_sizes){.bytes = (uint64_t)pages * SQL_PAGE,
                                      .wal_bytes = (uint64_t)wal.st_size,
                                      .free_bytes = free_inside(q, (uint64_t)(pages - unused)),
                                      .room_bytes = (uint64_t)disk.f_bavail * disk.f_frsize};
    return SOTTO_OK;
}

/* --- checkpoint --- */

/* Frames that wait to be moved. Both numbers may change meanwhile: what comes out then may be too few or too many, once. */
static unsigned frames_waiting(struct sqlite *q)
{
    unsigned frames = atomic_load(&q->wal_frames), moved = atomic_load(&q->moved_frames);
    return frames >= moved ? frames - moved : frames;
}

/* Under the lock. */
static sotto_err frames_move(struct sqlite *q, sqlite3 *db)
{
    int in_log, moved;
    int code = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
    if ((code & 0xff) == SQLITE_BUSY) /* a commit is being announced just now */
        return SOTTO_OK;
    TRY(sqlite_err(code));
    if (moved >= 0)
        atomic_store(&q->moved_frames, (unsigned)moved);
    return SOTTO_OK;
}

/* How much the writer may move by itself. */
static unsigned finish_most(const struct sqlite *q)
{
    unsigned frames = atomic_load(&q->wal_frames);
    if (frames >= SQL_LOG_FULL)
        return UINT_MAX;
    return frames / FINISH_SHARE > FINISH_FRAMES ? frames / FINISH_SHARE : FINISH_FRAMES;
}

/* SQLite before 3.51.3 has a bug: a checkpoint that begins when all is moved, while a commit begins the log anew, takes frames of the
 * new log for moved, and they are lost. So the keeper begins none unless a frame waits: under the lock nobody else moves it, and until
 * it is moved no commit begins the log anew. While more seems to be moved than there is, none begins, until the writer has put that right. */
static sotto_err keeper_move(struct sqlite *q)
{
    sotto_err err = SOTTO_OK;
    pthread_mutex_lock(&q->moving);
    if (atomic_load(&q->wal_frames) > atomic_load(&q->moved_frames))
        err = frames_move(q, q->keeper);
    pthread_mutex_unlock(&q->moving);
    return err;
}

/* Each piece is synced by itself, so that a commit meanwhile does not wait for much. */
static sotto_err pieces_add(struct sqlite *q, int file, int64_t to)
{
    bool longer = true;
    while (longer && wal_file_lengthen(q->log, to, &longer) == SQLITE_OK)
        if (longer && fdatasync(file) != 0)
            return SOTTO_E_IO;
    return SOTTO_OK;
}

/* Nothing depends on it: where there is little room, or a write fails, it is left alone. */
static sotto_err log_lengthen(struct sqlite *q, unsigned frames)
{
    const int64_t to = (int64_t)frames * (SQL_PAGE + SQL_FRAME_HEAD);
    struct statvfs disk;
    char *name = wal_name(q);
    if (name == NULL)
        return SOTTO_E_NOMEM;
    int file = open(name, O_RDONLY | O_CLOEXEC);
    sqlite3_free(name);
    if (file < 0)
        return file_err(errno);
    sotto_err err = SOTTO_OK;
    if (fstatvfs(file, &disk) == 0 && disk.f_bavail * disk.f_frsize / ROOM_SHARE > (uint64_t)to)
        err = pieces_add(q, file, to);
    close(file);
    return err;
}

/* Ahead of the writer (store/wal_file.h), for twice as many as there are. */
static sotto_err log_prepare(struct sqlite *q, unsigned frames)
{
    unsigned wanted = LENGTHEN_FROM;
    while (wanted < LENGTHEN_TO && wanted / 2 < frames)
        wanted = wanted * 2 < LENGTHEN_TO ? wanted * 2 : LENGTHEN_TO;
    if (q->log == NULL || q->long_frames >= wanted)
        return SOTTO_OK;
    q->long_frames = wanted;
    return log_lengthen(q, wanted);
}

sotto_err sqlite_checkpoint(struct store *store)
{
    struct sqlite *q = sqlite_of(store);
    unsigned frames = atomic_load(&q->wal_frames);
    bool idle = frames == q->seen_frames;
    q->seen_frames = frames;
    TRY(log_prepare(q, frames));
    if (frames_waiting(q) == 0 || (frames_waiting(q) < KEEP_FRAMES && !idle))
        return SOTTO_OK;
    for (int i = 0; i < KEEP_PASSES; i++) {
        TRY(keeper_move(q));
        if (frames_waiting(q) <= finish_most(q))
            break;
    }
    if (frames_waiting(q) > 0)
        atomic_store(&q->finish, true);
    return SOTTO_OK;
}

/* Under the lock, which it gives back. A disk without space does not hold up a transaction, which may be the one that frees some. */
static sotto_err writer_move(struct sqlite *q)
{
    sotto_err err = frames_move(q, q->db);
    pthread_mutex_unlock(&q->moving);
    return err == SOTTO_E_DISK_FULL ? SOTTO_OK : err;
}

/* Waits for the keeper, if it is at it. What a reader holds up is asked for again only when there is more of it. */
static sotto_err full_move(struct sqlite *q, unsigned frames)
{
    pthread_mutex_lock(&q->moving);
    TRY(writer_move(q));
    if (frames_waiting(q) > 0)
        q->held_frames = frames + KEEP_FRAMES;
    return SOTTO_OK;
}

/* The keeper may say what it moved only after a commit has begun the log anew. Of this log nobody has moved anything then: the keeper does
 * not while more seems to be moved than there is. */
static void moved_correct(struct sqlite *q, unsigned frames)
{
    if (atomic_load_explicit(&q->moved_frames, memory_order_relaxed) <= frames ||
        pthread_mutex_trylock(&q->moving) != 0)
        return;
    atomic_store(&q->moved_frames, 0);
    pthread_mutex_unlock(&q->moving);
}

sotto_err sqlite_finish(struct sqlite *q)
{
    unsigned frames = atomic_load_explicit(&q->wal_frames, memory_order_relaxed);
    moved_correct(q, frames);
    if (frames >= SQL_LOG_FULL && frames >= q->held_frames)
        return full_move(q, frames);
    if (!atomic_load_explicit(&q->finish, memory_order_relaxed))
        return SOTTO_OK;
    atomic_store(&q->finish, false);
    if (frames_waiting(q) > finish_most(q) || pthread_mutex_trylock(&q->moving) != 0)
        return SOTTO_OK;
    return writer_move(q);
}

/* One that is empty SQLite may take away; one that can't be looked at stays. */
void sqlite_leave_log(sqlite3 *db)
{
    struct stat log;
    const char *name = sqlite3_filename_wal(sqlite3_db_filename(db, "main"));
    if (stat(name, &log) == 0 ? log.st_size > 0 : errno != ENOENT)
        (void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

/* --- copies --- */

static void backup_finishp(sqlite3_backup **backup)
{
    if (*backup != NULL)
        (void)sqlite3_backup_finish(*backup);
}

static sotto_err pages_copy(sqlite3 *from, sqlite3 *to, store_progress *progress, void *user)
{
    DEFER(backup_finishp) sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL)
        return sqlite_err(sqlite3_extended_errcode(to));
    int code;
    while ((code = sqlite3_backup_step(backup, COPY_PAGES)) == SQLITE_OK) {
        uint64_t all = (uint64_t)sqlite3_backup_pagecount(backup);
        uint64_t left = (uint64_t)sqlite3_backup_remaining(backup);
        if (progress != NULL && !progress(user, (all - left) * SQL_PAGE, all * SQL_PAGE))
            return SOTTO_E_INTERRUPTED;
    }
    TRY(sqlite_err(code));
    return sqlite_err(sqlite3_backup_finish(MOVE(backup)));
}

/* One file, without a log beside it, and durable when it is closed. */
static sotto_err copy_to(sqlite3 *from, const char *path, store_progress *progress, void *user)
{
    DEFER(sqlite_closep) sqlite3 *to = NULL;
    TRY(sqlite_connect(path, NULL, &to));
    TRY(pages_copy(from, to, progress, user));
    return sqlite_exec(to, "PRAGMA journal_mode = DELETE");
}

sotto_err sqlite_copy(sqlite3 *db, const char *path, store_progress *progress, void *user)
{
    int file;
    TRY(file_new(path, &file));
    close(file);
    sotto_err err = copy_to(db, path, progress, user);
    if (err == SOTTO_OK)
        err = file_sync_directory(path);
    if (err != SOTTO_OK)
        (void)unlink(path);
    return err;
}

/* All of it from one moment: while this connection reads, nothing it sees changes, and the copy need not begin again. */
sotto_err sqlite_backup(struct store *store, const char *path, store_progress *progress, void *user)
{
    DEFER(sqlite_closep) sqlite3 *db = NULL;
    int64_t tables;
    TRY(sqlite_connect(sqlite_of(store)->path, WAL_FILE_BELOW, &db));
    TRY(sqlite_exec(db, "BEGIN"));
    TRY(sqlite_number(db, "SELECT count(*) FROM sqlite_schema", &tables));
    return sqlite_copy(db, path, progress, user);
}

/* --- verify --- */

sotto_err sqlite_check(sqlite3 *db, char why[WHY_MAX])
{
    DEFER(sqlite_finalizep) sqlite3_stmt *statement = NULL;
    TRY(sqlite_err(sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &statement, NULL)));
    int code = sqlite3_step(statement);
    TRY(sqlite_err(code));
    const char *said = (const char *)sqlite3_column_text(statement, 0);
    if (said == NULL)
        return SOTTO_E_NOMEM;
    if (strcmp(said, "ok") == 0)
        return SOTTO_OK;
    return sqlite_say(why, SOTTO_E_DAMAGED, "%s is damaged: %s", sqlite3_db_filename(db, "main"),
                      said);
}

/* Whether the table of the log's older entries says of each where it stands, and nothing else, and all later ones of a stream stand
 * in the order of their numbers, behind those. */
static sotto_err log_check(sqlite3 *db, char why[WHY_MAX])
{
    int64_t differ, mixed;
    TRY(sqlite_number(db,
                      "SELECT (SELECT count(*) FROM log_mark) <> 1 OR "
                      "(SELECT count(*) FROM log_at) <> "
                      "(SELECT count(*) FROM log WHERE place <= (SELECT place FROM log_mark)) OR "
                      "EXISTS (SELECT 1 FROM log l LEFT JOIN log_at a ON a.stream = l.stream AND "
                      "a.seq = l.seq WHERE l.place <= (SELECT place FROM log_mark) AND "
                      "a.place IS NOT l.place)",
                      &differ));
    TRY(sqlite_number(db,
                      "SELECT EXISTS (SELECT 1 FROM (SELECT stream, seq, lag(seq) OVER "
                      "(PARTITION BY stream ORDER BY place) AS prior FROM log "
                      "WHERE place > (SELECT place FROM log_mark)) l WHERE seq <= prior OR EXISTS "
                      "(SELECT 1 FROM log_at a WHERE a.stream = l.stream AND a.seq >= l.seq))",
                      &mixed));
    if (differ == 0 && mixed == 0)
        return SOTTO_OK;
    return sqlite_say(why, SOTTO_E_DAMAGED, "%s is damaged: entries %s",
                      sqlite3_db_filename(db, "main"),
                      differ != 0 ? "can't be found" : "are out of order");
}

static bool is_over(const atomic_bool *ending)
{
    return ending != NULL && atomic_load(ending);
}

static int on_steps(void *user)
{
    return is_over(user);
}

/* While SQLite walks through its trees it makes no step, for minutes; it leaves off only if somebody says so meanwhile: who asked, or a
 * store that is opened, which gives up after SQL_BUSY_MS. */
struct watch {
    sqlite3 *db;
    const char *path;
    const atomic_bool *ending; /* or NULL */
    bool gives_way;            /* the thread's, until it has ended */
    int over[2];               /* a pipe: closed at one end, nobody watches any more */
    pthread_t thread;
};

static void *watch_main(void *arg)
{
    struct watch *w = arg;
    struct pollfd over = {.fd = w->over[0]};
    while (poll(&over, 1, VERIFY_MS) <= 0) {
        w->gives_way = w->gives_way || sqlite_is_held(w->path);
        if (w->gives_way || is_over(w->ending))
            sqlite3_interrupt(w->db);
    }
    return NULL;
}

/* The signals stay with who asked. */
static sotto_err watch_begin(struct watch *w)
{
    sigset_t all, before;
    if (pipe2(w->over, O_CLOEXEC) != 0)
        return file_err(errno);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&w->thread, NULL, watch_main, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number == 0)
        return SOTTO_OK;
    close(w->over[0]);
    close(w->over[1]);
    return SOTTO_E_NOMEM;
}

static void watch_end(struct watch *w)
{
    close(w->over[1]);
    (void)pthread_join(w->thread, NULL);
    close(w->over[0]);
}

static sotto_err all_check(sqlite3 *db, const char *path, char why[WHY_MAX])
{
    int version;
    TRY(sqlite_version(db, store_schema(), &version, why));
    if (version == 0)
        return sqlite_say(why, SOTTO_E_DAMAGED, "%s is empty", path);
    TRY(sqlite_check(db, why));
    if (version != store_schema())
        return SOTTO_OK;
    TRY(sqlite_check_tables(db, why));
    return log_check(db, why);
}

/* A walk that was left off looks like damage: pages seem to be in no tree. */
static sotto_err all_check_watched(sqlite3 *db, const char *path, const atomic_bool *ending,
                                   char why[WHY_MAX])
{
    struct watch w = {.db = db, .path = path, .ending = ending};
    sqlite3_progress_handler(db, VERIFY_STEPS, on_steps, (void *)(uintptr_t)ending);
    TRY(watch_begin(&w));
    sotto_err err = all_check(db, path, why);
    watch_end(&w);
    if (!w.gives_way && !is_over(ending))
        return err;
    why[0] = 0;
    return w.gives_way ? SOTTO_E_IN_USE : SOTTO_E_INTERRUPTED;
}

static sotto_err verify(const char *path, const atomic_bool *ending, char why[WHY_MAX])
{
    DEFER(sqlite_closep) sqlite3 *db = NULL;
    if (sqlite_is_held(path))
        return SOTTO_E_IN_USE;
    TRY(sqlite_connect(path, NULL, &db));
    sqlite_leave_log(db);
    return all_check_watched(db, path, ending, why);
}

sotto_err store_verify(const char *path, const atomic_bool *ending, char ret_why[256])
{
    char sentence[WHY_MAX], *why = ret_why != NULL ? ret_why : sentence;
    why[0] = 0;
    if (access(path, F_OK) != 0)
        return sqlite_say(why, SOTTO_E_NOTFOUND, "there is no database %s", path);
    sotto_err err = verify(path, ending, why);
    if (err != SOTTO_OK && why[0] == 0)
        sqlite_say(why, err,
                   err == SOTTO_E_DAMAGED  ? "%s is damaged"
                   : err == SOTTO_E_IN_USE ? "another process uses %s"
                                           : "cannot read %s",
                   path);
    return err;
}
