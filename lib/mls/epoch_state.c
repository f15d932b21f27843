#include "mls/epoch_state.h"

#include "mls/private_key.h"
#include "mls/secret_tree_state.h"
#include "mls/tree_hash.h"

static void secrets_write(struct wr *w, const struct epoch_secrets *s)
{
    wr_bytes(w, secret_view(&s->sender_data_secret));
    wr_bytes(w, secret_view(&s->exporter_secret));
    wr_bytes(w, secret_view(&s->external_secret));
    wr_bytes(w, secret_view(&s->membership_key));
    wr_bytes(w, secret_view(&s->resumption_psk));
    wr_bytes(w, secret_view(&s->epoch_authenticator));
    wr_bytes(w, secret_view(&s->init_secret));
}

static void secrets_read(struct rd *r, size_t len, struct epoch_secrets *s)
{
    secret_read(r, len, &s->sender_data_secret);
    secret_read(r, len, &s->exporter_secret);
    secret_read(r, len, &s->external_secret);
    secret_read(r, len, &s->membership_key);
    secret_read(r, len, &s->resumption_psk);
    secret_read(r, len, &s->epoch_authenticator);
    secret_read(r, len, &s->init_secret);
}

/* struct {
 *     opaque group_context<V>;
 *     MAC confirmation_tag;                    without its length
 *     opaque secrets[7 * KDF.Nh];              of a member
 * } Epoch; */
void epoch_write(struct wr *w, const struct epoch *e, bool member)
{
    wr_opaque(w, buf_view(&e->encoded_context));
    wr_bytes(w, epoch_confirmation_tag(e));
    if (member)
        secrets_write(w, &e->secrets);
}

static sotto_err context_set(struct epoch *e, view encoded)
{
    TRY(buf_set(&e->encoded_context, encoded));
    struct rd r = rd_of(buf_view(&e->encoded_context));
    group_context_read(&r, &e->context);
    TRY(rd_end(&r));
    return e->context.cipher_suite == e->suite->id ? SOTTO_OK : SOTTO_E_VALUE;
}

sotto_err epoch_read(sotto_crypto *c, view value, bool member, struct epoch *e)
{
    struct rd r = rd_of(value);
    view context = rd_opaque(&r, MLS_MESSAGE_MAX);
    rd_copy(&r, e->confirmation_tag, e->suite->hash_len);
    if (member)
        secrets_read(&r, e->suite->hash_len, &e->secrets);
    TRY(rd_end(&r));
    TRY(context_set(e, context));
    TRY(transcript_hash_interim(c, e->suite, e->context.confirmed_transcript_hash,
                                epoch_confirmation_tag(e), e->interim_transcript_hash));
    e->has_interim = true;
    return SOTTO_OK;
}

/* The nodes from a leaf to the root: false behind it. */
static bool path_next(const struct tree *tree, uint32_t *node)
{
    if (*node == tree_math_root(tree_leaf_count(tree)))
        return false;
    *node = tree_math_parent(*node);
    return true;
}

/* struct {
 *     opaque signature_key<V>;
 *     struct { uint32 node; opaque encryption_key<V>; } keys<V>;        from the leaf upwards
 * } Keys; */
void epoch_keys_write(struct wr *w, const struct epoch *e)
{
    uint32_t node = tree_math_leaf_node(e->own_leaf);
    sign_key_write(w, e->sign_key);
    size_t mark = wr_vector_begin(w);
    do {
        const struct kem_key *key = treekem_private_find(&e->keys, node);
        if (key == NULL)
            continue;
        wr_u32(w, node);
        kem_key_write(w, key);
    } while (path_next(e->tree, &node));
    wr_vector_end(w, mark);
}

static sotto_err key_put(struct epoch *e, uint32_t node, struct kem_key *key)
{
    if (node == tree_math_leaf_node(e->own_leaf))
        return treekem_private_new(e->own_leaf, key, &e->keys);
    sotto_err err = treekem_private_set(&e->keys, node, key);
    return err == SOTTO_E_USAGE ? SOTTO_E_VALUE : err;
}

sotto_err epoch_keys_read(sotto_crypto *c, view value, struct epoch *e)
{
    uint32_t last = 0;
    struct rd r = rd_of(value);
    sign_key_read(&r, c, e->suite->sign, &e->sign_key);
    struct rd keys = rd_vector(&r, MLS_MESSAGE_MAX);
    for (bool leaf = true; rd_more(&keys); leaf = false) {
        struct kem_key *key = NULL;
        uint32_t node = rd_u32(&keys);
        if (node >= tree_node_count(e->tree) ||
            (leaf ? node != tree_math_leaf_node(e->own_leaf)
                  : tree_math_level(node) <= tree_math_level(last)))
            rd_fail(&keys, SOTTO_E_VALUE);
        kem_key_read(&keys, c, e->suite->hpke.kem, &key);
        if (!rd_ok(&keys))
            break;
        TRY(key_put(e, node, key));
        last = node;
    }
    rd_join(&r, &keys);
    return rd_end(&r);
}

/* The own leaf's key must be there; those of parents may be. */
static bool keys_fit(const struct epoch *e)
{
    uint32_t node = tree_math_leaf_node(e->own_leaf);
    if (!view_equal(sign_key_public(e->sign_key),
                    tree_node_key(tree_leaf(e->tree, e->own_leaf), TREE_SIGNATURE_KEY)) ||
        treekem_private_find(&e->keys, node) == NULL)
        return false;
    do {
        const struct kem_key *key = treekem_private_find(&e->keys, node);
        const struct tree_node *at = tree_node(e->tree, node);
        if (key != NULL && (at == NULL || !view_equal(kem_key_public(key),
                                                      tree_node_key(at, TREE_ENCRYPTION_KEY))))
            return false;
    } while (path_next(e->tree, &node));
    return true;
}

sotto_err epoch_judge(sotto_crypto *c, const struct epoch *e, bool member)
{
    uint8_t hash[HASH_MAX];
    TRY(tree_root_hash(c, e->tree, hash));
    if (!view_equal(view_of(hash, e->suite->hash_len), e->context.tree_hash) ||
        tree_leaf(e->tree, e->own_leaf) == NULL)
        return SOTTO_E_VALUE;
    return !member || keys_fit(e) ? SOTTO_OK : SOTTO_E_VALUE;
}
