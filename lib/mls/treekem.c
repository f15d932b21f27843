/* From one path secret follow all that stand above it, and from each the key pair of its node; the last one is the commit
 * secret. Both sides run the same chain (struct chain); only where it begins differs.
 * The keys and parent hashes are put from the root downwards, since each parent hash holds the one above; a copath is not
 * touched by the path beside it, so that its tree hash, and its resolution, are those from before. */
#include "mls/treekem.h"

#include <assert.h>
#include <stdlib.h>

#include "base/ct.h"
#include "mls/tree_hash.h"
#include "mls/tree_math.h"

struct treekem_key {
    uint32_t refs;
    struct kem_key *key;
};

static void shared_unref(struct treekem_key *shared)
{
    if (shared == NULL || --shared->refs > 0)
        return;
    kem_key_free(shared->key);
    free(shared);
}

/* Puts a key at a level; takes it over, on failure too. */
static sotto_err private_put(struct treekem_private *keys, uint32_t level, struct kem_key *taken)
{
    struct treekem_key *shared = malloc(sizeof *shared);
    if (shared == NULL) {
        kem_key_free(taken);
        return SOTTO_E_NOMEM;
    }
    *shared = (struct treekem_key){1, taken};
    shared_unref(keys->keys[level]);
    keys->keys[level] = shared;
    return SOTTO_OK;
}

sotto_err treekem_private_new(uint32_t leaf_index, struct kem_key *leaf_key,
                              struct treekem_private *ret_keys)
{
    struct treekem_private keys = {.leaf_index = leaf_index};
    TRY(private_put(&keys, 0, leaf_key));
    *ret_keys = keys;
    return SOTTO_OK;
}

void treekem_private_copy(const struct treekem_private *from, struct treekem_private *ret_keys)
{
    for (size_t i = 0; i < COUNT_OF(from->keys); i++)
        if (from->keys[i] != NULL)
            from->keys[i]->refs++;
    *ret_keys = *from;
}

void treekem_private_clear(struct treekem_private *keys)
{
    for (size_t i = 0; i < COUNT_OF(keys->keys); i++)
        shared_unref(keys->keys[i]);
    *keys = (struct treekem_private){0};
}

static bool is_above(uint32_t leaf_index, uint32_t node)
{
    return tree_math_level(node) <= TREE_DEPTH &&
           tree_math_in_subtree(tree_math_leaf_node(leaf_index), node);
}

sotto_err treekem_private_set(struct treekem_private *keys, uint32_t node, struct kem_key *key)
{
    if (is_above(keys->leaf_index, node))
        return private_put(keys, tree_math_level(node), key);
    kem_key_free(key);
    return SOTTO_E_USAGE;
}

/* The node at a level of the way from a leaf upwards. */
static uint32_t ancestor_at(uint32_t leaf_index, uint32_t level)
{
    uint32_t node = tree_math_leaf_node(leaf_index);
    while (tree_math_level(node) < level)
        node = tree_math_parent(node);
    return node;
}

static bool key_fits(const struct kem_key *key, const struct tree *tree, uint32_t node)
{
    const struct tree_node *at = tree_node(tree, node);
    return at != NULL && view_equal(tree_node_key(at, TREE_ENCRYPTION_KEY), kem_key_public(key));
}

void treekem_private_drop(struct treekem_private *keys, const struct tree *tree)
{
    for (uint32_t level = 0; level <= TREE_DEPTH; level++) {
        struct treekem_key *shared = keys->keys[level];
        if (shared == NULL || key_fits(shared->key, tree, ancestor_at(keys->leaf_index, level)))
            continue;
        shared_unref(shared);
        keys->keys[level] = NULL;
    }
}

const struct kem_key *treekem_private_find(const struct treekem_private *keys, uint32_t node)
{
    if (!is_above(keys->leaf_index, node))
        return NULL;
    const struct treekem_key *shared = keys->keys[tree_math_level(node)];
    return shared != NULL ? shared->key : NULL;
}

/* The path secret at hand, to go on from. */
struct chain {
    sotto_crypto *c;
    const struct mls_suite *suite;
    struct secret secret;
};

static void chain_clear(struct chain *chain)
{
    secret_clear(&chain->secret);
}

static sotto_err chain_next(struct chain *chain)
{
    return derive_secret(chain->c, chain->suite, &chain->secret, VIEW_LIT("path"), &chain->secret);
}

static sotto_err chain_key(const struct chain *chain, struct kem_key **ret_key)
{
    DEFER(secret_clear) struct secret node_secret = {0};
    TRY(derive_secret(chain->c, chain->suite, &chain->secret, VIEW_LIT("node"), &node_secret));
    return kem_key_derive(chain->c, chain->suite->hpke.kem, secret_view(&node_secret), ret_key);
}

/* Derives the key pair of a node that the tree has the public key of. */
static sotto_err chain_take(const struct chain *chain, const struct tree *tree, uint32_t node,
                            struct treekem_private *keys, struct fault *ret_fault)
{
    DEFER(kem_key_freep) struct kem_key *key = NULL;
    TRY(chain_key(chain, &key));
    TRY(check_that(CHECK_PATH_KEYS_DERIVED, key_fits(key, tree, node), node, ret_fault));
    return private_put(keys, tree_math_level(node), MOVE(key));
}

/* Blank nodes have no part in the sender's filtered direct path. */
sotto_err treekem_private_set_path(sotto_crypto *c, const struct tree *tree,
                                   struct treekem_private *keys, uint32_t node,
                                   const struct secret *path_secret, struct fault *ret_fault)
{
    uint32_t root = tree_math_root(tree_leaf_count(tree));
    DEFER(chain_clear) struct chain chain = {c, tree_suite(tree), *path_secret};
    DEFER(treekem_private_clear) struct treekem_private mine = {0};
    if (node >= tree_node_count(tree) || tree_math_is_leaf(node) ||
        !is_above(keys->leaf_index, node))
        return SOTTO_E_USAGE;
    TRY(check_that(CHECK_PATH_SECRET_LENGTH, path_secret->len == chain.suite->hash_len, node,
                   ret_fault));
    treekem_private_copy(keys, &mine);
    TRY(chain_take(&chain, tree, node, &mine, ret_fault));
    while (node != root) {
        node = tree_math_parent(node);
        if (tree_node(tree, node) == NULL)
            continue;
        TRY(chain_next(&chain));
        TRY(chain_take(&chain, tree, node, &mine, ret_fault));
    }
    treekem_private_clear(keys);
    *keys = mine;
    mine = (struct treekem_private){0};
    return SOTTO_OK;
}

void treekem_path_clear(struct treekem_path *path)
{
    ct_wipe(path->secrets, sizeof path->secrets);
    secret_clear(&path->commit_secret);
    treekem_private_clear(&path->keys);
    buf_clear(&path->leaf_node);
    path->path.count = 0;
}

/* Puts the keys of a path, from the root downwards, and gives the parent hash that its leaf must carry: of hash_len bytes, or
 * empty when the path is (RFC 9420 7.9). The nodes were blanked before. */
static sotto_err path_put(sotto_crypto *c, struct tree *tree, const struct tree_path *path,
                          const view *public_keys, uint8_t *ret_parent_hash, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = path->count; i > 0; i--) {
        const struct tree_step *step = &path->steps[i - 1];
        TRY(tree_set_parent(tree, step->node, public_keys[i - 1], view_of(ret_parent_hash, len)));
        TRY(tree_parent_hash(c, tree, step->node, step->copath, ret_parent_hash));
        len = tree_suite(tree)->hash_len;
    }
    *ret_len = len;
    return SOTTO_OK;
}

/* The committer's secrets and key pairs, from a random path_secret[0]. With an empty path, which the only member of a group
 * has, that one is the commit secret. */
static sotto_err secrets_make(sotto_crypto *c, const struct mls_suite *suite, struct rng *rng,
                              struct treekem_path *path)
{
    DEFER(chain_clear) struct chain chain = {.c = c, .suite = suite};
    secret_resize(&chain.secret, suite->hash_len);
    rng_bytes(rng, chain.secret.data, chain.secret.len);
    for (size_t i = 0; i < path->path.count; i++) {
        struct kem_key *key = NULL;
        path->secrets[i] = chain.secret;
        TRY(chain_key(&chain, &key));
        TRY(private_put(&path->keys, tree_math_level(path->path.steps[i].node), key));
        TRY(chain_next(&chain));
    }
    path->commit_secret = chain.secret;
    return SOTTO_OK;
}

static sotto_err leaf_key_make(sotto_crypto *c, const struct mls_suite *suite, struct rng *rng,
                               struct treekem_private *keys)
{
    DEFER(secret_clear) struct secret seed = {0};
    struct kem_key *key = NULL;
    secret_resize(&seed, SECRET_MAX);
    rng_bytes(rng, seed.data, seed.len);
    TRY(kem_key_derive(c, suite->hpke.kem, secret_view(&seed), &key));
    return private_put(keys, 0, key);
}

/* The new leaf, signed for its place (RFC 9420 7.5 step 4). */
static sotto_err leaf_make(sotto_crypto *c, const struct treekem_sender *sender,
                           view encryption_key, view parent_hash, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf tbs = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    struct leaf_node leaf = *sender->leaf;
    leaf.encryption_key = encryption_key;
    leaf.leaf_node_source = LEAF_NODE_COMMIT;
    leaf.parent_hash = parent_hash;
    struct wr w = wr_to(&tbs);
    leaf_node_write_tbs(&w, &leaf, sender->group_id, sender->leaf_index);
    TRY(wr_end(&w));
    TRY(sign_with_label(c, sender->sign_key, VIEW_LIT("LeafNodeTBS"), buf_view(&tbs), &signature));
    leaf.signature = buf_view(&signature);
    w = wr_to(out);
    leaf_node_write(&w, &leaf);
    return wr_end(&w);
}

static sotto_err path_make(sotto_crypto *c, struct tree *tree, const struct treekem_sender *sender,
                           struct rng *rng, struct treekem_path *path)
{
    const struct mls_suite *suite = tree_suite(tree);
    view public_keys[TREE_DEPTH];
    uint8_t parent_hash[HASH_MAX];
    size_t parent_hash_len = 0;
    TRY(secrets_make(c, suite, rng, path));
    TRY(leaf_key_make(c, suite, rng, &path->keys));
    for (size_t i = 0; i < path->path.count; i++)
        public_keys[i] =
            kem_key_public(treekem_private_find(&path->keys, path->path.steps[i].node));
    TRY(tree_blank_path(tree, sender->leaf_index));
    TRY(path_put(c, tree, &path->path, public_keys, parent_hash, &parent_hash_len));
    TRY(leaf_make(c, sender, kem_key_public(path->keys.keys[0]->key),
                  view_of(parent_hash, parent_hash_len), &path->leaf_node));
    return tree_set_leaf(tree, sender->leaf_index, buf_view(&path->leaf_node));
}

sotto_err treekem_create(sotto_crypto *c, struct tree *tree, const struct treekem_sender *sender,
                         struct rng *rng, const struct treekem_private *keys,
                         struct treekem_path *ret_path)
{
    if (sender->leaf_index >= tree_leaf_count(tree))
        return SOTTO_E_USAGE;
    DEFER(treekem_path_clear) struct treekem_path path = {0};
    tree_filtered_direct_path(tree, sender->leaf_index, &path.path);
    treekem_private_copy(keys, &path.keys);
    path.keys.leaf_index = sender->leaf_index;
    TRY(path_make(c, tree, sender, rng, &path));
    treekem_private_drop(&path.keys, tree);
    *ret_path = path;
    path = (struct treekem_path){0};
    return SOTTO_OK;
}

/* One HPKECiphertext, written in place: no copy on the way. */
static sotto_err seal_one(sotto_crypto *c, const struct hpke_info *info, view public_key,
                          const struct secret *path_secret, struct rng *rng, sotto_buf *out)
{
    DEFER(secret_clear) struct secret seed = {0};
    uint8_t kem_output[KEM_ENC_MAX], ciphertext[SECRET_MAX + AEAD_TAG];
    secret_resize(&seed, kem_seed_size(info->suite.kem));
    rng_bytes(rng, seed.data, seed.len);
    TRY(encrypt_with_label(c, info, public_key, secret_view(&seed), secret_view(path_secret),
                           kem_output, ciphertext));
    struct hpke_ciphertext sealed = {view_of(kem_output, kem_enc_size(info->suite.kem)),
                                     view_of(ciphertext, (size_t)path_secret->len + AEAD_TAG)};
    struct wr w = wr_to(out);
    hpke_ciphertext_write(&w, &sealed);
    return wr_end(&w);
}

static sotto_err seal_all(sotto_crypto *c, const struct tree *tree, const struct hpke_info *info,
                          const struct tree_list *receivers, const struct secret *path_secret,
                          struct rng *rng, sotto_buf *out)
{
    for (size_t i = 0; i < receivers->count; i++) {
        const struct tree_node *node = tree_node(tree, receivers->items[i]);
        if (node == NULL)
            return SOTTO_E_USAGE; /* an unmerged leaf that is blank: no tree that was checked */
        TRY(seal_one(c, info, tree_node_key(node, TREE_ENCRYPTION_KEY), path_secret, rng, out));
    }
    return SOTTO_OK;
}

/* One UpdatePathNode. */
static sotto_err seal_step(sotto_crypto *c, const struct tree *tree, const struct hpke_info *info,
                           const struct tree_step *step, const struct secret *path_secret,
                           const struct tree_list *added, struct rng *rng, sotto_buf *out)
{
    DEFER(tree_list_clear) struct tree_list receivers = {0};
    DEFER(buf_clear) sotto_buf sealed = {0};
    size_t one = kem_enc_size(info->suite.kem) + path_secret->len + AEAD_TAG + 8;
    TRY(tree_resolution(tree, step->copath, added, &receivers));
    TRY(buf_reserve(&sealed, receivers.count * one));
    TRY(seal_all(c, tree, info, &receivers, path_secret, rng, &sealed));
    struct update_path_node node = {tree_node_key(tree_node(tree, step->node), TREE_ENCRYPTION_KEY),
                                    buf_view(&sealed)};
    struct wr w = wr_to(out);
    update_path_node_write(&w, &node);
    return wr_end(&w);
}

sotto_err treekem_seal(sotto_crypto *c, const struct tree *tree, const struct treekem_path *path,
                       const struct tree_list *added, view group_context, struct rng *rng,
                       sotto_buf *out)
{
    DEFER(hpke_info_clear) struct hpke_info info = {0};
    DEFER(buf_clear) sotto_buf nodes = {0};
    TRY(encrypt_context(c, tree_suite(tree), VIEW_LIT("UpdatePathNode"), group_context, &info));
    for (size_t i = 0; i < path->path.count; i++)
        TRY(seal_step(c, tree, &info, &path->path.steps[i], &path->secrets[i], added, rng, &nodes));
    struct wr w = wr_to(out);
    wr_bytes(&w, buf_view(&path->leaf_node));
    wr_opaque(&w, buf_view(&nodes));
    return wr_end(&w);
}

const struct secret *treekem_path_secret(const struct treekem_path *path, uint32_t leaf_index)
{
    uint32_t ancestor = tree_math_common_ancestor(tree_math_leaf_node(leaf_index),
                                                  tree_math_leaf_node(path->keys.leaf_index));
    for (size_t i = 0; i < path->path.count; i++)
        if (path->path.steps[i].node == ancestor)
            return &path->secrets[i];
    return NULL;
}

/* The nodes of a received path, one for each step. Their ciphertexts were walked over when the path was read. */
struct received {
    struct tree_path path;
    struct update_path_node nodes[TREE_DEPTH];
    view public_keys[TREE_DEPTH];
};

static sotto_err received_read(const struct tree *tree, uint32_t sender,
                               const struct update_path *update, struct received *ret_received,
                               struct fault *ret_fault)
{
    struct rd at = rd_of(update->nodes);
    size_t count = 0;
    tree_filtered_direct_path(tree, sender, &ret_received->path);
    for (; rd_more(&at) && count < ret_received->path.count; count++) {
        struct update_path_node *node = &ret_received->nodes[count];
        node->encryption_key = rd_opaque(&at, MLS_KEY_MAX);
        node->encrypted_path_secret = rd_opaque(&at, MLS_MESSAGE_MAX);
        ret_received->public_keys[count] = node->encryption_key;
    }
    return check_that(CHECK_PATH_LENGTH,
                      rd_end(&at) == SOTTO_OK && count == ret_received->path.count,
                      tree_math_leaf_node(sender), ret_fault);
}

static sotto_err ciphertexts_check(const struct tree *tree, const struct update_path *update,
                                   const struct received *received, const struct tree_list *added,
                                   struct fault *ret_fault)
{
    for (size_t i = 0; i < received->path.count; i++) {
        const struct tree_step *step = &received->path.steps[i];
        TRY(check_that(CHECK_PATH_CIPHERTEXTS,
                       update->ciphertexts[i].count ==
                           tree_resolution_count(tree, step->copath, added),
                       step->node, ret_fault));
    }
    return SOTTO_OK;
}

static sotto_err key_check(sotto_crypto *c, const struct tree *tree, uint32_t sender, view key,
                           uint32_t node, struct fault *ret_fault)
{
    uint32_t other;
    TRY(check_result(CHECK_PATH_KEY, kem_public_check(c, tree_suite(tree)->hpke.kem, key), node,
                     ret_fault));
    return check_that(
        CHECK_PATH_KEYS_UNIQUE,
        !tree_find_key(tree, TREE_ENCRYPTION_KEY, key, tree_math_leaf_node(sender), &other), node,
        ret_fault);
}

/* Against the tree with the path blanked and the sender's old leaf gone, and against each other: 24 keys at most. */
static sotto_err keys_check(sotto_crypto *c, const struct tree *tree, uint32_t sender,
                            const struct update_path *update, const struct received *received,
                            struct fault *ret_fault)
{
    view leaf_key = update->leaf_node.encryption_key;
    TRY(key_check(c, tree, sender, leaf_key, tree_math_leaf_node(sender), ret_fault));
    for (size_t i = 0; i < received->path.count; i++) {
        view key = received->public_keys[i];
        uint32_t node = received->path.steps[i].node;
        TRY(key_check(c, tree, sender, key, node, ret_fault));
        bool twice = view_equal(key, leaf_key);
        for (size_t j = 0; j < i; j++)
            twice |= view_equal(key, received->public_keys[j]);
        TRY(check_that(CHECK_PATH_KEYS_UNIQUE, !twice, node, ret_fault));
    }
    return SOTTO_OK;
}

static sotto_err leaf_key_check(const struct tree *tree, uint32_t sender,
                                const struct update_path *update, struct fault *ret_fault)
{
    const struct tree_node *old = tree_leaf(tree, sender);
    bool is_new = old == NULL || !view_equal(tree_node_key(old, TREE_ENCRYPTION_KEY),
                                             update->leaf_node.encryption_key);
    return check_that(CHECK_PATH_LEAF_KEY_NEW, is_new, tree_math_leaf_node(sender), ret_fault);
}

sotto_err treekem_merge(sotto_crypto *c, struct tree *tree, uint32_t sender, bool external,
                        const struct update_path *update, const struct tree_list *added,
                        struct fault *ret_fault)
{
    struct received received;
    uint8_t parent_hash[HASH_MAX];
    size_t len = 0;
    if (sender >= tree_leaf_count(tree) || (tree_leaf(tree, sender) != NULL) == external)
        return SOTTO_E_NOTFOUND;
    TRY(leaf_key_check(tree, sender, update, ret_fault));
    TRY(received_read(tree, sender, update, &received, ret_fault));
    TRY(ciphertexts_check(tree, update, &received, added, ret_fault));
    TRY(tree_blank_path(tree, sender));
    TRY(keys_check(c, tree, sender, update, &received, ret_fault));
    TRY(path_put(c, tree, &received.path, received.public_keys, parent_hash, &len));
    TRY(check_that(CHECK_PATH_PARENT_HASH,
                   view_equal(update->leaf_node.parent_hash, view_of(parent_hash, len)),
                   tree_math_leaf_node(sender), ret_fault));
    return tree_set_leaf(tree, sender, update->leaf_node.encoded);
}

/* What is ours in a received path: the step where our way meets the sender's, and the first node in the resolution there that
 * we have the key of. */
struct ours {
    size_t step;
    size_t position; /* in the resolution, and so among the ciphertexts */
    const struct kem_key *key;
};

/* Takes a node, if it is one of those receivers and we have its key. */
static bool ours_take(const struct tree *tree, uint32_t copath, const struct tree_list *added,
                      const struct treekem_private *keys, uint32_t node, struct ours *ours)
{
    ours->key = treekem_private_find(keys, node);
    return ours->key != NULL && key_fits(ours->key, tree, node) &&
           tree_resolution_find(tree, copath, added, node, &ours->position);
}

/* A resolution has at most two nodes on our way: the topmost that is not blank and, where that has us unmerged, our leaf. */
static sotto_err ours_find(const struct tree *tree, const struct received *received,
                           const struct tree_list *added, const struct treekem_private *keys,
                           struct ours *ret_ours)
{
    uint32_t leaf = tree_math_leaf_node(keys->leaf_index), topmost = leaf;
    struct ours ours = {.step = 0};
    while (ours.step < received->path.count &&
           !tree_math_in_subtree(leaf, received->path.steps[ours.step].copath))
        ours.step++;
    if (ours.step == received->path.count)
        return SOTTO_E_NOTFOUND;
    uint32_t copath = received->path.steps[ours.step].copath;
    for (uint32_t node = leaf; node != copath;) {
        node = tree_math_parent(node);
        topmost = tree_node(tree, node) != NULL ? node : topmost;
    }
    if (!ours_take(tree, copath, added, keys, topmost, &ours) &&
        !ours_take(tree, copath, added, keys, leaf, &ours))
        return SOTTO_E_NOTFOUND;
    *ret_ours = ours;
    return SOTTO_OK;
}

static sotto_err ours_open(sotto_crypto *c, const struct tree *tree,
                           const struct update_path *update, const struct received *received,
                           const struct ours *ours, view group_context,
                           struct secret *ret_path_secret, struct fault *ret_fault)
{
    const struct mls_suite *suite = tree_suite(tree);
    DEFER(hpke_info_clear) struct hpke_info info = {0};
    struct hpke_ciphertext sealed = {0};
    const struct hpke_ciphertexts *shape = &update->ciphertexts[ours->step];
    view list = received->nodes[ours->step].encrypted_path_secret;
    if (ours->position >= shape->count)
        return SOTTO_E_USAGE; /* was not merged: there the ciphertexts are counted */
    hpke_ciphertexts_get(list, shape, (uint32_t)ours->position, &sealed);
    uint32_t node = received->path.steps[ours->step].node;
    TRY(check_that(CHECK_PATH_SECRET_LENGTH,
                   sealed.ciphertext.len == (size_t)suite->hash_len + AEAD_TAG, node, ret_fault));
    TRY(encrypt_context(c, suite, VIEW_LIT("UpdatePathNode"), group_context, &info));
    secret_resize(ret_path_secret, suite->hash_len);
    sotto_err err = decrypt_with_label(c, &info, ours->key, sealed.kem_output, sealed.ciphertext,
                                       ret_path_secret->data);
    return check_result(CHECK_PATH_SECRET_OPENS, err, node, ret_fault);
}

sotto_err treekem_open(sotto_crypto *c, const struct tree *tree, uint32_t sender,
                       const struct update_path *update, const struct tree_list *added,
                       view group_context, const struct treekem_private *keys,
                       struct treekem_private *ret_keys, struct secret *ret_commit_secret,
                       struct fault *ret_fault)
{
    struct received received;
    struct ours ours = {0};
    DEFER(chain_clear) struct chain chain = {.c = c, .suite = tree_suite(tree)};
    DEFER(treekem_private_clear) struct treekem_private mine = {0};
    TRY(received_read(tree, sender, update, &received, ret_fault));
    TRY(ours_find(tree, &received, added, keys, &ours));
    TRY(ours_open(c, tree, update, &received, &ours, group_context, &chain.secret, ret_fault));
    treekem_private_copy(keys, &mine);
    for (size_t i = ours.step; i < received.path.count; i++) {
        TRY(chain_take(&chain, tree, received.path.steps[i].node, &mine, ret_fault));
        TRY(chain_next(&chain));
    }
    treekem_private_drop(&mine, tree);
    *ret_keys = mine;
    mine = (struct treekem_private){0};
    *ret_commit_secret = chain.secret;
    return SOTTO_OK;
}
