/* gateway.h - Socket.IO for teaching clients, in plain HTTP, on a listener of its own and on the main thread's loop: the shell
 * around the hall. A link is one connection: requests one after the other, or one WebSocket. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <uv.h>

#include "core/limits.h"
#include "gateway/hall.h"
#include "net/server.h"

#define GATEWAY_STEP    (64 * 1024) /* bytes read at once */
#define GATEWAY_HANDLES 2           /* of its own: listener and timer */

struct link;

struct gateway {
    struct server *server;
    struct limits limits; /* the server's */
    struct hall hall;
    uv_loop_t *uv;
    uv_tcp_t listener;
    uv_timer_t timer;
    struct link *links;
    unsigned handles; /* that libuv has: its own, and a link each */
    bool owed;        /* a connection could not be taken for want of memory */
    unsigned guests;  /* so far: names in the log */
    char scratch[GATEWAY_STEP];
};

/* Listens where the settings say; *ret_gateway stays as it was if they say nowhere. IN_USE, PERMISSION, NET, NOMEM, IO. */
SOTTO_MUST_USE sotto_err gateway_start(struct server *server, uv_loop_t *uv,
                                       const uint8_t seed[RNG_SEED], struct gateway **ret_gateway,
                                       struct failure *ret_failure);
/* Says goodbye and closes all; its memory goes away when the loop has closed the last handle. Accepts NULL. */
void gateway_stop(struct gateway *gateway);

/* For link.c: acts on all that changed in the hall. Ends neither links nor guests that the caller still has a hand on: links go
 * away when libuv has closed them, guests here; so it comes last in whatever libuv called. */
void gateway_settle(struct gateway *gateway);
/* For link.c: a handle is closed. */
void gateway_closed(struct gateway *gateway);
/* Gives a new guest its number. */
void gateway_came(struct gateway *gateway, struct guest *guest);

static inline uint64_t gateway_now(const struct gateway *gateway)
{
    return uv_now(gateway->uv);
}

#endif
