/* sotto-bench store: what an entry of the log costs the store of the server. A commit has a group of entries, each for the next of
 * many streams, drops as many that were appended a while ago, and writes a row of the journal: what the server does when all are
 * online. A second thread moves the write-ahead log to the database meanwhile; CPU is that of both. At first the store is empty, then
 * it holds entries of many streams: the work is for streams that are newer than those, then for streams that stand between them, so
 * that each entry falls on a page of the index of its own. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/crowd.h"
#include "bench/disk.h"
#include "bench/options.h"
#include "store/store.h"

#define LAG         1000 /* entries between an append and its drop */
#define FILL_GROUP  4096
#define WARM_GROUP  256
#define FILL_EACH   1000 /* entries of a stream, */
#define FILL_RUN    100  /* so many at once */
#define KEEP_US     20000
#define SAMPLES_MAX 200000
#define FLOOR_EACH  200 /* syncs of a bare file before and after a case */
#define SIZE_MOST   65536
#define GROUP_MOST  4096
#define WARM_BYTES \
    ((uint64_t)24 << 20) /* written at first: the write-ahead log has its length then */

struct keeper {
    struct store *store;
    pthread_t thread;
    atomic_bool ending, failed;
};

struct run {
    struct bench *bench;
    const char *dir;
    char path[300];
    struct store *store;
    struct keeper keeper;
    struct disk disk;
    unsigned long size, streams, seconds, held;
    uint64_t appended, journal;
    bool between; /* the streams written to stand between those that hold entries */
    double *times, *floor;
};

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static bool ok(sotto_err err)
{
    if (err != SOTTO_OK)
        fprintf(stderr, "sotto-bench: the store: %s\n", sotto_err_text(err));
    return err == SOTTO_OK;
}

static void *keeper_main(void *arg)
{
    struct keeper *k = arg;
    while (!k->ending) {
        if (!ok(store_checkpoint(k->store)))
            k->failed = true;
        usleep(KEEP_US);
    }
    return NULL;
}

/* --- work --- */

/* Those that hold entries have even numbers. */
static uint64_t active_stream(const struct run *run, uint64_t entry)
{
    uint64_t number = entry % run->streams, holding = run->held / FILL_EACH;
    return 2 * (run->between ? number * holding / run->streams : number + holding) + 1;
}

static bool entry_pass(struct run *run, view body)
{
    uint64_t i = run->appended++;
    if (!ok(log_append(run->store, active_stream(run, i), i + 1, body)))
        return false;
    if (i < LAG)
        return true;
    i -= LAG;
    return ok(log_drop(run->store, active_stream(run, i), i + 1));
}

static bool journal_write(struct run *run)
{
    static const uint8_t value[64] = {1};
    uint8_t key[8];
    uint64_t number = run->journal++;
    for (int i = 0; i < 8; i++)
        key[i] = (uint8_t)(number >> (56 - 8 * i));
    if (!ok(store_put(run->store, STORE_JOURNAL, VIEW_OF(key), VIEW_OF(value))))
        return false;
    if (number < LAG)
        return true;
    number -= LAG;
    for (int i = 0; i < 8; i++)
        key[i] = (uint8_t)(number >> (56 - 8 * i));
    return ok(store_delete(run->store, STORE_JOURNAL, VIEW_OF(key)));
}

static bool group_pass(struct run *run, unsigned long group, double *ret_commit_us)
{
    static const uint8_t bytes[SIZE_MOST] = {1};
    if (!ok(store_begin(run->store)))
        return false;
    for (unsigned long i = 0; i < group; i++)
        if (!entry_pass(run, view_of(bytes, run->size)))
            return false;
    double before = crowd_now_us();
    if (!journal_write(run) || !ok(store_commit(run->store)))
        return false;
    *ret_commit_us = crowd_now_us() - before;
    return true;
}

/* --- rows --- */

static void row(const struct run *run, const char *what, unsigned long group, double value,
                const char *unit, double floor, uint64_t iterations)
{
    char op[64];
    if (group > 0)
        snprintf(op, sizeof op, "%s, group %lu%s", what, group, run->between ? ", between" : "");
    bench_row(run->bench, &(struct bench_row){.section = "store",
                                              .op = group > 0 ? op : what,
                                              .n = run->held,
                                              .value = value,
                                              .unit = unit,
                                              .floor = floor,
                                              .iterations = iterations});
}

/* Until what is dropped was appended here, and the write-ahead log has its length. */
static bool warm(struct run *run)
{
    double last;
    run->appended = 0;
    for (uint64_t bytes = 0; bytes < WARM_BYTES || run->appended < 2 * LAG;
         bytes += WARM_GROUP * run->size)
        if (!group_pass(run, WARM_GROUP, &last))
            return false;
    return true;
}

static bool group_measure(struct run *run, unsigned long group)
{
    size_t commits = 0;
    if (!disk_sync(&run->disk, FLOOR_EACH, 0, run->floor))
        return false;
    double cpu = cpu_us(), begin = crowd_now_us(), now;
    while ((now = crowd_now_us()) < begin + (double)run->seconds * 1e6 && commits < SAMPLES_MAX)
        if (!group_pass(run, group, &run->times[commits++]))
            return false;
    cpu = cpu_us() - cpu;
    if (!disk_sync(&run->disk, FLOOR_EACH, 0, run->floor + FLOOR_EACH))
        return false;
    size_t floors = 2 * (size_t)FLOOR_EACH;
    double count = (double)commits * (double)group;
    row(run, "CPU an entry", group, cpu / count, "us", 0, (uint64_t)count);
    row(run, "entries", group, count / (now - begin) * 1e6, "/s", 0, (uint64_t)count);
    row(run, "commit p50", group, bench_percentile(run->times, commits, 0.5), "us",
        bench_percentile(run->floor, floors, 0.5), commits);
    row(run, "commit p99", group, bench_percentile(run->times, commits, 0.99), "us",
        bench_percentile(run->floor, floors, 0.99), commits);
    return true;
}

static bool count_entry(void *user, uint64_t seq, view body)
{
    (void)seq, (void)body;
    ++*(uint64_t *)user;
    return true;
}

/* Reads streams that hold entries, each whole, in runs of 100. */
static bool read_measure(struct run *run)
{
    uint64_t count = 0;
    double cpu = cpu_us();
    for (uint64_t stream = 0; stream < run->held / FILL_EACH && count < 1000000; stream++)
        for (uint64_t from = 1; from <= FILL_EACH; from += 100)
            if (!ok(log_read(run->store, 2 * stream, from, from + 99, count_entry, &count)))
                return false;
    if (count > 0)
        row(run, "CPU an entry, read", 0, (cpu_us() - cpu) / (double)count, "us", 0, count);
    return true;
}

/* --- the store --- */

static bool store_start(struct run *run)
{
    char why[256];
    double begin = crowd_now_us();
    sotto_err err = store_sqlite_open(&(struct store_options){.path = run->path}, &run->store, why);
    if (err != SOTTO_OK) {
        fprintf(stderr, "sotto-bench: %s\n", why);
        return false;
    }
    row(run, "open", 0, (crowd_now_us() - begin) / 1e3, "ms", 0, 1);
    run->keeper = (struct keeper){.store = run->store};
    return pthread_create(&run->keeper.thread, NULL, keeper_main, &run->keeper) == 0;
}

static bool store_end(struct run *run)
{
    run->keeper.ending = true;
    pthread_join(run->keeper.thread, NULL);
    store_free(run->store);
    run->store = NULL;
    return !run->keeper.failed;
}

static bool fill(struct run *run, uint64_t entries)
{
    static const uint8_t bytes[SIZE_MOST] = {2};
    uint64_t streams = entries / FILL_EACH;
    for (uint64_t i = 0; i < streams * FILL_EACH;) {
        if (!ok(store_begin(run->store)))
            return false;
        for (int j = 0; j < FILL_GROUP && i < streams * FILL_EACH; j++, i++)
            if (!ok(log_append(run->store, 2 * (i / FILL_RUN % streams),
                               i / FILL_RUN / streams * FILL_RUN + i % FILL_RUN + 1,
                               view_of(bytes, run->size))))
                return false;
        if (!ok(store_commit(run->store)))
            return false;
    }
    run->held = streams * FILL_EACH;
    return true;
}

static bool groups_measure(struct run *run, unsigned long group)
{
    static const unsigned long groups[] = {1, 64, 512};
    if (!warm(run))
        return false;
    for (size_t i = 0; i < COUNT_OF(groups); i++)
        if (group == 0 && !group_measure(run, groups[i]))
            return false;
    return group == 0 || group_measure(run, group);
}

/* Entries that the last case left behind are dropped: the next one appends to other streams, or from the first on. */
static bool leave(struct run *run)
{
    if (!ok(store_begin(run->store)))
        return false;
    for (uint64_t i = 0; i < run->streams; i++)
        if (!ok(log_drop(run->store, active_stream(run, i), UINT64_MAX)))
            return false;
    return ok(store_commit(run->store));
}

static bool measure(struct run *run, unsigned long group)
{
    if (!groups_measure(run, group) || !leave(run))
        return false;
    run->between = run->held > 0;
    if (run->between && (!groups_measure(run, group) || !leave(run)))
        return false;
    run->between = false;
    return read_measure(run);
}

static void files_remove(const struct run *run)
{
    static const char *const suffixes[] = {"", "-wal", ".lock"};
    char name[sizeof run->path + 8];
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        snprintf(name, sizeof name, "%s%s", run->path, suffixes[i]);
        (void)unlink(name);
    }
}

static bool run_all(struct run *run, unsigned long group, unsigned long entries)
{
    if (!store_start(run))
        return false;
    bool done = measure(run, group);
    if (done && entries >= FILL_EACH)
        done = fill(run, entries);
    done = store_end(run) && done;
    if (!done || entries < FILL_EACH)
        return done;
    if (!store_start(run))
        return false;
    done = measure(run, group);
    return store_end(run) && done;
}

int bench_store(struct bench *b, int argc, char **argv)
{
    struct run run = {.bench = b, .size = 300, .streams = 1000, .seconds = 3};
    unsigned long group = 0, entries = 1000000;
    const struct bench_option options[] = {
        {"--entries", &entries, 0, 1000000000, NULL, NULL},
        {"--size", &run.size, 0, SIZE_MOST, NULL, NULL},
        {"--group", &group, 1, GROUP_MOST, NULL, NULL},
        {"--streams", &run.streams, 1, 1000000, NULL, NULL},
        {"--seconds", &run.seconds, 1, 3600, NULL, NULL},
        {"--dir", NULL, 0, 0, &run.dir, NULL},
    };
    if (!bench_options(b, argc, argv, options, COUNT_OF(options)))
        return 2;
    run.dir = bench_dir(run.dir, true);
    snprintf(run.path, sizeof run.path, "%s/sotto-bench-store-%d", run.dir, (int)getpid());
    run.times = calloc(SAMPLES_MAX, sizeof *run.times);
    run.floor = calloc(2 * (size_t)FLOOR_EACH, sizeof *run.floor);
    bool done =
        run.times != NULL && run.floor != NULL && disk_open(&run.disk, run.dir, DISK_APPEND);
    if (done) {
        done = run_all(&run, group, entries);
        disk_close(&run.disk);
    }
    files_remove(&run);
    free(run.times);
    free(run.floor);
    return done ? 0 : 1;
}
