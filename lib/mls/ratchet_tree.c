#include "mls/ratchet_tree.h"

#include "mls/tree_math.h"

/* struct {
 *     NodeType node_type;
 *     select (Node.node_type) {
 *         case leaf:   LeafNode leaf_node;
 *         case parent: ParentNode parent_node;
 *     };
 * } Node;                                                                                    RFC 9420 12.4.3.3 */
void node_read(struct rd *r, struct node *out)
{
    *out = (struct node){.node_type = NODE_BLANK};
    if (!rd_optional(r))
        return;
    out->node_type = (enum node_type)codec_enum(r, NODE_PARENT, CHECK_FORM_NODE_TYPE);
    if (out->node_type == NODE_LEAF)
        leaf_node_read(r, &out->leaf_node);
    else
        parent_node_read(r, &out->parent_node);
}

void node_write(struct wr *w, const struct node *node)
{
    wr_optional(w, node->node_type != NODE_BLANK);
    if (node->node_type == NODE_BLANK)
        return;
    wr_u8(w, (uint8_t)node->node_type);
    if (node->node_type == NODE_LEAF)
        leaf_node_write(w, &node->leaf_node);
    else
        parent_node_write(w, &node->parent_node);
}

/* optional<Node> ratchet_tree<V>;                                                            RFC 9420 12.4.3.3 */
void ratchet_tree_read(struct rd *r, struct ratchet_tree *out)
{
    struct rd items = rd_vector(r, MLS_MESSAGE_MAX);
    const struct rd start = items;
    uint32_t count = 0, last_unmerged = 0;
    struct node node = {.node_type = NODE_BLANK};
    while (rd_more(&items)) {
        node_read(&items, &node);
        enum node_type place = count % 2 == 0 ? NODE_LEAF : NODE_PARENT;
        codec_check(&items, CHECK_FORM_NODE_PLACE,
                    node.node_type == NODE_BLANK || node.node_type == place);
        codec_require(&items, ++count < 2 * MLS_LEAF_LIMIT, SOTTO_E_TOO_LARGE);
        if (rd_ok(&items) && node.node_type == NODE_PARENT &&
            node.parent_node.unmerged_leaves.len > 0) {
            size_t unmerged = node.parent_node.unmerged_leaves.len / 4;
            uint32_t largest = parent_node_unmerged(&node.parent_node, unmerged - 1);
            last_unmerged = largest > last_unmerged ? largest : last_unmerged;
        }
    }
    codec_check(&items, CHECK_FORM_NODE_LAST, node.node_type != NODE_BLANK);
    codec_require(&items, !rd_ok(&items) || last_unmerged < tree_math_leaf_count_of_nodes(count),
                  SOTTO_E_VALUE);
    rd_join(r, &items);
    *out = (struct ratchet_tree){.nodes = rd_since(&items, &start), .node_count = count};
}

void ratchet_tree_write(struct wr *w, const struct ratchet_tree *tree)
{
    wr_opaque(w, tree->nodes);
}
