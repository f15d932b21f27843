/* server.h - the running server: one main thread that listens and takes signals, N loop threads that each own connections, one core
 * thread that owns all that is known. What stands in struct server is set before the threads start and then read by all, unless it
 * says otherwise. */
#ifndef NET_SERVER_H
#define NET_SERVER_H

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
    unsigned threads;      /* 0: one a core */
    uint16_t metrics_port; /* on 127.0.0.1; 0: none */
    bool log_addresses, log_json, quiet;
};

struct loop;

struct server {
    struct server_config config;
    struct keeper *keeper;
    struct log *log;
    struct loop *loops;
    unsigned loop_count;
    struct gate gate;    /* locks itself */
    struct mailbox core; /* locks itself */
    struct stats stats;  /* atomic */
};

/* Serves until a signal ends it. IN_USE, PERMISSION, IO: a listener could not be had. NOMEM, CRYPTO. */
SOTTO_MUST_USE sotto_err server_run(const struct server_config *config, struct keeper *keeper,
                                    struct log *log, struct failure *ret_failure);

/* The clock of all threads, in ms. */
uint64_t server_now_ms(void);

#endif
