/* treap.h - rows in the order of their keys, for the memory back-end. A treap whose rows carry the links themselves, so that taking a
 * row out and putting it back can't fail. {0} is an empty tree. */
#ifndef STORE_TREAP_H
#define STORE_TREAP_H

#include "base/base.h"

struct treap_row {
    struct treap_row *left, *right; /* private */
    uint32_t weight;                /* private: never less than that of the rows below it */
    uint32_t key_len, value_len;
    struct treap_row *older,
        *newer;      /* of an entry of the log: its neighbours in the order of appending */
    uint8_t bytes[]; /* the key, behind it the value */
};

struct treap {
    struct treap_row *root; /* private */
};

static inline view treap_key(const struct treap_row *row)
{
    return view_of(row->bytes, row->key_len);
}

static inline view treap_value(const struct treap_row *row)
{
    return view_of(row->bytes + row->key_len, row->value_len);
}

/* As SQLite compares blobs: byte by byte, the shorter one first. */
int treap_compare(view a, view b);

/* With copies of both; `weight` is any number, best at random. NULL: no memory. Release with free(), or in a tree. */
struct treap_row *treap_new(view key, view value, uint32_t weight);

/* No row of the same key may be in it. */
void treap_add(struct treap *treap, struct treap_row *row);
/* The row must be in it; it stays as it is. */
void treap_take(struct treap *treap, struct treap_row *row);
/* The first row whose key is at least `key`, or (`beyond`) greater; NULL if there is none. */
struct treap_row *treap_seek(const struct treap *treap, view key, bool beyond);
/* NULL if there is none. */
struct treap_row *treap_find(const struct treap *treap, view key);
/* Frees all rows. */
void treap_clear(struct treap *treap);

#endif
