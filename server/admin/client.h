/* client.h - a command's side of the admin socket. */
#ifndef ADMIN_CLIENT_H
#define ADMIN_CLIENT_H

#include "admin/wire.h"

/* Asks the server whose state directory this is, and waits for its answer. `file`: a descriptor that goes along, or -1; borrowed.
 * CLOSED: no server runs there; PERMISSION: not ours to ask; NET: there was one, and it ended before it answered: what it has done
 * nobody knows; else what the server says. The caller frees *ret_result. */
SOTTO_MUST_USE sotto_err admin_ask(const char *dir, const char *command, json_t *arguments,
                                   int file, json_t **ret_result, struct failure *ret_failure);

#endif
