/* What is SQLite's alone: the file, its versions, copies, errors of the disk, its size, and what the statements cost. */
#include "back_ends.h"
#include "vfs_shim.h"

#include <sys/wait.h>
#include <time.h>

#include "store/sqlite.h"
#include "store/wal_file.h"

static struct store *opened(void)
{
    struct store *store;
    assert_ok(sqlite_open_scratch(&store));
    return store;
}

static struct store *fresh(void)
{
    scratch_empty();
    return opened();
}

static void commit_put(struct store *s, const char *key, const char *value)
{
    assert_ok(store_begin(s));
    assert_ok(store_put(s, STORE_META, view_str(key), view_str(value)));
    assert_ok(store_commit(s));
}

static void has(struct store *s, const char *key, const char *want)
{
    view value;
    sotto_err err = store_get(s, STORE_META, view_str(key), &value);
    if (want == NULL) {
        assert_int_equal(err, SOTTO_E_NOTFOUND);
        return;
    }
    assert_ok(err);
    assert_true(view_equal(value, view_str(want)));
}

static const char *in_scratch(const char *name)
{
    static char path[100];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    return path;
}

static void refuses(sotto_err want, const char *sentence)
{
    struct store *store = NULL;
    char why[256] = "untouched";
    assert_int_equal(store_sqlite_open(&(struct store_options){.path = scratch_db}, &store, why),
                     want);
    assert_null(store);
    if (strstr(why, sentence) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why, sentence);
}

static void overwrite(const char *path, long at, const char *text)
{
    FILE *file = fopen(path, at > 0 ? "r+b" : "wb");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/* --- the file --- */

static void what_was_committed_is_there_when_it_is_opened_again(void **state)
{
    (void)state;
    struct store *s = fresh();
    commit_put(s, "a", "1");
    assert_ok(store_begin(s));
    assert_ok(store_put(s, STORE_META, VIEW_LIT("b"), VIEW_LIT("1")));
    store_free(s);
    s = opened();
    has(s, "a", "1");
    has(s, "b", NULL);
    store_free(s);
}

static void order_of_appending_goes_on_when_it_is_opened_again(void **state)
{
    (void)state;
    for (uint64_t seq = 1; seq <= 3; seq++) {
        struct store *s = seq == 1 ? fresh() : opened();
        assert_ok(store_begin(s));
        assert_ok(log_append(s, 4 - seq, seq, VIEW_LIT("x")));
        assert_ok(store_commit(s));
        store_free(s);
    }
    DEFER(store_freep) struct store *s = opened();
    int64_t last;
    assert_ok(sqlite_number(sqlite_of(s)->db, "SELECT stream FROM log ORDER BY place DESC LIMIT 1",
                            &last));
    assert_int_equal(last, 1);
    assert_int_equal(sqlite_of(s)->last_place, 3);
}

static bool count_entries(void *user, uint64_t seq, view body)
{
    (void)seq, (void)body;
    (*(size_t *)user)++;
    return true;
}

static size_t entries(struct store *s, uint64_t stream)
{
    size_t count = 0;
    assert_ok(log_read(s, stream, 0, UINT64_MAX, count_entries, &count));
    return count;
}

static sotto_err log_append_alone(struct store *s, uint64_t stream, uint64_t seq)
{
    assert_ok(store_begin(s));
    sotto_err err = log_append(s, stream, seq, VIEW_LIT("x"));
    store_rollback(s);
    return err;
}

static void append_one(struct store *s, uint64_t stream, uint64_t seq)
{
    assert_ok(store_begin(s));
    assert_ok(log_append(s, stream, seq, VIEW_LIT("x")));
    assert_ok(store_commit(s));
}

static void drop_to(struct store *s, uint64_t stream, uint64_t seq)
{
    assert_ok(store_begin(s));
    assert_ok(log_drop(s, stream, seq));
    assert_ok(store_commit(s));
}

static struct store *opened_cold(void)
{
    struct store *s = opened();
    sqlite_of(s)->hot_most = 8;
    return s;
}

static void entries_are_found_again_wherever_the_index_ends(void **state)
{
    (void)state;
    store_free(fresh());
    for (uint64_t i = 0; i < 60; i++) { /* streams 0 to 4, seq 1 to 12 */
        struct store *s = opened_cold();
        append_one(s, i % 5, i / 5 + 1);
        assert_err(log_append_alone(s, i % 5, i / 5 + 1), EXISTS);
        for (uint64_t stream = 0; stream < 5; stream++)
            assert_int_equal(entries(s, stream), (i + 5 - stream) / 5);
        store_free(s);
        assert_ok(store_verify(scratch_db, NULL, NULL));
    }
    struct store *s = opened_cold();
    assert_in_range(sqlite_of(s)->index_to, 60 - 9, 60 - 8);
    for (uint64_t seq = 1; seq <= 12; seq++) {
        drop_to(s, 3, seq);
        assert_int_equal(entries(s, 3), 12 - seq);
    }
    for (uint64_t stream = 0; stream < 5; stream++)
        drop_to(s, stream, UINT64_MAX);
    store_free(s);
    s = opened_cold();
    int64_t index_to = sqlite_of(s)->index_to;
    append_one(s, 1, 13); /* its place is none that the index has been over */
    assert_true(sqlite_of(s)->last_place > index_to);
    store_free(s);
    s = opened_cold();
    assert_int_equal(entries(s, 1), 1);
    store_free(s);
}

static void index_that_misses_an_entry_is_damage(void **state)
{
    (void)state;
    struct store *s = fresh();
    char why[256];
    sqlite_of(s)->hot_most = 8;
    for (uint64_t i = 1; i <= 30; i++)
        append_one(s, i % 3, i);
    assert_ok(sqlite_exec(sqlite_of(s)->db, "UPDATE log_at SET seq = 1000 WHERE seq = 7"));
    store_free(s);
    assert_err(store_verify(scratch_db, NULL, why), DAMAGED);
    assert_non_null(strstr(why, "entries can't be found"));
}

/* What a start refuses, who verifies a backup hears before that. */
static void later_entries_out_of_order_are_damage(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "UPDATE log SET seq = 10 WHERE stream = 1 AND seq = 28", /* before 25, behind 22 */
        "UPDATE log SET seq = 22 WHERE stream = 1 AND seq = 25",
        ("UPDATE log SET seq = 4 WHERE stream = 1 AND place = (SELECT min(place) FROM log "
         "WHERE stream = 1 AND place > (SELECT place FROM log_mark))"), /* before the older ones */
    };
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        struct store *s = fresh();
        char why[256];
        sqlite_of(s)->hot_most = 12;
        for (uint64_t seq = 1; seq <= 30; seq++)
            append_one(s, seq % 3, seq);
        assert_in_range(sqlite_of(s)->index_to, 10, 20);
        store_free(s);
        assert_ok(store_verify(scratch_db, NULL, NULL));
        s = opened();
        assert_ok(sqlite_exec(sqlite_of(s)->db, changes[i]));
        assert_int_equal(sqlite3_changes(sqlite_of(s)->db), 1);
        store_free(s);
        assert_err(store_verify(scratch_db, NULL, why), DAMAGED);
        assert_non_null(strstr(why, "entries are out of order"));
    }
}

static void files_are_ours_alone(void **state)
{
    (void)state;
    DEFER(store_freep) struct store *s = fresh();
    commit_put(s, "a", "1");
    static const char *const names[] = {"db", "db-wal", "db.lock"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct stat st;
        assert_int_equal(stat(in_scratch(names[i]), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void second_one_is_kept_out(void **state)
{
    (void)state;
    DEFER(store_freep) struct store *s = fresh();
    refuses(SOTTO_E_IN_USE, "another process");
    commit_put(s, "a", "1");
    has(s, "a", "1");
}

/* What SQLite says to a process that was there before the store was opened: its copy of SQLite knows nothing of ours. */
static _Noreturn void other_process(int told, const char *sql)
{
    sqlite3 *db;
    char byte;
    alarm(60);
    if (read(told, &byte, 1) != 1 || sqlite3_open(scratch_db, &db) != SQLITE_OK)
        _exit(255);
    _exit(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static void other_processes_can_neither_read_nor_write(void **state)
{
    (void)state;
    static const char *const attempts[] = {"SELECT count(*) FROM log", "BEGIN IMMEDIATE",
                                           "PRAGMA wal_checkpoint"};
    for (size_t i = 0; i < COUNT_OF(attempts); i++) {
        int ends[2], status;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            other_process(ends[0], attempts[i]);
        struct store *s = fresh();
        commit_put(s, "a", "1");
        assert_int_equal(write(ends[1], "", 1), 1);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), SQLITE_BUSY);
        commit_put(s, "a", "2");
        store_free(s);
        close(ends[0]);
        close(ends[1]);
    }
}

static void what_is_no_database_of_ours_is_left_alone(void **state)
{
    (void)state;
    scratch_empty();
    overwrite(scratch_db, 0, "this is a text, and long enough for a header that SQLite reads: 100");
    refuses(SOTTO_E_DAMAGED, "damaged");
    scratch_empty();
    sqlite3 *db;
    assert_int_equal(sqlite3_open(scratch_db, &db), SQLITE_OK);
    assert_ok(sqlite_exec(db, "CREATE TABLE theirs (a)"));
    sqlite3_close(db);
    refuses(SOTTO_E_DAMAGED, "not a database of sottod");
    scratch_empty();
    assert_int_equal(rmdir(scratch), 0);
    refuses(SOTTO_E_NOTFOUND, "no directory for the database");
    assert_int_equal(mkdir(scratch, 0700), 0);
}

static void table_that_is_missing_is_named(void **state)
{
    (void)state;
    store_free(fresh());
    sqlite3 *db;
    assert_int_equal(sqlite3_open(scratch_db, &db), SQLITE_OK);
    assert_ok(sqlite_exec(db, "DROP TABLE invite"));
    sqlite3_close(db);
    refuses(SOTTO_E_DAMAGED, "no table invite");
}

static void tables_of_the_schema_are_those_of_the_list(void **state)
{
    (void)state;
    DEFER(store_freep) struct store *s = fresh();
    int64_t tables, others;
    assert_ok(sqlite_number(sqlite_of(s)->db,
                            "SELECT count(*) FROM sqlite_schema WHERE type = 'table'", &tables));
    assert_ok(sqlite_number(sqlite_of(s)->db,
                            "SELECT count(*) FROM sqlite_schema WHERE type <> 'table'", &others));
    assert_int_equal(tables, STORE_TABLE_END - 1 + 3); /* and the log with its index and its mark */
    assert_int_equal(others, 0);
}

/* --- versions --- */

static const struct migration later[] = {
    {1, NULL}, /* set to the real first one */
    {2, "CREATE TABLE extra (key BLOB NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;"
        "INSERT INTO extra SELECT key FROM meta;"},
    {3, "UPDATE meta SET value = x'33';"},
};

static sotto_err open_version(size_t version, const char *second, struct store **ret_store,
                              char why[256])
{
    struct migration list[COUNT_OF(later)];
    memcpy(list, later, sizeof list);
    list[0].sql = sqlite_migrations[0].sql;
    if (second != NULL)
        list[1].sql = second;
    return sqlite_open_as(&(struct store_options){.path = scratch_db}, list, version, ret_store,
                          why);
}

static void older_schema_is_brought_forward_after_a_copy(void **state)
{
    (void)state;
    struct store *s;
    char why[256];
    scratch_empty();
    assert_ok(open_version(1, NULL, &s, why));
    commit_put(s, "a", "1");
    store_free(s);
    assert_int_not_equal(access(in_scratch("db.before-2"), F_OK), 0);
    assert_ok(open_version(3, NULL, &s, why));
    int64_t number;
    assert_ok(sqlite_number(sqlite_of(s)->db, "SELECT count(*) FROM extra", &number));
    assert_int_equal(number, 1);
    assert_ok(sqlite_number(sqlite_of(s)->db, "PRAGMA user_version", &number));
    assert_int_equal(number, 3);
    has(s, "a", "3");
    store_free(s);
    assert_ok(store_verify(in_scratch("db.before-2"), NULL, why));
    assert_int_not_equal(access(in_scratch("db.before-2.part"), F_OK), 0);
    assert_int_equal(rename(in_scratch("db.before-2"), scratch_db), 0);
    assert_ok(open_version(1, NULL, &s, why));
    has(s, "a", "1");
    store_free(s);
}

static sotto_buf file_bytes(const char *name)
{
    sotto_buf bytes = {0};
    uint8_t piece[4096];
    FILE *file = fopen(in_scratch(name), "rb");
    if (file == NULL)
        return bytes;
    for (size_t n; (n = fread(piece, 1, sizeof piece, file)) > 0;)
        assert_ok(buf_append(&bytes, view_of(piece, n)));
    fclose(file);
    return bytes;
}

static void file_put(const char *name, view bytes)
{
    FILE *file = fopen(in_scratch(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

static void is_refused_as_newer(void)
{
    struct store *s;
    char why[256];
    assert_err(open_version(2, NULL, &s, why), NEWER);
    assert_non_null(strstr(why, "newer sottod (schema 3, this one knows 2)"));
    refuses(SOTTO_E_NEWER, "newer sottod");
    assert_err(store_verify(scratch_db, NULL, why), NEWER);
}

/* Also what a newer one that was killed has left beside it. */
static void newer_schema_is_refused_and_untouched(void **state)
{
    (void)state;
    struct store *s;
    char why[256];
    scratch_empty();
    assert_ok(open_version(3, NULL, &s, why));
    commit_put(s, "a", "1");
    DEFER(buf_clear) sotto_buf db = file_bytes("db"), log = file_bytes("db-wal");
    assert_true(log.len > 0);
    store_free(s);
    is_refused_as_newer();
    assert_int_not_equal(access(in_scratch("db-wal"), F_OK), 0);
    file_put("db", buf_view(&db));
    file_put("db-wal", buf_view(&log));
    is_refused_as_newer();
    DEFER(buf_clear) sotto_buf db_then = file_bytes("db"), log_then = file_bytes("db-wal");
    assert_true(view_equal(buf_view(&db), buf_view(&db_then)));
    assert_true(view_equal(buf_view(&log), buf_view(&log_then)));
    assert_ok(open_version(3, NULL, &s, why));
    has(s, "a", "1");
    store_free(s);
}

static void migration_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct store *s;
    char why[256];
    scratch_empty();
    assert_ok(open_version(1, NULL, &s, why));
    commit_put(s, "a", "1");
    store_free(s);
    assert_err(open_version(3, "DELETE FROM meta; INSERT INTO nowhere VALUES (1)", &s, why),
               DAMAGED);
    assert_non_null(strstr(why, "from schema 1 to 3; it is as it was"));
    assert_ok(open_version(1, NULL, &s, why));
    has(s, "a", "1");
    store_free(s);
    assert_ok(open_version(3, NULL, &s, why)); /* the copy of the first try is in nobody's way */
    store_free(s);
}

/* --- copies --- */

struct meanwhile {
    struct store *store;
    unsigned calls, stop_at;
    uint64_t done, all;
};

/* The server goes on while a copy is made. */
static bool write_meanwhile(void *user, uint64_t done_bytes, uint64_t all_bytes)
{
    struct meanwhile *m = user;
    assert_true(done_bytes >= m->done && done_bytes <= all_bytes);
    m->done = done_bytes;
    m->all = all_bytes;
    commit_put(m->store, "a", "later");
    assert_ok(store_begin(m->store));
    assert_ok(log_append(m->store, 9, ++m->calls, VIEW_LIT("later")));
    assert_ok(store_commit(m->store));
    assert_ok(store_checkpoint(m->store));
    return m->calls != m->stop_at;
}

static void fill(struct store *s, size_t entries)
{
    static const uint8_t body[4000] = {1};
    assert_ok(store_begin(s));
    for (uint64_t seq = 1; seq <= entries; seq++)
        assert_ok(log_append(s, 1, seq, VIEW_OF(body)));
    assert_ok(store_commit(s));
}

static void backup_is_of_one_moment_while_the_store_goes_on(void **state)
{
    (void)state;
    struct store *s = fresh();
    char why[256];
    commit_put(s, "a", "1");
    fill(s, 1500);
    struct meanwhile m = {.store = s};
    assert_ok(store_backup(s, in_scratch("copy"), write_meanwhile, &m));
    assert_true(m.calls > 2);
    has(s, "a", "later");
    assert_err(store_backup(s, in_scratch("copy"), NULL, NULL), EXISTS);
    store_free(s);
    struct stat st;
    assert_int_equal(stat(in_scratch("copy"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, m.all);
    assert_ok(store_verify(in_scratch("copy"), NULL, why));
    assert_int_equal(rename(in_scratch("copy"), scratch_db), 0);
    s = opened();
    has(s, "a", "1");
    assert_int_equal(entries(s, 1), 1500);
    assert_int_equal(entries(s, 9), 0);
    store_free(s);
}

static void backup_that_is_stopped_leaves_nothing(void **state)
{
    (void)state;
    DEFER(store_freep) struct store *s = fresh();
    fill(s, 1500);
    struct meanwhile m = {.store = s, .stop_at = 2};
    assert_err(store_backup(s, in_scratch("copy"), write_meanwhile, &m), INTERRUPTED);
    assert_int_not_equal(access(in_scratch("copy"), F_OK), 0);
    assert_err(store_backup(s, in_scratch("no/copy"), NULL, NULL), NOTFOUND);
}

static void verify_finds_what_is_damaged(void **state)
{
    (void)state;
    struct store *s = fresh();
    char why[256];
    int64_t index;
    sqlite_of(s)->hot_most = 4;
    fill(s, 50);
    assert_ok(sqlite_number(
        sqlite_of(s)->db, "SELECT rootpage - 1 FROM sqlite_schema WHERE name = 'log_at'", &index));
    store_free(s);
    assert_ok(store_verify(scratch_db, NULL, why));
    assert_string_equal(why, "");
    static const char noise[] = "noise noise noise noise noise noise noise noise";
    overwrite(scratch_db, index * SQL_PAGE, noise);
    assert_err(store_verify(scratch_db, NULL, why), DAMAGED);
    assert_non_null(strstr(why, "damaged"));
    assert_err(store_verify(scratch_db, NULL, NULL), DAMAGED);
    assert_err(store_verify(in_scratch("nothing"), NULL, why), NOTFOUND);
    s = opened(); /* what is damaged is found where it is read */
    size_t count = 0;
    assert_err(log_read(s, 1, 0, UINT64_MAX, count_entries, &count), DAMAGED);
    store_free(s);
    overwrite(scratch_db, 0, noise);
    assert_err(store_verify(scratch_db, NULL, why), DAMAGED);
    assert_int_equal(truncate(scratch_db, 0), 0);
    assert_err(store_verify(scratch_db, NULL, why), DAMAGED);
}

static void verify_is_interrupted(void **state)
{
    (void)state;
    struct store *s = fresh();
    char why[256];
    atomic_bool ending = false;
    sqlite_of(s)->hot_most = 4;
    fill(s, 1500);
    store_free(s);
    assert_ok(store_verify(scratch_db, &ending, why));
    atomic_store(&ending, true);
    assert_err(store_verify(scratch_db, &ending, why), INTERRUPTED);
}

#define ENTRIES 5000 /* a page each, and one millisecond once it is to end */

static struct slow_disk {
    atomic_bool ending;
    unsigned reads;
} slow_disk;

static void read_slowly(enum shim_file_kind kind)
{
    const struct timespec ms = {.tv_nsec = 1000000};
    (void)kind;
    if (++slow_disk.reads < 50)
        return;
    atomic_store(&slow_disk.ending, true);
    nanosleep(&ms, NULL);
}

static void verify_is_interrupted_while_sqlite_walks(void **state)
{
    (void)state;
    struct store *s = fresh();
    char why[256];
    fill(s, ENTRIES);
    store_free(s);
    shim_install();
    shim.before_read = read_slowly;
    assert_err(store_verify(scratch_db, &slow_disk.ending, why), INTERRUPTED);
    shim_remove();
    assert_true(slow_disk.reads >= 50 && slow_disk.reads < ENTRIES / 2);
    atomic_store(&slow_disk.ending, false);
    assert_ok(store_verify(scratch_db, &slow_disk.ending, why));
}

static int middle[2]; /* a pipe that says when the reading has begun */

static void read_for_a_minute(enum shim_file_kind kind)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    (void)kind;
    if (++slow_disk.reads < 50)
        return;
    if (slow_disk.reads == 50 && write(middle[1], "", 1) != 1)
        _exit(255);
    nanosleep(&pause, NULL);
}

static _Noreturn void verify_slowly(void)
{
    alarm(120);
    slow_disk.reads = 0;
    shim_install();
    shim.before_read = read_for_a_minute;
    _exit(store_verify(scratch_db, NULL, NULL) == SOTTO_E_IN_USE ? 0 : 1);
}

/* Such as `sottod doctor` to a server. */
static void verify_gives_way_to_a_store_that_is_opened(void **state)
{
    (void)state;
    struct store *s = fresh();
    char byte;
    int status;
    fill(s, ENTRIES);
    store_free(s);
    assert_int_equal(pipe(middle), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        verify_slowly();
    close(middle[1]);
    assert_int_equal(read(middle[0], &byte, 1), 1);
    s = opened();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_err(store_verify(scratch_db, NULL, NULL), IN_USE);
    commit_put(s, "a", "1");
    store_free(s);
    close(middle[0]);
}

/* --- the disk --- */

static void commit_syncs_the_log_once_and_the_database_never(void **state)
{
    (void)state;
    shim_install();
    struct store *s = fresh();
    commit_put(s, "a", "1");
    unsigned wal = shim.syncs[SHIM_WAL], db = shim.syncs[SHIM_DB], pages = shim.writes[SHIM_DB];
    for (uint64_t i = 1; i <= 10; i++) {
        assert_ok(store_begin(s));
        assert_ok(log_append(s, i, i, VIEW_LIT("x")));
        assert_ok(store_commit(s));
        assert_int_equal(shim.syncs[SHIM_WAL], wal + i);
    }
    assert_ok(store_begin(s));
    has(s, "a", "1");
    assert_ok(store_commit(s)); /* nothing was written */
    assert_int_equal(shim.syncs[SHIM_WAL], wal + 10);
    assert_int_equal(shim.syncs[SHIM_DB], db);
    assert_int_equal(shim.writes[SHIM_DB], pages);
    assert_ok(store_checkpoint(s));
    assert_ok(store_checkpoint(s)); /* nothing was committed since: moves all */
    assert_int_equal(shim.syncs[SHIM_DB], db + 1);
    assert_true(shim.writes[SHIM_DB] > pages);
    store_free(s);
    shim_remove();
}

static void log_that_began_anew_while_the_keeper_spoke_of_the_last_is_moved(void **state)
{
    (void)state;
    struct store *s = fresh();
    struct sqlite *q = sqlite_of(s);
    commit_put(s, "a", "1");
    atomic_store(&q->moved_frames, q->wal_frames + 100);
    for (int i = 0; i < 2; i++)
        assert_ok(store_checkpoint(s));
    assert_true(q->moved_frames > q->wal_frames); /* a keeper that cannot know begins nothing */
    commit_put(s, "a", "2");
    for (int i = 0; i < 2; i++)
        assert_ok(store_checkpoint(s));
    assert_int_equal(q->moved_frames, q->wal_frames);
    store_free(s);
}

static uint64_t log_bytes(struct store *s)
{
    struct store_sizes sizes;
    assert_ok(store_sizes(s, &sizes));
    return sizes.wal_bytes;
}

/* kill_test and power_loss_test open such ones again. */
static void log_is_made_longer_ahead_of_what_is_written(void **state)
{
    (void)state;
    struct store *s = fresh();
    commit_put(s, "a", "1");
    uint64_t bytes = log_bytes(s);
    assert_ok(store_checkpoint(s));
    uint64_t longer = log_bytes(s);
    assert_true(bytes < 1 << 18 && longer >= 1 << 20);
    for (unsigned i = 0; i < 40; i++)
        commit_put(s, "b", "2");
    assert_int_equal(log_bytes(s), longer); /* nothing was written behind its end */
    has(s, "b", "2");
    store_free(s);
}

static void full_disk_does_without_a_longer_log(void **state)
{
    (void)state;
    shim_install();
    struct store *s = fresh();
    commit_put(s, "a", "1");
    uint64_t bytes = log_bytes(s);
    shim.fail_write[SHIM_WAL] = SQLITE_FULL;
    assert_ok(store_checkpoint(s));
    shim.fail_write[SHIM_WAL] = SQLITE_OK;
    assert_int_equal(log_bytes(s), bytes);
    commit_put(s, "a", "2");
    has(s, "a", "2");
    store_free(s);
    shim_remove();
}

static void full_disk_is_no_end(void **state)
{
    (void)state;
    shim_install();
    struct store *s = fresh();
    commit_put(s, "a", "1");
    static const int codes[] = {SQLITE_FULL, SQLITE_IOERR_SHMSIZE};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        shim.fail_write[SHIM_WAL] = codes[i];
        assert_ok(store_begin(s));
        assert_ok(store_put(s, STORE_META, VIEW_LIT("a"), VIEW_LIT("2")));
        assert_ok(log_append(s, 1, 1, VIEW_LIT("x")));
        assert_err(store_commit(s), DISK_FULL);
        has(s, "a", "1");
        assert_int_equal(entries(s, 1), 0);
        assert_ok(store_begin(s));
        store_rollback(s);
        shim.fail_write[SHIM_WAL] = 0;
    }
    commit_put(s, "a", "3");
    has(s, "a", "3");
    store_free(s);
    s = opened();
    has(s, "a", "3");
    store_free(s);
    shim_remove();
}

/* A transaction that does not fit into the page cache is written before its commit. */
static void disk_that_fills_up_inside_a_transaction_is_no_end(void **state)
{
    (void)state;
    shim_install();
    struct store *s;
    scratch_empty();
    assert_ok(store_sqlite_open(&(struct store_options){.path = scratch_db, .cache_bytes = 65536},
                                &s, NULL));
    commit_put(s, "a", "1");
    shim.fail_write[SHIM_WAL] = SQLITE_FULL;
    static const uint8_t body[4000] = {1};
    assert_ok(store_begin(s));
    sotto_err err = SOTTO_OK;
    for (uint64_t seq = 1; err == SOTTO_OK && seq < 1000; seq++)
        err = log_append(s, 1, seq, VIEW_OF(body));
    assert_int_equal(err, SOTTO_E_DISK_FULL);
    assert_err(log_append(s, 2, 1, VIEW_LIT("x")), DISK_FULL);
    assert_err(store_commit(s), DISK_FULL);
    has(s, "a", "1");
    assert_int_equal(entries(s, 1), 0);
    shim.fail_write[SHIM_WAL] = 0;
    fill(s, 100);
    assert_int_equal(entries(s, 1), 100);
    store_free(s);
    shim_remove();
}

static void checkpoint_that_finds_the_disk_full_is_tried_again(void **state)
{
    (void)state;
    shim_install();
    struct store *s = fresh();
    fill(s, 5000);
    shim.fail_write[SHIM_DB] = SQLITE_FULL;
    assert_err(store_checkpoint(s), DISK_FULL);
    commit_put(s, "a", "1");
    assert_err(store_checkpoint(s), DISK_FULL);
    shim.fail_write[SHIM_DB] = 0;
    assert_ok(store_checkpoint(s));
    commit_put(s, "a", "2");
    has(s, "a", "2");
    assert_int_equal(entries(s, 1), 5000);
    store_free(s);
    shim_remove();
}

static void failed_sync_ends_the_store(void **state)
{
    (void)state;
    view value;
    shim_install();
    static const int codes[] = {SQLITE_IOERR_FSYNC, SQLITE_IOERR_WRITE};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        struct store *s = fresh();
        commit_put(s, "a", "1");
        *(i == 0 ? &shim.fail_sync[SHIM_WAL] : &shim.fail_write[SHIM_WAL]) = codes[i];
        assert_ok(store_begin(s));
        assert_ok(store_put(s, STORE_META, VIEW_LIT("a"), VIEW_LIT("2")));
        assert_err(store_commit(s), IO);
        shim.fail_sync[SHIM_WAL] = shim.fail_write[SHIM_WAL] = 0;
        assert_err(store_get(s, STORE_META, VIEW_LIT("a"), &value), IO);
        assert_err(store_begin(s), IO);
        assert_err(store_checkpoint(s), IO);
        store_free(s);
    }
    shim_remove();
}

static void failed_sync_of_a_checkpoint_ends_the_store(void **state)
{
    (void)state;
    shim_install();
    struct store *s = fresh();
    fill(s, 5000);
    shim.fail_sync[SHIM_DB] = SQLITE_IOERR_FSYNC;
    assert_err(store_checkpoint(s), IO);
    shim.fail_sync[SHIM_DB] = 0;
    assert_err(store_begin(s), IO);
    unsigned moved = shim.writes[SHIM_DB];
    store_free(s);
    assert_int_equal(shim.writes[SHIM_DB], moved);
    assert_int_equal(access(in_scratch("db-wal"), F_OK), 0);
    s = opened(); /* the log still has all of it */
    assert_int_equal(entries(s, 1), 5000);
    store_free(s);
    shim_remove();
}

/* --- sizes --- */

/* One round of traffic: entries that are appended, and dropped ten rounds later. */
static void traffic(struct store *s, uint64_t from, uint64_t to)
{
    static const uint8_t body[2000] = {1};
    for (uint64_t round = from; round < to; round++) {
        assert_ok(store_begin(s));
        for (uint64_t stream = 0; stream < 64; stream++) {
            assert_ok(log_append(s, stream, round, VIEW_OF(body)));
            if (round >= 10)
                assert_ok(log_drop(s, stream, round - 10));
        }
        assert_ok(store_commit(s));
        assert_ok(store_checkpoint(s));
    }
}

static void sizes_stay_the_same_however_much_passes_through(void **state)
{
    (void)state;
    DEFER(store_freep) struct store *s = fresh();
    struct store_sizes first, last;
    traffic(s, 0, 400);
    assert_ok(store_sizes(s, &first));
    traffic(s, 400, 1200);
    assert_ok(store_sizes(s, &last));
    assert_true(first.bytes < 8 << 20);
    assert_true(last.bytes < first.bytes + first.bytes / 4);
    assert_true(first.wal_bytes > 0 && last.wal_bytes < 24 << 20);
    assert_int_equal(entries(s, 3), 10);
}

static void log_that_a_copy_held_up_is_caught_up_with(void **state)
{
    (void)state;
    DEFER(store_freep) struct store *s = fresh();
    sqlite3 *reader;
    int64_t tables;
    struct store_sizes held, after;
    traffic(s, 0, 100);
    assert_ok(sqlite_connect(scratch_db, WAL_FILE_BELOW, &reader));
    assert_ok(sqlite_exec(reader, "BEGIN"));
    assert_ok(sqlite_number(reader, "SELECT count(*) FROM sqlite_schema", &tables));
    traffic(s, 100, 700);
    assert_ok(store_sizes(s, &held));
    assert_true(held.wal_bytes > 48 << 20);
    sqlite3_close(reader);
    traffic(s, 700, 1200);
    assert_ok(store_sizes(s, &after));
    assert_true(after.wal_bytes <
                held.wal_bytes + (1 << 20)); /* written again from its beginning */
}

static void appended(struct store *s, uint64_t from, uint64_t to)
{
    static const uint8_t body[20000] = {1};
    assert_ok(store_begin(s));
    for (uint64_t seq = from; seq < to; seq++)
        assert_ok(log_append(s, 1, seq, VIEW_OF(body)));
    assert_ok(store_commit(s));
}

static void what_was_dropped_is_free_once_the_file_has_its_place(void **state)
{
    (void)state;
    DEFER(store_freep) struct store *s = fresh();
    struct store_sizes written, dropped, moved, again;
    appended(s, 0, 500);
    assert_ok(store_sizes(s, &written));
    assert_ok(store_begin(s));
    assert_ok(log_drop(s, 1, 500));
    assert_ok(store_commit(s));
    assert_ok(store_sizes(s, &dropped)); /* only the write-ahead log has seen those pages */
    assert_int_equal(dropped.bytes, written.bytes);
    assert_true(dropped.free_bytes < 1 << 20);
    assert_ok(store_checkpoint(s));
    assert_ok(store_checkpoint(s)); /* nothing was committed since: moves all */
    assert_ok(store_sizes(s, &moved));
    assert_true(moved.free_bytes > 9 << 20 && moved.free_bytes <= moved.bytes);
    appended(s, 501, 701);
    assert_ok(store_sizes(s, &again)); /* goes where there is room, the file needs no more */
    assert_int_equal(again.bytes, moved.bytes);
    assert_true(again.free_bytes < moved.free_bytes - (3 << 20));
}

/* --- statements --- */

static void no_statement_walks_over_a_table(void **state)
{
    (void)state;
    DEFER(store_freep) struct store *s = fresh();
    struct sqlite *q = sqlite_of(s);
    for (int i = 0; i < (int)SQL_FIXED_COUNT + (int)SQL_OF_TABLE_COUNT; i++) {
        sqlite3_stmt *statement, *plan;
        assert_ok(i < SQL_FIXED_COUNT
                      ? sqlite_fixed(q, (enum sqlite_fixed)i, &statement)
                      : sqlite_of_table(q, STORE_DUE, (enum sqlite_of_table)(i - SQL_FIXED_COUNT),
                                        &statement));
        char sql[300];
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", sqlite3_sql(statement));
        assert_int_equal(sqlite3_prepare_v2(q->db, sql, -1, &plan, NULL), SQLITE_OK);
        while (sqlite3_step(plan) == SQLITE_ROW) {
            const char *said = (const char *)sqlite3_column_text(plan, 3);
            bool in_order = i == SQL_OLDEST && strcmp(said, "SCAN log") == 0; /* up to its limit */
            bool sorted = i == SQL_COOL && strcmp(said, "USE TEMP B-TREE FOR ORDER BY") == 0;
            bool nested = strncmp(said, "LIST SUBQUERY", 13) == 0 ||
                          strncmp(said, "SCALAR SUBQUERY", 15) == 0; /* its plan follows */
            if (!in_order && !sorted && !nested && strncmp(said, "SEARCH", 6) != 0)
                fail_msg("%s: %s", sql, said);
        }
        sqlite3_finalize(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_committed_is_there_when_it_is_opened_again),
        cmocka_unit_test(order_of_appending_goes_on_when_it_is_opened_again),
        cmocka_unit_test(entries_are_found_again_wherever_the_index_ends),
        cmocka_unit_test(index_that_misses_an_entry_is_damage),
        cmocka_unit_test(later_entries_out_of_order_are_damage),
        cmocka_unit_test(files_are_ours_alone),
        cmocka_unit_test(second_one_is_kept_out),
        cmocka_unit_test(other_processes_can_neither_read_nor_write),
        cmocka_unit_test(what_is_no_database_of_ours_is_left_alone),
        cmocka_unit_test(table_that_is_missing_is_named),
        cmocka_unit_test(tables_of_the_schema_are_those_of_the_list),
        cmocka_unit_test(older_schema_is_brought_forward_after_a_copy),
        cmocka_unit_test(newer_schema_is_refused_and_untouched),
        cmocka_unit_test(migration_that_fails_changes_nothing),
        cmocka_unit_test(backup_is_of_one_moment_while_the_store_goes_on),
        cmocka_unit_test(backup_that_is_stopped_leaves_nothing),
        cmocka_unit_test(verify_finds_what_is_damaged),
        cmocka_unit_test(verify_is_interrupted),
        cmocka_unit_test(verify_is_interrupted_while_sqlite_walks),
        cmocka_unit_test(verify_gives_way_to_a_store_that_is_opened),
        cmocka_unit_test(commit_syncs_the_log_once_and_the_database_never),
        cmocka_unit_test(log_that_began_anew_while_the_keeper_spoke_of_the_last_is_moved),
        cmocka_unit_test(log_is_made_longer_ahead_of_what_is_written),
        cmocka_unit_test(full_disk_does_without_a_longer_log),
        cmocka_unit_test(full_disk_is_no_end),
        cmocka_unit_test(disk_that_fills_up_inside_a_transaction_is_no_end),
        cmocka_unit_test(checkpoint_that_finds_the_disk_full_is_tried_again),
        cmocka_unit_test(failed_sync_ends_the_store),
        cmocka_unit_test(failed_sync_of_a_checkpoint_ends_the_store),
        cmocka_unit_test(sizes_stay_the_same_however_much_passes_through),
        cmocka_unit_test(log_that_a_copy_held_up_is_caught_up_with),
        cmocka_unit_test(what_was_dropped_is_free_once_the_file_has_its_place),
        cmocka_unit_test(no_statement_walks_over_a_table),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
