/* transfer.h - one blob on its way between a connection and the disk. What touches the disk is done by libuv's pool of threads, one
 * piece after the other; all else is on the loop of the connection. At most two pieces of TRANSFER_PIECE bytes are in memory: one
 * that the disk works on, one that the connection does. */
#ifndef NET_TRANSFER_H
#define NET_TRANSFER_H

#include "net/blob_request.h"

#define TRANSFER_PIECE (64 * 1024) /* bytes */

struct conn;
struct transfer;

/* Begins. *ret_status: 0, or what to refuse it with: 403, 400, 507, 503. */
unsigned transfer_start(struct conn *conn, const struct blob_request *request,
                        struct transfer **ret_transfer);
/* Takes what it can of a request's body; says how much that was. */
size_t transfer_take(struct transfer *transfer, view body);
/* It can take nothing for now: don't read. */
bool transfer_is_full(const struct transfer *transfer);
/* All that was given to the connection has gone out. */
void transfer_drained(struct transfer *transfer);
/* Ends it with this status, while transfer_moved() has a number. */
void transfer_refuse(struct transfer *transfer, unsigned status);
/* The core's verdict. */
void transfer_kept(struct transfer *transfer, sotto_err verdict);
/* Bytes since the last call of this; UINT64_MAX: it is not the client whom it waits for. */
uint64_t transfer_moved(struct transfer *transfer);
bool transfer_is_upload(const struct transfer *transfer);
/* The connection has no more to do with it. Accepts NULL. */
void transfer_leave(struct transfer *transfer);

#endif
