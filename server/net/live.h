/* live.h - the settings, and what follows from them and from the keys for the core. They may change while the server runs: then there
 * is a new struct live, and the old ones stay until the end, since other threads may still read them. So nothing makes one by itself again
 * and again: a TLS file that is replaced makes none. */
#ifndef NET_LIVE_H
#define NET_LIVE_H

#include "core/core.h"
#include "net/endpoint.h"
#include "net/failure.h"
#include "net/keeper.h"
#include "net/log.h"
#include "net/network.h"

#define SERVER_LISTEN_MAX  16
#define SERVER_THREADS_MAX 64
#define SERVER_PROXIES_MAX 16
#define SERVER_PATH        1024 /* bytes of a path with its NUL */

enum record_layer { RECORD_LAYER_OWN, RECORD_LAYER_OPENSSL }; /* after the TLS handshake */

enum registration_mode { REGISTRATION_CLOSED, REGISTRATION_EVERYBODY };
enum members_invite { MEMBERS_INVITE_YES, MEMBERS_INVITE_NO };
#define CONFIG_DOMAINS_TEXT 512 /* bytes */

struct server_config {
    struct limits limits;
    struct endpoint listen[SERVER_LISTEN_MAX];
    size_t listen_count;
    struct network proxies[SERVER_PROXIES_MAX]; /* what connects from there says for whom */
    size_t proxy_count;
    struct store *store;           /* borrowed; NULL: rooms alone */
    const struct secret *blob_key; /* borrowed; NULL: no blobs */
    const char *dir;               /* borrowed: the state directory, whose disk is watched */
    enum core_rooms rooms;
    enum registration_mode registration;
    enum members_invite members_invite;
    char mail_domains[CONFIG_DOMAINS_TEXT]; /* with a NUL behind each, and one more at the end */
    char host[X509_HOST_MAX + 1];           /* the right half of names */
    unsigned threads;                       /* 0: one less than there are cores */
    uint16_t metrics_port;                  /* on 127.0.0.1; 0: none */
    struct endpoint gateway;                /* of Socket.IO, on loopback; len 0: none */
    enum log_shape log_shape;
    bool log_addresses; /* whole ones */
    bool quiet;
    struct keeper_files tls; /* instead of a certificate of our own */
    uint16_t public_port;    /* that links name; 0: that of the first listener */
    uint8_t recipient[32];   /* whom backups are sealed to; all zero: nobody */
    enum record_layer record_layer;
    char file[SERVER_PATH]; /* that these settings were read from, as it was named; "": none */
};

/* Where clients find the server, as links and mails say; 0: it is not known before the server listens. */
uint16_t server_public_port(const struct server_config *config);

struct live {
    struct server_config config;
    struct core_config core; /* borrows from config, from kept and from the keys */
    struct kept *kept;       /* held; a newer one may have the same keys */
    sotto_crypto *crypto;
    sotto_sign_key *server_key, *authority;
    struct live *before;
};

/* Puts these settings, and the keeper's keys, in place of *head. NOMEM, CRYPTO: *head stays. */
SOTTO_MUST_USE sotto_err live_push(const struct server_config *config, struct keeper *keeper,
                                   struct live **head);
void live_clear(struct live *head);

/* Whether the core signs with the keys, and under the certificates, that the keeper has now. */
bool live_is_signing_as(const struct live *live, const struct keeper *keeper);

#endif
