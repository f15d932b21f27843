/* tree_math.h - where nodes stand in the array that holds a tree (RFC 9420 appendix C): leaf n at 2n, parents between them.
 * Trees are full: leaf_count is a power of two, at most MLS_LEAF_LIMIT, so that nothing overflows. Node indices must lie in the
 * tree; where a node has no such relative, what is asked for must not be asked (assertions say so). */
#ifndef MLS_TREE_MATH_H
#define MLS_TREE_MATH_H

#include <assert.h>

#include "base/base.h"
#include "mls/limits.h"

/* The smallest full tree with at least `leaves` leaves; 1 for 0. `leaves` is at most MLS_LEAF_LIMIT. */
uint32_t tree_math_leaf_count(uint32_t leaves);
/* The leaf count of the smallest full tree with at least `nodes` nodes. */
uint32_t tree_math_leaf_count_of_nodes(uint32_t nodes);
uint32_t tree_math_node_count(uint32_t leaf_count);
uint32_t tree_math_root(uint32_t leaf_count);
/* The first and the last leaf index below a node. */
uint32_t tree_math_first_leaf(uint32_t node);
uint32_t tree_math_last_leaf(uint32_t node);
/* The lowest node that has both below it, or is one of them. */
uint32_t tree_math_common_ancestor(uint32_t a, uint32_t b);

/* What each step up or down a tree asks for, and so is inline. */

static inline bool tree_math_is_leaf(uint32_t node)
{
    return node % 2 == 0;
}

/* The node of a leaf. */
static inline uint32_t tree_math_leaf_node(uint32_t leaf_index)
{
    assert(leaf_index < MLS_LEAF_LIMIT);
    return 2 * leaf_index;
}

/* And back; for leaves alone. */
static inline uint32_t tree_math_leaf_index(uint32_t node)
{
    assert(tree_math_is_leaf(node));
    return node / 2;
}

/* 0 for leaves. */
static inline uint32_t tree_math_level(uint32_t node)
{
    assert(node != UINT32_MAX);
    return (uint32_t)__builtin_ctz(~node);
}

/* Half of the distance to a child, and so to the parent of the level above. */
static inline uint32_t tree_math_step(uint32_t level)
{
    assert(level < 31);
    return (uint32_t)1 << level;
}

/* Parents alone. */
static inline uint32_t tree_math_left(uint32_t node)
{
    assert(!tree_math_is_leaf(node));
    return node - tree_math_step(tree_math_level(node) - 1);
}

/* Parents alone. */
static inline uint32_t tree_math_right(uint32_t node)
{
    assert(!tree_math_is_leaf(node));
    return node + tree_math_step(tree_math_level(node) - 1);
}

/* Not of the root: it would be one of a larger tree. */
static inline uint32_t tree_math_parent(uint32_t node)
{
    uint32_t level = tree_math_level(node);
    return (node | tree_math_step(level)) & ~tree_math_step(level + 1);
}

/* Not of the root. */
static inline uint32_t tree_math_sibling(uint32_t node)
{
    return node ^ tree_math_step(tree_math_level(node) + 1);
}

/* Whether `node` is `ancestor`, or stands below it. */
static inline bool tree_math_in_subtree(uint32_t node, uint32_t ancestor)
{
    uint32_t level = tree_math_level(ancestor);
    return tree_math_level(node) <= level && node >> (level + 1) == ancestor >> (level + 1);
}

#endif
