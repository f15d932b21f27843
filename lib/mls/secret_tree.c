#include "mls/secret_tree_local.h"

#include <assert.h>
#include <stdlib.h>

#include "base/ct.h"
#include "mls/check.h"

/* The tree is a pool of nodes; nodes[0] is the root. A node either still has its secret, which stands for everything below it, or
 * is open: a parent then has two children in the pool, a leaf its sender in the list of senders, and the secret is wiped. So
 * each leaf's keys can be derived from exactly one place. Secrets lie in an array of their own, hash_len bytes a node. */

#define NODES_FIRST   32u
#define SENDERS_FIRST 4u

void secret_tree_wiped_free(void *memory, size_t len)
{
    ct_wipe(memory, len);
    free(memory);
}

sotto_err secret_tree_nodes_reserve(struct secret_tree *t, uint32_t more)
{
    if (more <= t->node_cap - t->node_count)
        return SOTTO_OK;
    uint32_t cap = t->node_cap * 2 > NODES_FIRST ? t->node_cap * 2 : NODES_FIRST;
    if (cap < t->node_count + more)
        cap = t->node_count + more;
    size_t hash_len = t->suite->hash_len;
    struct node_slot *nodes = calloc(cap, sizeof *nodes);
    uint8_t *secrets = calloc(cap, hash_len);
    if (nodes == NULL || secrets == NULL) {
        free(nodes);
        free(secrets);
        return SOTTO_E_NOMEM;
    }
    if (t->node_count > 0) {
        memcpy(nodes, t->nodes, t->node_count * sizeof *nodes);
        memcpy(secrets, t->secrets, t->node_count * hash_len);
    }
    secret_tree_wiped_free(t->secrets, t->node_cap * hash_len);
    free(t->nodes);
    t->nodes = nodes;
    t->secrets = secrets;
    t->node_cap = cap;
    return SOTTO_OK;
}

static sotto_err senders_reserve(struct secret_tree *t)
{
    if (t->sender_count < t->sender_cap)
        return SOTTO_OK;
    uint32_t cap = t->sender_cap * 2 > SENDERS_FIRST ? t->sender_cap * 2 : SENDERS_FIRST;
    struct sender_ratchets **senders = realloc(t->senders, cap * sizeof(void *));
    if (senders == NULL)
        return SOTTO_E_NOMEM;
    t->senders = senders;
    t->sender_cap = cap;
    return SOTTO_OK;
}

sotto_err secret_tree_sender_add(struct secret_tree *t, uint32_t leaf_index,
                                 struct sender_ratchets **ret_sender)
{
    TRY(senders_reserve(t));
    struct sender_ratchets *sender = calloc(1, sizeof *sender);
    if (sender == NULL)
        return SOTTO_E_NOMEM;
    sender->leaf_index = leaf_index;
    t->senders[t->sender_count++] = sender;
    *ret_sender = sender;
    return SOTTO_OK;
}

sotto_err secret_tree_new(const struct mls_suite *suite, uint32_t leaf_count,
                          const struct secret *encryption_secret, struct secret_tree **ret_tree)
{
    if (encryption_secret->len != suite->hash_len || leaf_count == 0 ||
        leaf_count > MLS_LEAF_LIMIT || leaf_count != tree_math_leaf_count(leaf_count))
        return SOTTO_E_USAGE;
    DEFER(secret_tree_freep) struct secret_tree *t = calloc(1, sizeof *t);
    if (t == NULL)
        return SOTTO_E_NOMEM;
    t->suite = suite;
    t->leaf_count = leaf_count;
    TRY(secret_tree_nodes_reserve(t, 1));
    memcpy(node_secret(t, 0), encryption_secret->data, suite->hash_len);
    t->nodes[0].node = tree_math_root(leaf_count);
    t->node_count = 1;
    *ret_tree = MOVE(t);
    return SOTTO_OK;
}

static void sender_free(struct sender_ratchets *sender)
{
    for (size_t i = 0; i < RATCHET_KINDS; i++) {
        struct ratchet *r = &sender->ratchets[i];
        secret_tree_wiped_free(r->skipped, r->skipped_count * sizeof *r->skipped);
    }
    secret_tree_wiped_free(sender, sizeof *sender);
}

uint32_t secret_tree_leaf_count(const struct secret_tree *tree)
{
    return tree->leaf_count;
}

void secret_tree_free(struct secret_tree *tree)
{
    if (tree == NULL)
        return;
    for (uint32_t i = 0; i < tree->sender_count; i++)
        sender_free(tree->senders[i]);
    free(tree->senders);
    free(tree->gone);
    loose_pieces_free(tree->loose);
    secret_tree_wiped_free(tree->secrets, (size_t)tree->node_cap * tree->suite->hash_len);
    free(tree->nodes);
    free(tree);
}

void secret_tree_freep(struct secret_tree **tree)
{
    secret_tree_free(*tree);
    *tree = NULL;
}

void message_key_clear(struct message_key *key)
{
    secret_tree_wiped_free(key->skipped, key->skipped_count * sizeof *key->skipped);
    ct_wipe(key, sizeof *key);
}

uint32_t secret_tree_locate(const struct secret_tree *t, uint32_t leaf_index)
{
    uint32_t slot = 0;
    while (!tree_math_is_leaf(t->nodes[slot].node) && node_is_open(t, slot))
        slot = t->nodes[slot].child[side_of(t->nodes[slot].node, leaf_index)];
    return slot;
}

static uint32_t child_of(uint32_t parent, unsigned side)
{
    return side == 0 ? tree_math_left(parent) : tree_math_right(parent);
}

/* One level down: `secret` becomes the child's on `side`, `ret_other` gets the other child's. */
static sotto_err descend(sotto_crypto *c, const struct mls_suite *suite, unsigned side,
                         struct secret *secret, uint8_t *ret_other)
{
    static const view names[] = {{(const uint8_t *)"left", 4}, {(const uint8_t *)"right", 5}};
    TRY(expand_with_label(c, suite, secret, VIEW_LIT("tree"), names[1 - side], ret_other,
                          suite->hash_len));
    return expand_secret(c, suite, secret, VIEW_LIT("tree"), names[side], suite->hash_len, secret);
}

/* From the lowest secret above the leaf to the beginning of both its ratchets. */
static sotto_err derive_ratchets(sotto_crypto *c, const struct secret_tree *t, uint32_t slot,
                                 struct message_key *key)
{
    const struct mls_suite *suite = t->suite;
    uint32_t node = t->nodes[slot].node;
    DEFER(secret_clear) struct secret secret = {0};
    TRY(secret_set(&secret, view_of(node_secret(t, slot), suite->hash_len)));
    for (; !tree_math_is_leaf(node); key->depth++) {
        unsigned side = side_of(node, key->leaf_index);
        TRY(descend(c, suite, side, &secret, key->copath[key->depth]));
        node = child_of(node, side);
    }
    key->first = true;
    TRY(derive_secret(c, suite, &secret, VIEW_LIT("handshake"), &key->ratchets[RATCHET_HANDSHAKE]));
    return derive_secret(c, suite, &secret, VIEW_LIT("application"),
                         &key->ratchets[RATCHET_APPLICATION]);
}

static sotto_err derive_key(sotto_crypto *c, const struct mls_suite *suite,
                            const struct secret *ratchet, uint32_t generation, uint8_t *ret_key,
                            uint8_t ret_nonce[AEAD_NONCE])
{
    TRY(derive_tree_secret(c, suite, ratchet, VIEW_LIT("nonce"), generation, ret_nonce,
                           AEAD_NONCE));
    return derive_tree_secret(c, suite, ratchet, VIEW_LIT("key"), generation, ret_key,
                              suite->key_len);
}

static sotto_err advance(sotto_crypto *c, const struct mls_suite *suite, struct secret *ratchet,
                         uint32_t generation)
{
    DEFER(secret_clear) struct secret next = {.len = suite->hash_len};
    TRY(derive_tree_secret(c, suite, ratchet, VIEW_LIT("secret"), generation, next.data, next.len));
    *ratchet = next;
    return SOTTO_OK;
}

/* From generation `from` to the key of key->generation. Of those between, the last MLS_SKIPPED_MAX are worth keeping. */
static sotto_err derive_generation(sotto_crypto *c, const struct mls_suite *suite, uint32_t from,
                                   struct message_key *key)
{
    struct secret *ratchet = &key->ratchets[key->kind];
    uint32_t passed = key->generation - from;
    uint32_t keep = passed < MLS_SKIPPED_MAX ? passed : MLS_SKIPPED_MAX;
    if (keep > 0 && (key->skipped = calloc(keep, sizeof *key->skipped)) == NULL)
        return SOTTO_E_NOMEM;
    for (uint32_t g = from; g < key->generation; g++) {
        if (key->generation - g <= keep) {
            assert(key->skipped != NULL); /* keep > 0 here */
            struct skipped *s = &key->skipped[key->skipped_count++];
            s->generation = g;
            TRY(derive_key(c, suite, ratchet, g, s->key, s->nonce));
        }
        TRY(advance(c, suite, ratchet, g));
    }
    secret_resize(&key->key, suite->key_len);
    TRY(derive_key(c, suite, ratchet, key->generation, key->key.data, key->nonce));
    return advance(c, suite, ratchet, key->generation);
}

/* The place of a generation among the kept keys, or skipped_count. */
static uint32_t skipped_find(const struct ratchet *r, uint32_t generation)
{
    uint32_t low = 0, high = r->skipped_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (r->skipped[middle].generation < generation)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < r->skipped_count && r->skipped[low].generation == generation;
    return found ? low : r->skipped_count;
}

static sotto_err kept_key(const struct mls_suite *suite, const struct ratchet *r,
                          struct message_key *key)
{
    uint32_t at = skipped_find(r, key->generation);
    if (at == r->skipped_count)
        return key->generation < r->given_up ? SOTTO_E_EXPIRED : SOTTO_E_REPLAYED;
    key->kept = true;
    memcpy(key->nonce, r->skipped[at].nonce, AEAD_NONCE);
    return secret_set(&key->key, view_of(r->skipped[at].key, suite->key_len));
}

struct sender_ratchets *secret_tree_sender_at(const struct secret_tree *t, uint32_t slot)
{
    if (!tree_math_is_leaf(t->nodes[slot].node) || !node_is_open(t, slot))
        return NULL;
    return t->senders[t->nodes[slot].child[0] - 1];
}

static struct sender_ratchets *sender_of(const struct secret_tree *t, uint32_t leaf_index)
{
    return secret_tree_sender_at(t, secret_tree_locate(t, leaf_index));
}

static sotto_err find(sotto_crypto *c, const struct secret_tree *t, struct message_key *key)
{
    uint32_t slot = secret_tree_locate(t, key->leaf_index);
    const struct sender_ratchets *sender = secret_tree_sender_at(t, slot);
    const struct ratchet *r = sender != NULL ? &sender->ratchets[key->kind] : NULL;
    uint32_t from = r != NULL ? r->generation : 0;
    if (key->generation < from)
        return kept_key(t->suite, r, key);
    if (key->generation - from > MLS_FORWARD_MAX && check_on(CHECK_GENERATION_NEAR))
        return SOTTO_E_MISSING;
    if (r != NULL)
        key->ratchets[key->kind] = r->secret;
    else
        TRY(derive_ratchets(c, t, slot, key));
    return derive_generation(c, t->suite, from, key);
}

sotto_err secret_tree_find(sotto_crypto *c, const struct secret_tree *tree, uint32_t leaf_index,
                           enum ratchet_kind kind, uint32_t generation, struct message_key *ret_key)
{
    if (leaf_index >= tree->leaf_count)
        return SOTTO_E_NOTFOUND;
    if (generation == UINT32_MAX) /* the one behind it would be generation 0 again */
        return SOTTO_E_MISSING;
    *ret_key = (struct message_key){
        .leaf_index = leaf_index, .kind = kind, .generation = generation, .version = tree->version};
    sotto_err err = find(c, tree, ret_key);
    if (err != SOTTO_OK)
        message_key_clear(ret_key);
    return err;
}

sotto_err secret_tree_next(sotto_crypto *c, const struct secret_tree *tree, uint32_t leaf_index,
                           enum ratchet_kind kind, struct message_key *ret_key)
{
    if (leaf_index >= tree->leaf_count)
        return SOTTO_E_NOTFOUND;
    const struct sender_ratchets *sender = sender_of(tree, leaf_index);
    uint32_t generation = sender != NULL ? sender->ratchets[kind].generation : 0;
    if (generation == UINT32_MAX)
        return SOTTO_E_FULL;
    return secret_tree_find(c, tree, leaf_index, kind, generation, ret_key);
}

uint32_t secret_tree_node_open(struct secret_tree *t, uint32_t slot)
{
    uint32_t first = t->node_count;
    t->node_count += 2;
    for (unsigned side = 0; side < 2; side++) {
        t->nodes[first + side] = (struct node_slot){.node = child_of(t->nodes[slot].node, side)};
        t->nodes[slot].child[side] = first + side;
    }
    return first;
}

/* Opens the way down to the leaf; room for everything is there. */
static void open_path(struct secret_tree *t, const struct message_key *key, uint32_t sender)
{
    uint32_t slot = secret_tree_locate(t, key->leaf_index);
    size_t hash_len = t->suite->hash_len;
    if (slot < t->nodes_written)
        secret_tree_gone_add(
            t, (struct secret_tree_piece){.type = SECRET_TREE_NODE, .index = t->nodes[slot].node});
    for (uint32_t level = 0; level < key->depth; level++) {
        unsigned side = side_of(t->nodes[slot].node, key->leaf_index);
        uint32_t first = secret_tree_node_open(t, slot);
        memcpy(node_secret(t, first + 1 - side), key->copath[level], hash_len);
        ct_wipe(node_secret(t, slot), hash_len);
        slot = first + side;
    }
    t->nodes[slot].child[0] = sender + 1;
    ct_wipe(node_secret(t, slot), hash_len);
}

/* Makes the leaf's ratchets, and opens the way to them. */
static sotto_err sender_begin(struct secret_tree *t, const struct message_key *key,
                              struct sender_ratchets **ret_sender)
{
    enum ratchet_kind other =
        key->kind == RATCHET_HANDSHAKE ? RATCHET_APPLICATION : RATCHET_HANDSHAKE;
    TRY(secret_tree_nodes_reserve(t, 2 * key->depth));
    TRY(secret_tree_sender_add(t, key->leaf_index, ret_sender));
    (*ret_sender)->ratchets[other].secret = key->ratchets[other];
    open_path(t, key, t->sender_count - 1);
    return SOTTO_OK;
}

static void skipped_gone(struct secret_tree *t, const struct message_key *key, uint32_t generation)
{
    secret_tree_gone_add(t, (struct secret_tree_piece){.type = SECRET_TREE_SKIPPED,
                                                       .index = key->leaf_index,
                                                       .kind = key->kind,
                                                       .generation = generation});
}

static void kept_drop(struct secret_tree *t, struct ratchet *r, const struct message_key *key)
{
    uint32_t at = skipped_find(r, key->generation);
    uint32_t behind = r->skipped_count - at - 1;
    if (at < r->skipped_written) {
        skipped_gone(t, key, key->generation);
        r->skipped_written--;
    }
    memmove(&r->skipped[at], &r->skipped[at + 1], behind * sizeof *r->skipped);
    r->skipped_count--;
    ct_wipe(&r->skipped[r->skipped_count], sizeof *r->skipped);
    if (r->skipped_count == 0) {
        free(r->skipped);
        r->skipped = NULL;
    }
}

/* How many of the oldest keys must go, so that there is room for those that were passed by now. key->skipped_count is at most
 * MLS_SKIPPED_MAX, so that they are all keys of `r`. */
static uint32_t skipped_excess(const struct ratchet *r, const struct message_key *key)
{
    uint32_t count = r->skipped_count + key->skipped_count;
    return count > MLS_SKIPPED_MAX ? count - MLS_SKIPPED_MAX : 0;
}

/* The keys that were kept and those that were passed by now, the last MLS_SKIPPED_MAX of them. */
static sotto_err skipped_merge(const struct ratchet *r, const struct message_key *key,
                               struct skipped **ret_skipped, uint32_t *ret_count)
{
    uint32_t drop = skipped_excess(r, key);
    uint32_t old = r->skipped_count - drop;
    struct skipped *merged = calloc(old + key->skipped_count, sizeof *merged);
    if (merged == NULL)
        return SOTTO_E_NOMEM;
    if (r->skipped != NULL)
        memcpy(merged, r->skipped + drop, old * sizeof *merged);
    memcpy(merged + old, key->skipped, key->skipped_count * sizeof *merged);
    *ret_skipped = merged;
    *ret_count = old + key->skipped_count;
    return SOTTO_OK;
}

/* Some keys are given up if not all that were passed by are kept now. */
static void skipped_replace(struct secret_tree *t, struct ratchet *r, const struct message_key *key,
                            struct skipped *skipped, uint32_t count)
{
    uint32_t drop = skipped_excess(r, key);
    uint32_t lost = (uint32_t)size_min(drop, r->skipped_written);
    if (drop > 0 || key->skipped_count < key->generation - r->generation)
        r->given_up = skipped[0].generation;
    for (uint32_t i = 0; i < lost; i++)
        skipped_gone(t, key, r->skipped[i].generation);
    r->skipped_written -= lost;
    secret_tree_wiped_free(r->skipped, r->skipped_count * sizeof *r->skipped);
    r->skipped = skipped;
    r->skipped_count = count;
}

static sotto_err consume_new(struct secret_tree *t, struct sender_ratchets *sender,
                             struct message_key *key)
{
    struct ratchet nothing = {0};
    struct skipped *skipped = NULL;
    uint32_t count = 0;
    if (key->skipped_count > 0)
        TRY(skipped_merge(sender != NULL ? &sender->ratchets[key->kind] : &nothing, key, &skipped,
                          &count));
    if (sender == NULL) {
        sotto_err err = sender_begin(t, key, &sender);
        if (err != SOTTO_OK) {
            secret_tree_wiped_free(skipped, count * sizeof *skipped);
            return err;
        }
    }
    struct ratchet *r = &sender->ratchets[key->kind];
    if (skipped != NULL)
        skipped_replace(t, r, key, skipped, count);
    r->generation = key->generation + 1;
    r->secret = key->ratchets[key->kind];
    secret_tree_sender_changed(t, sender);
    return SOTTO_OK;
}

/* How many pieces that were written will be gone, at most. */
static uint32_t pieces_lost(const struct secret_tree *t, uint32_t slot,
                            const struct sender_ratchets *sender, const struct message_key *key)
{
    if (sender == NULL)
        return slot < t->nodes_written ? 1 : 0;
    const struct ratchet *r = &sender->ratchets[key->kind];
    return (uint32_t)size_min(r->skipped_written, key->kept ? 1 : skipped_excess(r, key));
}

sotto_err secret_tree_consume(struct secret_tree *tree, struct message_key *key)
{
    if (key->version != tree->version || key->leaf_index >= tree->leaf_count)
        return SOTTO_E_USAGE;
    uint32_t slot = secret_tree_locate(tree, key->leaf_index);
    struct sender_ratchets *sender = secret_tree_sender_at(tree, slot);
    if (key->kept && sender == NULL)
        return SOTTO_E_USAGE;
    TRY(secret_tree_gone_reserve(tree, pieces_lost(tree, slot, sender, key)));
    if (key->kept)
        kept_drop(tree, &sender->ratchets[key->kind], key);
    else
        TRY(consume_new(tree, sender, key));
    tree->version++;
    message_key_clear(key);
    return SOTTO_OK;
}

size_t secret_tree_memory(const struct secret_tree *tree)
{
    size_t bytes = sizeof *tree + tree->sender_cap * sizeof(void *);
    bytes += tree->gone_cap * sizeof *tree->gone;
    bytes += tree->node_cap * (sizeof *tree->nodes + tree->suite->hash_len);
    for (uint32_t i = 0; i < tree->sender_count; i++) {
        bytes += sizeof **tree->senders;
        for (size_t kind = 0; kind < RATCHET_KINDS; kind++)
            bytes += tree->senders[i]->ratchets[kind].skipped_count * sizeof(struct skipped);
    }
    return bytes;
}
