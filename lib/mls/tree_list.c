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

size_t tree_list_count(const struct tree_list *rising)
{
    return rising != NULL ? rising->count : 0;
}

size_t tree_list_place(const struct tree_list *rising, uint32_t number)
{
    size_t low = 0, high = tree_list_count(rising);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rising->items[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool tree_list_has(const struct tree_list *rising, uint32_t number)
{
    size_t place = tree_list_place(rising, number);
    return place < tree_list_count(rising) && rising->items[place] == number;
}

void tree_list_clear(struct tree_list *list)
{
    free(list->items);
    *list = (struct tree_list){0};
}
