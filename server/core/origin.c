/* An origin is there while it has connections, and afterwards while it owes something (wrong codes, rooms opened): otherwise
 * coming back would clear the debt. Those that linger are at most ORIGIN_LINGER_MAX; beyond that the oldest is forgotten. Each
 * new origin looks at two of them, so that they go at least as fast as they come, without a timer. */
#include <stdlib.h>

#include "core/state.h"

/* 7 bytes of address at most and the family: exactly 64 bits, see struct core_address. */
static uint64_t origin_number(const struct core_address *address)
{
    uint64_t number = address->bytes[15];
    for (size_t i = 0; i < 7; i++)
        number = number << 8 | address->bytes[i];
    return number;
}

static void origin_free(struct core *core, struct origin *origin)
{
    list_remove(&core->lingering, &origin->lingering);
    core->lingering_count--;
    map_take(&core->origins, origin->number);
    free(origin);
}

static bool origin_owes_nothing(const struct core *core, const struct origin *origin,
                                uint64_t now_ms)
{
    return bucket_is_empty(&origin->wrong, &core->wrong_rate, now_ms) &&
           bucket_is_empty(&origin->openings, &core->opening_rate, now_ms);
}

/* The oldest goes if it may; else it stands at the end of the queue. */
static void origin_look_at_oldest(struct core *core, uint64_t now_ms)
{
    if (core->lingering.first == NULL)
        return;
    struct origin *oldest = LIST_ROW(core->lingering.first, struct origin, lingering);
    if (core->lingering_count > ORIGIN_LINGER_MAX || origin_owes_nothing(core, oldest, now_ms)) {
        origin_free(core, oldest);
        return;
    }
    list_remove(&core->lingering, &oldest->lingering);
    list_add_last(&core->lingering, &oldest->lingering);
}

sotto_err origin_get(struct core *core, const struct core_address *address, uint64_t now_ms,
                     struct origin **ret_origin)
{
    uint64_t number = origin_number(address);
    struct origin *origin = map_find(&core->origins, number);
    if (origin == NULL) {
        origin_look_at_oldest(core, now_ms);
        origin_look_at_oldest(core, now_ms);
        TRY(map_reserve(&core->origins, 1));
        origin = calloc(1, sizeof *origin);
        if (origin == NULL)
            return SOTTO_E_NOMEM;
        origin->number = number;
        map_put(&core->origins, number, origin);
        list_add_last(&core->lingering, &origin->lingering);
        core->lingering_count++;
    }
    *ret_origin = origin;
    return SOTTO_OK;
}

void origin_enter(struct core *core, struct origin *origin)
{
    if (origin->connections++ > 0)
        return;
    list_remove(&core->lingering, &origin->lingering);
    core->lingering_count--;
}

void origin_leave(struct core *core, struct origin *origin, uint64_t now_ms)
{
    if (--origin->connections > 0)
        return;
    list_add_last(&core->lingering, &origin->lingering);
    core->lingering_count++;
    if (origin_owes_nothing(core, origin, now_ms))
        origin_free(core, origin);
    else if (core->lingering_count > ORIGIN_LINGER_MAX)
        origin_look_at_oldest(core, now_ms);
}
