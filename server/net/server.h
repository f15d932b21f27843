/* server.h - the running server: one main thread that listens and takes signals, N loop threads that each own connections, one core
 * thread that owns all that is known. What stands in struct server is set before the threads start and then read by all, unless it
 * says otherwise. */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <stdatomic.h>
#include <uv.h>

#include "core/core.h"
#include "net/claims.h"
#include "net/endpoint.h"
#include "net/failure.h"
#include "net/gate.h"
#include "net/keeper.h"
#include "net/live.h"
#include "net/log.h"
#include "net/mailbox.h"
#include "net/network.h"
#include "net/op_stats.h"
#include "net/porter.h"
#include "net/redact.h"
#include "net/stats.h"

#define SERVER_RESTART_TEXT 512

struct hub;
struct loop;
struct server;
struct uv_loop_s;

/* What the program around the server adds to it; any function may be NULL. All are called on the main thread. */
struct server_hooks {
    void *user;
    /* The main thread's loop stands. What this opens there, stop() closes. */
    sotto_err (*start)(void *user, struct server *server, struct uv_loop_s *uv,
                       struct failure *ret_failure);
    void (*stop)(void *user);
    /* The settings as they are now, in place of those in force; ret_restart names those that count only from the next start on. */
    sotto_err (*reread)(void *user, struct server_config *ret_config,
                        char ret_restart[SERVER_RESTART_TEXT], struct failure *ret_failure);
    void (*taken)(void *user); /* those that were read last are in force */
};

struct blobs;
struct checkpoint;
struct core_thread;
struct janitor;

/* Connections of the admin socket have numbers that no loop has. */
#define SERVER_ADMIN 0xff

struct server {
    struct server_config
        config; /* of the start; port 0 in listen has become the one that was given */
    _Atomic(const struct live *) live;
    struct live *lives;            /* the newest of all; the main thread's */
    struct checkpoint *checkpoint; /* NULL: without a store */
    struct blobs *blobs;           /* NULL: without a store */
    struct secret blob_key;        /* of the tickets of this run */
    struct porter porter;          /* locks itself */
    struct claims claims;          /* locks itself */
    struct janitor *janitor;       /* NULL: without a store */
    atomic_bool failed;            /* server_fail() was called */
    const struct server_hooks *hooks;
    atomic_bool ready,
        disk_full; /* ready: all threads run, and nobody has said stop; disk_full: as the core knows it */
    atomic_uint pressure;           /* enum core_pressure, as the main thread last saw it */
    atomic_uint_fast64_t core_beat; /* the last ping that the core thread has seen */
    int64_t started_s;
    struct redact redact;         /* locks itself */
    atomic_int_fast64_t backup_s; /* when the last backup was made; 0: never */
    struct keeper *keeper;
    struct log *log;
    struct loop *loops;
    unsigned loop_count;
    struct gate gate;                /* locks itself */
    struct mailbox core;             /* locks itself */
    struct core_thread *core_thread; /* locks itself, for who stands in */
    struct mailbox
        admin; /* what the core says to the admin socket and to who sends mail; locks itself */
    atomic_bool mail_waits; /* since who sends mail was last told; no post, which could be lost */
    pthread_mutex_t admin_lock; /* of admin_async */
    uv_async_t *admin_async;    /* rung for it; NULL: nobody listens */
    struct hub *hub;            /* of the main thread alone (net/talk.h) */
    struct stats stats;         /* atomic */
    struct op_stats ops;        /* see there */
};

/* Serves until a signal ends it. IN_USE, PERMISSION, IO: a listener could not be had. NOMEM, CRYPTO. */
SOTTO_MUST_USE sotto_err server_run(const struct server_config *config, struct keeper *keeper,
                                    struct log *log, const struct server_hooks *hooks,
                                    struct failure *ret_failure);

/* The settings that count now: limits, keys and what is logged may change while the server runs. Any thread; valid until the end. */
static inline const struct live *server_live(const struct server *server)
{
    return atomic_load_explicit(&server->live, memory_order_acquire);
}

/* Reads settings and TLS files again. On an error all stays as it was. On the main thread. */
SOTTO_MUST_USE sotto_err server_reload(struct server *server, char ret_restart[SERVER_RESTART_TEXT],
                                       struct failure *ret_failure);

/* The core signs with the keys that the keeper has now; no setting is read for that. If that fails it goes on with those it has, the log
 * says so, and upkeep tries again. On the main thread. */
void server_take_keys(struct server *server);

/* To the core thread and all loops, without waiting; who has no memory for it misses it. */
void server_tell_all(struct server *server, const struct post *post);

/* Whether less is free than limits.disk_reserve_bytes: on the disk, and `inside` the database; a quarter of it is wanted on the disk in any
 * case. Any thread. */
bool server_disk_is_full(const struct server *server, uint64_t inside);

/* What the disk holds of this ("the database") is uncertain: a failed write or sync is never tried again, and after this nothing more is
 * accepted. NOMEM: what it holds is whole, but what we know of it is lost. Any thread. */
_Noreturn void server_fail(struct server *server, const char *what, sotto_err err);

/* The clock of all threads, in ms. */
uint64_t server_now_ms(void);
/* The time of day, in ms since 1970. */
int64_t server_wall_ms(void);

static inline bool server_is_admin(uint64_t connection)
{
    return (connection & 0xff) == SERVER_ADMIN;
}
/* From the core thread: something for the admin socket, dropped if nobody listens; or CORE_MAIL, of which a flag stays. */
void server_tell_admin(struct server *server, const struct core_effect *effect, view bytes);

#endif
