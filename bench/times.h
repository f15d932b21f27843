/* times.h - how long something took, many times: a sample that stands for all of them, however many there were. {0} keeps none. One
 * thread. */
#ifndef BENCH_TIMES_H
#define BENCH_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct times {
    double *us; /* read-only, as all that follows */
    size_t count, most;
    uint64_t seen;
    unsigned short dice[3];
};

/* Keeps `most` at most. False: no memory; a message is on stderr. */
bool times_init(struct times *times, size_t most);
void times_clear(struct times *times);
void times_forget(struct times *times);
void times_add(struct times *times, double us);
/* As bench_percentile(). */
double times_percentile(struct times *times, double share);

#endif
