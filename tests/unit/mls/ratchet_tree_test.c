#include "mls/ratchet_tree.h"

#include "unit.h"

#define LEAF   "01 01 0165 0173 0001 0161 0000000000 02 00 0199"
#define BLANK  "00"
#define PARENT "01 02 0165 00 00"

/* The tree of these nodes; its length is put in front. */
static sotto_err tree_of(const char *nodes, struct ratchet_tree *ret_tree)
{
    sotto_buf content = unhex(nodes), bytes = {0};
    struct wr w = wr_to(&bytes);
    wr_opaque(&w, buf_view(&content));
    assert_ok(wr_end(&w));
    struct rd r = rd_of(buf_view(&bytes));
    ratchet_tree_read(&r, ret_tree);
    sotto_err err = rd_end(&r);
    ret_tree->nodes = (view){0};
    buf_clear(&content);
    buf_clear(&bytes);
    return err;
}

static void nodes_are_counted_blank_ones_too(void **state)
{
    (void)state;
    struct ratchet_tree tree;
    assert_ok(tree_of(LEAF, &tree));
    assert_int_equal(tree.node_count, 1);
    assert_ok(tree_of(LEAF BLANK LEAF PARENT BLANK BLANK LEAF, &tree));
    assert_int_equal(tree.node_count, 7);
}

static void an_empty_tree_is_refused(void **state)
{
    (void)state;
    struct ratchet_tree tree;
    assert_err(tree_of("", &tree), VALUE);
}

static void the_last_node_is_not_blank(void **state)
{
    (void)state;
    struct ratchet_tree tree;
    assert_err(tree_of(BLANK, &tree), VALUE);
    assert_err(tree_of(LEAF PARENT LEAF BLANK BLANK, &tree), VALUE);
}

static void leaves_and_parents_stand_where_they_belong(void **state)
{
    (void)state;
    struct ratchet_tree tree;
    assert_ok(tree_of(LEAF PARENT LEAF, &tree));
    assert_err(tree_of(LEAF LEAF LEAF, &tree), VALUE);
    assert_err(tree_of(PARENT, &tree), VALUE);
    assert_err(tree_of(LEAF PARENT PARENT, &tree), VALUE);
}

static void unmerged_leaves_rise(void **state)
{
    (void)state;
    struct ratchet_tree tree;
    assert_ok(tree_of(LEAF "01 02 0165 00 08 00000000 00000001" LEAF, &tree));
    assert_err(tree_of(LEAF "01 02 0165 00 08 00000001 00000000" LEAF, &tree), VALUE);
    assert_err(tree_of(LEAF "01 02 0165 00 08 00000001 00000001" LEAF, &tree), VALUE);
}

static void unmerged_leaves_lie_in_the_tree(void **state)
{
    (void)state;
    struct ratchet_tree tree;
    assert_err(tree_of(LEAF "01 02 0165 00 04 00000002" LEAF, &tree), VALUE);
    assert_ok(tree_of(LEAF "01 02 0165 00 04 00000003" LEAF PARENT LEAF, &tree));
    assert_err(tree_of(LEAF "01 02 0165 00 04 00000004" LEAF PARENT LEAF, &tree), VALUE);
    assert_err(tree_of(LEAF "01 02 0165 00 04 01000000" LEAF, &tree), VALUE);
    assert_err(tree_of(LEAF "01 02 0165 00 04 ffffffff" LEAF, &tree), VALUE);
}

static void unmerged_leaves_can_be_asked_one_by_one(void **state)
{
    (void)state;
    sotto_buf bytes = unhex("0165 00 0c 00000000 00000002 00fffffe");
    struct parent_node parent;
    struct rd r = rd_of(buf_view(&bytes));
    parent_node_read(&r, &parent);
    assert_ok(rd_end(&r));
    assert_int_equal(parent.unmerged_leaves.len / 4, 3);
    assert_int_equal(parent_node_unmerged(&parent, 0), 0);
    assert_int_equal(parent_node_unmerged(&parent, 1), 2);
    assert_int_equal(parent_node_unmerged(&parent, 2), 0xfffffe);
    buf_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_counted_blank_ones_too),
        cmocka_unit_test(an_empty_tree_is_refused),
        cmocka_unit_test(the_last_node_is_not_blank),
        cmocka_unit_test(leaves_and_parents_stand_where_they_belong),
        cmocka_unit_test(unmerged_leaves_rise),
        cmocka_unit_test(unmerged_leaves_lie_in_the_tree),
        cmocka_unit_test(unmerged_leaves_can_be_asked_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
