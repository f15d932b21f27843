/* map.h - from 64-bit numbers to pointers, which it does not own. Open addressing with linear probing; SipHash under a random
 * key, so that nobody outside can choose numbers that collide. {0} is an empty map; set `key` before the first put. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/base.h"

#define MAP_KEY 16 /* bytes */

struct map_entry {
    uint64_t number;
    void *value; /* NULL: free */
};

struct map {
    struct map_entry *entries; /* private */
    size_t cap;                /* private: 0 or a power of two */
    size_t count;              /* numbers in it; read only */
    uint8_t key[MAP_KEY];
};

/* SipHash-2-4: a number for these bytes that nobody foresees who does not know the key. */
uint64_t map_hash(const uint8_t key[MAP_KEY], view bytes);

/* Makes room for `more` numbers: as many map_put() calls can't fail. NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err map_reserve(struct map *m, size_t more);

/* Sets a number's value, which is not NULL; there must be room for it. */
void map_put(struct map *m, uint64_t number, void *value);

/* NULL if the number is not in it. */
void *map_find(const struct map *m, uint64_t number);

/* Removes a number and gives its value; NULL if it was not in it. The memory stays for the next. */
void *map_take(struct map *m, uint64_t number);

/* Walks over all values: start with *cursor 0; NULL at the end. The map must not change meanwhile. */
void *map_next(const struct map *m, size_t *cursor);

/* Frees, keeps the key. For DEFER too. */
void map_clear(struct map *m);

#endif
