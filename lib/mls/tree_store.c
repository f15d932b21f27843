/* A node of level l belongs to stratum l / 6. Shifted right by 6 * stratum, its index is one in a smaller tree of the same
 * order, whose lowest six bits are the slot in its chunk and whose others are the number of the chunk. Slots are again
 * numbered like nodes of a tree: slot 31 is the topmost; below the even slots, which are lowest, hang the chunks of the
 * stratum below: chunks 2i and 2i + 1 below slot 2i. So all ancestors of a node stand on the one way of chunks to it.
 * Slot 63 is no slot: that place belongs to the stratum above.
 * `occupied` counts the non-blank nodes of a chunk and of all below. */
#include "mls/tree_store.h"

#include <assert.h>
#include <stdlib.h>

#include "mls/tree_math.h"

#define LEVELS   TREE_CHUNK_LEVELS
#define CHILDREN (1u << LEVELS) /* chunks below a chunk */
#define SLOTS    (CHILDREN - 1) /* nodes of a chunk */

struct tree_chunk {
    uint32_t refs;
    uint32_t occupied;
    uint64_t known;  /* a bit for each slot: its hash is there */
    uint64_t filled; /* a bit for each slot: its node is there */
    struct tree_node *nodes[SLOTS];
    struct tree_chunk
        *children[]; /* CHILDREN of them, none in stratum 0; behind them SLOTS hashes */
};

static size_t children_of(uint32_t stratum)
{
    return stratum > 0 ? CHILDREN : 0;
}

static size_t chunk_size(const struct tree_store *s, uint32_t stratum)
{
    return sizeof(struct tree_chunk) + children_of(stratum) * sizeof(struct tree_chunk *) +
           (size_t)SLOTS * s->hash_len;
}

static uint8_t *chunk_hash(const struct tree_store *s, struct tree_chunk *chunk, uint32_t stratum,
                           uint32_t slot)
{
    return (uint8_t *)(chunk->children + children_of(stratum)) + (size_t)slot * s->hash_len;
}

/* Which slot, or child, of the chunks of a stratum leads to a node. */
static uint32_t place_in(uint32_t node, uint32_t stratum)
{
    assert(LEVELS * stratum < 32);
    return node >> (LEVELS * stratum) & (CHILDREN - 1);
}

static uint32_t stratum_of(uint32_t node)
{
    return tree_math_level(node) / LEVELS;
}

/* At most 5, for 25 levels. */
static uint8_t strata_for(uint32_t leaf_count)
{
    return (uint8_t)(tree_math_level(tree_math_root(leaf_count)) / LEVELS + 1);
}

static uint64_t bit_of(uint32_t slot)
{
    return UINT64_C(1) << slot;
}

/* The lowest bit of a set that is not empty; taken out. */
static uint32_t bit_take(uint64_t *set)
{
    uint32_t bit = (uint32_t)__builtin_ctzll(*set);
    *set &= *set - 1;
    return bit;
}

/* Depth of the recursion: strata. */
static void chunk_unref(struct tree_chunk *chunk, uint32_t stratum)
{
    if (chunk == NULL || --chunk->refs > 0)
        return;
    for (uint64_t filled = chunk->filled; filled != 0;)
        tree_node_unref(chunk->nodes[bit_take(&filled)]);
    for (size_t i = 0; i < children_of(stratum); i++)
        chunk_unref(chunk->children[i], stratum - 1);
    free(chunk);
}

static sotto_err chunk_new(const struct tree_store *s, uint32_t stratum,
                           struct tree_chunk **ret_chunk)
{
    struct tree_chunk *chunk = calloc(1, chunk_size(s, stratum));
    if (chunk == NULL)
        return SOTTO_E_NOMEM;
    chunk->refs = 1;
    *ret_chunk = chunk;
    return SOTTO_OK;
}

/* Makes *place a chunk that we alone have: a copy, a new one, or the one that is there. */
static sotto_err chunk_own(const struct tree_store *s, struct tree_chunk **place, uint32_t stratum)
{
    struct tree_chunk *old = *place;
    if (old == NULL)
        return chunk_new(s, stratum, place);
    if (old->refs == 1)
        return SOTTO_OK;
    struct tree_chunk *copy = malloc(chunk_size(s, stratum));
    if (copy == NULL)
        return SOTTO_E_NOMEM;
    memcpy(copy, old, chunk_size(s, stratum));
    copy->refs = 1;
    for (uint64_t filled = copy->filled; filled != 0;)
        tree_node_ref(copy->nodes[bit_take(&filled)]);
    for (size_t i = 0; i < children_of(stratum); i++)
        if (copy->children[i] != NULL)
            copy->children[i]->refs++;
    old->refs--;
    *place = copy;
    return SOTTO_OK;
}

/* The chunk with a node; NULL: it and all below it is blank. */
static struct tree_chunk *chunk_find(const struct tree_store *s, uint32_t node)
{
    assert(node < tree_math_node_count(s->leaf_count));
    struct tree_chunk *chunk = s->top;
    for (uint32_t k = s->strata - 1u, end = stratum_of(node); chunk != NULL && k > end; k--)
        chunk = chunk->children[place_in(node, k)];
    return chunk;
}

struct tree_store tree_store_of(uint32_t leaf_count, size_t hash_len)
{
    assert(hash_len <= UINT8_MAX);
    return (struct tree_store){
        .leaf_count = leaf_count, .hash_len = (uint8_t)hash_len, .strata = strata_for(leaf_count)};
}

struct tree_store tree_store_share(const struct tree_store *store)
{
    if (store->top != NULL)
        store->top->refs++;
    return *store;
}

void tree_store_clear(struct tree_store *store)
{
    if (store->top != NULL)
        chunk_unref(store->top, store->strata - 1u);
    *store = (struct tree_store){0};
}

struct tree_node *tree_store_get(const struct tree_store *store, uint32_t node)
{
    const struct tree_chunk *chunk = chunk_find(store, node);
    return chunk != NULL ? chunk->nodes[place_in(node, stratum_of(node))] : NULL;
}

/* Forgets the hashes of a slot and of those above it in its chunk. */
static void chunk_forget(struct tree_chunk *chunk, uint32_t slot)
{
    for (;; slot = tree_math_parent(slot)) {
        chunk->known &= ~bit_of(slot);
        if (slot == SLOTS / 2)
            return;
    }
}

/* The way of chunks to a node, all ours now, the topmost first. */
struct way {
    struct tree_chunk *chunks[TREE_STRATA];
    size_t count;
};

static sotto_err way_own(struct tree_store *s, uint32_t node, struct way *ret_way)
{
    struct way way = {.count = 0};
    uint32_t end = stratum_of(node);
    struct tree_chunk **place = &s->top;
    assert(node < tree_math_node_count(s->leaf_count) && s->strata <= COUNT_OF(way.chunks));
    for (uint32_t k = s->strata - 1u;; k--) {
        TRY(chunk_own(s, place, k));
        way.chunks[way.count++] = *place;
        if (k == end)
            break;
        place = &(*place)->children[place_in(node, k)];
    }
    *ret_way = way;
    return SOTTO_OK;
}

/* Slots of the strata above the node's own are those under which its chunk hangs. */
static void way_forget(const struct way *way, uint32_t strata, uint32_t node)
{
    for (size_t i = 0; i < way->count; i++) {
        uint32_t place = place_in(node, strata - 1u - (uint32_t)i);
        bool last = i + 1 == way->count;
        chunk_forget(way->chunks[i], last ? place : place & ~1u);
    }
}

sotto_err tree_store_set(struct tree_store *store, uint32_t node, struct tree_node *taken)
{
    DEFER(tree_node_unrefp) struct tree_node *put = taken;
    if (put == NULL && tree_store_get(store, node) == NULL)
        return SOTTO_OK;
    struct way way;
    TRY(way_own(store, node, &way));
    way_forget(&way, store->strata, node);
    struct tree_chunk *chunk = way.chunks[way.count - 1];
    uint32_t slot = place_in(node, stratum_of(node));
    for (size_t i = 0; i < way.count; i++)
        way.chunks[i]->occupied += (uint32_t)(put != NULL) - (uint32_t)(chunk->nodes[slot] != NULL);
    tree_node_unref(chunk->nodes[slot]);
    chunk->filled = put != NULL ? chunk->filled | bit_of(slot) : chunk->filled & ~bit_of(slot);
    chunk->nodes[slot] = MOVE(put);
    return SOTTO_OK;
}

sotto_err tree_store_edit(struct tree_store *store, uint32_t node, struct tree_node **ret_node)
{
    struct way way;
    TRY(way_own(store, node, &way));
    struct tree_node **slot = &way.chunks[way.count - 1]->nodes[place_in(node, stratum_of(node))];
    assert(*slot != NULL);
    if ((*slot)->refs > 1) {
        struct tree_node *copy = NULL;
        TRY(tree_node_copy(*slot, &copy));
        tree_node_unref(*slot);
        *slot = copy;
    }
    way_forget(&way, store->strata, node);
    *ret_node = *slot;
    return SOTTO_OK;
}

bool tree_store_blank_below(const struct tree_store *store, uint32_t node)
{
    const struct tree_chunk *chunk = chunk_find(store, node);
    return chunk == NULL || chunk->occupied == 0;
}

struct tree_walk tree_walk_from(const struct tree_store *store, uint32_t node)
{
    struct tree_walk walk = {.store = store, .depth = 1, .stack = {node}};
    for (size_t i = 0; i < COUNT_OF(walk.last); i++)
        walk.last[i].number = UINT32_MAX;
    return walk;
}

/* The next node of a stratum is mostly in the same chunk. */
static const struct tree_chunk *walk_chunk(struct tree_walk *walk, uint32_t node, uint32_t stratum)
{
    uint32_t number = node >> (LEVELS * stratum) >> LEVELS;
    if (walk->last[stratum].number != number) {
        walk->last[stratum].chunk = chunk_find(walk->store, node);
        walk->last[stratum].number = number;
    }
    return walk->last[stratum].chunk;
}

/* The slots from one downwards. */
static uint64_t slots_below(uint32_t slot)
{
    uint32_t half = ((uint32_t)1 << tree_math_level(slot)) - 1; /* how many are to its left */
    return (bit_of(2 * half + 1) - 1) << (slot - half);
}

/* Depth first, with the right siblings still to come on the stack: each is popped before the next of its level is pushed. */
bool tree_walk_next(struct tree_walk *walk, struct tree_run *ret_run)
{
    const uint64_t leaves = UINT64_C(0x5555555555555555);
    while (walk->depth > 0) {
        uint32_t number = walk->stack[--walk->depth], stratum = stratum_of(number);
        const struct tree_chunk *chunk = walk_chunk(walk, number, stratum);
        if (chunk == NULL || chunk->occupied == 0)
            continue;
        uint32_t slot = place_in(number, stratum);
        if ((chunk->filled >> slot & 1) != 0) {
            *ret_run = (struct tree_run){number, 1};
            return true;
        }
        uint64_t below = chunk->filled & slots_below(slot);
        if (stratum == 0 && (below & ~leaves) == 0) {
            *ret_run = (struct tree_run){number - slot, below};
            if (below != 0)
                return true;
            continue;
        }
        assert(walk->depth + 2 <= COUNT_OF(walk->stack));
        walk->stack[walk->depth++] = tree_math_right(number);
        walk->stack[walk->depth++] = tree_math_left(number);
    }
    return false;
}

/* A place for a chunk in two stores. The smaller one hangs below as many chunks that are not there, at child 0 of each. */
struct pair {
    const struct tree_store *stores[2];
    const struct tree_chunk *chunks[2];
};

static const struct tree_chunk *pair_child(const struct pair *pair, size_t side, uint32_t stratum,
                                           uint32_t number)
{
    const struct tree_chunk *chunk = pair->chunks[side];
    if (chunk != NULL)
        return chunk->children[number % CHILDREN];
    return number == 0 && stratum == pair->stores[side]->strata ? pair->stores[side]->top : NULL;
}

static const struct tree_node *pair_node(const struct pair *pair, size_t side, uint32_t slot)
{
    return pair->chunks[side] != NULL ? pair->chunks[side]->nodes[slot] : NULL;
}

/* A child's nodes come right before the slot of the same number. Depth of the recursion: strata. */
static sotto_err pair_diff(const struct pair *pair, uint32_t stratum, uint32_t number,
                           struct tree_list *nodes)
{
    for (uint32_t i = 0; i < CHILDREN; i++) {
        uint32_t place = number * CHILDREN + i;
        if (stratum > 0) {
            struct pair below = {
                {pair->stores[0], pair->stores[1]},
                {pair_child(pair, 0, stratum, place), pair_child(pair, 1, stratum, place)}};
            if (below.chunks[0] != below.chunks[1])
                TRY(pair_diff(&below, stratum - 1, place, nodes));
        }
        if (i < SLOTS && pair_node(pair, 0, i) != pair_node(pair, 1, i))
            TRY(tree_list_add(nodes, ((place + 1) << (LEVELS * stratum)) - 1));
    }
    return SOTTO_OK;
}

sotto_err tree_store_diff(const struct tree_store *before, const struct tree_store *after,
                          struct tree_list *nodes)
{
    uint32_t strata = before->strata > after->strata ? before->strata : after->strata;
    struct pair pair = {{before, after},
                        {before->strata == strata ? before->top : NULL,
                         after->strata == strata ? after->top : NULL}};
    if (pair.chunks[0] == pair.chunks[1] && before->strata == after->strata)
        return SOTTO_OK;
    return pair_diff(&pair, strata - 1, 0, nodes);
}

sotto_err tree_store_extend(struct tree_store *store)
{
    if (store->leaf_count >= MLS_LEAF_LIMIT)
        return SOTTO_E_TOO_LARGE;
    uint8_t strata = strata_for(2 * store->leaf_count);
    if (strata > store->strata && store->top != NULL) {
        struct tree_chunk *top = NULL;
        TRY(chunk_new(store, strata - 1u, &top));
        top->children[0] = store->top;
        top->occupied = store->top->occupied;
        store->top = top;
    }
    store->strata = strata;
    store->leaf_count *= 2;
    return SOTTO_OK;
}

/* Drops the slots from `first` on, and the chunks that hang to their right. */
static void chunk_cut(struct tree_chunk *chunk, uint32_t stratum, uint32_t first)
{
    for (uint32_t i = first; i < SLOTS; i++) {
        chunk->occupied -= chunk->nodes[i] != NULL;
        tree_node_unref(chunk->nodes[i]);
        chunk->nodes[i] = NULL;
    }
    for (size_t i = first + 1; i < children_of(stratum); i++) {
        if (chunk->children[i] != NULL)
            chunk->occupied -= chunk->children[i]->occupied;
        chunk_unref(chunk->children[i], stratum - 1);
        chunk->children[i] = NULL;
    }
    chunk->known &= bit_of(first) - 1;
    chunk->filled &= bit_of(first) - 1;
}

sotto_err tree_store_truncate(struct tree_store *store)
{
    assert(store->leaf_count > 1);
    uint32_t stratum = store->strata - 1u, root = tree_math_root(store->leaf_count);
    uint8_t strata = strata_for(store->leaf_count / 2);
    if (store->top != NULL && strata < store->strata) {
        struct tree_chunk *old = store->top;
        store->top = old->children[0];
        if (store->top != NULL)
            store->top->refs++;
        chunk_unref(old, stratum);
    } else if (store->top != NULL) {
        TRY(chunk_own(store, &store->top, stratum));
        chunk_cut(store->top, stratum, place_in(root, stratum));
    }
    store->strata = strata;
    store->leaf_count /= 2;
    return SOTTO_OK;
}

/* No chunk is copied for a hash; one that is not there is made, for all who share the place. */
sotto_err tree_place_of(struct tree_store *store, uint32_t node, struct tree_place *ret_place)
{
    struct tree_chunk **at = &store->top;
    assert(node < tree_math_node_count(store->leaf_count));
    for (uint32_t k = store->strata - 1u, end = stratum_of(node);; k--) {
        if (*at == NULL)
            TRY(chunk_new(store, k, at));
        if (k == end)
            break;
        at = &(*at)->children[place_in(node, k)];
    }
    *ret_place = (struct tree_place){*at, node};
    return SOTTO_OK;
}

/* Below the lowest slots stand the topmost ones of two other chunks. */
sotto_err tree_place_below(const struct tree_store *store, const struct tree_place *place,
                           struct tree_place ret_children[2])
{
    uint32_t stratum = stratum_of(place->node), slot = place_in(place->node, stratum);
    uint32_t left = tree_math_left(place->node), right = tree_math_right(place->node);
    struct tree_chunk **below[2] = {NULL, NULL};
    for (uint32_t i = 0; tree_math_is_leaf(slot) && i < 2; i++) {
        below[i] = &place->chunk->children[slot + i];
        if (*below[i] == NULL)
            TRY(chunk_new(store, stratum - 1, below[i]));
    }
    ret_children[0] = (struct tree_place){below[0] != NULL ? *below[0] : place->chunk, left};
    ret_children[1] = (struct tree_place){below[1] != NULL ? *below[1] : place->chunk, right};
    return SOTTO_OK;
}

static uint32_t place_slot(const struct tree_place *place)
{
    return place_in(place->node, stratum_of(place->node));
}

const struct tree_node *tree_place_node(const struct tree_place *place)
{
    return place->chunk->nodes[place_slot(place)];
}

uint8_t *tree_place_hash(const struct tree_store *store, const struct tree_place *place)
{
    return chunk_hash(store, place->chunk, stratum_of(place->node), place_slot(place));
}

bool tree_place_known(const struct tree_place *place)
{
    return (place->chunk->known & bit_of(place_slot(place))) != 0;
}

void tree_place_keep(const struct tree_place *place)
{
    place->chunk->known |= bit_of(place_slot(place));
}

static size_t chunk_memory(const struct tree_store *s, const struct tree_chunk *chunk,
                           uint32_t stratum)
{
    if (chunk == NULL)
        return 0;
    size_t sum = chunk_size(s, stratum);
    for (size_t i = 0; i < SLOTS; i++)
        sum += chunk->nodes[i] != NULL ? tree_node_memory(chunk->nodes[i]) : 0;
    for (size_t i = 0; i < children_of(stratum); i++)
        sum += chunk_memory(s, chunk->children[i], stratum - 1);
    return sum;
}

size_t tree_store_memory(const struct tree_store *store)
{
    return chunk_memory(store, store->top, store->strata - 1u);
}
