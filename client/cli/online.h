/* online.h - a command's connection to its server: the pin is looked up before and kept after
 * the first contact, and every way in which it can end has its words for people. */
#ifndef CLIENT_ONLINE_H
#define CLIENT_ONLINE_H

#include "cli/cli.h"
#include "host/connection.h"

struct online {
    struct cli_call *call;
    struct server_address address;
    uint64_t timeout_ms;
    struct connection *connection; /* NULL before and after */
    const struct connection_events *events;
    void *user;
    uint8_t pin[X509_PIN]; /* the server's, once it is ready */
    bool known, new_pin;   /* it was known before; it was kept just now */
    sotto_err keep_err;    /* why the pin could not be kept */
    int keep_system;       /* its errno, or 0 */
};

/* Connects. Gives 0, or the exit status of an error that was printed. `events` are called with
 * `user`; its `ready` comes after the pin is kept. After `ended`, online->connection is NULL. */
int online_open(struct online *online, uv_loop_t *loop, sotto_crypto *crypto, struct cli_call *call,
                const struct connection_events *events, void *user);

/* Prints why the connection ended, and what to do. Gives the exit status. */
int online_fail(const struct online *online, const struct connection_end *end);

#endif
