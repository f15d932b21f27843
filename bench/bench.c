/* A round runs an operation for about ROUND_NS; up to ROUNDS rounds, as many as ROUNDS_NS has room for, alternate between ours
 * and the bare one, the first place changing each time. The figure is the median round. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUND_NS   1000000    /* 1 ms */
#define ROUNDS_NS  1500000000 /* 1.5 s */
#define ROUNDS     41
#define ROUNDS_MIN 3

static void row_json(const struct bench *b, const struct bench_row *row)
{
    printf("{\"bench\":\"%s\",\"op\":\"%s\",\"n\":%llu,\"value\":%.6g,\"unit\":\"%s\"", b->name,
           row->op, (unsigned long long)row->n, row->value, row->unit);
    if (row->floor > 0)
        printf(",\"floor\":%.6g,\"ratio\":%.4f", row->floor, row->value / row->floor);
    else
        printf(",\"floor\":null");
    if (row->iterations > 0)
        printf(",\"iterations\":%llu", (unsigned long long)row->iterations);
    if (row->peer != NULL)
        printf(",\"inflight\":%llu,\"rate\":%.6g,\"peer\":\"%s\"",
               (unsigned long long)row->inflight, row->rate, row->peer);
    for (size_t i = 0; i < BENCH_RATIOS && row->ratios[i].peer != NULL; i++)
        printf(",\"ratio_%s\":%.4f", row->ratios[i].peer, row->ratios[i].ratio);
    if (row->peer != NULL)
        printf(",\"stored\":%lu", b->stored);
    if (b->backend != NULL)
        printf(",\"backend\":\"%s\"", b->backend);
    printf("}\n");
}

/* The operation, and at which load. */
static void label(const struct bench_row *row, char text[64])
{
    if (row->peer == NULL)
        snprintf(text, 64, "%s", row->op);
    else if (row->inflight > 0)
        snprintf(text, 64, "%-9s %s, %llu at once", row->peer, row->op,
                 (unsigned long long)row->inflight);
    else if (row->rate > 0)
        snprintf(text, 64, "%-9s %s, %.0f/s", row->peer, row->op, row->rate);
    else
        snprintf(text, 64, "%-9s %s", row->peer, row->op);
}

static void row_table(struct bench *b, const struct bench_row *row)
{
    char text[64];
    int width = row->peer != NULL ? 44 : 28;
    if (b->section == NULL || strcmp(b->section, row->section) != 0) {
        printf("\n%s\n%-*s %8s %12s %12s %9s %8s\n", row->section, width, "", "n", "value", "floor",
               "over", "ratio");
        b->section = row->section;
    }
    label(row, text);
    printf("%-*s %8llu %9.2f %-2s", width, text, (unsigned long long)row->n, row->value, row->unit);
    if (row->floor > 0)
        printf(" %9.2f %-2s %+9.2f %8.3f", row->floor, row->unit, row->value - row->floor,
               row->value / row->floor);
    for (size_t i = 0; i < BENCH_RATIOS && row->ratios[i].peer != NULL; i++)
        printf("  %.2f x %s", row->ratios[i].ratio, row->ratios[i].peer);
    printf("\n");
}

void bench_row(struct bench *b, const struct bench_row *row)
{
    if (b->json)
        row_json(b, row);
    else
        row_table(b, row);
    fflush(stdout);
}

const char *bench_dir(const char *asked, bool durable)
{
    const char *set = getenv("TMPDIR");
    if (asked != NULL)
        return asked;
    if (!durable && access("/dev/shm", W_OK) == 0)
        return "/dev/shm";
    return set != NULL && set[0] != 0 ? set : "/tmp";
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds of `count` runs of one side in all; negative: one failed. */
static double round_ns(const struct bench_case *t, size_t side, void *context, uint64_t count)
{
    bench_op *op = side == 0 ? t->ours : t->bare;
    if (side == 0 && t->prepare != NULL && !t->prepare(context, count))
        return -1;
    double began = now_ns();
    for (uint64_t i = 0; i < count; i++)
        if (!op(context))
            return -1;
    return now_ns() - began;
}

/* Doubles the count until a round of ours is long enough; that warms up, too. *ret_ns: of that round. 0: the operation failed. */
static uint64_t calibrate(const struct bench_case *t, void *context, double *ret_ns)
{
    for (uint64_t count = 1;; count *= 2) {
        *ret_ns = round_ns(t, 0, context, count);
        if (*ret_ns < 0)
            return 0;
        if (*ret_ns >= ROUND_NS)
            return count;
    }
}

static size_t round_count(double ns)
{
    double room = ROUNDS_NS / ns;
    return room >= ROUNDS ? ROUNDS : room <= ROUNDS_MIN ? ROUNDS_MIN : (size_t)room;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, ascending);
    return values[count / 2];
}

double bench_percentile(double *values, size_t count, double share)
{
    size_t at = (size_t)((double)count * share);
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, ascending);
    return values[at < count ? at : count - 1];
}

bool bench_time(struct bench *b, const struct bench_case *t, void *context)
{
    size_t sides = t->bare != NULL ? 2 : 1;
    double rounds[2][ROUNDS], once[2] = {0};
    uint64_t count = calibrate(t, context, &once[0]);
    bool ok = count > 0;
    if (ok && sides == 2)
        ok = (once[1] = round_ns(t, 1, context, count)) >= 0;
    size_t round_total = ok ? round_count(once[0] + once[1]) : 0;
    for (size_t round = 0; ok && round < round_total; round++)
        for (size_t i = 0; ok && i < sides; i++) {
            size_t side = sides == 2 ? (i + round) % 2 : 0;
            rounds[side][round] = round_ns(t, side, context, count);
            ok = rounds[side][round] >= 0;
        }
    if (!ok) {
        fprintf(stderr, "sotto-bench: %s: %s failed\n", b->name, t->op);
        return false;
    }
    double scale = strcmp(t->unit, "us") == 0 ? 1e-3 : strcmp(t->unit, "ms") == 0 ? 1e-6 : 1;
    struct bench_row row = {
        .section = t->section,
        .op = t->op,
        .n = t->n,
        .unit = t->unit,
        .value = median(rounds[0], round_total) / (double)count * scale,
        .floor = sides == 2 ? median(rounds[1], round_total) / (double)count * scale : 0,
        .iterations = count * round_total,
    };
    bench_row(b, &row);
    return true;
}
