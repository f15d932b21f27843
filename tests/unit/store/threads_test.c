/* The store's thread works on while others move its log to the database and copy it. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "back_ends.h"
#include "vfs_shim.h"

#include "store/sqlite.h"

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

/* How long the log became. */
static uint64_t commits_large(uint64_t from, uint64_t to)
{
    struct store_sizes sizes;
    for (uint64_t number = from; number < to; number++)
        commit_large(number);
    assert_ok(store_sizes(store, &sizes));
    print_message("# the log had %llu MiB at most\n", (unsigned long long)(sizes.wal_bytes >> 20));
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
    uint64_t most = commits_large(LARGE_COMMITS, 2 * LARGE_COMMITS);
    assert_true(most < held + ((uint64_t)32 << 20));
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
    assert_ok(sqlite_connect(scratch_db, NULL, &reader));
    assert_ok(sqlite_exec(reader, "BEGIN"));
    assert_ok(sqlite_number(reader, "SELECT count(*) FROM sqlite_schema", &tables));
    uint64_t held = commits_large(2, LARGE_COMMITS);
    assert_true(held > 2 * (uint64_t)LARGE_COMMITS << 20); /* nobody waits for a reader */
    sqlite3_close(reader);
    uint64_t most = commits_large(LARGE_COMMITS, 2 * LARGE_COMMITS);
    assert_true(most < held + ((uint64_t)32 << 20));
    store_free(store);
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
    };
    return cmocka_run_group_tests(tests, scratch_make_fast, scratch_remove);
}
