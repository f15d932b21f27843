/* drive.h - a core and a store in memory, driven as the server's core thread drives them: steps, then a commit, then everybody hears of it.
 * What is not committed is undone by a crash, by a rollback, or since the disk is full; after each of them, and after each commit, the
 * target looks whether all that it knows holds. */
#ifndef TESTS_FUZZ_DRIVE_H
#define TESTS_FUZZ_DRIVE_H

#include "core/state.h"
#include "fuzz.h"

#define DRIVE_CONNECTIONS 8

struct drive {
    /* The target's, filled in before drive_begin(), which sets the configuration's store. */
    struct core_config config;
    struct rng rng;
    uint64_t now_ms;
    int64_t wall_ms;                                  /* of time 0 */
    void *user;                                       /* for both: */
    void (*hear)(void *user, size_t who, view frame); /* a frame that was released */
    void (*check)(void *user);                        /* not while the disk is full */
    /* For reading. Connections are numbered as here, from 0. */
    bool open[DRIVE_CONNECTIONS];
    struct core *core;
    struct store *store;
    bool failing; /* the disk is full, or will be */
    struct core_effects fx;
};

void drive_begin(struct drive *d);
void drive_end(struct drive *d); /* by a crash */

/* A connection that is open is not opened again; what one says or does that is not open is left out. */
void drive_open(struct drive *d, size_t who, enum core_event_kind kind, struct core_address from);
void drive_close(struct drive *d, size_t who);
void drive_say(struct drive *d, size_t who, view frame);

void drive_commit(struct drive *d);
void drive_wait(struct drive *d, uint64_t ms); /* with a commit */

void drive_fail(struct drive *d, uint64_t after); /* the disk is full after so many calls */
void drive_roll_back(struct drive *d);            /* a full disk stays so */
void drive_mend(struct drive *d);                 /* there is space; and a rollback */
void drive_crash(struct drive *d);

#endif
