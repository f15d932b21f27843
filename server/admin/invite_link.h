/* invite_link.h - the link that the server itself gives out. */
#ifndef ADMIN_INVITE_LINK_H
#define ADMIN_INVITE_LINK_H

#include "identity/identity.h"
#include "net/live.h"

/* `secret` is what the core drew. The text is a secret, too: the caller wipes it. */
SOTTO_MUST_USE sotto_err invite_link(const struct server_config *config,
                                     const uint8_t pin[X509_PIN], view secret,
                                     char ret_text[LINK_TEXT_MAX]);

#endif
