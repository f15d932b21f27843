#include "tests/model/window.h"

#include <stdlib.h>

bool window_has(const struct window *v, uint32_t generation)
{
    if (generation >= v->next)
        return generation - v->next <= FORWARD_MAX;
    for (uint32_t i = 0; i < v->kept_count; i++)
        if (v->kept[i] == generation)
            return true;
    return false;
}

static void drop(struct window *v, uint32_t place)
{
    v->kept_count--;
    memmove(&v->kept[place], &v->kept[place + 1], (v->kept_count - place) * sizeof *v->kept);
}

/* The last SKIPPED_MAX of those that were passed by are kept. */
static void pass(struct world *w, struct window *v, uint32_t generation)
{
    if (v->kept == NULL)
        v->kept = calloc(SKIPPED_MAX + 1, sizeof *v->kept);
    MUST(w, v->kept != NULL);
    for (uint32_t g = v->next; g < generation; g++) {
        v->kept[v->kept_count++] = g;
        if (v->kept_count > SKIPPED_MAX)
            drop(v, 0);
    }
}

void window_use(struct world *w, struct window *v, uint32_t generation)
{
    if (generation >= v->next) {
        if (generation > v->next)
            pass(w, v, generation);
        v->next = generation + 1;
        return;
    }
    for (uint32_t i = 0; i < v->kept_count; i++)
        if (v->kept[i] == generation) {
            drop(v, i);
            return;
        }
}
