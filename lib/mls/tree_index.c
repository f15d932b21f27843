/* Open addressing with linear probing, at most 3 of 4 places in use. An entry is never taken out: it goes stale when its node
 * no longer holds a key with its tag, and stale ones are left behind when a table that is full moves. A table that others
 * share never changes. */
#include "mls/tree_index.h"

#include <assert.h>
#include <sodium/crypto_shorthash.h>
#include <stdlib.h>

#include "mls/tree_math.h"

#define FIRST_CAP 64 /* entries */

_Static_assert(crypto_shorthash_KEYBYTES == TREE_INDEX_KEY, "the key is that of SipHash-2-4");

struct entry {
    uint32_t tag;   /* 0: free */
    uint32_t place; /* node and kind */
};

struct tree_index_table {
    uint32_t refs, cap, used; /* cap is a power of two */
    struct entry entries[];
};

static uint32_t place_of(uint32_t node, enum tree_key_kind kind)
{
    return node * TREE_KEY_KINDS + (uint32_t)kind;
}

static sotto_err table_new(uint32_t cap, struct tree_index_table **ret_table)
{
    struct tree_index_table *table = calloc(1, sizeof *table + cap * sizeof(struct entry));
    if (table == NULL)
        return SOTTO_E_NOMEM;
    table->refs = 1;
    table->cap = cap;
    *ret_table = table;
    return SOTTO_OK;
}

static void table_unref(struct tree_index_table *table)
{
    if (table != NULL && --table->refs == 0)
        free(table);
}

/* There is room. An entry that is there already is not put twice. */
static void table_put(struct tree_index_table *table, struct entry entry)
{
    uint32_t at = entry.tag & (table->cap - 1);
    for (; table->entries[at].tag != 0; at = (at + 1) & (table->cap - 1))
        if (table->entries[at].tag == entry.tag && table->entries[at].place == entry.place)
            return;
    table->entries[at] = entry;
    table->used++;
    assert(table->used < table->cap);
}

static bool entry_is_stale(const struct tree_store *store, struct entry entry)
{
    uint32_t number = entry.place / TREE_KEY_KINDS;
    if (number >= tree_math_node_count(store->leaf_count))
        return true;
    const struct tree_node *node = tree_store_get(store, number);
    return node == NULL || node->tags[entry.place % TREE_KEY_KINDS] != entry.tag;
}

/* Moves what is not stale into a table with at least as much room again. */
static sotto_err table_move(struct tree_index_table **table, const struct tree_store *store,
                            uint32_t more)
{
    struct tree_index_table *old = *table, *moved = NULL;
    uint32_t live = 0, cap = FIRST_CAP;
    for (uint32_t i = 0; old != NULL && i < old->cap; i++)
        live += old->entries[i].tag != 0 && !entry_is_stale(store, old->entries[i]);
    while (cap / 4 * 3 < live + live / 4 + more)
        cap *= 2;
    TRY(table_new(cap, &moved));
    for (uint32_t i = 0; old != NULL && i < old->cap; i++)
        if (old->entries[i].tag != 0 && !entry_is_stale(store, old->entries[i]))
            table_put(moved, old->entries[i]);
    table_unref(old);
    *table = moved;
    return SOTTO_OK;
}

static sotto_err table_reserve(struct tree_index_table **table, const struct tree_store *store,
                               uint32_t more)
{
    const struct tree_index_table *t = *table;
    if (t != NULL && t->cap / 4 * 3 >= t->used + more)
        return SOTTO_OK;
    return table_move(table, store, more);
}

struct tree_index tree_index_of(const uint8_t key[TREE_INDEX_KEY])
{
    struct tree_index index = {.base = NULL};
    memcpy(index.key, key, TREE_INDEX_KEY);
    return index;
}

/* Once nobody else has the base, what came later goes into it. A failure leaves the two tables as they are. */
static void index_settle(struct tree_index *index, const struct tree_store *store)
{
    struct tree_index_table *own = index->own;
    if (own == NULL || (index->base != NULL && index->base->refs > 1) ||
        table_reserve(&index->base, store, own->used) != SOTTO_OK)
        return;
    for (uint32_t i = 0; i < own->cap; i++)
        if (own->entries[i].tag != 0)
            table_put(index->base, own->entries[i]);
    table_unref(own);
    index->own = NULL;
}

sotto_err tree_index_share(struct tree_index *index, const struct tree_store *store,
                           struct tree_index *ret_index)
{
    index_settle(index, store);
    struct tree_index shared = *index;
    if (index->own != NULL) {
        TRY(table_new(index->own->cap, &shared.own));
        memcpy(shared.own, index->own, sizeof *index->own + index->own->cap * sizeof(struct entry));
        shared.own->refs = 1;
    }
    if (index->base != NULL)
        index->base->refs++;
    *ret_index = shared;
    return SOTTO_OK;
}

void tree_index_clear(struct tree_index *index)
{
    table_unref(index->base);
    table_unref(index->own);
    *index = (struct tree_index){.base = NULL};
}

uint32_t tree_index_hash(const uint8_t key[TREE_INDEX_KEY], view bytes)
{
    uint64_t hash = 0;
    crypto_shorthash((uint8_t *)&hash, bytes.data, bytes.len, key);
    return (uint32_t)hash;
}

uint32_t tree_index_tag(const struct tree_index *index, enum tree_key_kind kind, view key)
{
    uint32_t tag = tree_index_hash(index->key, key) + (uint32_t)kind;
    return tag != 0 ? tag : 1;
}

sotto_err tree_index_put(struct tree_index *index, const struct tree_store *store,
                         const uint32_t tags[TREE_KEY_KINDS], uint32_t node)
{
    index_settle(index, store);
    bool shared = index->base != NULL && (index->base->refs > 1 || index->own != NULL);
    struct tree_index_table **table = shared ? &index->own : &index->base;
    TRY(table_reserve(table, store, TREE_KEY_KINDS));
    for (uint32_t kind = 0; kind < TREE_KEY_KINDS; kind++)
        if (tags[kind] != 0)
            table_put(*table, (struct entry){tags[kind], place_of(node, (enum tree_key_kind)kind)});
    return SOTTO_OK;
}

static bool table_next(const struct tree_index_table *table, uint32_t tag, enum tree_key_kind kind,
                       uint32_t *step, uint32_t *ret_node)
{
    if (table == NULL)
        return false;
    for (;;) {
        const struct entry *entry = &table->entries[(tag + *step) & (table->cap - 1)];
        if (entry->tag == 0)
            return false;
        ++*step;
        if (entry->tag == tag && entry->place % TREE_KEY_KINDS == (uint32_t)kind) {
            *ret_node = entry->place / TREE_KEY_KINDS;
            return true;
        }
    }
}

bool tree_index_next(const struct tree_index *index, uint32_t tag, enum tree_key_kind kind,
                     struct tree_index_cursor *cursor, uint32_t *ret_node)
{
    if (cursor->table == 0) {
        if (table_next(index->base, tag, kind, &cursor->step, ret_node))
            return true;
        *cursor = (struct tree_index_cursor){.step = 0, .table = 1};
    }
    return table_next(index->own, tag, kind, &cursor->step, ret_node);
}

static size_t table_memory(const struct tree_index_table *table)
{
    return table != NULL ? sizeof *table + table->cap * sizeof(struct entry) : 0;
}

size_t tree_index_memory(const struct tree_index *index)
{
    return table_memory(index->base) + table_memory(index->own);
}
