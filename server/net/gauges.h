/* gauges.h - all that /metrics tells, and whether the server is ready. */
#ifndef NET_GAUGES_H
#define NET_GAUGES_H

#include "net/server.h"

/* In the text form that Prometheus reads. On the main thread. NOMEM. */
SOTTO_MUST_USE sotto_err gauges_write(const struct server *server, sotto_buf *out);

/* NULL: it is; else why it is not, as a line of text. Any thread. */
const char *gauges_unready(const struct server *server);

#endif
