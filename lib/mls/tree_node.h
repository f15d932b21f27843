/* tree_node.h - one non-blank node of a tree: a leaf is its encoded LeafNode, a parent its key, its parent hash and its unmerged
 * leaves (RFC 9420 7.1). Nodes are counted and never change while more than one tree has them, so that a tree and its clones
 * share them. One thread at a time. */
#ifndef MLS_TREE_NODE_H
#define MLS_TREE_NODE_H

#include "mls/leaf_node.h"

enum tree_key_kind { TREE_ENCRYPTION_KEY, TREE_SIGNATURE_KEY, TREE_KEY_KINDS };

struct tree_node {
    uint32_t refs; /* private */
    bool is_leaf;
    uint16_t key_len;              /* of a parent's encryption key */
    uint32_t len;                  /* of bytes */
    uint32_t tags[TREE_KEY_KINDS]; /* of its keys, in the tree's index (tree_index.h) */
    uint32_t unmerged_count, unmerged_cap;
    uint32_t *unmerged; /* a parent's unmerged leaves, rising */
    uint8_t bytes[];    /* a leaf's encoding; a parent's key and, behind it, its parent hash */
};

/* `encoded` is a LeafNode that was read before; it is copied. */
SOTTO_MUST_USE sotto_err tree_node_new_leaf(view encoded, struct tree_node **ret_node);
/* No leaf is unmerged yet. */
SOTTO_MUST_USE sotto_err tree_node_new_parent(view encryption_key, view parent_hash,
                                              struct tree_node **ret_node);
SOTTO_MUST_USE sotto_err tree_node_copy(const struct tree_node *node, struct tree_node **ret_node);

struct tree_node *tree_node_ref(struct tree_node *node);
void tree_node_unref(struct tree_node *node); /* accepts NULL; the last one frees */
void tree_node_unrefp(struct tree_node **node);

/* Empty for a signature key of a parent. */
view tree_node_key(const struct tree_node *node, enum tree_key_kind kind);
view tree_node_encoded(const struct tree_node *leaf);
view tree_node_parent_hash(const struct tree_node *parent);

/* Puts a leaf among the unmerged ones of a parent that nobody else has. NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err tree_node_unmerge(struct tree_node *parent, uint32_t leaf_index);

/* Bytes on the heap, as far as we asked for them. */
size_t tree_node_memory(const struct tree_node *node);

#endif
