/* redact.h - a name in the log for who connects, that tells one from another within a day and nothing else: the first bytes of an HMAC
 * under a key that is drawn anew each day and kept nowhere. Locks itself. */
#ifndef NET_REDACT_H
#define NET_REDACT_H

#include <pthread.h>

#include "core/core.h"
#include "crypto/crypto.h"

#define REDACT_KEY  32
#define REDACT_TEXT 10 /* "#" and eight digits, and a NUL */

struct redact {
    pthread_mutex_t lock;
    int64_t day; /* whose key it is */
    uint8_t key[REDACT_KEY];
};

/* HOST: no lock can be had. */
SOTTO_MUST_USE sotto_err redact_init(struct redact *r);
void redact_clear(struct redact *r);
void redact_address(struct redact *r, sotto_crypto *c, const struct core_address *address,
                    int64_t now_s, char ret_text[REDACT_TEXT]);

#endif
