/* admin.h - the admin socket: DIR/admin.sock, mode 0600, for root and the server's own user alone. A connection has one request (wire.h)
 * and gets one answer. It lives on the main thread's loop; a command that takes longer answers later. */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include <uv.h>

#include "admin/wire.h"
#include "net/server.h"
#include "net/state.h"

#define ADMIN_CALLS_MAX 16

struct admin_call;

struct admin {
    struct server *server;
    struct state *state; /* borrowed */
    uv_poll_t poll;
    int fd;
    struct admin_call *calls[ADMIN_CALLS_MAX];
    struct admin_call *backup;      /* that has one made; or NULL */
    struct admin_call *backup_next; /* that waits for it to end, since its client left; or NULL */
};

/* IO, NOMEM. */
SOTTO_MUST_USE sotto_err admin_start(struct admin *a, uv_loop_t *uv, struct server *server,
                                     struct state *state, struct failure *ret_failure);
/* Requests that were not answered yet find their connection closed. */
void admin_stop(struct admin *a);

/* --- for commands --- */

struct admin_command {
    const char *name;
    const struct admin_argument *arguments; /* or NULL */
    bool takes_file;                        /* a descriptor comes along, or may */
    /* Calls exactly one of admin_succeed(), admin_refuse(), now or later, on the main thread. */
    void (*run)(struct admin_call *call);
};
/* Ended by a name of NULL. */
extern const struct admin_command admin_commands[];

struct admin *admin_of(const struct admin_call *call);
struct server *admin_server(const struct admin_call *call);
const json_t *admin_arguments(const struct admin_call *call);
/* The descriptor that came along; -1: none. Taken: it is the caller's now. */
int admin_file_take(struct admin_call *call);

/* Becomes true when nobody waits for the answer any more: what other threads do for it, they leave off. Until the call is answered. */
const atomic_bool *admin_left(const struct admin_call *call);

/* `result` is taken, NULL is an empty one; the call is gone. */
void admin_succeed(struct admin_call *call, json_t *result);
void admin_refuse(struct admin_call *call, sotto_err err, const struct failure *failure);

#endif
