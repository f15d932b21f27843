#include "mls/tree_list.h"

#include <stdlib.h>

sotto_err tree_list_add(struct tree_list *list, uint32_t number)
{
    if (list->count == list->cap) {
        size_t cap = list->cap > 0 ? 2 * list->cap : 16;
        uint32_t *items = realloc(list->items, cap * sizeof *items);
        if (items == NULL)
            return SOTTO_E_NOMEM;
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count++] = number;
    return SOTTO_OK;
}

bool tree_list_has(const struct tree_list *rising, uint32_t number)
{
    size_t low = 0, high = rising != NULL ? rising->count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rising->items[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return rising != NULL && low < rising->count && rising->items[low] == number;
}

void tree_list_clear(struct tree_list *list)
{
    free(list->items);
    *list = (struct tree_list){0};
}
