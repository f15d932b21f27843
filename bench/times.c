/* A reservoir: of all that were seen, each is kept with the same chance. Which place a new one takes does not depend on what lies
 * there, so the list may be sorted in between. */
#include "bench/times.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"

bool times_init(struct times *times, size_t most)
{
    *times = (struct times){.us = calloc(most, sizeof *times->us), .most = most};
    if (times->us != NULL)
        return true;
    fprintf(stderr, "sotto-bench: out of memory\n");
    *times = (struct times){0};
    return false;
}

void times_clear(struct times *times)
{
    free(times->us);
    *times = (struct times){0};
}

void times_forget(struct times *times)
{
    times->count = 0;
    times->seen = 0;
}

void times_add(struct times *times, double us)
{
    times->seen++;
    if (times->count < times->most) {
        times->us[times->count++] = us;
        return;
    }
    size_t at = (size_t)(erand48(times->dice) * (double)times->seen);
    if (at < times->count)
        times->us[at] = us;
}

double times_percentile(struct times *times, double share)
{
    return bench_percentile(times->us, times->count, share);
}
