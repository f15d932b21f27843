/* The formats of mlswg/mls-implementations that need no cryptography: Messages, Deserialization, Tree Math. */
#include "mls/tree_math.h"
#include "tests/unit/mls/structures.h"

#include "vectors.h"

/* Each field of a case must read to its last byte, and write as the same bytes. */
static enum verdict message_field(struct vectors *v, const json_t *json, const char *key,
                                  const char *structure)
{
    DEFER(buf_clear) sotto_buf out = {0};
    view bytes = field_hex(v, json, key);
    enum verdict read = outcome(v, structure_find(structure)->recode(bytes, &out));
    if (read != ACCEPTED)
        return wrong(v, "%s could not be read", key);
    return same(v, key, buf_view(&out), bytes);
}

static enum verdict messages_case(struct vectors *v, const json_t *json)
{
    static const struct {
        const char *key, *structure;
    } fields[] = {
        {"mls_welcome", "mls_message"},
        {"mls_group_info", "mls_message"},
        {"mls_key_package", "mls_message"},
        {"ratchet_tree", "ratchet_tree"},
        {"group_secrets", "group_secrets"},
        {"add_proposal", "add_proposal"},
        {"update_proposal", "update_proposal"},
        {"remove_proposal", "remove_proposal"},
        {"pre_shared_key_proposal", "pre_shared_key_proposal"},
        {"re_init_proposal", "re_init_proposal"},
        {"external_init_proposal", "external_init_proposal"},
        {"group_context_extensions_proposal", "group_context_extensions_proposal"},
        {"commit", "commit"},
        {"public_message_application", "mls_message"},
        {"public_message_proposal", "mls_message"},
        {"public_message_commit", "mls_message"},
        {"private_message", "mls_message"},
    };
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        CHECK(message_field(v, json, fields[i].key, fields[i].structure));
    return ACCEPTED;
}

bool mls_messages_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "mls_welcome") && field_has(first, "public_message_application");
}

void mls_messages_run(struct vectors *v, const json_t *root)
{
    for (size_t i = 0; i < json_array_size(root); i++)
        count(v, messages_case(v, json_array_get(root, i)), "case %zu", i);
}

static enum verdict header_case(struct vectors *v, const json_t *json)
{
    view header = field_hex(v, json, "vlbytes_header");
    int64_t length = field_number(v, json, "length");
    struct rd r = rd_of(header);
    uint32_t got = rd_varint(&r);
    CHECK(outcome(v, rd_end(&r)));
    if (got != length)
        return wrong(v, "length is %u, not %lld", got, (long long)length);
    DEFER(buf_clear) sotto_buf out = {0};
    struct wr w = wr_to(&out);
    wr_varint(&w, got);
    CHECK(outcome(v, wr_end(&w)));
    return same(v, "header", buf_view(&out), header);
}

bool mls_deserialization_fits(const json_t *root)
{
    return field_has(json_array_get(root, 0), "vlbytes_header");
}

void mls_deserialization_run(struct vectors *v, const json_t *root)
{
    for (size_t i = 0; i < json_array_size(root); i++)
        count(v, header_case(v, json_array_get(root, i)), "case %zu", i);
}

/* One relation at one node; `is` says whether the node has such a relative. */
static enum verdict relative(struct vectors *v, const json_t *json, const char *name, uint32_t node,
                             bool is, uint32_t (*of)(uint32_t))
{
    const json_t *expected = json_array_get(json_object_get(json, name), node);
    if (expected == NULL || json_is_null(expected) == is)
        return wrong(v, "node %u: whether it has a %s", node, name);
    if (is && of(node) != json_integer_value(expected))
        return wrong(v, "node %u: %s is %u", node, name, of(node));
    return ACCEPTED;
}

static enum verdict tree_case(struct vectors *v, const json_t *json)
{
    uint32_t leaves = (uint32_t)field_number(v, json, "n_leaves");
    if (leaves == 0 || leaves > MLS_LEAF_LIMIT || tree_math_leaf_count(leaves) != leaves)
        return leave_out(v, "no full tree");
    uint32_t nodes = tree_math_node_count(leaves), root = tree_math_root(leaves);
    if (nodes != field_number(v, json, "n_nodes") || root != field_number(v, json, "root") ||
        nodes != json_array_size(json_object_get(json, "left")))
        return wrong(v, "%u nodes, root %u", nodes, root);
    for (uint32_t node = 0; node < nodes; node++) {
        bool parent = !tree_math_is_leaf(node);
        CHECK(relative(v, json, "left", node, parent, tree_math_left));
        CHECK(relative(v, json, "right", node, parent, tree_math_right));
        CHECK(relative(v, json, "parent", node, node != root, tree_math_parent));
        CHECK(relative(v, json, "sibling", node, node != root, tree_math_sibling));
    }
    return ACCEPTED;
}

bool mls_tree_math_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "n_leaves") && field_has(first, "sibling");
}

void mls_tree_math_run(struct vectors *v, const json_t *root)
{
    for (size_t i = 0; i < json_array_size(root); i++)
        count(v, tree_case(v, json_array_get(root, i)), "case %zu", i);
}
