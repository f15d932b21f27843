/* handshake.h - how proposals and commits leave: as a PublicMessage, or as a PrivateMessage that the group's settings pad. */
#ifndef MLS_HANDSHAKE_H
#define MLS_HANDSHAKE_H

#include "mls/message_protection.h"
#include "mls/step.h"

/* Appends the MLSMessage that content->wire_format says. A PrivateMessage uses up a key of our handshake ratchet. */
SOTTO_MUST_USE sotto_err handshake_protect(struct step *s, const struct message_protection *p,
                                           const sotto_mls_settings *settings,
                                           const struct authenticated_content *content,
                                           sotto_buf *out);

#endif
