/* wheel.h - when connections are due, at the price of two pointers each and nothing per message: a ring of slots, each a list. A
 * connection stands in the slot of its next deadline, rounded up to a tick; traffic that puts the deadline off moves nothing, since
 * who falls due is asked again and put where it then belongs. Deadlines past the ring's end come round early and are asked then. */
#ifndef NET_WHEEL_H
#define NET_WHEEL_H

#include "base/base.h"

#define WHEEL_TICK_MS 100
#define WHEEL_SLOTS   512 /* 51 seconds around */

/* Part of what is timed; {0} stands nowhere. */
struct wheel_entry {
    struct wheel_entry *next, **here; /* private */
    uint64_t due_tick;                /* private */
};

struct wheel {
    struct wheel_entry *slots[WHEEL_SLOTS];
    uint64_t tick; /* the next one to be looked at */
    size_t count;
};

void wheel_init(struct wheel *w, uint64_t now_ms);
/* Puts the entry at its deadline, or takes it to an earlier one; a later deadline leaves it where it is. UINT64_MAX: nothing. */
void wheel_arm(struct wheel *w, struct wheel_entry *e, uint64_t due_ms);
void wheel_disarm(struct wheel *w, struct wheel_entry *e);
/* Takes out one entry whose time has come; NULL if there is none. */
struct wheel_entry *wheel_due(struct wheel *w, uint64_t now_ms);

#endif
