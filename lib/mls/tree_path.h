/* tree_path.h - ways through a tree: resolutions and filtered direct paths (RFC 9420 4.1). No cache is filled: one tree may be
 * walked by several threads as long as none changes it. */
#ifndef MLS_TREE_PATH_H
#define MLS_TREE_PATH_H

#include "mls/tree.h"

/* Appends the resolution of a node: nodes, in the RFC's order. Leaves whose indices stand in `except`, rising, are left out
 * (NULL: none). */
SOTTO_MUST_USE sotto_err tree_resolution(const struct tree *tree, uint32_t node,
                                         const struct tree_list *except,
                                         struct tree_list *ret_nodes);

/* How many nodes that would append. */
size_t tree_resolution_count(const struct tree *tree, uint32_t node,
                             const struct tree_list *except);

/* Where `wanted` stands in that: false, if it doesn't. */
bool tree_resolution_find(const struct tree *tree, uint32_t node, const struct tree_list *except,
                          uint32_t wanted, size_t *ret_place);

/* Whether the resolution of a node is empty: nothing is there from it downwards. */
bool tree_resolution_is_empty(const struct tree *tree, uint32_t node);

/* The filtered direct path of a leaf, blank or not, from the leaf to the root. */
struct tree_step {
    uint32_t node;
    uint32_t copath; /* the child of the node that is not on the path */
};
struct tree_path {
    size_t count;
    struct tree_step steps[TREE_DEPTH];
};
void tree_filtered_direct_path(const struct tree *tree, uint32_t leaf_index,
                               struct tree_path *ret_path);

#endif
