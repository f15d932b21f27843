/* keeper.h - keeps the server's identity as long as it runs: a server may be up for longer than its certificate lives. The main thread
 * looks after it; loops ask for it at each hello. */
#ifndef NET_KEEPER_H
#define NET_KEEPER_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "net/identity.h"

#define KEEPER_PATH 256 /* bytes of a path with its NUL */

/* A certificate with its chain, and its key, in PEM, which TLS asks for in place of our own; "": none. */
struct keeper_files {
    char certificate[KEEPER_PATH], key[KEEPER_PATH];
};

/* An identity; it does not change, and goes with the last one who holds it. */
struct kept {
    struct identity identity;
    struct stat seen[2]; /* the files of TLS as they were when they were read */
    atomic_uint holders;
};

struct keeper {
    sotto_crypto *c;
    struct state *state; /* borrowed */
    const char *host;    /* borrowed */
    struct keeper_files files;
    pthread_mutex_t lock;        /* who takes the newest holds it before it can go */
    _Atomic(struct kept *) kept; /* the newest */
};

/* Loads the identity, or makes it. Errors as identity_load(). */
SOTTO_MUST_USE sotto_err keeper_init(struct keeper *k, struct state *state, const char *host,
                                     const struct keeper_files *files, int64_t now_s,
                                     struct failure *ret_failure);
void keeper_clear(struct keeper *k);

/* The main thread alone; valid until it changes. */
const struct identity *keeper_identity(const struct keeper *k);

/* Any thread: the newest, which stays as long as it is held; then kept_drop(). */
struct kept *keeper_hold(struct keeper *k);
void kept_drop(struct kept *kept);
void kept_dropp(struct kept **kept);
/* Whether what is held is the newest; any thread. */
static inline bool keeper_is_newest(const struct keeper *k, const struct kept *held)
{
    return atomic_load(&k->kept) == held;
}

/* Renews the certificate if it is time and the root key is there, and takes a key that can certify accounts for longer than the one
 * that is held, such as a root key that was put back; call it now and then. On an error the old ones stay. */
SOTTO_MUST_USE sotto_err keeper_check(struct keeper *k, int64_t now_s, bool *ret_renewed,
                                      struct failure *ret_failure);

/* Changes keys and certificates as identity_change() does; what the loops sign with follows at the next hello. The old ones stay on an
 * error, as far as the directory still has them. */
SOTTO_MUST_USE sotto_err keeper_change(struct keeper *k, int64_t now_s,
                                       const struct identity_change *change,
                                       struct failure *ret_failure);

/* What keeper_init() and keeper_take() would say of these files. */
SOTTO_MUST_USE sotto_err keeper_files_check(const struct keeper_files *files,
                                            struct failure *ret_failure);
/* Takes these files from now on, as they are now. On an error the old ones stay. CERTIFICATE, NOTFOUND, PERMISSION. */
SOTTO_MUST_USE sotto_err keeper_take(struct keeper *k, const struct keeper_files *files,
                                     int64_t now_s, struct failure *ret_failure);
/* Whether a file has changed since it was read. */
bool keeper_changed(const struct keeper *k);

/* The days until identity_end_s(); negative: the time is over, or nothing here certifies accounts. */
int64_t keeper_days(struct keeper *k, int64_t now_s);

#endif
