/* A round runs an operation for about ROUND_NS; ROUNDS rounds alternate between ours and the bare one, the first place
 * changing each time. The figure is the median round. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUND_NS 1000000 /* 1 ms */
#define ROUNDS   41

void bench_row(struct bench *b, const struct bench_row *row)
{
    if (b->json) {
        printf("{\"bench\":\"%s\",\"op\":\"%s\",\"n\":%llu,\"value\":%.6g,\"unit\":\"%s\"", b->name,
               row->op, (unsigned long long)row->n, row->value, row->unit);
        if (row->floor > 0)
            printf(",\"floor\":%.6g,\"ratio\":%.4f", row->floor, row->value / row->floor);
        else
            printf(",\"floor\":null");
        if (row->iterations > 0)
            printf(",\"iterations\":%llu", (unsigned long long)row->iterations);
        if (b->backend != NULL)
            printf(",\"backend\":\"%s\"", b->backend);
        printf("}\n");
        fflush(stdout);
        return;
    }
    if (b->section == NULL || strcmp(b->section, row->section) != 0) {
        printf("\n%s\n%-28s %8s %12s %12s %9s %8s\n", row->section, "", "n", "value", "floor",
               "over", "ratio");
        b->section = row->section;
    }
    printf("%-28s %8llu %9.2f %-2s", row->op, (unsigned long long)row->n, row->value, row->unit);
    if (row->floor > 0)
        printf(" %9.2f %-2s %+9.2f %8.3f", row->floor, row->unit, row->value - row->floor,
               row->value / row->floor);
    printf("\n");
    fflush(stdout);
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds of `count` runs in all; negative: one failed. */
static double round_ns(bench_op *op, void *context, uint64_t count)
{
    double began = now_ns();
    for (uint64_t i = 0; i < count; i++)
        if (!op(context))
            return -1;
    return now_ns() - began;
}

/* Doubles the count until a round is long enough; that warms up, too. 0: the operation failed. */
static uint64_t calibrate(bench_op *op, void *context)
{
    for (uint64_t count = 1;; count *= 2) {
        double ns = round_ns(op, context, count);
        if (ns < 0)
            return 0;
        if (ns >= ROUND_NS)
            return count;
    }
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

bool bench_time(struct bench *b, const struct bench_case *t, void *context)
{
    bench_op *ops[2] = {t->ours, t->bare};
    size_t sides = t->bare != NULL ? 2 : 1;
    double rounds[2][ROUNDS];
    uint64_t count = calibrate(t->ours, context);
    bool ok = count > 0 && (sides == 1 || calibrate(t->bare, context) > 0);
    for (size_t round = 0; ok && round < ROUNDS; round++)
        for (size_t i = 0; ok && i < sides; i++) {
            size_t side = sides == 2 ? (i + round) % 2 : 0;
            rounds[side][round] = round_ns(ops[side], context, count);
            ok = rounds[side][round] >= 0;
        }
    if (!ok) {
        fprintf(stderr, "sotto-bench: %s: %s failed\n", b->name, t->op);
        return false;
    }
    double scale = strcmp(t->unit, "us") == 0 ? 1e-3 : 1;
    struct bench_row row = {
        .section = t->section,
        .op = t->op,
        .n = t->n,
        .unit = t->unit,
        .value = median(rounds[0], ROUNDS) / (double)count * scale,
        .floor = sides == 2 ? median(rounds[1], ROUNDS) / (double)count * scale : 0,
        .iterations = count * ROUNDS,
    };
    bench_row(b, &row);
    return true;
}
