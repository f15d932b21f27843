#include "mls/parent_node.h"

#include <assert.h>

static view unmerged_leaves_read(struct rd *r)
{
    struct rd items = rd_vector(r, MLS_MESSAGE_MAX);
    const struct rd start = items;
    for (uint32_t least = 0; rd_more(&items);) {
        uint32_t index = rd_u32(&items);
        codec_require(&items, index < MLS_LEAF_LIMIT, SOTTO_E_VALUE);
        codec_check(&items, CHECK_FORM_UNMERGED_RISING, index >= least);
        least = index + 1;
    }
    rd_join(r, &items);
    return rd_ok(r) ? rd_since(&items, &start) : (view){0};
}

/* struct {
 *     HPKEPublicKey encryption_key;
 *     opaque parent_hash<V>;
 *     uint32 unmerged_leaves<V>;
 * } ParentNode;                                                                              RFC 9420 7.1 */
void parent_node_read(struct rd *r, struct parent_node *out)
{
    out->encryption_key = rd_opaque(r, MLS_KEY_MAX);
    out->parent_hash = rd_opaque(r, MLS_HASH_MAX);
    out->unmerged_leaves = unmerged_leaves_read(r);
}

void parent_node_write(struct wr *w, const struct parent_node *parent)
{
    wr_opaque(w, parent->encryption_key);
    wr_opaque(w, parent->parent_hash);
    wr_opaque(w, parent->unmerged_leaves);
}

uint32_t parent_node_unmerged(const struct parent_node *parent, size_t i)
{
    assert(i < parent->unmerged_leaves.len / 4);
    struct rd r = rd_of(view_of(parent->unmerged_leaves.data + 4 * i, 4));
    return rd_u32(&r);
}
