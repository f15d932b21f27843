/* bystander.h - those who only want to be there while others attack: devices that are signed in and say nothing, and people who come.
 * Each is a process (helper.h). */
#ifndef BENCH_BYSTANDER_H
#define BENCH_BYSTANDER_H

#include "bench/helper.h"

/* Ready once all are signed in; from then on they answer the server's pings. */
struct idle {
    uint16_t port;
    unsigned count;
};
struct idle_report {
    uint64_t opened, lost; /* lost: the server hung up */
};
void idle_run(const void *idle, void *ret_report);

/* One after another, each from a network of its own, connects, says hello and leaves. */
#define NEWCOMER_TIMES 4096
struct newcomer_report {
    uint64_t came, let_in;
    double us[NEWCOMER_TIMES]; /* of the first ones that were let in */
};
void newcomer_run(const void *port, void *ret_report);

#endif
