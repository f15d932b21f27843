/* parent_node.h - an inner node of the ratchet tree (RFC 9420 7.1). */
#ifndef MLS_PARENT_NODE_H
#define MLS_PARENT_NODE_H

#include "mls/codec.h"

struct parent_node {
    view encryption_key;
    view parent_hash;
    view unmerged_leaves; /* uint32s, rising: ask parent_node_unmerged() */
};
/* VALUE: unmerged_leaves does not rise strictly, or an index is too large. */
void parent_node_read(struct rd *r, struct parent_node *out);
void parent_node_write(struct wr *w, const struct parent_node *parent);

/* The i-th of unmerged_leaves; there are unmerged_leaves.len / 4. */
uint32_t parent_node_unmerged(const struct parent_node *parent, size_t i);

#endif
