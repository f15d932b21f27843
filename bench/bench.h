/* bench.h - what all benches share: one table for people, one JSON object a line for programs.
 * A row is a figure of one operation at one size. Where there is a floor (the same work by the library alone), both are timed
 * in alternating rounds of one run, so that what the machine does meanwhile falls on both, and the medians are shown. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where rows go. One thread. */
struct bench {
    const char *name; /* the bench's, of the table in main.c */
    bool json;
    const char *backend; /* shown with the rows that follow; may be NULL */
    unsigned long
        stored; /* entries in our store before it began: shown in JSON with the rows that follow */
    const char *section; /* private: the last heading printed */
};

#define BENCH_RATIOS 2

/* How a figure stands to another server's of the same run. */
struct bench_ratio {
    const char *peer;
    double ratio;
};

struct bench_row {
    const char *section; /* a heading in the table; rows of one section come together */
    const char *op;
    uint64_t n; /* the size of the case: bytes, connections, members */
    double value;
    const char *unit;
    double floor;        /* 0: not measured; else in the same unit and the same run */
    uint64_t iterations; /* behind the value; 0: does not apply */
    const char *
        peer; /* whose figure it is; NULL: no other server is measured here, and what follows does not apply */
    uint64_t inflight; /* messages on their way; 0: an open loop */
    double rate;       /* messages a second of an open loop */
    struct bench_ratio ratios[BENCH_RATIOS];
};

void bench_row(struct bench *b, const struct bench_row *row);

/* Does the operation once. False: it failed, and the bench ends with a message. */
typedef bool bench_op(void *context);

struct bench_case {
    const char *section, *op;
    uint64_t n;
    const char *unit; /* "ns", "us" or "ms" */
    bench_op *ours;
    bench_op *bare; /* NULL: no floor */
    /* Makes ready what the next `count` runs of `ours` take; not timed. NULL: nothing. */
    bool (*prepare)(void *context, uint64_t count);
};

/* Times it in CPU time of this thread and gives the row: fewer rounds for what takes long. False: an operation failed; a
 * message is on stderr. */
bool bench_time(struct bench *b, const struct bench_case *t, void *context);

/* The value at a share (0.5, 0.99) of a list, which is sorted in place; 0: it is empty. */
double bench_percentile(double *values, size_t count, double share);

/* One bench: a row in main.c and a file. `argv` is what follows its name, without --json. The result is the exit status. */
struct bench_program {
    const char *name, *summary;
    const char *options; /* lines of the help; NULL: it has none */
    int (*run)(struct bench *b, int argc, char **argv);
};

int bench_churn(struct bench *b, int argc, char **argv);
int bench_connections(struct bench *b, int argc, char **argv);
int bench_crypto(struct bench *b, int argc, char **argv);
int bench_day(struct bench *b, int argc, char **argv);
int bench_fanout(struct bench *b, int argc, char **argv);
int bench_mls(struct bench *b, int argc, char **argv);
int bench_mls_tree(struct bench *b, int argc, char **argv);
int bench_offline(struct bench *b, int argc, char **argv);
int bench_hostile(struct bench *b, int argc, char **argv);
int bench_relay(struct bench *b, int argc, char **argv);
int bench_rooms(struct bench *b, int argc, char **argv);
int bench_start(struct bench *b, int argc, char **argv);
int bench_store(struct bench *b, int argc, char **argv);

/* Where a server's files go: what was asked for, else a disk if it is to be durable, else memory. */
const char *bench_dir(const char *asked, bool durable);

#endif
