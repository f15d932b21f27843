/* tree_model.h - the ratchet tree once more, written down from the RFC's sentences without any thought of speed: a plain array,
 * nothing kept. What the library's tree does is compared with it. */
#ifndef TESTS_UNIT_MLS_TREE_MODEL_H
#define TESTS_UNIT_MLS_TREE_MODEL_H

#include "unit.h"

#include "mls/tree_hash.h"
#include "mls/tree_local.h"
#include "mls/tree_math.h"
#include "mls/tree_path.h"
#include "mls/with_label.h"

#define MODEL_LEAVES 512
#define MODEL_NODES  (2 * MODEL_LEAVES - 1)
#define MODEL_BYTES  400 /* of a leaf, or of a key */

struct model_node {
    enum node_type type; /* NODE_BLANK too */
    size_t len;
    uint8_t bytes[MODEL_BYTES]; /* an encoded leaf, or a public key */
    size_t hash_len;
    uint8_t parent_hash[HASH_MAX]; /* of a parent */
    bool unmerged[MODEL_LEAVES];
};

struct model {
    const struct mls_suite *suite;
    uint32_t leaf_count;
    struct model_node *nodes; /* node_count of them */
};

static inline uint32_t model_node_count(const struct model *m)
{
    return 2 * m->leaf_count - 1;
}

static inline void model_resize(struct model *m, uint32_t leaf_count)
{
    uint32_t old = m->nodes != NULL ? model_node_count(m) : 0;
    assert_in_range(leaf_count, 1, MODEL_LEAVES);
    m->leaf_count = leaf_count;
    m->nodes = realloc(m->nodes, model_node_count(m) * sizeof *m->nodes);
    assert_non_null(m->nodes);
    for (uint32_t i = old; i < model_node_count(m); i++)
        memset(&m->nodes[i], 0, sizeof m->nodes[i]);
}

static inline struct model model_new(const struct mls_suite *suite)
{
    struct model m = {.suite = suite};
    model_resize(&m, 1);
    return m;
}

static inline struct model model_copy(const struct model *from)
{
    struct model m = *from;
    m.nodes = malloc(model_node_count(&m) * sizeof *m.nodes);
    assert_non_null(m.nodes);
    memcpy(m.nodes, from->nodes, model_node_count(&m) * sizeof *m.nodes);
    return m;
}

static inline void model_clear(struct model *m)
{
    free(m->nodes);
    m->nodes = NULL;
}

static inline void model_put(struct model *m, uint32_t node, enum node_type type, view bytes)
{
    assert_in_range(bytes.len, 0, MODEL_BYTES);
    memset(&m->nodes[node], 0, sizeof m->nodes[node]);
    m->nodes[node].type = type;
    m->nodes[node].len = bytes.len;
    if (bytes.len > 0)
        memcpy(m->nodes[node].bytes, bytes.data, bytes.len);
}

static inline bool model_is_above(uint32_t node, uint32_t leaf)
{
    return node % 2 == 1 && tree_math_in_subtree(2 * leaf, node);
}

static inline void model_blank_path(struct model *m, uint32_t leaf)
{
    for (uint32_t node = 0; node < model_node_count(m); node++)
        if (model_is_above(node, leaf))
            model_put(m, node, NODE_BLANK, (view){0});
}

static inline uint32_t model_add(struct model *m, view leaf)
{
    uint32_t index = 0;
    while (index < m->leaf_count && m->nodes[2 * index].type != NODE_BLANK)
        index++;
    if (index == m->leaf_count)
        model_resize(m, 2 * m->leaf_count);
    for (uint32_t node = 0; node < model_node_count(m); node++)
        if (model_is_above(node, index) && m->nodes[node].type == NODE_PARENT)
            m->nodes[node].unmerged[index] = true;
    model_put(m, 2 * index, NODE_LEAF, leaf);
    return index;
}

static inline void model_update(struct model *m, uint32_t leaf_index, view leaf)
{
    model_put(m, 2 * leaf_index, NODE_LEAF, leaf);
    model_blank_path(m, leaf_index);
}

static inline bool model_half_is_blank(const struct model *m)
{
    for (uint32_t leaf = m->leaf_count / 2; leaf < m->leaf_count; leaf++)
        if (m->nodes[2 * leaf].type != NODE_BLANK)
            return false;
    return true;
}

static inline void model_remove(struct model *m, uint32_t leaf_index)
{
    model_put(m, 2 * leaf_index, NODE_BLANK, (view){0});
    model_blank_path(m, leaf_index);
    while (m->leaf_count > 1 && model_half_is_blank(m))
        model_resize(m, m->leaf_count / 2);
}

/* RFC 9420 4.1.1; appends. */
static inline void model_resolution(const struct model *m, uint32_t node, struct tree_list *out)
{
    const struct model_node *at = &m->nodes[node];
    if (at->type == NODE_BLANK && tree_math_is_leaf(node))
        return;
    if (at->type == NODE_BLANK) {
        model_resolution(m, tree_math_left(node), out);
        model_resolution(m, tree_math_right(node), out);
        return;
    }
    assert_ok(tree_list_add(out, node));
    for (uint32_t leaf = 0; at->type == NODE_PARENT && leaf < m->leaf_count; leaf++)
        if (at->unmerged[leaf])
            assert_ok(tree_list_add(out, 2 * leaf));
}

/* The nodes of the filtered direct path. */
static inline void model_filtered_path(const struct model *m, uint32_t leaf_index,
                                       struct tree_path *out)
{
    out->count = 0;
    for (uint32_t node = 2 * leaf_index; node != m->leaf_count - 1; node = tree_math_parent(node)) {
        struct tree_list copath = {0};
        model_resolution(m, tree_math_sibling(node), &copath);
        if (copath.count > 0)
            out->steps[out->count++] =
                (struct tree_step){tree_math_parent(node), tree_math_sibling(node)};
        tree_list_clear(&copath);
    }
}

static inline void model_write_parent(struct wr *w, const struct model *m,
                                      const struct model_node *at, const bool *absent)
{
    sotto_buf list = {0};
    struct wr items = wr_to(&list);
    for (uint32_t leaf = 0; leaf < m->leaf_count; leaf++)
        if (at->unmerged[leaf] && !(absent != NULL && absent[leaf]))
            wr_u32(&items, leaf);
    assert_ok(wr_end(&items));
    wr_opaque(w, view_of(at->bytes, at->len));
    wr_opaque(w, view_of(at->parent_hash, at->hash_len));
    wr_opaque(w, buf_view(&list));
    buf_clear(&list);
}

/* RFC 9420 7.8; with some leaves absent, for 7.9. */
static inline void model_hash(sotto_crypto *c, const struct model *m, uint32_t node,
                              const bool *absent, uint8_t *out)
{
    const struct model_node *at = &m->nodes[node];
    sotto_buf input = {0};
    struct wr w = wr_to(&input);
    if (tree_math_is_leaf(node)) {
        bool there = at->type == NODE_LEAF && !(absent != NULL && absent[node / 2]);
        wr_u8(&w, 1);
        wr_u32(&w, node / 2);
        wr_optional(&w, there);
        if (there)
            wr_bytes(&w, view_of(at->bytes, at->len));
    } else {
        uint8_t left[HASH_MAX], right[HASH_MAX];
        model_hash(c, m, tree_math_left(node), absent, left);
        model_hash(c, m, tree_math_right(node), absent, right);
        wr_u8(&w, 2);
        wr_optional(&w, at->type == NODE_PARENT);
        if (at->type == NODE_PARENT)
            model_write_parent(&w, m, at, absent);
        wr_opaque(&w, view_of(left, m->suite->hash_len));
        wr_opaque(&w, view_of(right, m->suite->hash_len));
    }
    assert_ok(wr_end(&w));
    assert_ok(hash(c, suite_hash(m->suite), buf_view(&input), out));
    buf_clear(&input);
}

/* RFC 9420 7.9 */
static inline void model_parent_hash(sotto_crypto *c, const struct model *m, uint32_t parent,
                                     uint32_t sibling, uint8_t *out)
{
    const struct model_node *at = &m->nodes[parent];
    uint8_t original[HASH_MAX];
    sotto_buf input = {0};
    struct wr w = wr_to(&input);
    model_hash(c, m, sibling, at->unmerged, original);
    wr_opaque(&w, view_of(at->bytes, at->len));
    wr_opaque(&w, view_of(at->parent_hash, at->hash_len));
    wr_opaque(&w, view_of(original, m->suite->hash_len));
    assert_ok(wr_end(&w));
    assert_ok(hash(c, suite_hash(m->suite), buf_view(&input), out));
    buf_clear(&input);
}

/* What an UpdatePath does (7.5): `keys` has a public key for each node of the filtered direct path, which the caller computed
 * before. Gives the parent hash for the leaf. */
static inline void model_path(sotto_crypto *c, struct model *m, uint32_t leaf_index,
                              const struct tree_path *path, const view *keys, view leaf,
                              uint8_t *ret_hash, size_t *ret_len)
{
    *ret_len = 0;
    model_blank_path(m, leaf_index);
    for (size_t i = path->count; i > 0; i--) {
        uint32_t node = path->steps[i - 1].node;
        model_put(m, node, NODE_PARENT, keys[i - 1]);
        m->nodes[node].hash_len = *ret_len;
        memcpy(m->nodes[node].parent_hash, ret_hash, *ret_len);
        model_parent_hash(c, m, node, path->steps[i - 1].copath, ret_hash);
        *ret_len = m->suite->hash_len;
    }
    model_put(m, 2 * leaf_index, NODE_LEAF, leaf);
}

static inline view model_parent_hash_field(const struct model *m, uint32_t node)
{
    const struct model_node *at = &m->nodes[node];
    if (at->type == NODE_PARENT)
        return view_of(at->parent_hash, at->hash_len);
    struct leaf_node leaf;
    struct rd r = rd_of(view_of(at->bytes, at->len));
    leaf_node_read(&r, &leaf);
    assert_true(rd_ok(&r));
    return leaf.leaf_node_source == LEAF_NODE_COMMIT ? leaf.parent_hash : (view){0};
}

/* Whether the parent hash of d is valid with respect to p: the criteria of 7.9.2, one by one. */
static inline bool model_is_bound(sotto_crypto *c, const struct model *m, uint32_t d, uint32_t p)
{
    if (d == p || !tree_math_in_subtree(d, p))
        return false;
    bool left = tree_math_in_subtree(d, tree_math_left(p));
    uint32_t child = left ? tree_math_left(p) : tree_math_right(p);
    uint8_t expected[HASH_MAX];
    model_parent_hash(c, m, p, tree_math_sibling(child), expected);
    if (!view_equal(model_parent_hash_field(m, d), view_of(expected, m->suite->hash_len)))
        return false;
    struct tree_list resolution = {0};
    bool in_resolution = false, rest_is_unmerged = true;
    size_t unmerged = 0;
    model_resolution(m, child, &resolution);
    for (size_t i = 0; i < resolution.count; i++) {
        uint32_t node = resolution.items[i];
        in_resolution |= node == d;
        if (node != d)
            rest_is_unmerged &= node % 2 == 0 && m->nodes[p].unmerged[node / 2];
    }
    for (uint32_t leaf = 0; leaf < m->leaf_count; leaf++)
        unmerged += m->nodes[p].unmerged[leaf] && tree_math_in_subtree(2 * leaf, child);
    size_t rest = resolution.count - 1;
    tree_list_clear(&resolution);
    return in_resolution && rest_is_unmerged && unmerged == rest;
}

/* Whether exactly one node is bound to each non-blank parent. */
static inline bool model_is_parent_hash_valid(sotto_crypto *c, const struct model *m)
{
    for (uint32_t p = 1; p < model_node_count(m); p += 2) {
        size_t bound = 0;
        for (uint32_t d = 0; m->nodes[p].type == NODE_PARENT && d < model_node_count(m); d++)
            bound += m->nodes[d].type != NODE_BLANK && model_is_bound(c, m, d, p);
        if (m->nodes[p].type == NODE_PARENT && bound != 1)
            return false;
    }
    return true;
}

static inline void model_write(const struct model *m, sotto_buf *out)
{
    sotto_buf nodes = {0};
    uint32_t count = model_node_count(m);
    while (count > 0 && m->nodes[count - 1].type == NODE_BLANK)
        count--;
    struct wr w = wr_to(&nodes);
    for (uint32_t node = 0; node < count; node++) {
        const struct model_node *at = &m->nodes[node];
        wr_optional(&w, at->type != NODE_BLANK);
        if (at->type != NODE_BLANK)
            wr_u8(&w, (uint8_t)at->type);
        if (at->type == NODE_LEAF)
            wr_bytes(&w, view_of(at->bytes, at->len));
        if (at->type == NODE_PARENT)
            model_write_parent(&w, m, at, NULL);
    }
    assert_ok(wr_end(&w));
    w = wr_to(out);
    wr_opaque(&w, buf_view(&nodes));
    assert_ok(wr_end(&w));
    buf_clear(&nodes);
}

/* --- comparison --- */

static inline void assert_same_encoding(const struct tree *tree, const struct model *m)
{
    sotto_buf got = {0}, want = {0};
    struct wr w = wr_to(&got);
    tree_write(&w, tree);
    assert_ok(wr_end(&w));
    model_write(m, &want);
    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.data, want.data, want.len);
    buf_clear(&got);
    buf_clear(&want);
}

static inline void assert_same_list(const struct tree_list *got, const struct tree_list *want)
{
    assert_int_equal(got->count, want->count);
    for (size_t i = 0; i < got->count; i++)
        assert_int_equal(got->items[i], want->items[i]);
}

static inline void assert_same_path(const struct tree *tree, const struct model *m, uint32_t leaf)
{
    struct tree_path got, want;
    tree_filtered_direct_path(tree, leaf, &got);
    model_filtered_path(m, leaf, &want);
    assert_int_equal(got.count, want.count);
    for (size_t i = 0; i < got.count; i++) {
        assert_int_equal(got.steps[i].node, want.steps[i].node);
        assert_int_equal(got.steps[i].copath, want.steps[i].copath);
    }
}

/* What is counted and what is found without a list is what the list says; `except` rises. */
static inline void assert_resolution_found(const struct tree *tree, uint32_t node,
                                           const struct tree_list *except)
{
    struct tree_list list = {0};
    assert_ok(tree_resolution(tree, node, except, &list));
    assert_int_equal(tree_resolution_count(tree, node, except), list.count);
    for (size_t i = 0; i < list.count; i++) {
        size_t place = SIZE_MAX;
        assert_true(tree_resolution_find(tree, node, except, list.items[i], &place));
        assert_int_equal(place, i);
    }
    size_t found = 0, place;
    for (uint32_t i = 0; i < tree_node_count(tree); i++)
        found += tree_resolution_find(tree, node, except, i, &place);
    assert_int_equal(found, list.count);
    tree_list_clear(&list);
}

static inline void assert_resolutions(const struct tree *tree, uint32_t node)
{
    struct tree_list except = {0};
    assert_resolution_found(tree, node, NULL);
    assert_resolution_found(tree, node, &except);
    for (uint32_t leaf = node % 3; leaf < tree_leaf_count(tree); leaf += 1 + (leaf ^ node) % 4)
        assert_ok(tree_list_add(&except, leaf));
    assert_resolution_found(tree, node, &except);
    tree_list_clear(&except);
}

static inline void assert_same_node(sotto_crypto *c, struct tree *tree, const struct model *m,
                                    uint32_t node)
{
    uint8_t got[HASH_MAX], want[HASH_MAX];
    struct tree_list got_list = {0}, want_list = {0};
    assert_ok(tree_hash(c, tree, node, got));
    model_hash(c, m, node, NULL, want);
    assert_memory_equal(got, want, m->suite->hash_len);
    assert_ok(tree_resolution(tree, node, NULL, &got_list));
    model_resolution(m, node, &want_list);
    assert_same_list(&got_list, &want_list);
    assert_int_equal(tree_resolution_is_empty(tree, node), want_list.count == 0);
    assert_resolutions(tree, node);
    tree_list_clear(&got_list);
    tree_list_clear(&want_list);
}

/* Each key is found, at a node that has it, and what is gone is not. */
static inline void assert_keys_found(const struct tree *tree, const struct model *m)
{
    for (uint32_t node = 0; node < model_node_count(m); node++) {
        const struct tree_node *at = tree_node(tree, node);
        uint32_t found = UINT32_MAX;
        if (at == NULL)
            continue;
        view key = tree_node_key(at, TREE_ENCRYPTION_KEY);
        assert_true(tree_find_key(tree, TREE_ENCRYPTION_KEY, key, UINT32_MAX, &found));
        assert_int_equal(found, node);
        assert_false(tree_find_key(tree, TREE_ENCRYPTION_KEY, key, node, &found));
        if (!at->is_leaf)
            continue;
        key = tree_node_key(at, TREE_SIGNATURE_KEY);
        assert_true(tree_find_key(tree, TREE_SIGNATURE_KEY, key, UINT32_MAX, &found));
        assert_int_equal(found, node);
    }
}

static inline void assert_same_members(const struct tree *tree, const struct model *m)
{
    uint32_t count = 0, at = 0;
    for (uint32_t leaf = 0; leaf < m->leaf_count; leaf++) {
        if (m->nodes[2 * leaf].type == NODE_BLANK)
            continue;
        count++;
        assert_true(tree_next_member(tree, &at));
        assert_int_equal(at, leaf);
        at++;
    }
    assert_false(tree_next_member(tree, &at));
    assert_int_equal(tree_member_count(tree), count);
    assert_int_equal(tree_census(tree, CENSUS_CREDENTIAL, CREDENTIAL_BASIC), count);
    assert_int_equal(tree_census(tree, CENSUS_CREDENTIAL_IN_USE, CREDENTIAL_BASIC), count);
}

/* Everything; the hashes and resolutions of all nodes are quadratic. */
static inline void assert_same_tree(sotto_crypto *c, struct tree *tree, const struct model *m)
{
    assert_int_equal(tree_leaf_count(tree), m->leaf_count);
    assert_same_encoding(tree, m);
    assert_same_members(tree, m);
    assert_keys_found(tree, m);
    for (uint32_t node = 0; node < model_node_count(m); node++)
        assert_same_node(c, tree, m, node);
    for (uint32_t leaf = 0; leaf < m->leaf_count; leaf++)
        assert_same_path(tree, m, leaf);
}

#endif
