/* ratchet_tree.h - the public tree as it travels (RFC 9420 12.4.3.3): its nodes from left to right, blank ones too, without
 * the blanks behind the last one that is there. */
#ifndef MLS_RATCHET_TREE_H
#define MLS_RATCHET_TREE_H

#include "mls/leaf_node.h"
#include "mls/parent_node.h"

enum node_type { NODE_BLANK = 0, NODE_LEAF = 1, NODE_PARENT = 2 };

struct node {
    enum node_type node_type;
    union {
        struct leaf_node leaf_node;
        struct parent_node parent_node;
    };
};

/* One optional<Node>. */
void node_read(struct rd *r, struct node *out);
void node_write(struct wr *w, const struct node *node);

struct ratchet_tree {
    view nodes; /* optional<Node>s: walk with node_read() */
    uint32_t node_count;
};
/* The content of the extension, or a tree that came beside the Welcome. VALUE: no node; the last one is blank; a leaf where
 * a parent must stand, or the other way round; an unmerged leaf outside of the tree. TOO_LARGE: too many leaves. */
void ratchet_tree_read(struct rd *r, struct ratchet_tree *out);
void ratchet_tree_write(struct wr *w, const struct ratchet_tree *tree);

#endif
