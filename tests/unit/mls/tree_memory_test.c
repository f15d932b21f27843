/* Trees and TreeKEM when memory runs out at any allocation: the step fails, or does without; what it started from is as it was,
 * and nothing leaks. */
#include "../allocations.h"
#include "../crypto/handle.h"
#include "members.h"
#include "mls/tree_hash.h"
#include "mls/treekem.h"

#define MEMBERS 40

/* A group with parents, unmerged leaves and a blank one, and what is done with it. */
struct scene {
    sotto_crypto *c;
    const struct mls_suite *suite;
    struct tree *tree;
    struct member members[MEMBERS], joiner;
    struct treekem_private keys[MEMBERS];
    struct leaf_node sender_leaf;
    sotto_buf encoded;
    sotto_buf update; /* a path of leaf 1 */
    uint8_t context[HASH_MAX];
};

static sotto_err path_of_leaf_1(struct scene *s, sotto_buf *out)
{
    static const uint8_t seed[RNG_SEED] = {5};
    struct rng rng = rng_from(seed);
    DEFER(tree_freep) struct tree *staged = NULL;
    DEFER(treekem_path_clear) struct treekem_path path = {0};
    const struct treekem_sender sender = {1, &s->sender_leaf, s->members[1].sign_key, GROUP_ID};
    TRY(tree_clone(s->tree, &staged));
    TRY(treekem_create(s->c, staged, &sender, &rng, &s->keys[1], &path));
    TRY(tree_root_hash(s->c, staged, s->context));
    return treekem_seal(s->c, staged, &path, NULL, VIEW_OF(s->context), &rng, out);
}

static sotto_err read_back(struct scene *s)
{
    DEFER(tree_freep) struct tree *tree = NULL;
    uint8_t root[HASH_MAX];
    TRY(tree_read(s->suite, tree_seed, buf_view(&s->encoded), &tree, NULL));
    TRY(tree_root_hash(s->c, tree, root));
    const struct tree_check_context context = {.group_id = GROUP_ID,
                                               .tree_hash = view_of(root, s->suite->hash_len)};
    return tree_check_all(s->c, tree, &context, NULL);
}

static sotto_err change(struct scene *s)
{
    DEFER(tree_freep) struct tree *staged = NULL;
    DEFER(tree_freep) struct tree *second = NULL;
    uint32_t leaf;
    TRY(tree_clone(s->tree, &staged));
    TRY(tree_update(staged, 3, buf_view(&s->joiner.leaf)));
    TRY(tree_remove(staged, 39));
    TRY(tree_clone(staged, &second));
    for (int i = 0; i < 30; i++)
        TRY(tree_add(second, buf_view(&s->joiner.leaf), &leaf));
    uint8_t root[HASH_MAX];
    return tree_root_hash(s->c, second, root);
}

static sotto_err differ(struct scene *s)
{
    DEFER(tree_freep) struct tree *staged = NULL;
    DEFER(tree_list_clear) struct tree_list nodes = {0};
    TRY(tree_clone(s->tree, &staged));
    for (uint32_t i = 6; i < MEMBERS; i++)
        TRY(tree_update(staged, i, buf_view(&s->joiner.leaf)));
    return tree_diff(s->tree, staged, &nodes);
}

static sotto_err create(struct scene *s)
{
    DEFER(buf_clear) sotto_buf update = {0};
    return path_of_leaf_1(s, &update);
}

static sotto_err process(struct scene *s)
{
    DEFER(tree_freep) struct tree *merged = NULL;
    DEFER(treekem_private_clear) struct treekem_private after = {0};
    DEFER(secret_clear) struct secret commit_secret = {0};
    struct update_path update;
    struct rd r = rd_of(buf_view(&s->update));
    update_path_read(&r, &update);
    TRY(rd_end(&r));
    TRY(tree_clone(s->tree, &merged));
    TRY(treekem_merge(s->c, merged, 1, false, &update, NULL, NULL));
    return treekem_open(s->c, merged, 1, &update, NULL, VIEW_OF(s->context), &s->keys[9], &after,
                        &commit_secret, NULL);
}

static void assert_unchanged(struct scene *s)
{
    sotto_buf encoded = {0};
    struct wr w = wr_to(&encoded);
    tree_write(&w, s->tree);
    assert_ok(wr_end(&w));
    assert_true(view_equal(buf_view(&encoded), buf_view(&s->encoded)));
    buf_clear(&encoded);
}

static void fails_whole_or_not_at_all(struct scene *s, sotto_err (*step)(struct scene *s))
{
    size_t count = 0;
    for (size_t left = 0;; left++) {
        allocation_failed = false;
        allocations_left = left;
        sotto_err err = step(s);
        allocations_left = SIZE_MAX;
        assert_true(err == SOTTO_OK || (allocation_failed && err == SOTTO_E_NOMEM));
        assert_unchanged(s);
        if (!allocation_failed)
            break;
        count += err != SOTTO_OK;
    }
    assert_in_range(count, 10, 100000);
    assert_ok(step(s));
}

static struct scene *scene_new(sotto_crypto *c)
{
    uint8_t seed[RNG_SEED] = {6};
    struct rng rng = rng_from(seed);
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->c = c;
    s->suite = mls_suite_find(1);
    assert_ok(tree_new(s->suite, tree_seed, &s->tree));
    for (uint32_t i = 0; i < MEMBERS; i++) {
        uint32_t leaf;
        s->members[i] = member_new(c, s->suite, &rng);
        assert_ok(tree_add(s->tree, buf_view(&s->members[i].leaf), &leaf));
        assert_ok(treekem_private_new(i, MOVE(s->members[i].kem_key), &s->keys[i]));
        if (i != 30)
            continue;
        struct treekem_path path = {0};
        struct rd r = rd_of(buf_view(&s->members[i].leaf));
        leaf_node_read(&r, &s->sender_leaf);
        const struct treekem_sender sender = {30, &s->sender_leaf, s->members[i].sign_key,
                                              GROUP_ID};
        assert_ok(treekem_create(c, s->tree, &sender, &rng, &s->keys[i], &path));
        treekem_path_clear(&path);
    }
    s->joiner = member_new(c, s->suite, &rng);
    struct rd r = rd_of(buf_view(&s->members[1].leaf));
    leaf_node_read(&r, &s->sender_leaf);
    assert_ok(tree_remove(s->tree, 5));
    struct wr w = wr_to(&s->encoded);
    tree_write(&w, s->tree);
    assert_ok(wr_end(&w));
    assert_ok(path_of_leaf_1(s, &s->update));
    return s;
}

static void scene_free(struct scene *s)
{
    for (uint32_t i = 0; i < MEMBERS; i++) {
        treekem_private_clear(&s->keys[i]);
        member_clear(&s->members[i]);
    }
    member_clear(&s->joiner);
    tree_free(s->tree);
    buf_clear(&s->encoded);
    buf_clear(&s->update);
    free(s);
}

static void a_tree_is_read_or_it_is_not(void **state)
{
    struct scene *s = scene_new(*state);
    fails_whole_or_not_at_all(s, read_back);
    scene_free(s);
}

static void a_base_never_notices_that_a_change_failed(void **state)
{
    struct scene *s = scene_new(*state);
    fails_whole_or_not_at_all(s, change);
    scene_free(s);
}

static void a_difference_is_found_or_it_is_not(void **state)
{
    struct scene *s = scene_new(*state);
    fails_whole_or_not_at_all(s, differ);
    scene_free(s);
}

static void a_path_is_made_or_it_is_not(void **state)
{
    struct scene *s = scene_new(*state);
    fails_whole_or_not_at_all(s, create);
    scene_free(s);
}

static void a_path_is_taken_or_it_is_not(void **state)
{
    struct scene *s = scene_new(*state);
    fails_whole_or_not_at_all(s, process);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_read_or_it_is_not),
        cmocka_unit_test(a_base_never_notices_that_a_change_failed),
        cmocka_unit_test(a_difference_is_found_or_it_is_not),
        cmocka_unit_test(a_path_is_made_or_it_is_not),
        cmocka_unit_test(a_path_is_taken_or_it_is_not),
    };
    return cmocka_run_group_tests(tests, handle_setup, handle_teardown);
}
