/* checkpoint.h - a thread that moves what was committed from the write-ahead log to the database, so that the core never waits for it. */
#ifndef NET_CHECKPOINT_H
#define NET_CHECKPOINT_H

#include "base/base.h"

struct checkpoint; /* opaque */
struct server;

/* Of the server's store. What can't be moved since the disk fails, ends the server (server_fail()). NOMEM. */
SOTTO_MUST_USE sotto_err checkpoint_start(struct server *server,
                                          struct checkpoint **ret_checkpoint);
/* From whoever runs the core, with the number of commits so far: wakes the helper now and then. Never waits. */
void checkpoint_consider(struct checkpoint *c, uint64_t commits);
/* Waits for it to end; accepts NULL. */
void checkpoint_stop(struct checkpoint *c);

#endif
