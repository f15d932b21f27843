#include "store/treap.h"

#include <stdlib.h>

int treap_compare(view a, view b)
{
    size_t len = size_min(a.len, b.len);
    int order = len > 0 ? memcmp(a.data, b.data, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

struct treap_row *treap_new(view key, view value, uint32_t weight)
{
    struct treap_row *row = malloc(sizeof *row + key.len + value.len);
    if (row == NULL)
        return NULL;
    *row = (struct treap_row){
        .weight = weight, .key_len = (uint32_t)key.len, .value_len = (uint32_t)value.len};
    if (key.len > 0)
        memcpy(row->bytes, key.data, key.len);
    if (value.len > 0)
        memcpy(row->bytes + key.len, value.data, value.len);
    return row;
}

/* Where the row hangs, or would: below those that weigh as much or more. */
static struct treap_row **row_place(struct treap *treap, const struct treap_row *row)
{
    struct treap_row **at = &treap->root;
    while (*at != NULL && *at != row && (*at)->weight >= row->weight)
        at = treap_compare(treap_key(row), treap_key(*at)) < 0 ? &(*at)->left : &(*at)->right;
    return at;
}

void treap_add(struct treap *treap, struct treap_row *row)
{
    struct treap_row **at = row_place(treap, row);
    struct treap_row *below = *at, **less = &row->left, **greater = &row->right;
    *at = row;
    while (below != NULL) {
        bool is_greater = treap_compare(treap_key(row), treap_key(below)) < 0;
        struct treap_row ***side = is_greater ? &greater : &less;
        **side = below;
        *side = is_greater ? &below->left : &below->right;
        below = **side;
    }
    *less = *greater = NULL;
}

void treap_take(struct treap *treap, struct treap_row *row)
{
    struct treap_row **at = row_place(treap, row);
    struct treap_row *left = row->left, *right = row->right;
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

struct treap_row *treap_seek(const struct treap *treap, view key, bool beyond)
{
    struct treap_row *found = NULL;
    for (struct treap_row *row = treap->root; row != NULL;) {
        int order = treap_compare(treap_key(row), key);
        if (order > 0 || (order == 0 && !beyond)) {
            found = row;
            row = row->left;
        } else {
            row = row->right;
        }
    }
    return found;
}

struct treap_row *treap_find(const struct treap *treap, view key)
{
    struct treap_row *row = treap_seek(treap, key, false);
    return row != NULL && view_equal(treap_key(row), key) ? row : NULL;
}

void treap_clear(struct treap *treap)
{
    struct treap_row *row = treap->root;
    while (row != NULL) {
        struct treap_row *next = row->left;
        if (next != NULL) { /* what is left of it comes up, so that no stack is needed */
            row->left = next->right;
            next->right = row;
        } else {
            next = row->right;
            free(row);
        }
        row = next;
    }
    treap->root = NULL;
}
