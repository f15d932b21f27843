#include "mls/tree_path.h"

#include "mls/tree_local.h"
#include "mls/tree_math.h"

static sotto_err leaf_add(uint32_t leaf_index, const struct tree_list *except,
                          struct tree_list *nodes)
{
    return tree_list_has(except, leaf_index)
               ? SOTTO_OK
               : tree_list_add(nodes, tree_math_leaf_node(leaf_index));
}

sotto_err tree_resolution(const struct tree *tree, uint32_t node, const struct tree_list *except,
                          struct tree_list *ret_nodes)
{
    struct tree_walk walk = tree_walk_from(&tree->store, node);
    const struct tree_node *found;
    for (uint32_t number; (found = tree_walk_next(&walk, &number)) != NULL;) {
        if (found->is_leaf) {
            TRY(leaf_add(tree_math_leaf_index(number), except, ret_nodes));
            continue;
        }
        TRY(tree_list_add(ret_nodes, number));
        for (uint32_t i = 0; i < found->unmerged_count; i++)
            TRY(leaf_add(found->unmerged[i], except, ret_nodes));
    }
    return SOTTO_OK;
}

static size_t count_without(const struct tree_node *parent, const struct tree_list *except)
{
    size_t count = parent->unmerged_count;
    for (uint32_t i = 0; except != NULL && except->count > 0 && i < parent->unmerged_count; i++)
        count -= tree_list_has(except, parent->unmerged[i]);
    return count;
}

size_t tree_resolution_count(const struct tree *tree, uint32_t node, const struct tree_list *except)
{
    struct tree_walk walk = tree_walk_from(&tree->store, node);
    const struct tree_node *found;
    size_t count = 0;
    for (uint32_t number; (found = tree_walk_next(&walk, &number)) != NULL;)
        if (found->is_leaf)
            count += !tree_list_has(except, tree_math_leaf_index(number));
        else
            count += 1 + count_without(found, except);
    return count;
}

bool tree_resolution_is_empty(const struct tree *tree, uint32_t node)
{
    struct tree_walk walk = tree_walk_from(&tree->store, node);
    uint32_t number;
    return tree_walk_next(&walk, &number) == NULL;
}

void tree_filtered_direct_path(const struct tree *tree, uint32_t leaf_index,
                               struct tree_path *ret_path)
{
    uint32_t root = tree_math_root(tree->store.leaf_count);
    ret_path->count = 0;
    for (uint32_t node = tree_math_leaf_node(leaf_index); node != root;
         node = tree_math_parent(node)) {
        uint32_t copath = tree_math_sibling(node);
        if (!tree_resolution_is_empty(tree, copath))
            ret_path->steps[ret_path->count++] = (struct tree_step){tree_math_parent(node), copath};
    }
}
