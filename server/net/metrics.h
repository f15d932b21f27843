/* metrics.h - plain HTTP on 127.0.0.1 for who watches the server: /metrics, /healthz and /readyz. On the main thread's loop. */
#ifndef NET_METRICS_H
#define NET_METRICS_H

#include <uv.h>

#include "net/failure.h"
#include "net/server.h"

#define METRICS_MAX 16 /* connections at once; more are closed */

struct watcher;

struct metrics {
    uv_tcp_t listener;
    const struct server *server;
    struct watcher *watchers[METRICS_MAX];
};

/* `port` on 127.0.0.1. IN_USE, PERMISSION, IO. */
SOTTO_MUST_USE sotto_err metrics_start(struct metrics *m, uv_loop_t *uv, uint16_t port,
                                       const struct server *server, struct failure *ret_failure);
/* Ends with the loop's next round, and those under way with it. */
void metrics_stop(struct metrics *m);

#endif
