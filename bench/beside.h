/* beside.h - servers that are measured beside each other in one run: who takes part, where their files lie, and rows that say how
 * ours stands to the others. */
#ifndef BENCH_BESIDE_H
#define BENCH_BESIDE_H

#include "bench/bench.h"
#include "bench/options.h"
#include "bench/peer.h"

#define BESIDE_MAX    3 /* servers */
#define BESIDE_ROUNDS 3 /* turns that each of them has; the median counts */

/* As they come from the command line. */
struct beside_options {
    const char *peers, *dir, *set;
    unsigned long stored;
    bool durable;
    bool alone; /* only what --peer names, not ours */
};
/* Their rows in a bench's table: where it measures ours alone, and where it measures others beside it. */
#define BESIDE_OPTIONS_OURS(options)                                                          \
    {"--dir", NULL, 0, 0, &(options).dir, NULL}, {"--set", NULL, 0, 0, &(options).set, NULL}, \
        {"--stored", &(options).stored, 0, 100000000, NULL, NULL},                            \
    {                                                                                         \
        "--durable", NULL, 0, 0, NULL, &(options).durable                                     \
    }
#define BESIDE_OPTIONS(options)                     \
    {"--peer", NULL, 0, 0, &(options).peers, NULL}, \
        {"--alone", NULL, 0, 0, NULL, &(options).alone}, BESIDE_OPTIONS_OURS(options)

struct beside {
    const struct peer *peers[BESIDE_MAX]; /* ours first */
    size_t count;
    const char *under;    /* the directory for theirs */
    const char *set;      /* a setting of ours, or NULL */
    unsigned long stored; /* entries of others that are in our store before */
    const char *config;   /* our configuration file, or NULL: see sottod.h */
};

/* False: a name that nobody has, or a program that is not installed: a message is on stderr, the exit status is 2. */
bool beside_find(struct bench *b, const struct beside_options *options, struct beside *ret_beside);

/* One figure of all: `values` as the servers stand in the list. `row` has all but peer, value and ratios;
 * its floor is of ours alone. */
void beside_rows(struct bench *b, const struct beside *beside, struct bench_row row,
                 const double values[BESIDE_MAX]);

double beside_median(double rounds[BESIDE_ROUNDS]);

#endif
