/* server.h - the running server: one main thread that listens and takes signals, N loop threads that each own connections, one core
 * thread that owns all that is known. What stands in struct server is set before the threads start and then read by all, unless it
 * says otherwise. */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <uv.h>

#include "core/core.h"
#include "net/endpoint.h"
#include "net/failure.h"
#include "net/gate.h"
#include "net/keeper.h"
#include "net/log.h"
#include "net/mailbox.h"
#include "net/network.h"
#include "net/stats.h"

#define SERVER_LISTEN_MAX  16
#define SERVER_THREADS_MAX 64
#define SERVER_PROXIES_MAX 16

struct server_config {
    struct limits limits;
    struct endpoint listen[SERVER_LISTEN_MAX];
    size_t listen_count;
    struct network proxies[SERVER_PROXIES_MAX]; /* what connects from there says for whom */
    size_t proxy_count;
    struct store *store; /* borrowed; NULL: rooms alone */
    const char *dir;     /* borrowed: the state directory, whose disk is watched */
    enum core_rooms rooms;
    char host[X509_HOST_MAX + 1]; /* the right half of names */
    unsigned threads;             /* 0: one a core */
    uint16_t metrics_port;        /* on 127.0.0.1; 0: none */
    bool log_addresses, log_json, quiet;
};

struct loop;

struct checkpoint;

/* Connections of the admin socket have numbers that no loop has. */
#define SERVER_ADMIN 0xff

struct server {
    struct server_config config;
    struct core_config core_config; /* what the core is told; its limits are config's */
    struct checkpoint *checkpoint;  /* NULL: without a store */
    struct keeper *keeper;
    struct log *log;
    struct loop *loops;
    unsigned loop_count;
    struct gate gate;    /* locks itself */
    struct mailbox core; /* locks itself */
    struct mailbox
        admin; /* what the core says to the admin socket and to who sends mail; locks itself */
    uv_async_t *admin_async; /* rung for it; NULL: nobody listens */
    struct stats stats;      /* atomic */
};

/* Serves until a signal ends it. IN_USE, PERMISSION, IO: a listener could not be had. NOMEM, CRYPTO. */
SOTTO_MUST_USE sotto_err server_run(const struct server_config *config, struct keeper *keeper,
                                    struct log *log, struct failure *ret_failure);

/* The clock of all threads, in ms. */
uint64_t server_now_ms(void);
/* The time of day, in ms since 1970. */
int64_t server_wall_ms(void);

static inline bool server_is_admin(uint64_t connection)
{
    return (connection & 0xff) == SERVER_ADMIN;
}
/* From the core thread: something for the admin socket, or CORE_MAIL. Dropped if nobody listens. */
void server_tell_admin(struct server *server, const struct core_effect *effect, view bytes);

#endif
