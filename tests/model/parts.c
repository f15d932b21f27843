#include "tests/model/parts.h"

#include <stdlib.h>

static int compare(const struct part *part, view name)
{
    int order = memcmp(part->name, name.data, size_min(part->name_len, name.len));
    return order != 0 ? order : (part->name_len > name.len) - (part->name_len < name.len);
}

/* The first that is not before `name`. */
static size_t place_of(const struct parts *p, view name)
{
    size_t low = 0, high = p->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&p->items[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_there(const struct parts *p, size_t place, view name)
{
    return place < p->count && compare(&p->items[place], name) == 0;
}

static sotto_err insert(struct parts *p, size_t place, view name)
{
    if (name.len == 0 || name.len > SOTTO_GROUP_PART_NAME)
        return SOTTO_E_VALUE;
    if (p->count == p->cap) {
        size_t cap = p->cap > 0 ? p->cap * 2 : 32;
        struct part *items = realloc(p->items, cap * sizeof *items);
        if (items == NULL)
            return SOTTO_E_NOMEM;
        p->items = items;
        p->cap = cap;
    }
    memmove(&p->items[place + 1], &p->items[place], (p->count - place) * sizeof *p->items);
    p->items[place] = (struct part){.name_len = name.len};
    memcpy(p->items[place].name, name.data, name.len);
    p->count++;
    return SOTTO_OK;
}

static void take_out(struct parts *p, size_t place)
{
    free(p->items[place].value);
    p->count--;
    memmove(&p->items[place], &p->items[place + 1], (p->count - place) * sizeof *p->items);
}

sotto_err parts_put(void *context, view name, view value)
{
    struct parts *p = context;
    size_t place = place_of(p, name);
    if (value.len == 0) {
        if (is_there(p, place, name))
            take_out(p, place);
        return SOTTO_OK;
    }
    uint8_t *copy = malloc(value.len);
    if (copy == NULL)
        return SOTTO_E_NOMEM;
    memcpy(copy, value.data, value.len);
    if (!is_there(p, place, name)) {
        sotto_err err = insert(p, place, name);
        if (err != SOTTO_OK) {
            free(copy);
            return err;
        }
    }
    free(p->items[place].value);
    p->items[place].value = copy;
    p->items[place].len = value.len;
    return SOTTO_OK;
}

void parts_clear(struct parts *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->items[i].value);
    free(p->items);
    *p = (struct parts){0};
}

struct comparison {
    const struct parts *with;
    size_t equal;
};

static sotto_err look(void *context, view name, view value)
{
    struct comparison *c = context;
    size_t place = place_of(c->with, name);
    if (value.len == 0)
        return is_there(c->with, place, name) ? SOTTO_E_EXISTS : SOTTO_OK;
    if (!is_there(c->with, place, name))
        return SOTTO_E_NOTFOUND;
    const struct part *part = &c->with->items[place];
    if (!view_equal(view_of(part->value, part->len), value))
        return SOTTO_E_VALUE;
    c->equal++;
    return SOTTO_OK;
}

bool parts_hold(const struct parts *p, sotto_group *g)
{
    struct comparison c = {.with = p};
    return sotto_group_write(g, true, look, &c) == SOTTO_OK && c.equal == p->count;
}

static sotto_err read_all(sotto_group_reader *r, const struct parts *p, size_t turn)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct part *part = &p->items[(i + turn) % p->count];
        TRY(sotto_group_read_part(r, view_of(part->name, part->name_len),
                                  view_of(part->value, part->len)));
    }
    return SOTTO_OK;
}

sotto_err parts_read(sotto_mls *m, const struct parts *p, size_t turn, sotto_group **ret_group)
{
    sotto_group_reader *r = NULL;
    TRY(sotto_group_read_begin(&r));
    sotto_err err = read_all(r, p, turn);
    if (err == SOTTO_OK)
        return sotto_group_read_end(m, &r, ret_group);
    sotto_group_reader_free(r);
    return err;
}
