/* A number stands at the place that its hash names, or behind it, with no free place between (linear probing). Taking one out
 * moves those behind it to the front where they would else be cut off from their place, so there are no tombstones and a map
 * that stays small stays fast. At most 3 of 4 places are in use. */
#include "base/map.h"

#include <assert.h>
#include <sodium/crypto_shorthash.h>
#include <stdlib.h>

#define MAP_FIRST 16 /* places; the smallest there is */

_Static_assert(crypto_shorthash_KEYBYTES == MAP_KEY, "the key is that of SipHash-2-4");
_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "and its hash a number");

uint64_t map_hash(const uint8_t key[MAP_KEY], view bytes)
{
    uint64_t hash;
    crypto_shorthash((uint8_t *)&hash, bytes.data, bytes.len, key);
    return hash;
}

static size_t map_home(const struct map *m, uint64_t number)
{
    return (size_t)map_hash(m->key, view_of(&number, sizeof number)) & (m->cap - 1);
}

/* Where the number stands, or the free place where it would. There always is a free place. */
static size_t map_place(const struct map *m, uint64_t number)
{
    size_t at = map_home(m, number);
    while (m->entries[at].value != NULL && m->entries[at].number != number)
        at = (at + 1) & (m->cap - 1);
    return at;
}

static sotto_err map_move(struct map *m, size_t cap)
{
    struct map_entry *old = m->entries;
    struct map_entry *entries = calloc(cap, sizeof *entries);
    if (entries == NULL)
        return SOTTO_E_NOMEM;
    size_t old_cap = m->cap;
    m->entries = entries;
    m->cap = cap;
    for (size_t i = 0; i < old_cap; i++)
        if (old[i].value != NULL)
            m->entries[map_place(m, old[i].number)] = old[i];
    free(old);
    return SOTTO_OK;
}

sotto_err map_reserve(struct map *m, size_t more)
{
    if (more > SIZE_MAX / 64 - m->count)
        return SOTTO_E_NOMEM;
    size_t need = m->count + more, cap = m->cap > 0 ? m->cap : MAP_FIRST;
    while (need > cap / 4 * 3)
        cap *= 2;
    return cap == m->cap ? SOTTO_OK : map_move(m, cap);
}

void map_put(struct map *m, uint64_t number, void *value)
{
    assert(value != NULL && m->cap > 0);
    struct map_entry *entry = &m->entries[map_place(m, number)];
    m->count += entry->value == NULL;
    *entry = (struct map_entry){number, value};
    assert(m->count < m->cap);
}

void *map_find(const struct map *m, uint64_t number)
{
    return m->cap > 0 ? m->entries[map_place(m, number)].value : NULL;
}

/* Closes the gap at `gap`: what stands behind it moves there if it may, that is if its home is not between gap and it. */
static void map_close_gap(struct map *m, size_t gap)
{
    size_t mask = m->cap - 1;
    for (size_t at = (gap + 1) & mask; m->entries[at].value != NULL; at = (at + 1) & mask) {
        size_t home = map_home(m, m->entries[at].number);
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            m->entries[gap] = m->entries[at];
            gap = at;
        }
    }
    m->entries[gap] = (struct map_entry){0};
}

void *map_take(struct map *m, uint64_t number)
{
    if (m->cap == 0)
        return NULL;
    size_t at = map_place(m, number);
    void *value = m->entries[at].value;
    if (value != NULL) {
        map_close_gap(m, at);
        m->count--;
    }
    return value;
}

void *map_next(const struct map *m, size_t *cursor)
{
    while (*cursor < m->cap) {
        void *value = m->entries[(*cursor)++].value;
        if (value != NULL)
            return value;
    }
    return NULL;
}

void map_clear(struct map *m)
{
    if (m == NULL)
        return;
    free(m->entries);
    m->entries = NULL;
    m->cap = m->count = 0;
}
