/* Depth first with the right siblings still to come on a stack: one for each level, since each is popped before the next of
 * its level is pushed. */
#include "mls/tree_path.h"

#include <assert.h>
#include <stdlib.h>

#include "mls/tree_local.h"
#include "mls/tree_math.h"

sotto_err tree_list_add(struct tree_list *list, uint32_t number)
{
    if (list->count == list->cap) {
        size_t cap = list->cap > 0 ? 2 * list->cap : 16;
        uint32_t *items = realloc(list->items, cap * sizeof *items);
        if (items == NULL)
            return SOTTO_E_NOMEM;
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count++] = number;
    return SOTTO_OK;
}

void tree_list_clear(struct tree_list *list)
{
    free(list->items);
    *list = (struct tree_list){0};
}

/* The next non-blank node of a walk over the topmost ones below a node. */
struct walk {
    const struct tree *tree;
    uint32_t stack[TREE_DEPTH + 1];
    size_t depth;
};

static struct walk walk_from(const struct tree *tree, uint32_t node)
{
    return (struct walk){.tree = tree, .stack = {node}, .depth = 1};
}

static const struct tree_node *walk_next(struct walk *walk, uint32_t *ret_number)
{
    while (walk->depth > 0) {
        uint32_t number = walk->stack[--walk->depth];
        const struct tree_node *node = tree_store_get(&walk->tree->store, number);
        if (node != NULL) {
            *ret_number = number;
            return node;
        }
        if (tree_math_is_leaf(number) || tree_store_blank_below(&walk->tree->store, number))
            continue;
        assert(walk->depth + 2 <= COUNT_OF(walk->stack));
        walk->stack[walk->depth++] = tree_math_right(number);
        walk->stack[walk->depth++] = tree_math_left(number);
    }
    return NULL;
}

static bool list_has(const struct tree_list *rising, uint32_t number)
{
    size_t low = 0, high = rising != NULL ? rising->count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rising->items[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return rising != NULL && low < rising->count && rising->items[low] == number;
}

static sotto_err leaf_add(uint32_t leaf_index, const struct tree_list *except,
                          struct tree_list *nodes)
{
    return list_has(except, leaf_index) ? SOTTO_OK
                                        : tree_list_add(nodes, tree_math_leaf_node(leaf_index));
}

sotto_err tree_resolution(const struct tree *tree, uint32_t node, const struct tree_list *except,
                          struct tree_list *ret_nodes)
{
    struct walk walk = walk_from(tree, node);
    const struct tree_node *found;
    for (uint32_t number; (found = walk_next(&walk, &number)) != NULL;) {
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

bool tree_resolution_is_empty(const struct tree *tree, uint32_t node)
{
    struct walk walk = walk_from(tree, node);
    uint32_t number;
    return walk_next(&walk, &number) == NULL;
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
