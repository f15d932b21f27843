/* tree_hash.h - tree hashes and parent hashes (RFC 9420 7.8, 7.9). All have suite->hash_len bytes. Tree hashes are kept, so that
 * after a change only those on the way from it to the root are computed again. */
#ifndef MLS_TREE_HASH_H
#define MLS_TREE_HASH_H

#include "crypto/hash.h"
#include "mls/tree_path.h"

/* The tree hash of a node of the tree, blank or not. */
SOTTO_MUST_USE sotto_err tree_hash(sotto_crypto *c, struct tree *tree, uint32_t node,
                                   uint8_t *ret_hash);
/* That of the root, which the GroupContext carries. */
SOTTO_MUST_USE sotto_err tree_root_hash(sotto_crypto *c, struct tree *tree, uint8_t *ret_hash);

/* The tree hash of a node as it would be with some leaves blank and nowhere unmerged; their indices rise. */
SOTTO_MUST_USE sotto_err tree_hash_without(sotto_crypto *c, struct tree *tree, uint32_t node,
                                           const uint32_t *leaves, size_t count, uint8_t *ret_hash);

/* The parent hash of a non-blank parent with its child `sibling` on the copath. */
SOTTO_MUST_USE sotto_err tree_parent_hash(sotto_crypto *c, struct tree *tree, uint32_t parent,
                                          uint32_t sibling, uint8_t *ret_hash);

#endif
