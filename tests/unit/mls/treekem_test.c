#include "mls/treekem.h"

#include "../crypto/handle.h"
#include "path_world.h"

static void all_members_share_each_epoch_of_a_random_life(void **state)
{
    for (uint8_t seed = 1; seed <= 6; seed++) {
        struct world *w = world_new(*state, 1, seed);
        live(w, 60);
        world_free(w);
    }
}

static void a_life_goes_the_same_way_in_every_suite(void **state)
{
    static const uint16_t suites[] = {
        2, 3, 4, 5, 6, 7, MLS_SUITE_XWING_AES128, MLS_SUITE_XWING_AES256};
    for (size_t i = 0; i < COUNT_OF(suites); i++) {
        struct world *w = world_new(*state, suites[i], 9);
        live(w, 4);
        world_free(w);
    }
}

/* --- what must be refused --- */

static void assert_merge_fails(struct refusal *f, enum mls_check check)
{
    struct tree *merged = NULL;
    struct fault fault = {0};
    uint8_t before[HASH_MAX], after[HASH_MAX];
    assert_ok(tree_root_hash(f->w->c, f->s.proposed, before));
    assert_ok(tree_clone(f->s.proposed, &merged));
    assert_int_equal(treekem_merge(f->w->c, merged, 2, false, &f->update, &f->s.added, &fault),
                     check_row(check)->err);
    assert_int_equal(fault.check, check);
    tree_free(merged);
    assert_ok(tree_root_hash(f->w->c, f->s.proposed, after));
    assert_memory_equal(before, after, f->w->suite->hash_len);
}

static void a_path_has_a_node_for_each_step(void **state)
{
    struct refusal f;
    refusal_init(*state, &f);
    f.count--;
    refusal_rewrite(&f);
    assert_merge_fails(&f, CHECK_PATH_LENGTH);
    f.count++;
    f.nodes[f.count++] = f.nodes[0];
    refusal_rewrite(&f);
    assert_merge_fails(&f, CHECK_PATH_LENGTH);
    f.count = 0;
    refusal_rewrite(&f);
    assert_merge_fails(&f, CHECK_PATH_LENGTH);
    refusal_clear(&f);
}

static void a_node_has_a_ciphertext_for_each_receiver(void **state)
{
    struct refusal f;
    refusal_init(*state, &f);
    for (size_t i = 0; i < f.count; i++) {
        struct update_path_node whole = f.nodes[i];
        struct rd at = rd_of(whole.encrypted_path_secret);
        struct hpke_ciphertext first;
        hpke_ciphertext_read(&at, &first);
        f.nodes[i].encrypted_path_secret = rd_rest(&at);
        refusal_rewrite(&f);
        assert_merge_fails(&f, CHECK_PATH_CIPHERTEXTS);
        f.nodes[i] = whole;
    }
    /* The member who is added by the same commit gets none. */
    refusal_rewrite(&f);
    f.s.added.count = 0;
    assert_merge_fails(&f, CHECK_PATH_CIPHERTEXTS);
    refusal_clear(&f);
}

static void a_committer_changes_its_leaf_key(void **state)
{
    struct refusal f;
    refusal_init(*state, &f);
    f.update.leaf_node.encryption_key = tree_node_key(tree_leaf(f.w->tree, 2), TREE_ENCRYPTION_KEY);
    assert_merge_fails(&f, CHECK_PATH_LEAF_KEY_NEW);
    refusal_clear(&f);
}

static void no_key_of_a_path_is_in_the_tree_or_twice_in_the_path(void **state)
{
    struct refusal f;
    refusal_init(*state, &f);
    view own = f.nodes[1].encryption_key, leaf = f.update.leaf_node.encryption_key;
    f.nodes[1].encryption_key = tree_node_key(tree_leaf(f.w->tree, 5), TREE_ENCRYPTION_KEY);
    refusal_rewrite(&f);
    assert_merge_fails(&f, CHECK_PATH_KEYS_UNIQUE);
    f.nodes[1].encryption_key = f.nodes[3].encryption_key;
    refusal_rewrite(&f);
    assert_merge_fails(&f, CHECK_PATH_KEYS_UNIQUE);
    f.nodes[1].encryption_key = leaf;
    refusal_rewrite(&f);
    assert_merge_fails(&f, CHECK_PATH_KEYS_UNIQUE);
    f.nodes[1].encryption_key = own;
    refusal_rewrite(&f);
    f.update.leaf_node.encryption_key =
        tree_node_key(tree_node(f.w->tree, 11), TREE_ENCRYPTION_KEY); /* leaves 4 to 7 */
    assert_merge_fails(&f, CHECK_PATH_KEYS_UNIQUE);
    refusal_clear(&f);
}

static void a_key_of_a_path_is_a_key(void **state)
{
    struct refusal f;
    refusal_init(*state, &f);
    f.nodes[2].encryption_key.len--;
    refusal_rewrite(&f);
    assert_merge_fails(&f, CHECK_PATH_KEY);
    refusal_clear(&f);
}

static void the_leaf_holds_the_parent_hash_of_its_path(void **state)
{
    struct refusal f;
    refusal_init(*state, &f);
    view right = f.update.leaf_node.parent_hash;
    f.update.leaf_node.parent_hash = view_of(right.data, right.len - 1);
    assert_merge_fails(&f, CHECK_PATH_PARENT_HASH);
    f.update.leaf_node.parent_hash = (view){0};
    assert_merge_fails(&f, CHECK_PATH_PARENT_HASH);
    f.update.leaf_node.parent_hash = right;
    struct kem_key *other = fresh_kem_key(f.w->c, f.w->suite, &f.w->rng);
    for (size_t i = 0; i < f.count; i++) {
        view own = f.nodes[i].encryption_key;
        f.nodes[i].encryption_key = kem_key_public(other);
        refusal_rewrite(&f);
        assert_merge_fails(&f, CHECK_PATH_PARENT_HASH);
        f.nodes[i].encryption_key = own;
    }
    kem_key_free(other);
    refusal_clear(&f);
}

static void who_sends_is_a_member_or_else_joins(void **state)
{
    struct refusal f;
    refusal_init(*state, &f);
    struct tree *merged = NULL;
    assert_ok(tree_clone(f.s.proposed, &merged));
    assert_err(treekem_merge(f.w->c, merged, 12, false, &f.update, &f.s.added, NULL), NOTFOUND);
    assert_err(treekem_merge(f.w->c, merged, 99, false, &f.update, &f.s.added, NULL), NOTFOUND);
    assert_err(treekem_merge(f.w->c, merged, 2, true, &f.update, &f.s.added, NULL), NOTFOUND);
    tree_free(merged);
    refusal_clear(&f);
}

static void a_path_secret_opens_for_its_receiver_and_context_alone(void **state)
{
    struct refusal f;
    refusal_init(*state, &f);
    struct tree *merged = NULL;
    struct fault fault = {0};
    assert_ok(tree_clone(f.s.proposed, &merged));
    assert_ok(treekem_merge(f.w->c, merged, 2, false, &f.update, &f.s.added, NULL));
    assert_ok(open_as(&f, 3, merged, sent_context(&f.s), &fault));
    assert_err(open_as(&f, 3, merged, VIEW_LIT("another"), &fault), DECRYPT);
    assert_err(open_as(&f, 9, merged, sent_context(&f.s), &fault), NOTFOUND); /* just added */
    assert_err(open_as(&f, 2, merged, sent_context(&f.s), &fault), NOTFOUND); /* the sender */
    /* One ciphertext for another. */
    view own = f.nodes[0].encrypted_path_secret;
    f.nodes[0].encrypted_path_secret = view_of(f.nodes[3].encrypted_path_secret.data, own.len);
    refusal_rewrite(&f);
    assert_err(open_as(&f, 3, merged, sent_context(&f.s), &fault), DECRYPT);
    assert_int_equal(fault.check, CHECK_PATH_SECRET_OPENS);
    tree_free(merged);
    refusal_clear(&f);
}

static void a_path_secret_has_the_length_of_the_hash(void **state)
{
    struct refusal f;
    refusal_init(*state, &f);
    struct tree *merged = NULL;
    struct fault fault = {0};
    struct hpke_ciphertext sealed;
    struct rd at = rd_of(f.nodes[0].encrypted_path_secret);
    hpke_ciphertext_read(&at, &sealed);
    sealed.ciphertext.len--;
    sotto_buf shorter = {0};
    struct wr w = wr_to(&shorter);
    hpke_ciphertext_write(&w, &sealed);
    assert_ok(wr_end(&w));
    f.nodes[0].encrypted_path_secret = buf_view(&shorter);
    refusal_rewrite(&f);
    assert_ok(tree_clone(f.s.proposed, &merged));
    assert_ok(treekem_merge(f.w->c, merged, 2, false, &f.update, &f.s.added, NULL));
    assert_err(open_as(&f, 3, merged, sent_context(&f.s), &fault), VALUE);
    assert_int_equal(fault.check, CHECK_PATH_SECRET_LENGTH);
    struct secret wrong = {.len = 31};
    fault = (struct fault){0};
    assert_err(treekem_private_set_path(f.w->c, merged, &party_at(f.w, 3)->keys, 5, &wrong, &fault),
               VALUE);
    assert_int_equal(fault.check, CHECK_PATH_SECRET_LENGTH);
    buf_clear(&shorter);
    tree_free(merged);
    refusal_clear(&f);
}

/* A committer who sends other keys than those that follow from the path secret. */
static void keys_must_follow_from_the_path_secret(void **state)
{
    struct refusal f;
    refusal_init(*state, &f);
    struct kem_key *other = fresh_kem_key(f.w->c, f.w->suite, &f.w->rng);
    for (size_t i = 0; i < f.count; i++) {
        struct tree *merged = NULL;
        struct fault fault = {0};
        uint32_t node = f.s.path.path.steps[i].node;
        assert_ok(tree_clone(f.s.proposed, &merged));
        assert_ok(treekem_merge(f.w->c, merged, 2, false, &f.update, &f.s.added, NULL));
        assert_ok(tree_set_parent(merged, node, kem_key_public(other), (view){0}));
        assert_err(open_as(&f, 3, merged, sent_context(&f.s), &fault), VALUE);
        assert_int_equal(fault.check, CHECK_PATH_KEYS_DERIVED);
        assert_int_equal(fault.where, node);
        struct treekem_private *mine = &party_at(f.w, 3)->keys;
        struct treekem_key *root = mine->keys[4];
        assert_err(treekem_private_set_path(f.w->c, merged, mine, 5, &f.s.path.secrets[0], &fault),
                   VALUE);
        assert_ptr_equal(mine->keys[4], root);
        tree_free(merged);
    }
    kem_key_free(other);
    refusal_clear(&f);
}

static void a_path_secret_is_for_a_parent_above_the_own_leaf(void **state)
{
    struct refusal f;
    refusal_init(*state, &f);
    struct treekem_private *mine = &party_at(f.w, 3)->keys;
    const struct secret *secret = &f.s.path.secrets[0];
    assert_err(treekem_private_set_path(f.w->c, f.w->tree, mine, 6, secret, NULL), USAGE);
    assert_err(treekem_private_set_path(f.w->c, f.w->tree, mine, 1, secret, NULL), USAGE);
    assert_err(treekem_private_set_path(f.w->c, f.w->tree, mine, 31, secret, NULL), USAGE);
    assert_err(treekem_private_set(mine, 1, fresh_kem_key(f.w->c, f.w->suite, &f.w->rng)), USAGE);
    refusal_clear(&f);
}

static void the_same_seed_makes_the_same_path(void **state)
{
    struct world *a = world_new(*state, 1, 50), *b = world_new(*state, 1, 50);
    uint8_t first[HASH_MAX], second[HASH_MAX];
    live(a, 5);
    live(b, 5);
    assert_ok(tree_root_hash(*state, a->tree, first));
    assert_ok(tree_root_hash(*state, b->tree, second));
    assert_memory_equal(first, second, a->suite->hash_len);
    world_free(a);
    world_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_members_share_each_epoch_of_a_random_life),
        cmocka_unit_test(a_life_goes_the_same_way_in_every_suite),
        cmocka_unit_test(a_path_has_a_node_for_each_step),
        cmocka_unit_test(a_node_has_a_ciphertext_for_each_receiver),
        cmocka_unit_test(a_committer_changes_its_leaf_key),
        cmocka_unit_test(no_key_of_a_path_is_in_the_tree_or_twice_in_the_path),
        cmocka_unit_test(a_key_of_a_path_is_a_key),
        cmocka_unit_test(the_leaf_holds_the_parent_hash_of_its_path),
        cmocka_unit_test(who_sends_is_a_member_or_else_joins),
        cmocka_unit_test(a_path_secret_opens_for_its_receiver_and_context_alone),
        cmocka_unit_test(a_path_secret_has_the_length_of_the_hash),
        cmocka_unit_test(keys_must_follow_from_the_path_secret),
        cmocka_unit_test(a_path_secret_is_for_a_parent_above_the_own_leaf),
        cmocka_unit_test(the_same_seed_makes_the_same_path),
    };
    return cmocka_run_group_tests(tests, handle_setup, handle_teardown);
}
