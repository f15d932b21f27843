/* log.h - lines for people (or, as JSON, for programs) on stderr. Lines are queued and a thread of its own writes them, so that a
 * terminal on which output is stopped stops nothing else; when 1,000 lines wait, more are counted and left out. */
#ifndef NET_LOG_H
#define NET_LOG_H

#include "base/base.h"

struct log; /* opaque; any thread may write */

SOTTO_MUST_USE sotto_err log_new(int fd, bool json, struct log **ret_log);
/* Writes what waits (for a second at most, if nobody reads), then ends. */
void log_free(struct log *log);

/* One line: what happened as a stable word, which only JSON shows, and a text as printf makes it, without a line's end. */
void log_line(struct log *log, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
