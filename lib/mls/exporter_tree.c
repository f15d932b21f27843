#include "mls/exporter_tree.h"

#include <assert.h>
#include <stdlib.h>

#include "base/ct.h"
#include "mls/tree_math.h"

/* The nodes from which something can still be derived, in the order of their leaves; no leaf is below two of them, and a leaf
 * that is below none was exported. At first that is the root alone. An export replaces the node above its leaf by the
 * siblings along the way down, whose place is the same. */

#define LEAVES 65536u /* one for each ComponentID */
#define DEPTH  16u

struct exporter_node {
    uint32_t node; /* in the array of RFC 9420 appendix C */
    uint8_t secret[HASH_MAX];
};

struct exporter_tree {
    const struct mls_suite *suite;
    struct exporter_node *nodes;
    uint32_t count, cap;
    bool stored; /* and has not changed since */
};

#define NODES_FIRST 17u /* the first export of a tree needs 16 */

static void nodes_free(struct exporter_node *nodes, uint32_t cap)
{
    ct_wipe(nodes, cap * sizeof *nodes);
    free(nodes);
}

/* Room for `count` nodes in all. Old secrets are wiped where they were. */
static sotto_err nodes_reserve(struct exporter_tree *t, uint32_t count)
{
    if (count <= t->cap)
        return SOTTO_OK;
    if (count > EXPORTER_TREE_NODES)
        return SOTTO_E_FULL;
    uint32_t cap = t->cap > 0 ? t->cap * 2 : NODES_FIRST;
    if (cap < count)
        cap = count;
    if (cap > EXPORTER_TREE_NODES)
        cap = EXPORTER_TREE_NODES;
    struct exporter_node *nodes = calloc(cap, sizeof *nodes);
    if (nodes == NULL)
        return SOTTO_E_NOMEM;
    if (t->count > 0)
        memcpy(nodes, t->nodes, t->count * sizeof *nodes);
    nodes_free(t->nodes, t->cap);
    t->nodes = nodes;
    t->cap = cap;
    return SOTTO_OK;
}

static sotto_err tree_begin(const struct mls_suite *suite, struct exporter_tree **ret_tree)
{
    DEFER(exporter_tree_freep) struct exporter_tree *t = calloc(1, sizeof *t);
    if (t == NULL)
        return SOTTO_E_NOMEM;
    t->suite = suite;
    TRY(nodes_reserve(t, NODES_FIRST));
    *ret_tree = MOVE(t);
    return SOTTO_OK;
}

sotto_err exporter_tree_new(const struct mls_suite *suite,
                            const struct secret *application_export_secret,
                            struct exporter_tree **ret_tree)
{
    if (application_export_secret->len != suite->hash_len)
        return SOTTO_E_USAGE;
    struct exporter_tree *t = NULL;
    TRY(tree_begin(suite, &t));
    t->nodes[0].node = tree_math_root(LEAVES);
    memcpy(t->nodes[0].secret, application_export_secret->data, suite->hash_len);
    t->count = 1;
    *ret_tree = t;
    return SOTTO_OK;
}

void exporter_tree_free(struct exporter_tree *tree)
{
    if (tree == NULL)
        return;
    nodes_free(tree->nodes, tree->cap);
    free(tree);
}

void exporter_tree_freep(struct exporter_tree **tree)
{
    exporter_tree_free(*tree);
    *tree = NULL;
}

/* The place of the node above a leaf, or the leaf's own; t->count: there is none. */
static uint32_t node_above(const struct exporter_tree *t, uint32_t leaf_index)
{
    uint32_t low = 0, high = t->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tree_math_last_leaf(t->nodes[middle].node) < leaf_index)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < t->count && tree_math_first_leaf(t->nodes[low].node) <= leaf_index;
    return found ? low : t->count;
}

/* The way from a node down to a leaf. */
struct descent {
    struct secret secret; /* of the leaf in the end */
    uint32_t depth;
    struct exporter_node siblings[DEPTH]; /* in the order of their leaves */
};

static void descent_clear(struct descent *descent)
{
    ct_wipe(descent, sizeof *descent);
}

/* tree_node_[left(N)]_secret = ExpandWithLabel(tree_node_[N]_secret, "tree", "left", KDF.Nh), and so on the right
 *                                                                                            RFC 9420 9 */
static sotto_err descend(sotto_crypto *c, const struct mls_suite *suite, uint32_t node,
                         uint32_t leaf_index, struct descent *d)
{
    const view left = VIEW_LIT("left"), right = VIEW_LIT("right");
    d->depth = tree_math_level(node);
    assert(d->depth <= DEPTH);
    for (uint32_t first = 0, last = d->depth; first < last;) {
        bool to_left = tree_math_leaf_node(leaf_index) < node;
        /* What lies to the right of the way comes behind all that is found further down. */
        struct exporter_node *sibling = to_left ? &d->siblings[--last] : &d->siblings[first++];
        sibling->node = to_left ? tree_math_right(node) : tree_math_left(node);
        TRY(expand_with_label(c, suite, &d->secret, VIEW_LIT("tree"), to_left ? right : left,
                              sibling->secret, suite->hash_len));
        TRY(expand_secret(c, suite, &d->secret, VIEW_LIT("tree"), to_left ? left : right,
                          suite->hash_len, &d->secret));
        node = to_left ? tree_math_left(node) : tree_math_right(node);
    }
    return SOTTO_OK;
}

/* Room is there. The places behind the last node hold no secrets. */
static void node_replace(struct exporter_tree *t, uint32_t at, const struct descent *d)
{
    struct exporter_node *place = &t->nodes[at];
    memmove(place + d->depth, place + 1, (t->count - at - 1) * sizeof *place);
    memcpy(place, d->siblings, d->depth * sizeof *place);
    t->count = t->count - 1 + d->depth;
    if (d->depth == 0)
        ct_wipe(&t->nodes[t->count], sizeof *place);
}

sotto_err exporter_tree_export(sotto_crypto *c, struct exporter_tree *tree, uint16_t component_id,
                               struct secret *ret_secret)
{
    uint32_t at = node_above(tree, component_id);
    if (at == tree->count)
        return SOTTO_E_EXPIRED;
    const struct exporter_node *node = &tree->nodes[at];
    DEFER(descent_clear) struct descent d = {0};
    TRY(secret_set(&d.secret, view_of(node->secret, tree->suite->hash_len)));
    TRY(descend(c, tree->suite, node->node, component_id, &d));
    TRY(nodes_reserve(tree, tree->count - 1 + d.depth));
    node_replace(tree, at, &d);
    tree->stored = false;
    *ret_secret = d.secret;
    return SOTTO_OK;
}

bool exporter_tree_is_stored(const struct exporter_tree *tree)
{
    return tree->stored;
}

void exporter_tree_stored(struct exporter_tree *tree)
{
    tree->stored = true;
}

/* struct {
 *     uint32 node;
 *     opaque tree_node_secret[KDF.Nh];
 * } ExporterNode;
 * ExporterNode nodes<V>; */
void exporter_tree_write(struct wr *w, const struct exporter_tree *tree)
{
    size_t mark = wr_vector_begin(w);
    for (uint32_t i = 0; i < tree->count; i++) {
        wr_u32(w, tree->nodes[i].node);
        wr_bytes(w, view_of(tree->nodes[i].secret, tree->suite->hash_len));
    }
    wr_vector_end(w, mark);
}

/* `*next` is the first leaf that no node before this one has below it. */
static void node_read(struct rd *r, struct exporter_tree *t, uint32_t *next)
{
    uint32_t node = rd_u32(r);
    view secret = rd_bytes(r, t->suite->hash_len);
    if (!rd_ok(r))
        return;
    if (node >= tree_math_node_count(LEAVES) || tree_math_first_leaf(node) < *next) {
        rd_fail(r, SOTTO_E_VALUE);
        return;
    }
    sotto_err err = nodes_reserve(t, t->count + 1);
    if (err != SOTTO_OK) {
        rd_fail(r, err);
        return;
    }
    struct exporter_node *place = &t->nodes[t->count++];
    place->node = node;
    memcpy(place->secret, secret.data, secret.len);
    *next = tree_math_last_leaf(node) + 1;
}

void exporter_tree_read(struct rd *r, const struct mls_suite *suite,
                        struct exporter_tree **ret_tree)
{
    DEFER(exporter_tree_freep) struct exporter_tree *t = NULL;
    sotto_err err = tree_begin(suite, &t);
    if (err != SOTTO_OK) {
        rd_fail(r, err);
        return;
    }
    struct rd items = rd_vector(r, EXPORTER_TREE_NODES * (sizeof(uint32_t) + suite->hash_len));
    for (uint32_t next = 0; rd_more(&items);)
        node_read(&items, t, &next);
    rd_join(r, &items);
    t->stored = true;
    if (rd_ok(r))
        *ret_tree = MOVE(t);
}
