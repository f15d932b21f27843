/* listen.h - listening sockets. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "base/base.h"
#include "net/endpoint.h"
#include "net/failure.h"

/* A non-blocking listening socket; *address is filled with the port that was given if it asked for port 0.
 * IN_USE, PERMISSION, NET: the address is not one of this machine's. NOMEM. */
SOTTO_MUST_USE sotto_err listen_open(struct endpoint *address, int *ret_fd,
                                     struct failure *ret_failure);

/* The next connection; -1: none waits, or (*ret_full) this process has no descriptor left. */
int listen_accept(int fd, struct endpoint *ret_peer, bool *ret_full);

#endif
