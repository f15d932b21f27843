/* sotto-bench start: how long the server takes from its start until it listens, and how much memory it has then, with so many accounts
 * and stored entries. The keys are made at a first start that does not count. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/beside.h"
#include "bench/crowd.h"
#include "bench/sottod.h"
#include "bench/stock.h"

#define ROUNDS 5

static bool turn(struct child *child, const struct sottod_settings *settings, double *ret_ms,
                 double *ret_mib)
{
    double begin = crowd_now_us();
    bool started = sottod_start(child, NULL, settings);
    *ret_ms = (crowd_now_us() - begin) / 1e3;
    *ret_mib = started ? child_memory(child) / (1 << 20) : 0;
    if (child_end(child) || !started)
        return started;
    fprintf(stderr, "sotto-bench: the server did not end well\n");
    return false;
}

static void row(struct bench *b, const char *op, unsigned long n, double value, const char *unit)
{
    bench_row(b, &(struct bench_row){.section = "start",
                                     .op = op,
                                     .n = n,
                                     .value = value,
                                     .unit = unit,
                                     .iterations = ROUNDS,
                                     .peer = "sotto"});
}

static bool measure(struct bench *b, struct child *child, const struct sottod_settings *settings,
                    unsigned long accounts, unsigned long stored)
{
    double ms[ROUNDS], mib[ROUNDS];
    if (!turn(child, settings, &ms[0], &mib[0]) || !stock_fill_server(child, accounts, stored))
        return false;
    for (size_t i = 0; i < ROUNDS; i++)
        if (!turn(child, settings, &ms[i], &mib[i]))
            return false;
    row(b, "start_p50", accounts, bench_percentile(ms, ROUNDS, 0.5), "ms");
    row(b, "start_worst", accounts, bench_percentile(ms, ROUNDS, 1), "ms");
    row(b, "memory", accounts, bench_percentile(mib, ROUNDS, 0.5), "MiB");
    return true;
}

int bench_start(struct bench *b, int argc, char **argv)
{
    unsigned long accounts = 1000;
    struct beside_options ours = {0};
    struct beside beside = {0};
    struct child child = {0};
    const struct bench_option options[] = {
        {"--accounts", &accounts, 1, 10000000, NULL, NULL},
        BESIDE_OPTIONS_OURS(ours),
    };
    if (!bench_options(b, argc, argv, options, COUNT_OF(options)) ||
        !beside_find(b, &ours, &beside))
        return 2;
    const struct sottod_settings settings = {.list = {beside.set}};
    bool done = child_dir_make(&child, beside.under) &&
                measure(b, &child, &settings, accounts, beside.stored);
    child_dir_remove(&child);
    return done ? 0 : 1;
}
