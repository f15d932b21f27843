/* peer.h - the servers that are measured side by side: how each is started, and what its clients say. A peer is a row of the table
 * in peer.c and a file of its own.
 * A message goes into a mailbox, is acknowledged to its sender when the server has it for good (or says so), and comes to the
 * mailbox's receiver, who acknowledges it at once. Of one sender messages are acknowledged in order. One thread. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <openssl/ssl.h>

#include "bench/child.h"
#include "bench/wire.h"

/* Sender k writes to mailboxes k, k + senders..., receiver k reads k, k + receivers...: there are as many as the larger of both. A
 * group has one mailbox, which all receivers read: no peer but ours has such. */
struct peer_plan {
    const struct peer *peer;
    const char *under;    /* its new directory lies below this one */
    const char *set;      /* a setting of sottod, or NULL */
    unsigned long stored; /* entries that are in its store before */
    const char *config;   /* its configuration file, or NULL: see sottod.h */
    unsigned senders, receivers;
    bool group;
};

struct peer_server {
    struct peer_plan plan;
    unsigned mailboxes;
    struct child child;
    SSL_CTX *ssl;
    void *own; /* the peer's */
};

enum peer_role { PEER_SENDER, PEER_RECEIVER };

struct peer_client {
    struct peer_server *server;
    struct wire wire;
    enum peer_role role;
    unsigned number;      /* among those of its role */
    uint64_t sent, acked; /* messages of a sender */
    bool touched;         /* the crowd's */
    bool silent;          /* of ours: acknowledge nothing */
    bool known;           /* the peer's: the server has its subscriptions */
    void *own;            /* the peer's */
};

/* Who hears of it. False: stop, a message is on stderr. */
struct peer_sink {
    void *context;
    /* The sender's oldest message that was not acknowledged yet, now is. */
    bool (*acked)(void *context, struct peer_client *sender);
    /* `message` is borrowed for this call. */
    bool (*received)(void *context, struct peer_client *receiver, view message);
};

/* All that give bool: false, and a message is on stderr. */
struct peer {
    const char *name;
    const char *program, *package; /* NULL: our own */
    bool speaks_first;             /* a line before TLS */
    /* Starts it in the child's directory. */
    bool (*start)(struct peer_server *server);
    /* Makes what the server needs to know of its mailboxes before anybody comes. */
    bool (*prepare)(struct peer_server *server);
    void (*clear)(struct peer_server *server); /* NULL: nothing to release */
    /* The client's wire is connected; this ends with it logged in. */
    bool (*open)(struct peer_client *client);
    void (*close)(struct peer_client *client); /* NULL: nothing to release */
    /* From now on what is in this mailbox comes to the client. Waits for the answer. */
    bool (*subscribe)(struct peer_client *client, unsigned mailbox);
    /* These two only write into the wire's buffer. */
    bool (*put)(struct peer_client *client, unsigned mailbox, view message);
    bool (*take)(struct peer_client *client, const struct peer_sink *sink);
};

extern const struct peer peer_mosquitto, peer_nats, peer_sotto;

/* NULL: nobody has that name. `count` may be more than there are: then NULL too. */
const struct peer *peer_find(const char *name, size_t len);

/* The peer's program. False: it is not installed, and how to install it is on stderr. */
bool peer_program(const struct peer *peer, char path[PATH_MAX]);

bool peer_start(struct peer_server *server, const struct peer_plan *plan);
bool peer_stop(struct peer_server *server);

/* Connects and logs in; a receiver also subscribes to its mailboxes. On a failure the caller closes it, too. */
bool peer_open(struct peer_server *server, enum peer_role role, unsigned number,
               struct peer_client *client);
void peer_close(struct peer_client *client);

/* For peers from packages: starts the program as `PROGRAM OPTION FILE` on child.port, which the caller has chosen. FILE gets this
 * text, and tls.pem beside it a key and certificate of our own making. Waits until the port answers. */
bool peer_daemon_start(struct peer_server *server, const char *option, const char *file,
                       const char *text);

#endif
