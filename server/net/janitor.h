/* janitor.h - a thread that deletes files of blobs: those whose rows are gone (net/claims.h), uploads that nobody goes on with, and,
 * one 256th of the directory at a time, what no row names. It begins when the server is up, and asks the core about each file. */
#ifndef NET_JANITOR_H
#define NET_JANITOR_H

#include "net/server.h"

struct janitor; /* opaque */

/* NOMEM. */
SOTTO_MUST_USE sotto_err janitor_start(struct server *server, struct janitor **ret_janitor);
/* Waits for it to end; accepts NULL. */
void janitor_stop(struct janitor *janitor);

#endif
