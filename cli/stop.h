/* stop.h - the signals that ask a program to end, counted: the first ends it in order, a later one at once. Shells, service managers and
 * timeout signal a process and its group, too, so that one wish may come as two signals. One count in a process. */
#ifndef CLI_STOP_H
#define CLI_STOP_H

#include <stdatomic.h>
#include <time.h>

#define STOP_SAME_MS 200 /* from the first on; what comes until then is the same wish */

enum stop_ask { STOP_FIRST, STOP_SAME, STOP_AGAIN };

extern atomic_ullong stop_first_ms; /* private; 0: none came */

/* A signal came. Any thread, also in a handler: so the lint wants to see what it calls. */
static inline enum stop_ask stop_ask(void)
{
    struct timespec now;
    unsigned long long first = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    unsigned long long now_ms =
        (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
    if (atomic_compare_exchange_strong(&stop_first_ms, &first, now_ms))
        return STOP_FIRST;
    return now_ms - first < STOP_SAME_MS ? STOP_SAME : STOP_AGAIN;
}

#endif
