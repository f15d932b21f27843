#include "net/wheel.h"

void wheel_init(struct wheel *w, uint64_t now_ms)
{
    *w = (struct wheel){.tick = now_ms / WHEEL_TICK_MS};
}

void wheel_disarm(struct wheel *w, struct wheel_entry *e)
{
    if (e->here == NULL)
        return;
    *e->here = e->next;
    if (e->next != NULL)
        e->next->here = e->here;
    *e = (struct wheel_entry){0};
    w->count--;
}

void wheel_arm(struct wheel *w, struct wheel_entry *e, uint64_t due_ms)
{
    if (due_ms == UINT64_MAX)
        return;
    uint64_t due = due_ms / WHEEL_TICK_MS + 1; /* never early */
    if (due <= w->tick)
        due = w->tick + 1; /* so that one who is overdue can't hold up the round */
    if (due - w->tick >= WHEEL_SLOTS)
        due = w->tick + WHEEL_SLOTS - 1;
    if (e->here != NULL && e->due_tick <= due)
        return;
    wheel_disarm(w, e);
    struct wheel_entry **slot = &w->slots[due % WHEEL_SLOTS];
    *e = (struct wheel_entry){.next = *slot, .here = slot, .due_tick = due};
    if (e->next != NULL)
        e->next->here = &e->next;
    *slot = e;
    w->count++;
}

struct wheel_entry *wheel_due(struct wheel *w, uint64_t now_ms)
{
    for (; w->tick <= now_ms / WHEEL_TICK_MS; w->tick++) {
        struct wheel_entry *e = w->slots[w->tick % WHEEL_SLOTS];
        if (e != NULL) {
            wheel_disarm(w, e);
            return e;
        }
        if (w->count == 0) {
            w->tick = now_ms / WHEEL_TICK_MS + 1;
            break;
        }
    }
    return NULL;
}
