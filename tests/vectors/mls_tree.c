/* The formats of mlswg/mls-implementations about the public tree: Tree Operations and Tree Validation. */
#include "mls/proposal.h"
#include "mls/tree_check.h"
#include "mls/tree_hash.h"

#include "mls_tree.h"

enum verdict tree_of(struct vectors *v, const struct mls_suite *suite, view content,
                     struct tree **ret_tree)
{
    static const uint8_t seed[TREE_SEED] = "no tree of ours is keyed by this";
    return outcome(v, tree_read(suite, seed, content, ret_tree, NULL));
}

enum verdict root_hash_check(struct vectors *v, struct tree *tree, view expected)
{
    uint8_t root[HASH_MAX];
    CHECK(outcome(v, tree_root_hash(v->crypto, tree, root)));
    return same(v, "the tree hash", view_of(root, tree_suite(tree)->hash_len), expected);
}

enum verdict checked(struct vectors *v, sotto_err err, const struct fault *fault)
{
    if (fault->check != CHECK_NONE)
        return wrong(v, "%s fails at node %u", check_row(fault->check)->name,
                     (unsigned)fault->where);
    return outcome(v, err);
}

static enum verdict encoding_check(struct vectors *v, const struct tree *tree, view expected)
{
    DEFER(buf_clear) sotto_buf out = {0};
    struct wr w = wr_to(&out);
    tree_write(&w, tree);
    CHECK(outcome(v, wr_end(&w)));
    return same(v, "the tree's encoding", buf_view(&out), expected);
}

static enum verdict proposal_apply(struct vectors *v, struct tree *tree, uint32_t sender,
                                   const struct proposal *proposal)
{
    uint32_t leaf_index = 0;
    switch (proposal->proposal_type) {
    case PROPOSAL_ADD:
        return outcome(v, tree_add(tree, proposal->add.leaf_node.encoded, &leaf_index));
    case PROPOSAL_UPDATE:
        return outcome(v, tree_update(tree, sender, proposal->update.encoded));
    case PROPOSAL_REMOVE:
        return outcome(v, tree_remove(tree, proposal->removed));
    default:
        return wrong(v, "proposal of type %u", (unsigned)proposal->proposal_type);
    }
}

/* The proposal is applied to a clone, and the base must not notice. */
static enum verdict operations_case(struct vectors *v, const struct mls_suite *suite,
                                    const json_t *json)
{
    DEFER(tree_freep) struct tree *before = NULL;
    DEFER(tree_freep) struct tree *after = NULL;
    struct proposal proposal;
    struct rd r = rd_of(field_hex(v, json, "proposal"));
    proposal_read(&r, &proposal);
    CHECK(outcome(v, rd_end(&r)));
    CHECK(tree_of(v, suite, field_hex(v, json, "tree_before"), &before));
    CHECK(root_hash_check(v, before, field_hex(v, json, "tree_hash_before")));
    CHECK(outcome(v, tree_clone(before, &after)));
    CHECK(proposal_apply(v, after, (uint32_t)field_number(v, json, "proposal_sender"), &proposal));
    CHECK(encoding_check(v, after, field_hex(v, json, "tree_after")));
    CHECK(root_hash_check(v, after, field_hex(v, json, "tree_hash_after")));
    CHECK(encoding_check(v, before, field_hex(v, json, "tree_before")));
    return root_hash_check(v, before, field_hex(v, json, "tree_hash_before"));
}

bool mls_tree_operations_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "tree_before") && field_has(first, "tree_after");
}

void mls_tree_operations_run(struct vectors *v, const json_t *root)
{
    suite_cases(v, root, operations_case);
}

static enum verdict resolution_check(struct vectors *v, const struct tree *tree, uint32_t node,
                                     const json_t *expected)
{
    DEFER(tree_list_clear) struct tree_list got = {0};
    CHECK(outcome(v, tree_resolution(tree, node, NULL, &got)));
    bool right = got.count == json_array_size(expected) &&
                 tree_resolution_is_empty(tree, node) == (got.count == 0);
    for (size_t i = 0; right && i < got.count; i++)
        right = json_integer_value(json_array_get(expected, i)) == got.items[i];
    return right ? ACCEPTED : wrong(v, "resolution of node %u", (unsigned)node);
}

static enum verdict node_hash_check(struct vectors *v, struct tree *tree, uint32_t node,
                                    const json_t *expected)
{
    uint8_t hash[HASH_MAX];
    view bytes = {0};
    if (!hex_bytes(v, expected, &bytes))
        return wrong(v, "tree_hashes[%u] is no hexadecimal", (unsigned)node);
    CHECK(outcome(v, tree_hash(v->crypto, tree, node, hash)));
    return same(v, "a tree hash", view_of(hash, tree_suite(tree)->hash_len), bytes);
}

/* All checks of a joiner but the clock's; the tree hash is the one computed last, of the root. */
static enum verdict checks_check(struct vectors *v, struct tree *tree, const json_t *json)
{
    uint8_t root[HASH_MAX];
    struct fault fault = {0};
    CHECK(outcome(v, tree_root_hash(v->crypto, tree, root)));
    const struct tree_check_context context = {.group_id = field_hex(v, json, "group_id"),
                                               .tree_hash =
                                                   view_of(root, tree_suite(tree)->hash_len)};
    sotto_err err = tree_check_all(v->crypto, tree, &context, &fault);
    return checked(v, err, &fault);
}

static enum verdict validation_case(struct vectors *v, const struct mls_suite *suite,
                                    const json_t *json)
{
    const json_t *resolutions = json_object_get(json, "resolutions");
    const json_t *hashes = json_object_get(json, "tree_hashes");
    DEFER(tree_freep) struct tree *tree = NULL;
    CHECK(tree_of(v, suite, field_hex(v, json, "tree"), &tree));
    if (json_array_size(resolutions) != tree_node_count(tree) ||
        json_array_size(hashes) != tree_node_count(tree))
        return wrong(v, "the tree has %u nodes", (unsigned)tree_node_count(tree));
    for (uint32_t node = 0; node < tree_node_count(tree); node++) {
        CHECK(resolution_check(v, tree, node, json_array_get(resolutions, node)));
        CHECK(node_hash_check(v, tree, node, json_array_get(hashes, node)));
    }
    CHECK(checks_check(v, tree, json));
    return encoding_check(v, tree, field_hex(v, json, "tree"));
}

bool mls_tree_validation_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "tree") && field_has(first, "resolutions");
}

void mls_tree_validation_run(struct vectors *v, const json_t *root)
{
    suite_cases(v, root, validation_case);
}
