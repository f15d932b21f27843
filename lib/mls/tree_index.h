/* tree_index.h - which nodes may hold a key: encryption and signature keys of a tree by a keyed hash, so that nobody outside
 * can choose keys that collide. It names candidates: a node is the answer if it still holds the key, which the caller looks
 * up, so that blanking a node costs nothing here. A clone shares the table of its base and has a small one of its own for
 * what was put since; when the base is gone, the two become one. One thread at a time. */
#ifndef MLS_TREE_INDEX_H
#define MLS_TREE_INDEX_H

#include "mls/tree_store.h"

#define TREE_INDEX_KEY 16 /* bytes, random, of no other use */

struct tree_index_table;

struct tree_index {
    uint8_t key[TREE_INDEX_KEY];
    struct tree_index_table *base; /* private; may be shared */
    struct tree_index_table *own;  /* private; what was put while base was shared */
};

struct tree_index tree_index_of(const uint8_t key[TREE_INDEX_KEY]);
/* `index` changes in form, not in content. `store` is that of its tree. NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err tree_index_share(struct tree_index *index, const struct tree_store *store,
                                          struct tree_index *ret_index);
void tree_index_clear(struct tree_index *index);

/* A keyed hash of public bytes, for tables alone. */
uint32_t tree_index_hash(const uint8_t key[TREE_INDEX_KEY], view bytes);

/* The hash of a key; never 0. */
uint32_t tree_index_tag(const struct tree_index *index, enum tree_key_kind kind, view key);

/* Notes that a node is about to hold keys with these tags; 0: no such key. `store` is that of its tree, before. NOMEM:
 * unchanged but for spare entries. */
SOTTO_MUST_USE sotto_err tree_index_put(struct tree_index *index, const struct tree_store *store,
                                        const uint32_t tags[TREE_KEY_KINDS], uint32_t node);

/* Walks over the nodes that may hold a key with this tag: start with {0}; false at the end. A node can come twice. */
struct tree_index_cursor {
    uint32_t step, table;
};
bool tree_index_next(const struct tree_index *index, uint32_t tag, enum tree_key_kind kind,
                     struct tree_index_cursor *cursor, uint32_t *ret_node);

size_t tree_index_memory(const struct tree_index *index);

#endif
