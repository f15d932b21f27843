/* An UpdatePath: a commit on its way, changed in one place. */
#include "guards.h"
#include "path_world.h"

#define RECEIVER 3u /* the leaf beside the committer's */

/* Merges the path as it is now. */
static sotto_err merge(struct refusal *f, struct fault *ret_fault)
{
    struct tree *merged = NULL;
    assert_ok(tree_clone(f->s.proposed, &merged));
    sotto_err err =
        treekem_merge(f->w->c, merged, f->s.sender, false, &f->update, &f->s.added, ret_fault);
    tree_free(merged);
    return err;
}

static sotto_err attempt_length(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)argument;
    struct refusal f;
    refusal_init(c, &f);
    f.nodes[f.count++] = f.nodes[0];
    refusal_rewrite(&f);
    sotto_err err = merge(&f, ret_fault);
    refusal_clear(&f);
    return err;
}

static sotto_err attempt_ciphertexts(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)argument;
    struct refusal f;
    refusal_init(c, &f);
    struct rd at = rd_of(f.nodes[1].encrypted_path_secret);
    struct hpke_ciphertext first;
    hpke_ciphertext_read(&at, &first);
    f.nodes[1].encrypted_path_secret = rd_rest(&at);
    refusal_rewrite(&f);
    sotto_err err = merge(&f, ret_fault);
    refusal_clear(&f);
    return err;
}

static sotto_err attempt_leaf_key_new(sotto_crypto *c, const void *argument,
                                      struct fault *ret_fault)
{
    (void)argument;
    struct refusal f;
    refusal_init(c, &f);
    f.update.leaf_node.encryption_key = tree_node_key(tree_leaf(f.w->tree, 2), TREE_ENCRYPTION_KEY);
    sotto_err err = merge(&f, ret_fault);
    refusal_clear(&f);
    return err;
}

static sotto_err attempt_keys_unique(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)argument;
    struct refusal f;
    refusal_init(c, &f);
    f.update.leaf_node.encryption_key = tree_node_key(tree_leaf(f.w->tree, 5), TREE_ENCRYPTION_KEY);
    sotto_err err = merge(&f, ret_fault);
    refusal_clear(&f);
    return err;
}

static sotto_err attempt_keys_twice(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)argument;
    struct refusal f;
    refusal_init(c, &f);
    f.update.leaf_node.encryption_key = f.nodes[2].encryption_key;
    sotto_err err = merge(&f, ret_fault);
    refusal_clear(&f);
    return err;
}

static sotto_err attempt_key(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)argument;
    struct refusal f;
    refusal_init(c, &f);
    f.update.leaf_node.encryption_key.len--;
    sotto_err err = merge(&f, ret_fault);
    refusal_clear(&f);
    return err;
}

static sotto_err attempt_parent_hash(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)argument;
    struct refusal f;
    refusal_init(c, &f);
    f.update.leaf_node.parent_hash.len--;
    sotto_err err = merge(&f, ret_fault);
    refusal_clear(&f);
    return err;
}

/* Opens the path as it is now, over the tree that it was merged into as it was sent. */
static sotto_err open_changed(struct refusal *f,
                              void (*change)(struct refusal *f, struct tree *merged), view context,
                              struct fault *ret_fault)
{
    struct tree *merged = NULL;
    assert_ok(tree_clone(f->s.proposed, &merged));
    assert_ok(treekem_merge(f->w->c, merged, f->s.sender, false, &f->update, &f->s.added, NULL));
    if (change != NULL)
        change(f, merged);
    sotto_err err = open_as(f, RECEIVER, merged, context, ret_fault);
    tree_free(merged);
    return err;
}

static sotto_err attempt_opens(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)argument;
    struct refusal f;
    refusal_init(c, &f);
    sotto_err err = open_changed(&f, NULL, VIEW_LIT("another context"), ret_fault);
    refusal_clear(&f);
    return err;
}

static void other_root(struct refusal *f, struct tree *merged)
{
    struct kem_key *other = fresh_kem_key(f->w->c, f->w->suite, &f->w->rng);
    assert_ok(tree_set_parent(merged, f->s.path.path.steps[f->count - 1].node,
                              kem_key_public(other), (view){0}));
    kem_key_free(other);
}

static sotto_err attempt_keys_derived(sotto_crypto *c, const void *argument,
                                      struct fault *ret_fault)
{
    (void)argument;
    struct refusal f;
    refusal_init(c, &f);
    sotto_err err = open_changed(&f, other_root, sent_context(&f.s), ret_fault);
    refusal_clear(&f);
    return err;
}

/* As it comes in a Welcome. */
static sotto_err attempt_secret_length(sotto_crypto *c, const void *argument,
                                       struct fault *ret_fault)
{
    (void)argument;
    struct refusal f;
    refusal_init(c, &f);
    struct tree *merged = NULL;
    struct secret shorter = f.s.path.secrets[0];
    shorter.len--;
    assert_ok(tree_clone(f.s.proposed, &merged));
    assert_ok(treekem_merge(c, merged, f.s.sender, false, &f.update, &f.s.added, NULL));
    sotto_err err = treekem_private_set_path(c, merged, &party_at(f.w, RECEIVER)->keys,
                                             f.s.path.path.steps[0].node, &shorter, ret_fault);
    tree_free(merged);
    refusal_clear(&f);
    return err;
}

static const struct guard_row rows[] = {
    {CHECK_PATH_LEAF_KEY_NEW, attempt_leaf_key_new, NULL},
    {CHECK_PATH_KEYS_UNIQUE, attempt_keys_unique, NULL},
    {CHECK_PATH_KEYS_UNIQUE, attempt_keys_twice, NULL},
    {CHECK_PATH_LENGTH, attempt_length, NULL},
    {CHECK_PATH_CIPHERTEXTS, attempt_ciphertexts, NULL},
    {CHECK_PATH_KEY, attempt_key, NULL},
    {CHECK_PATH_PARENT_HASH, attempt_parent_hash, NULL},
    {CHECK_PATH_KEYS_DERIVED, attempt_keys_derived, NULL},
    {CHECK_PATH_SECRET_LENGTH, attempt_secret_length, NULL},
    {CHECK_PATH_SECRET_OPENS, attempt_opens, NULL},
};

const struct guard_rows guards_path = {rows, COUNT_OF(rows)};
