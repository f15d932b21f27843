/* first_invite.h - the invite of a new server's first admin, made before the server runs: the core is asked here, once. */
#ifndef SERVER_FIRST_INVITE_H
#define SERVER_FIRST_INVITE_H

#include "admin/invite_link.h"
#include "config.h"

#define FIRST_INVITE_S 86400 /* how long it is good */

/* The state directory is held, and the keys are there. The link is a secret: the caller wipes it. */
SOTTO_MUST_USE sotto_err first_invite(const struct config *config, struct state *state,
                                      char ret_link[LINK_TEXT_MAX], struct failure *ret_failure);

#endif
