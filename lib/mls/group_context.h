/* group_context.h - what all members agree on in an epoch (RFC 9420 8.1). */
#ifndef MLS_GROUP_CONTEXT_H
#define MLS_GROUP_CONTEXT_H

#include "mls/extension.h"

struct group_context {
    uint16_t cipher_suite;
    view group_id;
    uint64_t epoch;
    view tree_hash;
    view confirmed_transcript_hash;
    view extensions;
};
/* VERSION: not mls10. */
void group_context_read(struct rd *r, struct group_context *out);
void group_context_write(struct wr *w, const struct group_context *context);

#endif
