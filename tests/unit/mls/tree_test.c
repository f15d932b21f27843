#include "mls/tree.h"

#include "../crypto/handle.h"
#include "members.h"
#include "mls/treekem.h"
#include "tree_model.h"

/* A tree and its model, and where fresh members come from. */
struct pair {
    sotto_crypto *c;
    const struct mls_suite *suite;
    struct rng rng;
    struct tree *tree;
    struct model model;
};

static struct pair pair_new(sotto_crypto *c, uint8_t seed)
{
    uint8_t bytes[RNG_SEED] = {seed};
    struct pair p = {.c = c, .suite = mls_suite_find(1), .rng = rng_from(bytes)};
    p.model = model_new(p.suite);
    assert_ok(tree_new(p.suite, tree_seed, &p.tree));
    return p;
}

static void pair_clear(struct pair *p)
{
    tree_free(p->tree);
    model_clear(&p->model);
}

static uint32_t pair_add(struct pair *p)
{
    struct member m = member_new(p->c, p->suite, &p->rng);
    uint32_t got = UINT32_MAX;
    assert_ok(tree_add(p->tree, buf_view(&m.leaf), &got));
    assert_int_equal(model_add(&p->model, buf_view(&m.leaf)), got);
    member_clear(&m);
    return got;
}

static void pair_update(struct pair *p, uint32_t leaf)
{
    struct member m = member_new(p->c, p->suite, &p->rng);
    assert_ok(tree_update(p->tree, leaf, buf_view(&m.leaf)));
    model_update(&p->model, leaf, buf_view(&m.leaf));
    member_clear(&m);
}

static void pair_remove(struct pair *p, uint32_t leaf)
{
    assert_ok(tree_remove(p->tree, leaf));
    model_remove(&p->model, leaf);
}

/* A whole UpdatePath, made by TreeKEM; the model computes path and parent hashes by itself. */
static void pair_path(struct pair *p, uint32_t leaf)
{
    struct member m = member_new(p->c, p->suite, &p->rng);
    struct leaf_node profile;
    struct rd r = rd_of(buf_view(&m.leaf));
    leaf_node_read(&r, &profile);
    const struct treekem_sender sender = {leaf, &profile, m.sign_key, GROUP_ID};
    struct treekem_private none = {0};
    struct treekem_path path = {0};
    assert_ok(treekem_create(p->c, p->tree, &sender, &p->rng, &none, &path));
    struct tree_path steps;
    model_filtered_path(&p->model, leaf, &steps);
    view keys[TREE_DEPTH];
    assert_int_equal(steps.count, path.path.count);
    for (size_t i = 0; i < steps.count; i++)
        keys[i] = kem_key_public(treekem_private_find(&path.keys, steps.steps[i].node));
    uint8_t hash[HASH_MAX];
    size_t len = 0;
    model_path(p->c, &p->model, leaf, &steps, keys, buf_view(&path.leaf_node), hash, &len);
    struct leaf_node put;
    assert_ok(tree_leaf_read(p->tree, leaf, &put));
    assert_int_equal(put.parent_hash.len, len);
    assert_memory_equal(put.parent_hash.data, hash, len);
    treekem_path_clear(&path);
    member_clear(&m);
}

static sotto_err parent_hash_verdict(struct pair *p)
{
    const struct tree_check_context context = {.group_id = GROUP_ID};
    return tree_check(p->c, p->tree, &context, CHECK_PARENT_HASH, NULL);
}

static sotto_buf node_encoded(const struct tree *tree, uint32_t node)
{
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    tree_write_node(&w, tree, node);
    assert_ok(wr_end(&w));
    return out;
}

static bool is_same_node(const struct tree *a, const struct tree *b, uint32_t node)
{
    sotto_buf x = node_encoded(a, node), y = node_encoded(b, node);
    bool same = view_equal(buf_view(&x), buf_view(&y));
    buf_clear(&x);
    buf_clear(&y);
    return same;
}

/* Every node that says something else is in the difference; who is not in it is the same one. */
static void assert_diff(const struct tree *before, const struct tree *after)
{
    struct tree_list diff = {0};
    size_t at = 0;
    assert_ok(tree_diff(before, after, &diff));
    uint32_t a = tree_node_count(before), b = tree_node_count(after);
    for (uint32_t node = 0; node < (a > b ? a : b); node++) {
        bool listed = at < diff.count && diff.items[at] == node;
        at += listed;
        assert_int_equal(listed, tree_node(before, node) != tree_node(after, node));
        if (!listed)
            assert_true(is_same_node(before, after, node));
    }
    assert_int_equal(at, diff.count);
    tree_list_clear(&diff);
}

/* The steps that a sequence may go on with: one number for each. 0 adds; 3i+1 updates leaf i, 3i+2 removes it, 3i+3 sends a
 * path from it. */
static uint32_t step_count(const struct pair *p)
{
    return 1 + 3 * p->model.leaf_count;
}

static bool step_make(struct pair *p, uint32_t step)
{
    uint32_t leaf = (step - 1) / 3;
    if (step == 0)
        return pair_add(p) != UINT32_MAX;
    if (leaf >= p->model.leaf_count || p->model.nodes[2 * leaf].type == NODE_BLANK)
        return false;
    if ((step - 1) % 3 == 0)
        pair_update(p, leaf);
    else if ((step - 1) % 3 == 2)
        pair_path(p, leaf);
    else if (tree_member_count(p->tree) == 1)
        return false;
    else
        pair_remove(p, leaf);
    return true;
}

/* Each step is made on a clone; the base is compared again when the clone is gone. */
static void walk_all(struct pair *base, unsigned depth, size_t *visited)
{
    assert_same_tree(base->c, base->tree, &base->model);
    assert_ok(parent_hash_verdict(base));
    assert_true(model_is_parent_hash_valid(base->c, &base->model));
    ++*visited;
    for (uint32_t step = 0; depth > 0 && step < step_count(base); step++) {
        struct pair staged = *base;
        staged.tree = NULL;
        assert_ok(tree_clone(base->tree, &staged.tree));
        staged.model = model_copy(&base->model);
        bool made = step_make(&staged, step);
        assert_diff(base->tree, staged.tree);
        if (made)
            walk_all(&staged, depth - 1, visited);
        pair_clear(&staged);
        assert_same_encoding(base->tree, &base->model);
    }
}

static void every_sequence_of_five_steps_gives_the_tree_of_the_rfc(void **state)
{
    struct pair p = pair_new(*state, 1);
    size_t visited = 0;
    pair_add(&p);
    walk_all(&p, 5, &visited);
    assert_in_range(visited, 3000, 100000);
    pair_add(&p);
    pair_add(&p);
    walk_all(&p, 4, &visited);
    assert_in_range(visited, 8000, 100000);
    pair_clear(&p);
}

static void random_step(struct pair *p, uint32_t most)
{
    uint32_t leaf = rng_below(&p->rng, p->model.leaf_count), kind = rng_below(&p->rng, 10);
    if (kind < 5 && tree_member_count(p->tree) < most)
        pair_add(p);
    else
        (void)step_make(p, 1 + 3 * leaf + rng_below(&p->rng, 3));
}

static void random_walk(sotto_crypto *c, uint8_t seed, uint32_t steps, uint32_t most,
                        uint32_t often)
{
    struct pair p = pair_new(c, seed);
    pair_add(&p);
    for (uint32_t i = 1; i <= steps; i++) {
        random_step(&p, most);
        uint8_t got[HASH_MAX], want[HASH_MAX];
        assert_ok(tree_root_hash(c, p.tree, got));
        model_hash(c, &p.model, p.model.leaf_count - 1, NULL, want);
        assert_memory_equal(got, want, p.suite->hash_len);
        if (i % often == 0) {
            assert_same_tree(c, p.tree, &p.model);
            assert_ok(parent_hash_verdict(&p));
        }
    }
    pair_clear(&p);
}

static void random_trees_are_those_of_the_rfc(void **state)
{
    random_walk(*state, 2, 600, 12, 3);
    random_walk(*state, 3, 400, 40, 10);
    random_walk(*state, 4, 500, 130, 100);
}

static void trees_of_three_hundred_leaves_are_those_of_the_rfc(void **state)
{
    struct pair p = pair_new(*state, 5);
    for (int i = 0; i < 300; i++)
        pair_add(&p);
    for (int i = 0; i < 60; i++)
        pair_path(&p, rng_below(&p.rng, 300));
    for (int i = 0; i < 40; i++)
        (void)step_make(&p, 3 * rng_below(&p.rng, 300) + 2);
    for (int i = 0; i < 20; i++)
        pair_add(&p);
    assert_same_tree(p.c, p.tree, &p.model);
    assert_ok(parent_hash_verdict(&p));
    assert_true(model_is_parent_hash_valid(p.c, &p.model));
    pair_clear(&p);
}

static void a_tree_that_is_emptied_from_the_right_shrinks_step_by_step(void **state)
{
    struct pair p = pair_new(*state, 6);
    for (int i = 0; i < 150; i++)
        pair_add(&p);
    for (uint32_t i = 0; i < 150; i += 7)
        pair_path(&p, i);
    for (uint32_t i = 149; i > 0; i--) {
        pair_remove(&p, i);
        assert_int_equal(tree_leaf_count(p.tree), tree_math_leaf_count(i));
        assert_same_encoding(p.tree, &p.model);
    }
    for (int i = 0; i < 40; i++)
        pair_add(&p);
    assert_same_tree(p.c, p.tree, &p.model);
    pair_clear(&p);
}

static void a_gap_is_filled_from_the_left(void **state)
{
    struct pair p = pair_new(*state, 7);
    for (int i = 0; i < 70; i++)
        pair_add(&p);
    for (uint32_t i = 3; i < 68; i++)
        pair_remove(&p, i);
    assert_same_tree(p.c, p.tree, &p.model);
    assert_int_equal(pair_add(&p), 3);
    assert_int_equal(pair_add(&p), 4);
    pair_remove(&p, 1);
    assert_int_equal(pair_add(&p), 1);
    assert_int_equal(pair_add(&p), 5);
    assert_same_tree(p.c, p.tree, &p.model);
    pair_clear(&p);
}

static void reading_what_was_written_gives_the_same_tree(void **state)
{
    struct pair p = pair_new(*state, 8);
    for (int i = 0; i < 37; i++)
        pair_add(&p);
    for (uint32_t i = 0; i < 37; i += 5)
        pair_path(&p, i);
    pair_remove(&p, 11);
    pair_add(&p);
    pair_add(&p);
    sotto_buf encoded = {0};
    struct wr w = wr_to(&encoded);
    tree_write(&w, p.tree);
    assert_ok(wr_end(&w));
    tree_free(p.tree);
    p.tree = NULL;
    assert_ok(tree_read(p.suite, tree_seed, buf_view(&encoded), &p.tree, NULL));
    assert_same_tree(p.c, p.tree, &p.model);
    for (size_t len = 0; len < encoded.len; len += len < 600 ? 1 : 97) {
        struct tree *cut = NULL;
        assert_int_not_equal(tree_read(p.suite, tree_seed, view_of(encoded.data, len), &cut, NULL),
                             SOTTO_OK);
    }
    struct tree *longer = NULL;
    assert_ok(buf_append(&encoded, VIEW_LIT("\0")));
    assert_err(tree_read(p.suite, tree_seed, buf_view(&encoded), &longer, NULL), TRAILING);
    buf_clear(&encoded);
    pair_clear(&p);
}

static void a_tree_without_members_is_not_written(void **state)
{
    struct pair p = pair_new(*state, 9);
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    tree_write(&w, p.tree);
    assert_err(wr_end(&w), USAGE);
    assert_int_equal(out.len, 0);
    buf_clear(&out);
    pair_clear(&p);
}

static void who_is_not_there_is_neither_updated_nor_removed(void **state)
{
    struct pair p = pair_new(*state, 10);
    struct member m = member_new(p.c, p.suite, &p.rng);
    pair_add(&p);
    pair_add(&p);
    pair_add(&p);
    pair_remove(&p, 1);
    assert_err(tree_update(p.tree, 1, buf_view(&m.leaf)), NOTFOUND);
    assert_err(tree_remove(p.tree, 1), NOTFOUND);
    assert_err(tree_remove(p.tree, 3), NOTFOUND);
    assert_err(tree_remove(p.tree, 4), NOTFOUND);
    assert_err(tree_remove(p.tree, UINT32_MAX), NOTFOUND);
    assert_same_tree(p.c, p.tree, &p.model);
    uint32_t leaf_index;
    assert_err(tree_add(p.tree, view_of(m.leaf.data, m.leaf.len - 1), &leaf_index), TRUNCATED);
    assert_same_tree(p.c, p.tree, &p.model);
    member_clear(&m);
    pair_clear(&p);
}

/* Several clones of one base, changed by turns, and dropped in another order. */
static void clones_change_each_for_itself(void **state)
{
    struct pair base = pair_new(*state, 11);
    for (int i = 0; i < 90; i++)
        pair_add(&base);
    pair_path(&base, 17);
    struct pair staged[3];
    for (uint32_t i = 0; i < 3; i++) {
        staged[i] = base;
        staged[i].tree = NULL;
        rng_bytes(&base.rng, staged[i].rng.key, RNG_SEED);
        assert_ok(tree_clone(i == 2 ? staged[1].tree : base.tree, &staged[i].tree));
        staged[i].model = model_copy(i == 2 ? &staged[1].model : &base.model);
        pair_update(&staged[i], 3 * i);
    }
    pair_remove(&staged[0], 89);
    pair_path(&staged[1], 40);
    pair_add(&staged[2]);
    pair_update(&base, 0);
    for (uint32_t i = 0; i < 3; i++)
        assert_same_tree(base.c, staged[i].tree, &staged[i].model);
    assert_same_tree(base.c, base.tree, &base.model);
    pair_clear(&base);
    pair_clear(&staged[1]);
    pair_path(&staged[0], 2);
    pair_path(&staged[2], 88);
    assert_same_tree(base.c, staged[0].tree, &staged[0].model);
    assert_same_tree(base.c, staged[2].tree, &staged[2].model);
    pair_clear(&staged[0]);
    pair_clear(&staged[2]);
}

static void assert_diff_is(const struct tree *before, const struct tree *after,
                           const uint32_t *nodes, size_t count)
{
    struct tree_list diff = {0};
    assert_ok(tree_diff(before, after, &diff));
    assert_int_equal(diff.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(diff.items[i], nodes[i]);
    tree_list_clear(&diff);
    assert_diff(before, after);
    assert_diff(after, before);
}

static void a_difference_has_what_a_change_touched_and_nothing_else(void **state)
{
    static const uint32_t way[] = {255, 287, 295, 299, 300, 301, 303, 319, 383, 511},
                          last[] = {598};
    struct pair p = pair_new(*state, 16);
    struct tree *staged = NULL;
    struct member m = member_new(p.c, p.suite, &p.rng);
    for (int i = 0; i < 300; i++)
        pair_add(&p);
    pair_path(&p, 150);
    assert_ok(tree_clone(p.tree, &staged));
    assert_diff_is(p.tree, staged, NULL, 0);
    assert_ok(tree_update(staged, 150, buf_view(&m.leaf)));
    assert_diff_is(p.tree, staged, way, COUNT_OF(way));
    tree_free(staged);
    staged = NULL;
    assert_ok(tree_clone(p.tree, &staged));
    assert_ok(tree_set_leaf(p.tree, 299, buf_view(&m.leaf)));
    assert_diff_is(p.tree, staged, last, COUNT_OF(last));
    tree_free(staged);
    member_clear(&m);
    pair_clear(&p);
}

/* From 300 leaves to one and back: chunks come and go, at every height. */
static void trees_of_two_sizes_differ_where_one_has_no_room(void **state)
{
    struct pair p = pair_new(*state, 17);
    struct tree *large = NULL, *empty = NULL;
    for (int i = 0; i < 300; i++)
        pair_add(&p);
    for (uint32_t i = 0; i < 300; i += 50)
        pair_path(&p, i);
    assert_ok(tree_clone(p.tree, &large));
    assert_ok(tree_new(p.suite, tree_seed, &empty));
    for (uint32_t i = 299; i > 0; i--) {
        pair_remove(&p, i);
        if (i % 20 != 0 && i > 3)
            continue;
        assert_diff(large, p.tree);
        assert_diff(p.tree, large);
    }
    assert_diff(empty, large);
    assert_diff(large, empty);
    assert_diff(empty, p.tree);
    tree_free(large);
    tree_free(empty);
    pair_clear(&p);
}

static void a_node_is_written_as_it_stands_in_the_tree(void **state)
{
    struct pair p = pair_new(*state, 18);
    sotto_buf whole = {0}, parts = {0};
    for (int i = 0; i < 21; i++)
        pair_add(&p);
    pair_path(&p, 4);
    pair_remove(&p, 9);
    struct wr w = wr_to(&whole);
    tree_write(&w, p.tree);
    assert_ok(wr_end(&w));
    w = wr_to(&parts);
    size_t mark = wr_vector_begin(&w);
    for (uint32_t node = 0; node <= tree_math_leaf_node(20); node++)
        tree_write_node(&w, p.tree, node);
    wr_vector_end(&w, mark);
    assert_ok(wr_end(&w));
    assert_true(view_equal(buf_view(&whole), buf_view(&parts)));
    buf_reset(&parts);
    w = wr_to(&parts);
    tree_write_node(&w, p.tree, 18);
    tree_write_node(&w, p.tree, tree_node_count(p.tree));
    tree_write_node(&w, p.tree, UINT32_MAX);
    assert_ok(wr_end(&w));
    assert_true(view_equal(buf_view(&parts), VIEW_LIT("\0\0\0")));
    buf_clear(&whole);
    buf_clear(&parts);
    pair_clear(&p);
}

static void a_tree_that_comes_node_by_node_is_the_same_tree(void **state)
{
    struct pair p = pair_new(*state, 21);
    struct tree *back = NULL;
    for (int i = 0; i < 41; i++)
        pair_add(&p);
    for (uint32_t i = 0; i < 40; i += 7)
        pair_path(&p, i);
    pair_remove(&p, 9);
    pair_add(&p);
    pair_remove(&p, 3);
    assert_ok(tree_new_blank(p.suite, tree_seed, tree_leaf_count(p.tree), &back));
    for (uint32_t node = tree_node_count(p.tree); node-- > 0;) {
        sotto_buf encoded = node_encoded(p.tree, node);
        if (node % 3 == 0 || tree_node(p.tree, node) != NULL) /* blank ones may come, or not */
            assert_ok(tree_read_node(back, node, buf_view(&encoded)));
        buf_clear(&encoded);
    }
    tree_free(p.tree);
    p.tree = back;
    assert_same_tree(p.c, p.tree, &p.model);
    for (int i = 0; i < 3; i++)
        pair_add(&p);
    pair_remove(&p, 40);
    assert_same_tree(p.c, p.tree, &p.model);
    assert_ok(parent_hash_verdict(&p));
    pair_clear(&p);
}

/* `before` becomes `after` by the nodes in which they differ. */
static void assert_applied(sotto_crypto *c, struct tree *before, struct tree *after)
{
    struct tree *tree = NULL;
    struct tree_list diff = {0};
    uint8_t got[HASH_MAX], want[HASH_MAX];
    assert_ok(tree_diff(before, after, &diff));
    assert_ok(tree_clone(before, &tree));
    if (tree_leaf_count(after) > tree_leaf_count(tree))
        assert_ok(tree_resize(tree, tree_leaf_count(after)));
    for (size_t i = 0; i < diff.count; i++) {
        sotto_buf encoded = node_encoded(after, diff.items[i]);
        assert_ok(tree_read_node(tree, diff.items[i], buf_view(&encoded)));
        buf_clear(&encoded);
    }
    assert_ok(tree_resize(tree, tree_leaf_count(after)));
    assert_ok(tree_root_hash(c, tree, got));
    assert_ok(tree_root_hash(c, after, want));
    assert_memory_equal(got, want, tree_suite(tree)->hash_len);
    assert_int_equal(tree_member_count(tree), tree_member_count(after));
    tree_list_clear(&diff);
    tree_free(tree);
}

static void a_difference_leads_from_one_tree_to_the_other(void **state)
{
    struct pair p = pair_new(*state, 22);
    struct tree *large = NULL, *small = NULL;
    for (int i = 0; i < 5; i++)
        pair_add(&p);
    assert_ok(tree_clone(p.tree, &small));
    for (int i = 0; i < 60; i++)
        pair_add(&p);
    pair_path(&p, 64);
    assert_ok(tree_clone(p.tree, &large));
    for (uint32_t i = 64; i > 0; i--)
        pair_remove(&p, i);
    struct tree *trees[] = {small, large, p.tree};
    for (size_t i = 0; i < COUNT_OF(trees); i++)
        for (size_t j = 0; j < COUNT_OF(trees); j++)
            assert_applied(p.c, trees[i], trees[j]);
    tree_free(small);
    tree_free(large);
    pair_clear(&p);
}

static void nodes_that_do_not_fit_are_refused(void **state)
{
    struct pair p = pair_new(*state, 23);
    struct tree *tree = NULL;
    assert_err(tree_new_blank(p.suite, tree_seed, 0, &tree), VALUE);
    assert_err(tree_new_blank(p.suite, tree_seed, 3, &tree), VALUE);
    assert_err(tree_new_blank(p.suite, tree_seed, 2 * MLS_LEAF_LIMIT, &tree), VALUE);
    assert_null(tree);
    for (int i = 0; i < 4; i++)
        pair_add(&p);
    pair_path(&p, 0);
    pair_add(&p); /* leaf 4 */
    pair_path(&p, 0);
    pair_add(&p); /* leaf 5 is unmerged in the root, node 7 */
    sotto_buf leaf = node_encoded(p.tree, 0), parent = node_encoded(p.tree, 1),
              root = node_encoded(p.tree, 7);
    assert_ok(tree_new_blank(p.suite, tree_seed, 4, &tree));
    assert_err(tree_read_node(tree, 1, buf_view(&leaf)), VALUE);
    assert_err(tree_read_node(tree, 2, buf_view(&parent)), VALUE);
    assert_err(tree_read_node(tree, 7, buf_view(&parent)), VALUE);
    assert_err(tree_read_node(tree, UINT32_MAX, buf_view(&parent)), VALUE);
    assert_err(tree_read_node(tree, 3, buf_view(&root)), VALUE);
    for (size_t len = 0; len < leaf.len; len++)
        assert_err(tree_read_node(tree, 0, view_of(leaf.data, len)), TRUNCATED);
    assert_ok(buf_append(&leaf, VIEW_LIT("\0")));
    assert_err(tree_read_node(tree, 0, buf_view(&leaf)), TRAILING);
    assert_int_equal(tree_member_count(tree), 0);
    assert_err(tree_resize(p.tree, 4), VALUE); /* two members would be lost */
    assert_err(tree_resize(p.tree, 12), VALUE);
    assert_err(tree_resize(p.tree, 0), VALUE);
    assert_same_tree(p.c, p.tree, &p.model);
    buf_clear(&leaf);
    buf_clear(&parent);
    buf_clear(&root);
    tree_free(tree);
    pair_clear(&p);
}

/* A group as it lives: each epoch is a clone of the one before, which is then dropped. */
static void keys_are_found_through_thousands_of_epochs(void **state)
{
    struct pair p = pair_new(*state, 12);
    for (int i = 0; i < 20; i++)
        pair_add(&p);
    for (int i = 0; i < 3000; i++) {
        struct tree *next = NULL;
        assert_ok(tree_clone(p.tree, &next));
        tree_free(p.tree);
        p.tree = next;
        pair_update(&p, rng_below(&p.rng, 20));
    }
    assert_same_tree(p.c, p.tree, &p.model);
    assert_in_range(tree_index_memory(&p.tree->index), 1, 4096);
    pair_clear(&p);
}

static void a_new_blank_leaf_waits_for_who_joins_by_commit(void **state)
{
    struct pair p = pair_new(*state, 13);
    uint32_t leaf = UINT32_MAX;
    assert_ok(tree_blank_leaf(p.tree, &leaf));
    assert_int_equal(leaf, 0);
    for (int i = 0; i < 4; i++)
        pair_add(&p);
    assert_ok(tree_blank_leaf(p.tree, &leaf));
    assert_int_equal(leaf, 4);
    assert_int_equal(tree_leaf_count(p.tree), 8);
    model_resize(&p.model, 8);
    pair_path(&p, 4);
    assert_same_tree(p.c, p.tree, &p.model);
    pair_clear(&p);
}

static void what_all_members_support_is_counted(void **state)
{
    struct pair p = pair_new(*state, 14);
    static const uint8_t twice[] = {0xf0, 0x01, 0xf0, 0x01, 0xaa, 0xaa}, once[] = {0xf0, 0x01};
    for (int i = 0; i < 3; i++) {
        struct member m = member_new(p.c, p.suite, &p.rng);
        struct profile profile = profile_usual(p.suite);
        uint32_t leaf;
        profile.extensions = i == 0 ? VIEW_OF(twice) : VIEW_OF(once);
        profile.proposals = i == 2 ? VIEW_OF(once) : (view){0};
        member_sign(p.c, &m, &profile);
        assert_ok(tree_add(p.tree, buf_view(&m.leaf), &leaf));
        member_clear(&m);
    }
    assert_int_equal(tree_census(p.tree, CENSUS_EXTENSION, 0xf001), 3);
    assert_int_equal(tree_census(p.tree, CENSUS_EXTENSION, 0xaaaa), 1);
    assert_true(tree_all_support(p.tree, CENSUS_EXTENSION, 0xf001));
    assert_false(tree_all_support(p.tree, CENSUS_EXTENSION, 0xaaaa));
    assert_false(tree_all_support(p.tree, CENSUS_PROPOSAL, 0xf001));
    assert_true(tree_all_support(p.tree, CENSUS_PROPOSAL, PROPOSAL_ADD));
    assert_true(tree_all_support(p.tree, CENSUS_EXTENSION, EXTENSION_RATCHET_TREE));
    assert_false(tree_all_support(p.tree, CENSUS_CREDENTIAL, CREDENTIAL_X509));
    struct tree *staged = NULL;
    assert_ok(tree_clone(p.tree, &staged));
    assert_ok(tree_remove(staged, 0));
    assert_ok(tree_remove(staged, 1));
    assert_true(tree_all_support(staged, CENSUS_PROPOSAL, 0xf001));
    assert_int_equal(tree_census(staged, CENSUS_EXTENSION, 0xaaaa), 0);
    assert_int_equal(tree_census(p.tree, CENSUS_EXTENSION, 0xaaaa), 1);
    tree_free(staged);
    pair_clear(&p);
}

/* No type that a stranger lists costs more than its place. */
static void many_odd_types_are_counted_too(void **state)
{
    struct pair p = pair_new(*state, 15);
    uint8_t list[2 * 900];
    uint32_t leaf;
    for (uint32_t m = 0; m < 4; m++) {
        struct member member = member_new(p.c, p.suite, &p.rng);
        struct profile profile = profile_usual(p.suite);
        for (uint32_t i = 0; i < 900; i++) {
            uint32_t type = 1000 * m + i;
            list[2 * i] = (uint8_t)(type >> 8);
            list[2 * i + 1] = (uint8_t)type;
        }
        profile.proposals = VIEW_OF(list);
        member_sign(p.c, &member, &profile);
        assert_ok(tree_add(p.tree, buf_view(&member.leaf), &leaf));
        member_clear(&member);
    }
    assert_int_equal(tree_census(p.tree, CENSUS_PROPOSAL, 3899), 1);
    for (uint32_t m = 0; m < 3; m++)
        assert_ok(tree_remove(p.tree, m));
    assert_int_equal(tree_census(p.tree, CENSUS_PROPOSAL, 42), 0);
    assert_int_equal(tree_census(p.tree, CENSUS_PROPOSAL, 3899), 1);
    pair_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sequence_of_five_steps_gives_the_tree_of_the_rfc),
        cmocka_unit_test(random_trees_are_those_of_the_rfc),
        cmocka_unit_test(trees_of_three_hundred_leaves_are_those_of_the_rfc),
        cmocka_unit_test(a_tree_that_is_emptied_from_the_right_shrinks_step_by_step),
        cmocka_unit_test(a_gap_is_filled_from_the_left),
        cmocka_unit_test(reading_what_was_written_gives_the_same_tree),
        cmocka_unit_test(a_tree_without_members_is_not_written),
        cmocka_unit_test(who_is_not_there_is_neither_updated_nor_removed),
        cmocka_unit_test(clones_change_each_for_itself),
        cmocka_unit_test(a_difference_has_what_a_change_touched_and_nothing_else),
        cmocka_unit_test(trees_of_two_sizes_differ_where_one_has_no_room),
        cmocka_unit_test(a_node_is_written_as_it_stands_in_the_tree),
        cmocka_unit_test(a_tree_that_comes_node_by_node_is_the_same_tree),
        cmocka_unit_test(a_difference_leads_from_one_tree_to_the_other),
        cmocka_unit_test(nodes_that_do_not_fit_are_refused),
        cmocka_unit_test(keys_are_found_through_thousands_of_epochs),
        cmocka_unit_test(a_new_blank_leaf_waits_for_who_joins_by_commit),
        cmocka_unit_test(what_all_members_support_is_counted),
        cmocka_unit_test(many_odd_types_are_counted_too),
    };
    return cmocka_run_group_tests(tests, handle_setup, handle_teardown);
}
