#include "mls/tree_math.h"

#include "unit.h"

/* The children of a node, and the way back. */
static void check_below(uint32_t node)
{
    if (tree_math_is_leaf(node)) {
        assert_int_equal(tree_math_level(node), 0);
        assert_int_equal(tree_math_first_leaf(node), tree_math_leaf_index(node));
        assert_int_equal(tree_math_last_leaf(node), tree_math_leaf_index(node));
        return;
    }
    uint32_t left = tree_math_left(node), right = tree_math_right(node);
    assert_true(left < node && node < right);
    assert_int_equal(tree_math_parent(left), node);
    assert_int_equal(tree_math_parent(right), node);
    assert_int_equal(tree_math_sibling(left), right);
    assert_int_equal(tree_math_sibling(right), left);
    assert_int_equal(tree_math_level(left), tree_math_level(node) - 1);
    assert_int_equal(tree_math_first_leaf(node), tree_math_first_leaf(left));
    assert_int_equal(tree_math_last_leaf(node), tree_math_last_leaf(right));
    assert_int_equal(tree_math_last_leaf(left) + 1, tree_math_first_leaf(right));
    check_below(left);
    check_below(right);
}

static void relations_agree_over_a_whole_tree(void **state)
{
    (void)state;
    for (uint32_t leaves = 1; leaves <= 1024; leaves *= 2) {
        assert_int_equal(tree_math_first_leaf(tree_math_root(leaves)), 0);
        assert_int_equal(tree_math_last_leaf(tree_math_root(leaves)), leaves - 1);
        check_below(tree_math_root(leaves));
    }
}

static void the_largest_tree_has_no_overflow(void **state)
{
    (void)state;
    uint32_t root = tree_math_root(MLS_LEAF_LIMIT), node = tree_math_leaf_node(MLS_LEAF_LIMIT - 1);
    assert_int_equal(tree_math_node_count(MLS_LEAF_LIMIT), 2 * MLS_LEAF_LIMIT - 1);
    assert_int_equal(node, tree_math_node_count(MLS_LEAF_LIMIT) - 1);
    int levels = 0;
    while (node != root) {
        assert_int_equal(tree_math_last_leaf(node), MLS_LEAF_LIMIT - 1);
        node = tree_math_parent(node);
        levels++;
    }
    assert_int_equal(levels, 24);
}

static void leaf_counts_are_powers_of_two(void **state)
{
    (void)state;
    assert_int_equal(tree_math_leaf_count(0), 1);
    assert_int_equal(tree_math_leaf_count(1), 1);
    assert_int_equal(tree_math_leaf_count(5), 8);
    assert_int_equal(tree_math_leaf_count(8), 8);
    assert_int_equal(tree_math_leaf_count(MLS_LEAF_LIMIT), MLS_LEAF_LIMIT);
    for (uint32_t nodes = 1; nodes < 100; nodes++) {
        uint32_t leaves = tree_math_leaf_count_of_nodes(nodes);
        assert_true(tree_math_node_count(leaves) >= nodes);
        assert_true(leaves == 1 || tree_math_node_count(leaves / 2) < nodes);
    }
}

static void common_ancestor_is_the_lowest(void **state)
{
    (void)state;
    assert_int_equal(tree_math_common_ancestor(0, 2), 1);
    assert_int_equal(tree_math_common_ancestor(0, 6), 3);
    assert_int_equal(tree_math_common_ancestor(5, 6), 5);
    assert_int_equal(tree_math_common_ancestor(6, 5), 5);
    assert_int_equal(tree_math_common_ancestor(4, 8), 7);
    for (uint32_t a = 0; a < 31; a++)
        for (uint32_t b = 0; b < 31; b++) {
            uint32_t c = tree_math_common_ancestor(a, b);
            assert_true(tree_math_in_subtree(a, c) && tree_math_in_subtree(b, c));
            assert_int_equal(c, tree_math_common_ancestor(b, a));
            if (tree_math_is_leaf(c))
                continue;
            uint32_t left = tree_math_left(c), right = tree_math_right(c);
            assert_false(tree_math_in_subtree(a, left) && tree_math_in_subtree(b, left));
            assert_false(tree_math_in_subtree(a, right) && tree_math_in_subtree(b, right));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relations_agree_over_a_whole_tree),
        cmocka_unit_test(the_largest_tree_has_no_overflow),
        cmocka_unit_test(leaf_counts_are_powers_of_two),
        cmocka_unit_test(common_ancestor_is_the_lowest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
