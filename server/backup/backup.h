/* backup.h - what of a state directory a backup holds, and how it comes back: the database as it was at one moment, attachments, and, if
 * they are wanted, keys. All calls block; any thread. */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include <stdatomic.h>

#include "backup/recipient.h"
#include "net/failure.h"

struct store;

#define BACKUP_LAST \
    "last-backup" /* a file of the state directory: the time of the last one, in decimal */
#define BACKUP_DATABASE "sotto.db"
#define BACKUP_CONFIG   "sottod.conf" /* the settings, wherever they lie */

/* What is to be written. All borrowed. */
struct backup_wish {
    const char *dir;     /* the state directory */
    struct store *store; /* its open database */
    view recipient;      /* empty: not sealed */
    bool keys;           /* with those that are secret */
    const char *host;
    const char *settings; /* the file that they were read from; "": none */
    const char *target;   /* what is written, for the words of a failure; or NULL */
    int64_t now_s;
    uint8_t seed[ARCHIVE_SEED]; /* fresh random bytes */
    const atomic_bool *ending;  /* becomes true: leave off; or NULL */
};

/* What a backup holds. */
struct backup_sum {
    uint64_t files, bytes, blobs;
    int64_t made_s;
    char host[256], version[32];
    bool sealed, keys, settings;
};

/* To `fd`, which is borrowed. INTERRUPTED; DISK_FULL, IO: there, or for the database's copy beside it. */
SOTTO_MUST_USE sotto_err backup_write(sotto_crypto *c, const struct backup_wish *wish, int fd,
                                      struct backup_sum *ret_sum, struct failure *ret_failure);

/* Reads all of it; its database into a place of its own, which is checked and removed. `key` may be NULL, and so may `ending`, which
 * ends it when it becomes true: INTERRUPTED. */
SOTTO_MUST_USE sotto_err backup_verify(sotto_crypto *c, int fd, const struct kem_key *key,
                                       const atomic_bool *ending, struct backup_sum *ret_sum,
                                       struct failure *ret_failure);

/* Into a directory that is empty or isn't there: EXISTS otherwise. On an error it is as it was before. What root makes there is for who
 * owns it. `key` and `ending` as above. */
SOTTO_MUST_USE sotto_err backup_restore(sotto_crypto *c, int fd, const struct kem_key *key,
                                        const atomic_bool *ending, const char *dir,
                                        struct backup_sum *ret_sum, struct failure *ret_failure);

/* Removes from a state directory what a backup that a crash broke off has left there. None may be under way. */
void backup_sweep(int dir);

/* What may lie in a backup, by its name. */
enum backup_kind {
    BACKUP_ABOUT,
    BACKUP_STORE,
    BACKUP_BLOB,
    BACKUP_KEY,
    BACKUP_CERT,
    BACKUP_SETTINGS,
    BACKUP_UNKNOWN
};
enum backup_kind backup_kind_of(const char *name);

#endif
