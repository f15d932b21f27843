/* lifetime.h - when a KeyPackage may be used (RFC 9420 7.2). Nothing here knows the time. */
#ifndef MLS_LIFETIME_H
#define MLS_LIFETIME_H

#include "mls/codec.h"

struct lifetime {
    uint64_t not_before; /* seconds since 1970 */
    uint64_t not_after;
};
void lifetime_read(struct rd *r, struct lifetime *out);
void lifetime_write(struct wr *w, const struct lifetime *lifetime);

#endif
