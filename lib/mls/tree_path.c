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

static sotto_err run_add(const struct tree_run *run, const struct tree_list *except,
                         struct tree_list *nodes)
{
    for (uint64_t rest = run->nodes; rest != 0; rest &= rest - 1)
        TRY(leaf_add(tree_math_leaf_index(run->first + (uint32_t)__builtin_ctzll(rest)), except,
                     nodes));
    return SOTTO_OK;
}

sotto_err tree_resolution(const struct tree *tree, uint32_t node, const struct tree_list *except,
                          struct tree_list *ret_nodes)
{
    struct tree_walk walk = tree_walk_from(&tree->store, node);
    for (struct tree_run run; tree_walk_next(&walk, &run);) {
        if (tree_math_is_leaf(run.first)) {
            TRY(run_add(&run, except, ret_nodes));
            continue;
        }
        const struct tree_node *parent = tree_store_get(&tree->store, run.first);
        TRY(tree_list_add(ret_nodes, run.first));
        for (uint32_t i = 0; i < parent->unmerged_count; i++)
            TRY(leaf_add(parent->unmerged[i], except, ret_nodes));
    }
    return SOTTO_OK;
}

/* The leaves of a run that are excepted: so few, mostly none, that they are looked for one by one. */
static uint64_t run_excepted(const struct tree_run *run, const struct tree_list *except)
{
    uint64_t excepted = 0;
    uint32_t last = run->first + 63 - (uint32_t)__builtin_clzll(run->nodes);
    for (size_t at = tree_list_place(except, tree_math_leaf_index(run->first));
         at < tree_list_count(except) && tree_math_leaf_node(except->items[at]) <= last; at++)
        excepted |= UINT64_C(1) << (tree_math_leaf_node(except->items[at]) - run->first);
    return run->nodes & excepted;
}

/* How many of the first `count` unmerged leaves are not excepted. */
static size_t unmerged_count(const struct tree_node *parent, uint32_t count,
                             const struct tree_list *except)
{
    size_t left = count;
    for (uint32_t i = 0; tree_list_count(except) > 0 && i < count; i++)
        left -= tree_list_has(except, parent->unmerged[i]);
    return left;
}

static size_t run_count(const struct tree *tree, const struct tree_run *run,
                        const struct tree_list *except)
{
    if (tree_math_is_leaf(run->first))
        return (size_t)__builtin_popcountll(run->nodes & ~run_excepted(run, except));
    const struct tree_node *parent = tree_store_get(&tree->store, run->first);
    return 1 + unmerged_count(parent, parent->unmerged_count, except);
}

size_t tree_resolution_count(const struct tree *tree, uint32_t node, const struct tree_list *except)
{
    struct tree_walk walk = tree_walk_from(&tree->store, node);
    size_t count = 0;
    for (struct tree_run run; tree_walk_next(&walk, &run);)
        count += run_count(tree, &run, except);
    return count;
}

/* Whether a run, or a parent's unmerged leaves, have the wanted node: then how much stands in front of it there. */
static bool run_find(const struct tree *tree, const struct tree_run *run,
                     const struct tree_list *except, uint32_t wanted, size_t *ret_place)
{
    uint64_t bit = wanted - run->first < 64 ? UINT64_C(1) << (wanted - run->first) : 0;
    if ((run->nodes & bit) != 0) {
        const struct tree_run front = {run->first, run->nodes & (bit - 1)};
        *ret_place = front.nodes != 0 ? run_count(tree, &front, except) : 0;
        return true;
    }
    if (tree_math_is_leaf(run->first) || !tree_math_is_leaf(wanted))
        return false;
    const struct tree_node *parent = tree_store_get(&tree->store, run->first);
    for (uint32_t i = 0; i < parent->unmerged_count; i++)
        if (parent->unmerged[i] == tree_math_leaf_index(wanted)) {
            *ret_place = 1 + unmerged_count(parent, i, except);
            return true;
        }
    return false;
}

bool tree_resolution_find(const struct tree *tree, uint32_t node, const struct tree_list *except,
                          uint32_t wanted, size_t *ret_place)
{
    struct tree_walk walk = tree_walk_from(&tree->store, node);
    size_t count = 0, place = 0;
    if (tree_math_is_leaf(wanted) && tree_list_has(except, tree_math_leaf_index(wanted)))
        return false;
    for (struct tree_run run; tree_walk_next(&walk, &run);) {
        if (run_find(tree, &run, except, wanted, &place)) {
            *ret_place = count + place;
            return true;
        }
        count += run_count(tree, &run, except);
    }
    return false;
}

bool tree_resolution_is_empty(const struct tree *tree, uint32_t node)
{
    if (tree_store_get(&tree->store, node) != NULL)
        return false;
    struct tree_walk walk = tree_walk_from(&tree->store, node);
    struct tree_run run;
    return !tree_walk_next(&walk, &run);
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
