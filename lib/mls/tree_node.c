/* One allocation a node; unmerged leaves, which most parents don't have, are a second one. */
#include "mls/tree_node.h"

#include <assert.h>
#include <stdlib.h>

static sotto_err node_new(size_t len, struct tree_node **ret_node)
{
    if (len > MLS_MESSAGE_MAX)
        return SOTTO_E_TOO_LARGE;
    struct tree_node *node = malloc(sizeof *node + len);
    if (node == NULL)
        return SOTTO_E_NOMEM;
    *node = (struct tree_node){.refs = 1, .len = (uint32_t)len};
    *ret_node = node;
    return SOTTO_OK;
}

static void bytes_put(uint8_t *to, view from)
{
    if (from.len > 0)
        memcpy(to, from.data, from.len);
}

sotto_err tree_node_new_leaf(view encoded, struct tree_node **ret_node)
{
    struct tree_node *node = NULL;
    TRY(node_new(encoded.len, &node));
    node->is_leaf = true;
    bytes_put(node->bytes, encoded);
    *ret_node = node;
    return SOTTO_OK;
}

sotto_err tree_node_new_parent(view encryption_key, view parent_hash, struct tree_node **ret_node)
{
    _Static_assert(MLS_KEY_MAX <= UINT16_MAX, "key_len holds it");
    if (encryption_key.len > MLS_KEY_MAX)
        return SOTTO_E_TOO_LARGE;
    struct tree_node *node = NULL;
    TRY(node_new(encryption_key.len + parent_hash.len, &node));
    node->key_len = (uint16_t)encryption_key.len;
    bytes_put(node->bytes, encryption_key);
    bytes_put(node->bytes + encryption_key.len, parent_hash);
    *ret_node = node;
    return SOTTO_OK;
}

sotto_err tree_node_copy(const struct tree_node *node, struct tree_node **ret_node)
{
    DEFER(tree_node_unrefp) struct tree_node *copy = NULL;
    TRY(node_new(node->len, &copy));
    copy->is_leaf = node->is_leaf;
    copy->key_len = node->key_len;
    memcpy(copy->tags, node->tags, sizeof copy->tags);
    bytes_put(copy->bytes, view_of(node->bytes, node->len));
    for (uint32_t i = 0; i < node->unmerged_count; i++)
        TRY(tree_node_unmerge(copy, node->unmerged[i]));
    *ret_node = MOVE(copy);
    return SOTTO_OK;
}

struct tree_node *tree_node_ref(struct tree_node *node)
{
    node->refs++;
    return node;
}

void tree_node_unref(struct tree_node *node)
{
    if (node == NULL || --node->refs > 0)
        return;
    free(node->unmerged);
    free(node);
}

void tree_node_unrefp(struct tree_node **node)
{
    tree_node_unref(*node);
    *node = NULL;
}

view tree_node_key(const struct tree_node *node, enum tree_key_kind kind)
{
    if (node->is_leaf)
        return kind == TREE_ENCRYPTION_KEY ? leaf_node_encryption_key(tree_node_encoded(node))
                                           : leaf_node_signature_key(tree_node_encoded(node));
    return kind == TREE_ENCRYPTION_KEY ? view_of(node->bytes, node->key_len) : (view){0};
}

view tree_node_encoded(const struct tree_node *leaf)
{
    assert(leaf->is_leaf);
    return view_of(leaf->bytes, leaf->len);
}

view tree_node_parent_hash(const struct tree_node *parent)
{
    assert(!parent->is_leaf);
    return view_of(parent->bytes + parent->key_len, parent->len - parent->key_len);
}

static sotto_err unmerged_reserve(struct tree_node *parent)
{
    if (parent->unmerged_count < parent->unmerged_cap)
        return SOTTO_OK;
    uint32_t cap = parent->unmerged_cap > 0 ? 2 * parent->unmerged_cap : 2;
    uint32_t *unmerged = realloc(parent->unmerged, cap * sizeof *unmerged);
    if (unmerged == NULL)
        return SOTTO_E_NOMEM;
    parent->unmerged = unmerged;
    parent->unmerged_cap = cap;
    return SOTTO_OK;
}

/* Where a leaf stands, or would. Leaves are mostly added from left to right, so that this is mostly the end. */
static uint32_t unmerged_place(const struct tree_node *parent, uint32_t leaf_index)
{
    uint32_t low = 0, high = parent->unmerged_count;
    if (high == 0 || parent->unmerged[high - 1] < leaf_index)
        return high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (parent->unmerged[middle] < leaf_index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

sotto_err tree_node_unmerge(struct tree_node *parent, uint32_t leaf_index)
{
    assert(parent->refs == 1 && !parent->is_leaf);
    TRY(unmerged_reserve(parent));
    uint32_t at = unmerged_place(parent, leaf_index);
    if (at < parent->unmerged_count && parent->unmerged[at] == leaf_index)
        return SOTTO_OK;
    memmove(parent->unmerged + at + 1, parent->unmerged + at,
            (parent->unmerged_count - at) * sizeof *parent->unmerged);
    parent->unmerged[at] = leaf_index;
    parent->unmerged_count++;
    return SOTTO_OK;
}

size_t tree_node_memory(const struct tree_node *node)
{
    return sizeof *node + node->len + node->unmerged_cap * sizeof *node->unmerged;
}
