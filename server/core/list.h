/* list.h - doubly linked lists whose links live in the rows themselves, so that adding one can't fail. {0} is an empty list, and
 * the links of a row that is in none. */
#ifndef CORE_LIST_H
#define CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *prev, *next;
};

struct list {
    struct link *first, *last;
};

/* The row around a link. */
#define LIST_ROW(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void list_add_last(struct list *list, struct link *link)
{
    *link = (struct link){.prev = list->last};
    *(list->last != NULL ? &list->last->next : &list->first) = link;
    list->last = link;
}

static inline void list_add_first(struct list *list, struct link *link)
{
    *link = (struct link){.next = list->first};
    *(list->first != NULL ? &list->first->prev : &list->last) = link;
    list->first = link;
}

/* The link is in this list. */
static inline void list_remove(struct list *list, struct link *link)
{
    *(link->prev != NULL ? &link->prev->next : &list->first) = link->next;
    *(link->next != NULL ? &link->next->prev : &list->last) = link->prev;
    *link = (struct link){0};
}

static inline bool list_holds(const struct list *list, const struct link *link)
{
    return link->prev != NULL || link->next != NULL || list->first == link;
}

#endif
