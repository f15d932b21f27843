/* claims.h - who is at which blob, so that a deletion that comes late never hits a blob that is stored again meanwhile.
 *
 * The row of a blob goes first, its file later. Whoever stores a blob claims its hash before looking whether the file is there, and holds
 * the claim until the core's verdict on it is committed. What the core says to be gone is doomed: unless somebody claims it at that
 * moment, and until somebody does. So a file is deleted only while nobody relies on it being there. Files that stay for this, or for
 * want of room here, have no row: the next sweep finds them. While files are held, as for a backup whose copy of the database names
 * them, what is doomed waits. All calls lock; any thread. */
#ifndef NET_CLAIMS_H
#define NET_CLAIMS_H

#include <pthread.h>

#include "store/blobs.h"

#define CLAIMS_MAX 1024 /* at once */
#define DOOMED_MAX 1024

struct claims {
    pthread_mutex_t lock;
    pthread_cond_t came; /* something to delete, or the end; on CLOCK_MONOTONIC */
    pthread_cond_t done; /* a file was deleted */
    uint8_t claimed[CLAIMS_MAX][BLOB_HASH]; /* in any order, the same one perhaps more than once */
    uint8_t doomed[DOOMED_MAX][BLOB_HASH];
    uint8_t going[BLOB_HASH]; /* is being deleted now */
    size_t claimed_count, doomed_count;
    bool is_going, held, ending;
};

/* NOMEM: the machine has no more locks. */
SOTTO_MUST_USE sotto_err claims_init(struct claims *claims);
void claims_clear(struct claims *claims);

/* Waits while its file is being deleted. False: there are too many. */
bool claims_take(struct claims *claims, const uint8_t hash[BLOB_HASH]);
void claims_drop(struct claims *claims, const uint8_t hash[BLOB_HASH]);
/* Never waits for the disk. */
void claims_doom(struct claims *claims, const uint8_t hash[BLOB_HASH]);

/* Until it is called with false no file goes whose row is there now. One holder at a time. */
void claims_hold(struct claims *claims, bool held);

/* For the one who deletes: waits up to so long for something. True: delete this, then call claims_gone(). */
bool claims_next(struct claims *claims, uint64_t wait_ms, uint8_t ret_hash[BLOB_HASH]);
void claims_gone(struct claims *claims);
/* Nobody has to wait in claims_next() any more. */
void claims_end(struct claims *claims);
bool claims_ended(struct claims *claims);

#endif
