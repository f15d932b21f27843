#include "mls/tree_math.h"

#include <assert.h>

/* The bits of a node index, from the lowest: as many ones as its level, a zero, then the way from the root. So a parent's
 * index is that of its leftmost and rightmost leaf's middle, and no table is needed. Node indices are below 2^25. */

uint32_t tree_math_leaf_count(uint32_t leaves)
{
    assert(leaves <= MLS_LEAF_LIMIT);
    uint32_t count = 1;
    while (count < leaves)
        count *= 2;
    return count;
}

uint32_t tree_math_leaf_count_of_nodes(uint32_t nodes)
{
    return tree_math_leaf_count(nodes / 2 + 1);
}

uint32_t tree_math_node_count(uint32_t leaf_count)
{
    assert(leaf_count >= 1 && leaf_count <= MLS_LEAF_LIMIT);
    return 2 * leaf_count - 1;
}

uint32_t tree_math_root(uint32_t leaf_count)
{
    assert(leaf_count >= 1 && leaf_count <= MLS_LEAF_LIMIT);
    assert((leaf_count & (leaf_count - 1)) == 0);
    return leaf_count - 1;
}

uint32_t tree_math_first_leaf(uint32_t node)
{
    return (node + 1 - tree_math_step(tree_math_level(node))) / 2;
}

uint32_t tree_math_last_leaf(uint32_t node)
{
    return (node - 1 + tree_math_step(tree_math_level(node))) / 2;
}

uint32_t tree_math_common_ancestor(uint32_t a, uint32_t b)
{
    while (!tree_math_in_subtree(b, a))
        a = tree_math_parent(a);
    return a;
}
