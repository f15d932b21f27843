/* A tree is a store of nodes (tree_store.h) and what is kept about them: which node holds a key (tree_index.h), how many members
 * support what (tree_census.h), where the first blank leaf and the last member are. All of it changes with a leaf, in
 * leaf_put(); what depends on parents alone is found in the store. */
#include "mls/tree.h"

#include <assert.h>
#include <stdlib.h>

#include "mls/tree_local.h"
#include "mls/tree_math.h"

_Static_assert(TREE_SEED == TREE_INDEX_KEY + TREE_CENSUS_KEY, "the seed is both keys");
_Static_assert(MLS_LEAF_LIMIT == (uint32_t)1 << TREE_DEPTH, "TREE_DEPTH");
_Static_assert(MLS_PATH_MAX == TREE_DEPTH, "an UpdatePath goes up to the root");

#define PREFETCH_NODES 12 /* ahead, while a whole tree is written */
#define PREFETCH_LINES 4  /* of 64 bytes: most of a leaf */

static sotto_err tree_new_of(const struct mls_suite *suite, const uint8_t *seed,
                             uint32_t leaf_count, struct tree **ret_tree)
{
    DEFER(tree_freep) struct tree *tree = calloc(1, sizeof *tree);
    if (tree == NULL)
        return SOTTO_E_NOMEM;
    tree->suite = suite;
    tree->store = tree_store_of(leaf_count, suite->hash_len);
    tree->index = tree_index_of(seed);
    TRY(tree_census_new(seed + TREE_INDEX_KEY, &tree->census));
    *ret_tree = MOVE(tree);
    return SOTTO_OK;
}

sotto_err tree_new(const struct mls_suite *suite, const uint8_t seed[TREE_SEED],
                   struct tree **ret_tree)
{
    return tree_new_of(suite, seed, 1, ret_tree);
}

sotto_err tree_clone(struct tree *base, struct tree **ret_tree)
{
    DEFER(tree_freep) struct tree *tree = calloc(1, sizeof *tree);
    if (tree == NULL)
        return SOTTO_E_NOMEM;
    TRY(tree_index_share(&base->index, &base->store, &tree->index));
    tree->suite = base->suite;
    tree->store = tree_store_share(&base->store);
    tree->census = tree_census_share(base->census);
    tree->member_count = base->member_count;
    tree->width = base->width;
    tree->first_blank = base->first_blank;
    *ret_tree = MOVE(tree);
    return SOTTO_OK;
}

void tree_free(struct tree *tree)
{
    if (tree == NULL)
        return;
    tree_store_clear(&tree->store);
    tree_index_clear(&tree->index);
    tree_census_unref(tree->census);
    free(tree);
}

void tree_freep(struct tree **tree)
{
    tree_free(*tree);
    *tree = NULL;
}

const struct mls_suite *tree_suite(const struct tree *tree)
{
    return tree->suite;
}

uint32_t tree_leaf_count(const struct tree *tree)
{
    return tree->store.leaf_count;
}

uint32_t tree_node_count(const struct tree *tree)
{
    return tree_math_node_count(tree->store.leaf_count);
}

uint32_t tree_member_count(const struct tree *tree)
{
    return tree->member_count;
}

const struct tree_node *tree_node(const struct tree *tree, uint32_t node)
{
    return node < tree_node_count(tree) ? tree_store_get(&tree->store, node) : NULL;
}

const struct tree_node *tree_leaf(const struct tree *tree, uint32_t leaf_index)
{
    if (leaf_index >= tree->store.leaf_count)
        return NULL;
    return tree_store_get(&tree->store, tree_math_leaf_node(leaf_index));
}

/* What a node keeps was read once, so that this can't fail. */
static void node_leaf_read(const struct tree_node *node, struct leaf_node *out)
{
    struct rd r = rd_of(tree_node_encoded(node));
    leaf_node_read(&r, out);
    assert(rd_ok(&r));
}

sotto_err tree_leaf_read(const struct tree *tree, uint32_t leaf_index, struct leaf_node *ret_leaf)
{
    const struct tree_node *node = tree_leaf(tree, leaf_index);
    if (node == NULL)
        return SOTTO_E_NOTFOUND;
    node_leaf_read(node, ret_leaf);
    return SOTTO_OK;
}

/* Where nothing is below the lowest parents, their whole chunk may be passed. */
bool tree_next_member(const struct tree *tree, uint32_t *at)
{
    for (uint32_t i = *at; i < tree->width; i++) {
        uint32_t node = tree_math_leaf_node(i);
        if (tree_store_get(&tree->store, node) != NULL) {
            *at = i;
            return true;
        }
        if (tree_store_blank_below(&tree->store, node))
            i |= TREE_CHUNK_LEAVES - 1;
    }
    return false;
}

bool tree_find_key(const struct tree *tree, enum tree_key_kind kind, view key, uint32_t except,
                   uint32_t *ret_node)
{
    uint32_t tag = tree_index_tag(&tree->index, kind, key), number;
    struct tree_index_cursor cursor = {.step = 0};
    while (tree_index_next(&tree->index, tag, kind, &cursor, &number)) {
        const struct tree_node *node = tree_node(tree, number);
        if (number == except || node == NULL || node->tags[kind] != tag ||
            !view_equal(tree_node_key(node, kind), key))
            continue;
        *ret_node = number;
        return true;
    }
    return false;
}

/* RFC 9420 7.2: what every client supports, and does not list. */
static bool type_is_default(enum census_kind kind, uint16_t type)
{
    if (kind == CENSUS_EXTENSION)
        return type >= EXTENSION_APPLICATION_ID && type <= EXTENSION_EXTERNAL_SENDERS;
    if (kind == CENSUS_PROPOSAL)
        return type >= PROPOSAL_ADD && type <= PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
    return false;
}

bool tree_all_support(const struct tree *tree, enum census_kind kind, uint16_t type)
{
    return type_is_default(kind, type) || tree_census(tree, kind, type) == tree->member_count;
}

uint32_t tree_census(const struct tree *tree, enum census_kind kind, uint16_t type)
{
    return tree_census_count(tree->census, kind, type);
}

sotto_err tree_diff(const struct tree *before, const struct tree *after,
                    struct tree_list *ret_nodes)
{
    DEFER(tree_list_clear) struct tree_list nodes = {0};
    TRY(tree_store_diff(&before->store, &after->store, &nodes));
    *ret_nodes = nodes;
    nodes = (struct tree_list){0};
    return SOTTO_OK;
}

/* Takes the node over. */
static sotto_err node_put(struct tree *tree, uint32_t number, struct tree_node *taken)
{
    DEFER(tree_node_unrefp) struct tree_node *node = taken;
    if (node != NULL) {
        node->tags[TREE_ENCRYPTION_KEY] = tree_index_tag(&tree->index, TREE_ENCRYPTION_KEY,
                                                         tree_node_key(node, TREE_ENCRYPTION_KEY));
        if (node->is_leaf)
            node->tags[TREE_SIGNATURE_KEY] = tree_index_tag(
                &tree->index, TREE_SIGNATURE_KEY, tree_node_key(node, TREE_SIGNATURE_KEY));
        TRY(tree_index_put(&tree->index, &tree->store, node->tags, number));
    }
    return tree_store_set(&tree->store, number, MOVE(node));
}

/* The last member may be gone: looks for the one in front of it. */
static void width_find(struct tree *tree)
{
    while (tree->width > 0) {
        uint32_t node = tree_math_leaf_node(tree->width - 1);
        if (tree_store_get(&tree->store, node) != NULL)
            return;
        if (tree_store_blank_below(&tree->store, node))
            tree->width = (tree->width - 1) & ~(TREE_CHUNK_LEAVES - 1u);
        else
            tree->width--;
    }
}

static void leaf_count_in(struct tree *tree, uint32_t leaf_index, bool was, bool is)
{
    tree->member_count += (uint32_t)is - (uint32_t)was;
    if (is && leaf_index >= tree->width)
        tree->width = leaf_index + 1;
    if (is && leaf_index == tree->first_blank)
        tree->first_blank++;
    if (!is && leaf_index < tree->first_blank)
        tree->first_blank = leaf_index;
    if (!is)
        width_find(tree);
}

/* The one place where a leaf changes. `leaf` NULL: blank. */
static sotto_err leaf_put(struct tree *tree, uint32_t leaf_index, const struct leaf_node *leaf)
{
    const struct tree_node *old = tree_leaf(tree, leaf_index);
    DEFER(tree_node_unrefp) struct tree_node *node = NULL;
    struct leaf_node before;
    bool was = old != NULL;
    if (leaf != NULL)
        TRY(tree_node_new_leaf(leaf->encoded, &node));
    if (was)
        node_leaf_read(old, &before);
    TRY(tree_census_change(&tree->census, was ? &before : NULL, leaf));
    TRY(node_put(tree, tree_math_leaf_node(leaf_index), MOVE(node)));
    leaf_count_in(tree, leaf_index, was, leaf != NULL);
    return SOTTO_OK;
}

static sotto_err leaf_parse(view encoded, struct leaf_node *ret_leaf)
{
    struct rd r = rd_of(encoded);
    struct leaf_node leaf;
    leaf_node_read(&r, &leaf);
    TRY(rd_end(&r));
    *ret_leaf = leaf;
    return SOTTO_OK;
}

sotto_err tree_set_leaf(struct tree *tree, uint32_t leaf_index, view leaf_node)
{
    assert(leaf_index < tree->store.leaf_count);
    struct leaf_node leaf;
    TRY(leaf_parse(leaf_node, &leaf));
    return leaf_put(tree, leaf_index, &leaf);
}

sotto_err tree_set_parent(struct tree *tree, uint32_t node, view encryption_key, view parent_hash)
{
    assert(!tree_math_is_leaf(node) && node < tree_node_count(tree));
    struct tree_node *parent = NULL;
    TRY(tree_node_new_parent(encryption_key, parent_hash, &parent));
    return node_put(tree, node, parent);
}

sotto_err tree_blank_path(struct tree *tree, uint32_t leaf_index)
{
    uint32_t root = tree_math_root(tree->store.leaf_count);
    for (uint32_t node = tree_math_leaf_node(leaf_index); node != root;) {
        node = tree_math_parent(node);
        TRY(tree_store_set(&tree->store, node, NULL));
    }
    return SOTTO_OK;
}

sotto_err tree_blank_leaf(struct tree *tree, uint32_t *ret_leaf_index)
{
    while (tree_leaf(tree, tree->first_blank) != NULL)
        tree->first_blank++;
    if (tree->first_blank == tree->store.leaf_count)
        TRY(tree_store_extend(&tree->store));
    *ret_leaf_index = tree->first_blank;
    return SOTTO_OK;
}

/* RFC 9420 12.1.1: the new member has the private key of no parent above it. */
static sotto_err path_unmerge(struct tree *tree, uint32_t leaf_index)
{
    uint32_t root = tree_math_root(tree->store.leaf_count);
    for (uint32_t node = tree_math_leaf_node(leaf_index); node != root;) {
        node = tree_math_parent(node);
        struct tree_node *parent = NULL;
        if (tree_store_get(&tree->store, node) == NULL)
            continue;
        TRY(tree_store_edit(&tree->store, node, &parent));
        TRY(tree_node_unmerge(parent, leaf_index));
    }
    return SOTTO_OK;
}

sotto_err tree_add(struct tree *tree, view leaf_node, uint32_t *ret_leaf_index)
{
    struct leaf_node leaf;
    uint32_t leaf_index = 0;
    TRY(leaf_parse(leaf_node, &leaf));
    TRY(tree_blank_leaf(tree, &leaf_index));
    TRY(path_unmerge(tree, leaf_index));
    TRY(leaf_put(tree, leaf_index, &leaf));
    *ret_leaf_index = leaf_index;
    return SOTTO_OK;
}

sotto_err tree_update(struct tree *tree, uint32_t leaf_index, view leaf_node)
{
    struct leaf_node leaf;
    if (tree_leaf(tree, leaf_index) == NULL)
        return SOTTO_E_NOTFOUND;
    TRY(leaf_parse(leaf_node, &leaf));
    TRY(leaf_put(tree, leaf_index, &leaf));
    return tree_blank_path(tree, leaf_index);
}

/* RFC 9420 7.7: until there is a member in the right half. */
static sotto_err truncate_right(struct tree *tree)
{
    while (tree->store.leaf_count > 1 && tree->width <= tree->store.leaf_count / 2)
        TRY(tree_store_truncate(&tree->store));
    if (tree->first_blank > tree->store.leaf_count)
        tree->first_blank = tree->store.leaf_count;
    return SOTTO_OK;
}

sotto_err tree_remove(struct tree *tree, uint32_t leaf_index)
{
    if (tree_leaf(tree, leaf_index) == NULL)
        return SOTTO_E_NOTFOUND;
    TRY(leaf_put(tree, leaf_index, NULL));
    TRY(tree_blank_path(tree, leaf_index));
    return truncate_right(tree);
}

static sotto_err parent_put(struct tree *tree, uint32_t number, const struct parent_node *parent)
{
    DEFER(tree_node_unrefp) struct tree_node *node = NULL;
    TRY(tree_node_new_parent(parent->encryption_key, parent->parent_hash, &node));
    for (size_t i = 0; i < parent->unmerged_leaves.len / 4; i++)
        TRY(tree_node_unmerge(node, parent_node_unmerged(parent, i)));
    return node_put(tree, number, MOVE(node));
}

sotto_err tree_read(const struct mls_suite *suite, const uint8_t seed[TREE_SEED], view content,
                    struct tree **ret_tree, struct fault *ret_fault)
{
    struct rd r = rd_of(content);
    struct ratchet_tree form;
    ratchet_tree_read(&r, &form);
    TRY(codec_end(&r, ret_fault));
    DEFER(tree_freep) struct tree *tree = NULL;
    TRY(tree_new_of(suite, seed, tree_math_leaf_count_of_nodes(form.node_count), &tree));
    struct rd at = rd_of(form.nodes);
    for (uint32_t number = 0; rd_more(&at); number++) {
        struct node node;
        node_read(&at, &node);
        if (node.node_type == NODE_LEAF)
            TRY(leaf_put(tree, tree_math_leaf_index(number), &node.leaf_node));
        if (node.node_type == NODE_PARENT)
            TRY(parent_put(tree, number, &node.parent_node));
    }
    TRY(rd_end(&at));
    *ret_tree = MOVE(tree);
    return SOTTO_OK;
}

static bool leaf_count_is_full(uint32_t leaf_count)
{
    return leaf_count > 0 && leaf_count <= MLS_LEAF_LIMIT &&
           leaf_count == tree_math_leaf_count(leaf_count);
}

sotto_err tree_new_blank(const struct mls_suite *suite, const uint8_t seed[TREE_SEED],
                         uint32_t leaf_count, struct tree **ret_tree)
{
    if (!leaf_count_is_full(leaf_count))
        return SOTTO_E_VALUE;
    return tree_new_of(suite, seed, leaf_count, ret_tree);
}

/* The unmerged leaves rise. */
static bool unmerged_fit(const struct parent_node *parent, uint32_t leaf_count)
{
    size_t count = parent->unmerged_leaves.len / 4;
    return count == 0 || parent_node_unmerged(parent, count - 1) < leaf_count;
}

sotto_err tree_read_node(struct tree *tree, uint32_t number, view encoded)
{
    struct rd r = rd_of(encoded);
    struct node node;
    node_read(&r, &node);
    TRY(rd_end(&r));
    if (number >= tree_node_count(tree))
        return SOTTO_E_VALUE;
    if (tree_math_is_leaf(number)) {
        if (node.node_type == NODE_PARENT)
            return SOTTO_E_VALUE;
        return leaf_put(tree, tree_math_leaf_index(number),
                        node.node_type == NODE_LEAF ? &node.leaf_node : NULL);
    }
    if (node.node_type == NODE_BLANK)
        return tree_store_set(&tree->store, number, NULL);
    if (node.node_type != NODE_PARENT || !unmerged_fit(&node.parent_node, tree->store.leaf_count))
        return SOTTO_E_VALUE;
    return parent_put(tree, number, &node.parent_node);
}

sotto_err tree_resize(struct tree *tree, uint32_t leaf_count)
{
    if (!leaf_count_is_full(leaf_count) || tree->width > leaf_count)
        return SOTTO_E_VALUE;
    while (tree->store.leaf_count < leaf_count)
        TRY(tree_store_extend(&tree->store));
    while (tree->store.leaf_count > leaf_count)
        TRY(tree_store_truncate(&tree->store));
    if (tree->first_blank > leaf_count)
        tree->first_blank = leaf_count;
    return SOTTO_OK;
}

void tree_write_node(struct wr *w, const struct tree *tree, uint32_t number)
{
    const struct tree_node *node = tree_node(tree, number);
    wr_optional(w, node != NULL);
    if (node == NULL)
        return;
    wr_u8(w, node->is_leaf ? NODE_LEAF : NODE_PARENT);
    if (node->is_leaf) {
        wr_bytes(w, tree_node_encoded(node));
        return;
    }
    wr_opaque(w, tree_node_key(node, TREE_ENCRYPTION_KEY));
    wr_opaque(w, tree_node_parent_hash(node));
    size_t mark = wr_vector_begin(w);
    for (uint32_t i = 0; i < node->unmerged_count; i++)
        wr_u32(w, node->unmerged[i]);
    wr_vector_end(w, mark);
}

/* In a sound tree the last member; in one that is not judged yet a parent may stand behind it. */
static uint32_t node_count_to_last(const struct tree *tree)
{
    uint32_t count = tree_node_count(tree);
    while (count > 0 && tree_store_get(&tree->store, count - 1) == NULL)
        count--;
    return count;
}

/* As if all leaves were a little longer than the last one (which may have no parent_hash yet), and no parent blank. */
size_t tree_write_about(const struct tree *tree)
{
    const struct tree_node *last = tree->width > 0 ? tree_leaf(tree, tree->width - 1) : NULL;
    if (last == NULL)
        return 0;
    size_t parent = tree_node_key(last, TREE_ENCRYPTION_KEY).len + tree->suite->hash_len + 8;
    return tree->width * (last->len + parent + 2 * (size_t)tree->suite->hash_len);
}

/* A tree has grown over many commits, and its nodes lie all over the heap: they are asked for before they are needed. */
static void node_prefetch(const struct tree *tree, uint32_t number)
{
    const struct tree_node *node = tree_node(tree, number);
    for (size_t line = 0; node != NULL && line < PREFETCH_LINES; line++)
        __builtin_prefetch((const uint8_t *)node + 64 * line);
}

void tree_write(struct wr *w, const struct tree *tree)
{
    uint32_t count = node_count_to_last(tree);
    if (count == 0)
        wr_fail(w, SOTTO_E_USAGE);
    size_t mark = wr_long_vector_begin(w);
    for (uint32_t node = 0; node < count; node++) {
        node_prefetch(tree, node + PREFETCH_NODES);
        tree_write_node(w, tree, node);
    }
    wr_long_vector_end(w, mark);
}

size_t tree_memory(const struct tree *tree)
{
    return sizeof *tree + tree_store_memory(&tree->store) + tree_index_memory(&tree->index) +
           tree_census_memory(tree->census);
}
