/* log.h - lines for people (or, as logfmt or JSON, for programs) on stderr. Lines are queued and a thread of its own writes them, so that a
 * terminal on which output is stopped stops nothing else; when 1,000 lines wait, more are counted and left out. */
#ifndef NET_LOG_H
#define NET_LOG_H

#include "base/base.h"

struct log; /* opaque; any thread may write */

enum log_shape { LOG_TEXT, LOG_LOGFMT, LOG_JSON };

SOTTO_MUST_USE sotto_err log_new(int fd, enum log_shape shape, struct log **ret_log);
/* Lines look like this from now on. */
void log_shape(struct log *log, enum log_shape shape);
/* Writes what waits (for a second at most, if nobody reads). What others still log is dropped. One thread at a time. */
void log_end(struct log *log);
/* The same, for when nobody logs any more. Accepts NULL. */
void log_free(struct log *log);

/* One line: what happened as a stable word, which logfmt and JSON show, and a text as printf makes it, without a line's end. */
void log_line(struct log *log, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
