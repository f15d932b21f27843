/* state.h - the state directory: a few small files, of mode 0600 in a directory of mode 0700, each written whole or not at all (temporary
 * file, fsync, rename, fsync of the directory). A lock keeps a second server out. What root makes there is for who owns the directory,
 * such as the user of a service that does not run just now. */
#ifndef NET_STATE_H
#define NET_STATE_H

#include "base/base.h"
#include "base/buf.h"
#include "net/failure.h"

#define STATE_FILE_MAX 65536 /* bytes */

struct state {
    int dir, lock; /* descriptors; -1: not open */
};

/* Makes the directory if it isn't there. `ours` (ended by NULL) names files of which one is there if the directory is a server's.
 * PERMISSION; IN_USE: another server has it; CONFIG: it holds other things; IO. On an error nothing stays open. */
SOTTO_MUST_USE sotto_err state_open(const char *path, const char *const *ours,
                                    struct state *ret_state, struct failure *ret_failure);
void state_close(struct state *state);

/* Replaces the content of `out`. NOTFOUND, PERMISSION, TOO_LARGE, IO, NOMEM. */
SOTTO_MUST_USE sotto_err state_read(const struct state *state, const char *name, sotto_buf *out);
/* PERMISSION, IO: the file is as it was. */
SOTTO_MUST_USE sotto_err state_write(const struct state *state, const char *name, view content);
/* A file that isn't there is removed already. PERMISSION, IO. */
SOTTO_MUST_USE sotto_err state_remove(const struct state *state, const char *name);

#endif
