/* sotto-bench start: how long the server takes from its start until it listens, and how much memory it has then, with so many accounts
 * and stored entries: after it was stopped, and after it was killed under load, when it has most to make up for. The keys are made at
 * a first start that does not count. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/beside.h"
#include "bench/crowd.h"
#include "bench/sottod.h"
#include "bench/stock.h"

#define ROUNDS 5

struct figures {
    double ms, cpu_ms, mib;
};

/* The server is left as it was found: stopped, or killed before it has had time to put its journal away. */
static bool turn(struct child *child, const struct sottod_settings *settings, bool killed,
                 struct figures *ret_figures)
{
    double begin = crowd_now_us();
    bool started = sottod_start(child, NULL, settings);
    *ret_figures = (struct figures){.ms = (crowd_now_us() - begin) / 1e3};
    if (started) {
        ret_figures->cpu_ms = child_cpu_us(child) / 1e3;
        ret_figures->mib = child_memory(child) / (1 << 20);
    }
    if (started && killed) {
        child_kill(child);
        return true;
    }
    if (child_end(child) || !started)
        return started;
    fprintf(stderr, "sotto-bench: the server did not end well\n");
    return false;
}

static void row(struct bench *b, const char *op, bool killed, unsigned long n, double value,
                const char *unit)
{
    char name[64];
    snprintf(name, sizeof name, "%s%s", op, killed ? "_killed" : "");
    bench_row(b, &(struct bench_row){.section = "start",
                                     .op = name,
                                     .n = n,
                                     .value = value,
                                     .unit = unit,
                                     .iterations = ROUNDS,
                                     .peer = "sotto"});
}

static bool rounds(struct bench *b, struct child *child, const struct sottod_settings *settings,
                   bool killed, unsigned long accounts)
{
    double ms[ROUNDS], cpu_ms[ROUNDS], mib[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        struct figures figures;
        if (!turn(child, settings, killed, &figures))
            return false;
        ms[i] = figures.ms;
        cpu_ms[i] = figures.cpu_ms;
        mib[i] = figures.mib;
    }
    row(b, "start_p50", killed, accounts, bench_percentile(ms, ROUNDS, 0.5), "ms");
    row(b, "start_worst", killed, accounts, bench_percentile(ms, ROUNDS, 1), "ms");
    row(b, "start_cpu", killed, accounts, bench_percentile(cpu_ms, ROUNDS, 0.5), "ms");
    row(b, "memory", killed, accounts, bench_percentile(mib, ROUNDS, 0.5), "MiB");
    return true;
}

static bool measure(struct bench *b, struct child *child, const struct sottod_settings *settings,
                    unsigned long accounts, unsigned long stored)
{
    struct figures first;
    return turn(child, settings, false, &first) && stock_fill_server(child, accounts, stored) &&
           rounds(b, child, settings, false, accounts) && stock_crash_server(child, accounts) &&
           rounds(b, child, settings, true, accounts);
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
