/* upkeep.h - what the main thread looks after while the server runs: the certificate, files that change, and the service manager's
 * watchdog, which hears of us only as long as the core thread and all loops answer. */
#ifndef NET_UPKEEP_H
#define NET_UPKEEP_H

#include <uv.h>

#include "net/server.h"

struct upkeep {
    struct server *server;
    uv_timer_t minute, watchdog;
    unsigned looks;         /* minutes since the start */
    uint64_t ping;          /* the last one that was sent */
    bool told;              /* that somebody doesn't answer */
    struct failure refused; /* of the files of TLS, as it was told; "": they are taken */
};

void upkeep_start(struct upkeep *u, uv_loop_t *uv, struct server *server);
void upkeep_stop(struct upkeep *u);

/* What is done once a minute. */
void upkeep_minute(struct upkeep *u);
/* And several times within the time that the watchdog gives. */
void upkeep_ping(struct upkeep *u);

#endif
