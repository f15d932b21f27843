/* talk.h - how the main thread speaks with the core: as a connection of the admin kind (core/admin.h), whose frames come back to a
 * function. The admin socket talks so, and who sends mail. One hub a server, on the main thread alone. */
#ifndef NET_TALK_H
#define NET_TALK_H

#include <uv.h>

#include "net/server.h"

struct talk {
    uint64_t connection; /* 0: not open */
    /* A frame from the core, borrowed. May close this talk, and open others. */
    void (*on_frame)(struct talk *talk, view frame);
    /* The core has closed it, or the server ends: it is closed already. */
    void (*on_closed)(struct talk *talk);
    void *user;
    struct talk *next;
};

struct hub {
    struct server *server;
    uv_async_t async;
    struct batch batch;
    uint64_t opened;
    struct talk *talks;
    void (*on_mail)(void *user); /* there is some; NULL: nobody sends it */
    void *mail_user;
};

/* NOMEM. */
SOTTO_MUST_USE sotto_err hub_start(struct hub *hub, uv_loop_t *uv, struct server *server);
/* Closes all talks. */
void hub_stop(struct hub *hub);
/* After the loop has ended. */
void hub_clear(struct hub *hub);

/* The functions and `user` are set; the memory is the caller's until it is closed. NOMEM. */
SOTTO_MUST_USE sotto_err talk_open(struct hub *hub, struct talk *talk);
SOTTO_MUST_USE sotto_err talk_send(struct hub *hub, struct talk *talk, view frame);
/* Nothing, if it isn't open. */
void talk_close(struct hub *hub, struct talk *talk);

#endif
