/* Open addressing with linear probing under a keyed hash; at most 3 of 4 places in use. An entry stays when its count falls to
 * zero, until the table moves. A type that one leaf lists twice counts once: an entry remembers the last change that
 * counted it. */
#include "mls/tree_census.h"

#include <assert.h>
#include <stdlib.h>

#include "mls/tree_index.h"

#define FIRST_CAP 64 /* entries */
#define USED      UINT32_C(0x80000000)

_Static_assert(TREE_INDEX_KEY == TREE_CENSUS_KEY, "one hash for both");

struct entry {
    uint32_t what; /* USED, kind and type; 0: free */
    uint32_t count;
    uint32_t change; /* the last one that counted it */
};

struct tree_census {
    uint32_t refs, change;
    uint32_t cap, used; /* cap is a power of two */
    uint8_t key[TREE_CENSUS_KEY];
    struct entry entries[];
};

static uint32_t what_of(enum census_kind kind, uint16_t type)
{
    return USED | (uint32_t)kind << 16 | type;
}

static sotto_err census_alloc(const uint8_t *key, uint32_t cap, struct tree_census **ret_census)
{
    struct tree_census *census = calloc(1, sizeof *census + cap * sizeof(struct entry));
    if (census == NULL)
        return SOTTO_E_NOMEM;
    census->refs = 1;
    census->cap = cap;
    memcpy(census->key, key, TREE_CENSUS_KEY);
    *ret_census = census;
    return SOTTO_OK;
}

sotto_err tree_census_new(const uint8_t key[TREE_CENSUS_KEY], struct tree_census **ret_census)
{
    return census_alloc(key, FIRST_CAP, ret_census);
}

struct tree_census *tree_census_share(struct tree_census *census)
{
    census->refs++;
    return census;
}

void tree_census_unref(struct tree_census *census)
{
    if (census != NULL && --census->refs == 0)
        free(census);
}

/* Where it stands, or the free place where it would. */
static uint32_t census_place(const struct tree_census *census, uint32_t what)
{
    uint32_t hash = tree_index_hash(census->key, view_of(&what, sizeof what));
    uint32_t at = hash & (census->cap - 1);
    while (census->entries[at].what != 0 && census->entries[at].what != what)
        at = (at + 1) & (census->cap - 1);
    return at;
}

/* A copy that we alone have, with room for `more` entries. */
static sotto_err census_move(struct tree_census **census, uint32_t more)
{
    struct tree_census *old = *census, *moved = NULL;
    uint32_t live = 0, cap = FIRST_CAP;
    for (uint32_t i = 0; i < old->cap; i++)
        live += old->entries[i].count > 0;
    while (cap / 4 * 3 < live + live / 4 + more)
        cap *= 2;
    TRY(census_alloc(old->key, cap, &moved));
    for (uint32_t i = 0; i < old->cap; i++) {
        if (old->entries[i].count == 0)
            continue;
        moved->entries[census_place(moved, old->entries[i].what)] = old->entries[i];
        moved->used++;
    }
    moved->change = old->change;
    tree_census_unref(old);
    *census = moved;
    return SOTTO_OK;
}

static sotto_err census_own(struct tree_census **census, uint32_t more)
{
    const struct tree_census *c = *census;
    if (c->refs == 1 && c->cap / 4 * 3 >= c->used + more)
        return SOTTO_OK;
    return census_move(census, more);
}

static void census_add(struct tree_census *census, enum census_kind kind, uint16_t type, bool in)
{
    uint32_t what = what_of(kind, type);
    struct entry *entry = &census->entries[census_place(census, what)];
    if (entry->what == 0) {
        *entry = (struct entry){.what = what};
        census->used++;
    }
    if (entry->change == census->change)
        return;
    entry->change = census->change;
    assert(in || entry->count > 0);
    entry->count += in ? 1u : UINT32_MAX;
}

static void census_add_list(struct tree_census *census, enum census_kind kind, view list, bool in)
{
    struct rd at = rd_of(list);
    while (rd_more(&at))
        census_add(census, kind, rd_u16(&at), in);
}

/* Number 0 is the one that new entries have: it is passed by. */
static void census_begin(struct tree_census *census)
{
    if (++census->change != 0)
        return;
    for (uint32_t i = 0; i < census->cap; i++)
        census->entries[i].change = 0;
    census->change = 1;
}

static void census_leaf(struct tree_census *census, const struct leaf_node *leaf, bool in)
{
    if (leaf == NULL)
        return;
    census_begin(census);
    census_add_list(census, CENSUS_EXTENSION, leaf->capabilities.extensions, in);
    census_add_list(census, CENSUS_PROPOSAL, leaf->capabilities.proposals, in);
    census_add_list(census, CENSUS_CREDENTIAL, leaf->capabilities.credentials, in);
    census_add(census, CENSUS_CREDENTIAL_IN_USE, leaf->credential.credential_type, in);
}

static bool counts_alike(const struct leaf_node *a, const struct leaf_node *b)
{
    return a != NULL && b != NULL &&
           view_equal(a->capabilities.extensions, b->capabilities.extensions) &&
           view_equal(a->capabilities.proposals, b->capabilities.proposals) &&
           view_equal(a->capabilities.credentials, b->capabilities.credentials) &&
           a->credential.credential_type == b->credential.credential_type;
}

sotto_err tree_census_change(struct tree_census **census, const struct leaf_node *before,
                             const struct leaf_node *after)
{
    if (counts_alike(before, after))
        return SOTTO_OK;
    uint32_t more = 1;
    if (after != NULL)
        more += (uint32_t)(after->capabilities.extensions.len + after->capabilities.proposals.len +
                           after->capabilities.credentials.len) /
                2;
    TRY(census_own(census, more));
    census_leaf(*census, after, true);
    census_leaf(*census, before, false);
    return SOTTO_OK;
}

uint32_t tree_census_count(const struct tree_census *census, enum census_kind kind, uint16_t type)
{
    return census->entries[census_place(census, what_of(kind, type))].count;
}

size_t tree_census_memory(const struct tree_census *census)
{
    return sizeof *census + census->cap * sizeof(struct entry);
}
