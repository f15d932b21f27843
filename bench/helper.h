/* helper.h - a process of a bench that does something beside it: it says when it is ready, works until it is told to end, and leaves a
 * report. Forked while the bench has one thread. */
#ifndef BENCH_HELPER_H
#define BENCH_HELPER_H

#include <sys/types.h>

#include "base/base.h"

struct helper {
    pid_t pid;
    int fd; /* what it writes: a byte when it is ready, then its report */
};

/* In the new process; the report goes where `ret_report` points, of as many bytes as helper_stop() takes. It calls helper_ready() once
 * and ends when child_interrupted(). */
typedef void helper_run(const void *context, void *ret_report);
void helper_ready(void);

/* `nice` is added to the priority: who stands for another machine must not take the server's time. False: a message is on stderr. */
bool helper_start(struct helper *helper, helper_run *run, const void *context, size_t report_size,
                  int nice);
/* Looks whether it is ready by now. False: it has ended before; a message is on stderr. */
bool helper_look(const struct helper *helper, bool *ret_ready);
/* Tells it to end, and takes its report. False: there is none. Accepts {0}. */
bool helper_stop(struct helper *helper, void *ret_report, size_t report_size);

#endif
