/* tree_list.h - numbers in a row: node indices, or leaf indices. {0} is empty; clear with tree_list_clear(). */
#ifndef MLS_TREE_LIST_H
#define MLS_TREE_LIST_H

#include "base/base.h"

struct tree_list {
    uint32_t *items;
    size_t count, cap;
};

SOTTO_MUST_USE sotto_err tree_list_add(struct tree_list *list, uint32_t number);
/* Of lists that rise; NULL: an empty one. How many there are, where a number stands or would, and whether it is there. */
size_t tree_list_count(const struct tree_list *rising);
size_t tree_list_place(const struct tree_list *rising, uint32_t number);
bool tree_list_has(const struct tree_list *rising, uint32_t number);
void tree_list_clear(struct tree_list *list);

#endif
