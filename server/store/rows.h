/* rows.h - rows in the order of their keys, for the memory back-end. A treap whose rows carry the links themselves, so that taking a
 * row out and putting it back can't fail. {0} is an empty tree. */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "base/base.h"

struct row {
    struct row *left, *right; /* private */
    uint32_t weight;          /* private: never less than that of the rows below it */
    uint32_t key_len, value_len;
    struct row *older,
        *newer;      /* of an entry of the log: its neighbours in the order of appending */
    uint8_t bytes[]; /* the key, behind it the value */
};

struct rows {
    struct row *root; /* private */
};

static inline view row_key(const struct row *row)
{
    return view_of(row->bytes, row->key_len);
}

static inline view row_value(const struct row *row)
{
    return view_of(row->bytes + row->key_len, row->value_len);
}

/* As SQLite compares blobs: byte by byte, the shorter one first. */
int key_compare(view a, view b);

/* With copies of both; `weight` is any number, best at random. NULL: no memory. Release with free(), or in a tree. */
struct row *row_new(view key, view value, uint32_t weight);

/* No row of the same key may be in it. */
void rows_add(struct rows *rows, struct row *row);
/* The row must be in it; it stays as it is. */
void rows_take(struct rows *rows, struct row *row);
/* The first row whose key is at least `key`, or (`beyond`) greater; NULL if there is none. */
struct row *rows_seek(const struct rows *rows, view key, bool beyond);
/* NULL if there is none. */
struct row *rows_find(const struct rows *rows, view key);
/* Frees all rows. */
void rows_clear(struct rows *rows);

#endif
