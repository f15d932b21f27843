/* options.h - `--name VALUE` of a bench: each option is a row. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/bench.h"

/* One of number, text and flag is set: where the value goes. */
struct bench_option {
    const char *name; /* with its dashes */
    unsigned long *number;
    unsigned long least, most; /* of a number */
    const char **text;
    bool *flag;
};

/* False: something is wrong, and what is on stderr; the exit status is 2. */
bool bench_options(const struct bench *b, int argc, char **argv, const struct bench_option *options,
                   size_t count);

#endif
