#include "store/rows.h"

#include <stdlib.h>

int key_compare(view a, view b)
{
    size_t len = size_min(a.len, b.len);
    int order = len > 0 ? memcmp(a.data, b.data, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

struct row *row_new(view key, view value, uint32_t weight)
{
    struct row *row = malloc(sizeof *row + key.len + value.len);
    if (row == NULL)
        return NULL;
    *row = (struct row){
        .weight = weight, .key_len = (uint32_t)key.len, .value_len = (uint32_t)value.len};
    if (key.len > 0)
        memcpy(row->bytes, key.data, key.len);
    if (value.len > 0)
        memcpy(row->bytes + key.len, value.data, value.len);
    return row;
}

/* Where the row hangs, or would: below those that weigh as much or more. */
static struct row **row_place(struct rows *rows, const struct row *row)
{
    struct row **at = &rows->root;
    while (*at != NULL && *at != row && (*at)->weight >= row->weight)
        at = key_compare(row_key(row), row_key(*at)) < 0 ? &(*at)->left : &(*at)->right;
    return at;
}

void rows_add(struct rows *rows, struct row *row)
{
    struct row **at = row_place(rows, row);
    struct row *below = *at, **less = &row->left, **greater = &row->right;
    *at = row;
    while (below != NULL) {
        bool is_greater = key_compare(row_key(row), row_key(below)) < 0;
        struct row ***side = is_greater ? &greater : &less;
        **side = below;
        *side = is_greater ? &below->left : &below->right;
        below = **side;
    }
    *less = *greater = NULL;
}

void rows_take(struct rows *rows, struct row *row)
{
    struct row **at = row_place(rows, row);
    struct row *left = row->left, *right = row->right;
    while (left != NULL && right != NULL) {
        if (left->weight >= right->weight) {
            *at = left;
            at = &left->right;
            left = *at;
        } else {
            *at = right;
            at = &right->left;
            right = *at;
        }
    }
    *at = left != NULL ? left : right;
    row->left = row->right = NULL;
}

struct row *rows_seek(const struct rows *rows, view key, bool beyond)
{
    struct row *found = NULL;
    for (struct row *row = rows->root; row != NULL;) {
        int order = key_compare(row_key(row), key);
        if (order > 0 || (order == 0 && !beyond)) {
            found = row;
            row = row->left;
        } else {
            row = row->right;
        }
    }
    return found;
}

struct row *rows_find(const struct rows *rows, view key)
{
    struct row *row = rows_seek(rows, key, false);
    return row != NULL && view_equal(row_key(row), key) ? row : NULL;
}

void rows_clear(struct rows *rows)
{
    struct row *row = rows->root;
    while (row != NULL) {
        struct row *next = row->left;
        if (next != NULL) { /* what is left of it comes up, so that no stack is needed */
            row->left = next->right;
            next->right = row;
        } else {
            next = row->right;
            free(row);
        }
        row = next;
    }
    rows->root = NULL;
}
