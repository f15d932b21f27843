/* A hash is computed from its children's; the recursion is as deep as the tree, 25 at most. */
#include "mls/tree_hash.h"

#include <assert.h>

#include "mls/tree_local.h"
#include "mls/tree_math.h"
#include "mls/with_label.h"

#define STACK 512 /* bytes of a hash's input behind the key that need no allocation */

/* Leaves that are to be looked at as blank, and as unmerged nowhere; they rise. */
struct absent {
    const uint32_t *leaves;
    size_t count;
};

/* Those below a node. */
static struct absent absent_below(struct absent absent, uint32_t node)
{
    uint32_t first = tree_math_first_leaf(node), last = tree_math_last_leaf(node);
    while (absent.count > 0 && absent.leaves[0] < first)
        absent = (struct absent){absent.leaves + 1, absent.count - 1};
    while (absent.count > 0 && absent.leaves[absent.count - 1] > last)
        absent.count--;
    return absent;
}

/* The unmerged leaves that are not absent. Both lists rise. */
static void unmerged_write(struct wr *w, const struct tree_node *parent, struct absent absent)
{
    size_t mark = wr_vector_begin(w), at = 0;
    for (uint32_t i = 0; i < parent->unmerged_count; i++) {
        while (at < absent.count && absent.leaves[at] < parent->unmerged[i])
            at++;
        if (at == absent.count || absent.leaves[at] != parent->unmerged[i])
            wr_u32(w, parent->unmerged[i]);
    }
    wr_vector_end(w, mark);
}

/* TreeHashInput of a leaf: NodeType node_type; uint32 leaf_index; optional<LeafNode> leaf_node;       RFC 9420 7.8 */
static sotto_err leaf_hash(sotto_crypto *c, const struct tree *tree, uint32_t node,
                           const struct tree_node *leaf, uint8_t *ret_hash)
{
    uint32_t index = tree_math_leaf_index(node);
    const uint8_t front[] = {NODE_LEAF,
                             (uint8_t)(index >> 24),
                             (uint8_t)(index >> 16),
                             (uint8_t)(index >> 8),
                             (uint8_t)index,
                             leaf != NULL};
    const view input[] = {VIEW_OF(front), leaf != NULL ? tree_node_encoded(leaf) : (view){0}};
    return hash_parts(c, suite_hash(tree->suite), input, COUNT_OF(input), ret_hash);
}

/* What stands behind the key in the TreeHashInput of a parent; the hashes alone if it is blank. */
static void inner_write(struct wr *w, const struct tree_node *parent, struct absent absent,
                        view left, view right)
{
    if (parent != NULL) {
        wr_opaque(w, tree_node_parent_hash(parent));
        unmerged_write(w, parent, absent);
    }
    wr_opaque(w, left);
    wr_opaque(w, right);
}

/* NodeType node_type; optional<ParentNode> parent_node; opaque left_hash<V>; opaque right_hash<V>;    RFC 9420 7.8
 * The key, which may have a kilobyte, is hashed where it is; many unmerged leaves are too long for the stack. */
static sotto_err inner_hash(sotto_crypto *c, const struct tree *tree,
                            const struct tree_node *parent, struct absent absent, view left,
                            view right, uint8_t *ret_hash)
{
    uint8_t front_bytes[8], stack[STACK];
    sotto_buf front = BUF_ON(front_bytes);
    DEFER(buf_clear) sotto_buf rest = BUF_ON(stack);
    struct wr w = wr_to(&front);
    wr_u8(&w, NODE_PARENT);
    wr_optional(&w, parent != NULL);
    if (parent != NULL)
        wr_varint(&w, parent->key_len);
    TRY(wr_end(&w));
    w = wr_to(&rest);
    inner_write(&w, parent, absent, left, right);
    if (wr_end(&w) != SOTTO_OK) {
        rest = (sotto_buf){0};
        w = wr_to(&rest);
        inner_write(&w, parent, absent, left, right);
        TRY(wr_end(&w));
    }
    const view input[] = {buf_view(&front),
                          parent != NULL ? tree_node_key(parent, TREE_ENCRYPTION_KEY) : (view){0},
                          buf_view(&rest)};
    return hash_parts(c, suite_hash(tree->suite), input, COUNT_OF(input), ret_hash);
}

static sotto_err hash_compute(sotto_crypto *c, struct tree *tree, uint32_t number,
                              uint8_t *ret_hash)
{
    const struct tree_node *node = tree_store_get(&tree->store, number);
    if (tree_math_is_leaf(number))
        return leaf_hash(c, tree, number, node, ret_hash);
    uint8_t left[HASH_MAX], right[HASH_MAX];
    TRY(tree_hash(c, tree, tree_math_left(number), left));
    TRY(tree_hash(c, tree, tree_math_right(number), right));
    size_t len = tree->suite->hash_len;
    return inner_hash(c, tree, node, (struct absent){0}, view_of(left, len), view_of(right, len),
                      ret_hash);
}

sotto_err tree_hash(sotto_crypto *c, struct tree *tree, uint32_t node, uint8_t *ret_hash)
{
    const uint8_t *known = tree_store_hash(&tree->store, node);
    uint8_t computed[HASH_MAX];
    if (known == NULL) {
        TRY(hash_compute(c, tree, node, computed));
        TRY(tree_store_keep_hash(&tree->store, node, computed));
        known = computed;
    }
    memcpy(ret_hash, known, tree->suite->hash_len);
    return SOTTO_OK;
}

sotto_err tree_root_hash(sotto_crypto *c, struct tree *tree, uint8_t *ret_hash)
{
    return tree_hash(c, tree, tree_math_root(tree->store.leaf_count), ret_hash);
}

static sotto_err hash_without(sotto_crypto *c, struct tree *tree, uint32_t number,
                              struct absent absent, uint8_t *ret_hash)
{
    absent = absent_below(absent, number);
    if (absent.count == 0)
        return tree_hash(c, tree, number, ret_hash);
    if (tree_math_is_leaf(number))
        return leaf_hash(c, tree, number, NULL, ret_hash);
    uint8_t left[HASH_MAX], right[HASH_MAX];
    TRY(hash_without(c, tree, tree_math_left(number), absent, left));
    TRY(hash_without(c, tree, tree_math_right(number), absent, right));
    size_t len = tree->suite->hash_len;
    return inner_hash(c, tree, tree_store_get(&tree->store, number), absent, view_of(left, len),
                      view_of(right, len), ret_hash);
}

sotto_err tree_hash_without(sotto_crypto *c, struct tree *tree, uint32_t node,
                            const uint32_t *leaves, size_t count, uint8_t *ret_hash)
{
    return hash_without(c, tree, node, (struct absent){leaves, count}, ret_hash);
}

/* struct {
 *     HPKEPublicKey encryption_key;
 *     opaque parent_hash<V>;
 *     opaque original_sibling_tree_hash<V>;
 * } ParentHashInput;                                                                         RFC 9420 7.9 */
sotto_err tree_parent_hash(sotto_crypto *c, struct tree *tree, uint32_t parent, uint32_t sibling,
                           uint8_t *ret_hash)
{
    const struct tree_node *node = tree_store_get(&tree->store, parent);
    assert(node != NULL && tree_math_parent(sibling) == parent);
    uint8_t original[HASH_MAX], front[8 + MLS_HASH_MAX], middle[8];
    TRY(tree_hash_without(c, tree, sibling, node->unmerged, node->unmerged_count, original));
    sotto_buf start = BUF_ON(middle), rest = BUF_ON(front);
    struct wr w = wr_to(&start);
    wr_varint(&w, node->key_len);
    TRY(wr_end(&w));
    w = wr_to(&rest);
    wr_opaque(&w, tree_node_parent_hash(node));
    wr_varint(&w, tree->suite->hash_len);
    TRY(wr_end(&w));
    const view input[] = {buf_view(&start), tree_node_key(node, TREE_ENCRYPTION_KEY),
                          buf_view(&rest), view_of(original, tree->suite->hash_len)};
    return hash_parts(c, suite_hash(tree->suite), input, COUNT_OF(input), ret_hash);
}
