/* The store's thread works on while others move its log to the database and copy it. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

#include "back_ends.h"
#include "vfs_shim.h"

#include "store/sqlite.h"
#include "store/wal_file.h"

#define COMMITS       3000
#define COPIES        4
#define LARGE_COMMITS 130                   /* of 2 MiB */
#define FULL_COMMITS  60                    /* of these, and the log is nearly full */
#define MOST_BYTES    ((uint64_t)144 << 20) /* of the log: 128 MiB and a few commits */

static struct store *store;
static atomic_bool ended;
static atomic_uint committed;

static void commit_one(uint64_t number)
{
    static const uint8_t body[3000] = {1};
    assert_ok(store_begin(store));
    assert_ok(log_append(store, number % 5, number, VIEW_OF(body)));
    if (number > 50)
        assert_ok(log_drop(store, number % 5, number - 50));
    assert_ok(store_put(store, STORE_META, VIEW_LIT("n"), view_of(&number, sizeof number)));
    assert_ok(store_commit(store));
}

static void *checkpoints(void *arg)
{
    sotto_err *err = arg;
    while (*err == SOTTO_OK && !ended)
        *err = store_checkpoint(store);
    return NULL;
}

static void *copies(void *arg)
{
    sotto_err *err = arg;
    for (int i = 0; i < COPIES && *err == SOTTO_OK; i++) {
        char path[100];
        snprintf(path, sizeof path, "%s/copy-%d", scratch, i);
        *err = store_backup(store, path, NULL, NULL);
    }
    return NULL;
}

static bool count_entry(void *user, uint64_t seq, view body)
{
    (void)seq, (void)body;
    ++*(uint64_t *)user;
    return true;
}

/* Each copy is of one moment: its entries are the last 50 or so up to its number. */
static void copy_is_whole(int i)
{
    struct store *copy;
    char path[100], why[256];
    uint64_t number = 0, count = 0, last = 0;
    view value;
    snprintf(path, sizeof path, "%s/copy-%d", scratch, i);
    assert_ok(store_verify(path, NULL, why));
    assert_ok(store_sqlite_open(&(struct store_options){.path = path}, &copy, why));
    sotto_err err = store_get(copy, STORE_META, VIEW_LIT("n"), &value);
    if (err == SOTTO_OK)
        memcpy(&number, value.data, sizeof number);
    for (uint64_t stream = 0; stream < 5; stream++) {
        assert_ok(log_read(copy, stream, 0, UINT64_MAX, count_entry, &count));
        assert_ok(log_read(copy, stream, number + 1, UINT64_MAX, count_entry, &last));
    }
    assert_int_equal(last, 0);
    assert_int_equal(count, number < 50 ? number : 50);
    store_free(copy);
}

static void store_goes_on_while_others_move_its_log_and_copy_it(void **state)
{
    (void)state;
    pthread_t keeper, copier;
    sotto_err kept = SOTTO_OK, copied = SOTTO_OK;
    scratch_empty();
    assert_ok(sqlite_open_scratch(&store));
    assert_int_equal(pthread_create(&keeper, NULL, checkpoints, &kept), 0);
    assert_int_equal(pthread_create(&copier, NULL, copies, &copied), 0);
    for (uint64_t number = 1; number <= COMMITS; number++)
        commit_one(number);
    assert_int_equal(pthread_join(copier, NULL), 0);
    ended = true;
    assert_int_equal(pthread_join(keeper, NULL), 0);
    assert_ok(kept);
    assert_ok(copied);
    for (int i = 0; i < COPIES; i++)
        copy_is_whole(i);
    struct store_sizes sizes;
    assert_ok(store_sizes(store, &sizes));
    assert_true(sizes.bytes < 4 << 20);
    store_free(store);
}

static void commit_large(uint64_t number)
{
    static const uint8_t body[STORE_VALUE_MAX] = {1};
    assert_ok(store_begin(store));
    assert_ok(log_append(store, 1, 2 * number, VIEW_OF(body)));
    assert_ok(log_append(store, 1, 2 * number + 1, VIEW_OF(body)));
    assert_ok(log_drop(store, 1, 2 * number - 1));
    assert_ok(store_commit(store));
    committed++;
}

/* How long the log is then. */
static uint64_t commits_large(uint64_t from, uint64_t to)
{
    struct store_sizes sizes;
    for (uint64_t number = from; number < to; number++)
        commit_large(number);
    assert_ok(store_sizes(store, &sizes));
    print_message("# the log has %llu MiB\n", (unsigned long long)(sizes.wal_bytes >> 20));
    return sizes.wal_bytes;
}

/* With somebody beside the writer who moves it, or nobody. */
static void log_is_bounded(void *keep(void *))
{
    pthread_t keeper;
    sotto_err kept = SOTTO_OK;
    scratch_empty();
    ended = false;
    committed = 0;
    assert_ok(sqlite_open_scratch(&store));
    if (keep != NULL)
        assert_int_equal(pthread_create(&keeper, NULL, keep, &kept), 0);
    uint64_t most = commits_large(1, LARGE_COMMITS);
    ended = true;
    if (keep != NULL)
        assert_int_equal(pthread_join(keeper, NULL), 0);
    assert_ok(kept);
    assert_true(most < MOST_BYTES);
    store_free(store);
}

static void log_is_bounded_though_the_writer_is_the_faster_one(void **state)
{
    (void)state;
    log_is_bounded(checkpoints);
}

static void log_is_bounded_though_nobody_moves_it_beside_the_writer(void **state)
{
    (void)state;
    log_is_bounded(NULL);
}

/* Whoever moves the log on this thread gets nowhere until the writer can't go on. */
static _Thread_local bool disk_is_slow;

static void disk_slows_down(enum shim_file_kind kind)
{
    unsigned before;
    if (kind != SHIM_DB || !disk_is_slow)
        return;
    disk_is_slow = false;
    do {
        before = committed;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    } while (before < FULL_COMMITS || committed != before);
}

static void *slow_checkpoints(void *arg)
{
    sotto_err *err = arg;
    while (*err == SOTTO_OK && !ended) {
        disk_is_slow = true;
        *err = store_checkpoint(store);
    }
    return NULL;
}

static void log_is_bounded_though_the_disk_is_slow(void **state)
{
    (void)state;
    shim_install();
    shim.before_write = disk_slows_down;
    log_is_bounded(slow_checkpoints);
    shim_remove();
}

static void log_is_moved_again_once_a_full_disk_has_space(void **state)
{
    (void)state;
    shim_install();
    scratch_empty();
    assert_ok(sqlite_open_scratch(&store));
    commit_large(1);
    shim.fail_write[SHIM_DB] = SQLITE_FULL;
    uint64_t held = commits_large(2, LARGE_COMMITS);
    assert_true(held > 2 * (uint64_t)LARGE_COMMITS << 20); /* the log's own space was there */
    shim.fail_write[SHIM_DB] = 0;
    uint64_t after = commits_large(LARGE_COMMITS, 2 * LARGE_COMMITS);
    assert_true(after < MOST_BYTES); /* its room was given back */
    store_free(store);
    shim_remove();
}

static void log_that_a_reader_held_up_is_bounded_again_afterwards(void **state)
{
    (void)state;
    sqlite3 *reader;
    int64_t tables;
    scratch_empty();
    assert_ok(sqlite_open_scratch(&store));
    commit_large(1);
    assert_ok(sqlite_connect(scratch_db, WAL_FILE_BELOW, &reader));
    assert_ok(sqlite_exec(reader, "BEGIN"));
    assert_ok(sqlite_number(reader, "SELECT count(*) FROM sqlite_schema", &tables));
    uint64_t held = commits_large(2, LARGE_COMMITS);
    assert_true(held > 2 * (uint64_t)LARGE_COMMITS << 20); /* nobody waits for a reader */
    sqlite3_close(reader);
    uint64_t after = commits_large(LARGE_COMMITS, 2 * LARGE_COMMITS);
    assert_true(after < MOST_BYTES); /* its room was given back */
    store_free(store);
}

/* --- a keeper that has seen that frames wait, and comes when the writer has moved all and begins the log anew --- */

#define MEETING_TRIES 10000 /* of a millisecond: then the test fails */
#define BEFORE        20    /* entries: more frames than the commit that begins the log anew has */
#define BESIDE        5     /* while the keeper moves these */
#define AFTER         40    /* more frames than there were before */

static struct {
    pthread_t keeper;
    sotto_err kept;
    atomic_int thread;
    atomic_bool waits;                  /* for the writer, who moves */
    atomic_bool begun, committed, over; /* the keeper's checkpoint; the writer's commit */
} meeting;
static uint64_t said;

static void say_one(void)
{
    static const uint8_t body[3000] = {1};
    assert_ok(store_begin(store));
    assert_ok(log_append(store, 1, ++said, VIEW_OF(body)));
    assert_ok(store_commit(store));
}

static void say_some(int count)
{
    for (int i = 0; i < count; i++)
        say_one();
}

static void say_beside(enum shim_file_kind kind)
{
    if (kind != SHIM_DB)
        return;
    shim.before_write = NULL;
    say_some(BESIDE);
}

static bool thread_sleeps(int thread)
{
    char path[64], stat[200] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    const char *name_end = fgets(stat, sizeof stat, file) != NULL ? strrchr(stat, ')') : NULL;
    fclose(file);
    return name_end != NULL && name_end[1] == ' ' && name_end[2] == 'S';
}

static void meeting_rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void *keeper_comes_late(void *arg)
{
    (void)arg;
    meeting.thread = (int)syscall(SYS_gettid);
    meeting.kept = store_checkpoint(store);
    meeting.over = true;
    return NULL;
}

/* On the writer's thread, which moves what is left. */
static void keeper_asked(enum shim_file_kind kind)
{
    if (kind != SHIM_DB || meeting.thread != 0)
        return;
    shim.before_write = NULL;
    assert_int_equal(pthread_create(&meeting.keeper, NULL, keeper_comes_late, NULL), 0);
    for (int i = 0; i < MEETING_TRIES && !meeting.over && !meeting.waits; i++) {
        meeting_rest();
        meeting.waits = meeting.thread != 0 && thread_sleeps(meeting.thread);
    }
}

/* On the keeper's thread. */
static void keeper_is_overtaken(void)
{
    meeting.begun = true;
    for (int i = 0; i < MEETING_TRIES && !meeting.committed; i++)
        meeting_rest();
}

/* A piece of the log waits for the writer to move it, and the keeper would, too. */
static void leave_a_rest(void)
{
    say_some(BEFORE);
    shim.before_write = say_beside;
    assert_ok(store_checkpoint(store)); /* it looks how long the log is */
    assert_ok(store_checkpoint(store)); /* it moves what was there by then */
    assert_ok(store_checkpoint(store)); /* it looks again */
    assert_int_equal(said, BEFORE + BESIDE);
}

static void all_is_there(void)
{
    char why[256];
    uint64_t count = 0;
    for (int i = 0; i < 4; i++)
        assert_ok(store_checkpoint(store));
    store_free(store);
    assert_ok(store_verify(scratch_db, NULL, why));
    assert_ok(sqlite_open_scratch(&store));
    assert_ok(log_read(store, 1, 0, UINT64_MAX, count_entry, &count));
    assert_int_equal(count, said);
    store_free(store);
}

static void nothing_is_lost_if_the_log_begins_anew_while_the_keeper_begins(void **state)
{
    (void)state;
    static const uint8_t body[3000] = {1};
    shim_install();
    scratch_empty();
    assert_ok(sqlite_open_scratch(&store));
    leave_a_rest();
    shim.before_write = keeper_asked;
    shim.header_read = keeper_is_overtaken;
    assert_ok(store_begin(store));
    assert_true(meeting.waits);
    for (int i = 0; i < MEETING_TRIES && !meeting.begun && !meeting.over; i++)
        meeting_rest();
    assert_ok(log_append(store, 1, ++said, VIEW_OF(body)));
    assert_ok(store_commit(store));
    meeting.committed = true;
    assert_int_equal(pthread_join(meeting.keeper, NULL), 0);
    assert_ok(meeting.kept);
    shim.header_read = NULL;
    say_some(AFTER);
    all_is_there();
    shim_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_goes_on_while_others_move_its_log_and_copy_it),
        cmocka_unit_test(log_is_bounded_though_the_writer_is_the_faster_one),
        cmocka_unit_test(log_is_bounded_though_nobody_moves_it_beside_the_writer),
        cmocka_unit_test(log_is_bounded_though_the_disk_is_slow),
        cmocka_unit_test(log_is_moved_again_once_a_full_disk_has_space),
        cmocka_unit_test(log_that_a_reader_held_up_is_bounded_again_afterwards),
        cmocka_unit_test(nothing_is_lost_if_the_log_begins_anew_while_the_keeper_begins),
    };
    return cmocka_run_group_tests(tests, scratch_make_fast, scratch_remove);
}
