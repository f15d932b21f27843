/* A hash is computed from its children's; the recursion is as deep as the tree, 25 at most. */
#include "mls/tree_hash.h"

#include <assert.h>

#include "mls/tree_local.h"
#include "mls/tree_math.h"
#include "mls/with_label.h"

#define STACK 256 /* bytes of a parent's TreeHashInput that need no allocation */

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

/* Where the next unmerged leaf stands that is not absent, from `at` on. Both lists rise. */
static uint32_t unmerged_next(const struct tree_node *parent, struct absent *absent, uint32_t at)
{
    for (; at < parent->unmerged_count; at++) {
        while (absent->count > 0 && absent->leaves[0] < parent->unmerged[at])
            *absent = (struct absent){absent->leaves + 1, absent->count - 1};
        if (absent->count == 0 || absent->leaves[0] != parent->unmerged[at])
            break;
    }
    return at;
}

static size_t unmerged_count(const struct tree_node *parent, struct absent absent)
{
    size_t count = 0;
    if (absent.count == 0)
        return parent->unmerged_count;
    for (uint32_t i = 0; (i = unmerged_next(parent, &absent, i)) < parent->unmerged_count; i++)
        count++;
    return count;
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

/* What the TreeHashInput of a parent says, beside what its node does. */
struct inner {
    const struct tree_node *parent; /* NULL: blank */
    struct absent absent;
    size_t unmerged_count;       /* but those that are absent */
    const uint8_t *left, *right; /* tree hashes */
    size_t hash_len;
};

static size_t header_size(size_t len)
{
    return len < 0x40 ? 1 : len < 0x4000 ? 2 : 4;
}

static uint8_t *header_put(uint8_t *at, size_t len)
{
    size_t size = header_size(len);
    uint32_t number = (uint32_t)len | (size == 1 ? 0 : size == 2 ? 0x4000 : 0x80000000);
    for (size_t i = size; i-- > 0; number >>= 8)
        at[i] = (uint8_t)number;
    return at + size;
}

static uint8_t *opaque_put(uint8_t *at, const uint8_t *bytes, size_t len)
{
    at = header_put(at, len);
    if (len > 0)
        memcpy(at, bytes, len);
    return at + len;
}

static size_t inner_size(const struct inner *in)
{
    size_t hashes = 2 * (header_size(in->hash_len) + in->hash_len), list = 4 * in->unmerged_count;
    if (in->parent == NULL)
        return 2 + hashes;
    size_t key = in->parent->key_len, hash = in->parent->len - key;
    return 2 + header_size(key) + key + header_size(hash) + hash + header_size(list) + list +
           hashes;
}

/* NodeType node_type; optional<ParentNode> parent_node; opaque left_hash<V>; opaque right_hash<V>;    RFC 9420 7.8
 * Ends where inner_size() says. Written without a writer: half of the time that a hash of short input takes was its. */
static void inner_put(const struct inner *in, uint8_t *at)
{
    *at++ = NODE_PARENT;
    *at++ = in->parent != NULL;
    if (in->parent != NULL) {
        const struct tree_node *parent = in->parent;
        struct absent absent = in->absent;
        at = opaque_put(at, parent->bytes, parent->key_len);
        at = opaque_put(at, parent->bytes + parent->key_len, parent->len - parent->key_len);
        at = header_put(at, 4 * in->unmerged_count);
        for (uint32_t i = 0; (i = unmerged_next(parent, &absent, i)) < parent->unmerged_count;
             i++) {
            for (unsigned shift = 32; shift > 0; shift -= 8)
                *at++ = (uint8_t)(parent->unmerged[i] >> (shift - 8));
        }
    }
    at = opaque_put(at, in->left, in->hash_len);
    (void)opaque_put(at, in->right, in->hash_len);
}

/* Large keys, and many unmerged leaves, don't fit on the stack. */
static sotto_err inner_hash(sotto_crypto *c, const struct tree *tree, struct inner *in,
                            uint8_t *ret_hash)
{
    uint8_t stack[STACK];
    DEFER(buf_clear) sotto_buf heap = {0};
    uint8_t *input = stack;
    in->hash_len = tree->suite->hash_len;
    in->unmerged_count = in->parent != NULL ? unmerged_count(in->parent, in->absent) : 0;
    size_t size = inner_size(in);
    if (size > sizeof stack)
        TRY(buf_extend(&heap, size, &input));
    inner_put(in, input);
    return hash(c, suite_hash(tree->suite), view_of(input, size), ret_hash);
}

/* Makes the hash of a place known. */
static sotto_err place_hash(sotto_crypto *c, struct tree *tree, const struct tree_place *place)
{
    const struct tree_store *store = &tree->store;
    const struct tree_node *node = tree_place_node(place);
    uint8_t *kept = tree_place_hash(store, place);
    if (tree_place_known(place))
        return SOTTO_OK;
    if (tree_math_is_leaf(place->node)) {
        TRY(leaf_hash(c, tree, place->node, node, kept));
    } else {
        struct tree_place below[2];
        TRY(tree_place_below(store, place, below));
        TRY(place_hash(c, tree, &below[0]));
        TRY(place_hash(c, tree, &below[1]));
        struct inner in = {.parent = node,
                           .left = tree_place_hash(store, &below[0]),
                           .right = tree_place_hash(store, &below[1])};
        TRY(inner_hash(c, tree, &in, kept));
    }
    tree_place_keep(place);
    return SOTTO_OK;
}

sotto_err tree_hash(sotto_crypto *c, struct tree *tree, uint32_t node, uint8_t *ret_hash)
{
    struct tree_place place;
    TRY(tree_place_of(&tree->store, node, &place));
    TRY(place_hash(c, tree, &place));
    memcpy(ret_hash, tree_place_hash(&tree->store, &place), tree->suite->hash_len);
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
    struct inner in = {.parent = tree_store_get(&tree->store, number),
                       .absent = absent,
                       .left = left,
                       .right = right};
    return inner_hash(c, tree, &in, ret_hash);
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
