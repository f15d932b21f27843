/* Numbers are spoken aloud, so they are kept short: drawn at random from the smallest of the ranges below of which at most half
 * is in use (open or resting). So a draw hits a free number every other time at worst, and which one comes can't be guessed. */
#include <stdlib.h>

#include "core/state.h"

static const uint32_t ranges[] = {99, 999, 9999, 99999, 999999, 9999999};

static void slot_free(struct core *core, struct slot *slot)
{
    list_remove(&core->resting, &slot->resting);
    core->resting_count--;
    map_take(&core->slots, slot->number);
    free(slot);
}

static void slots_wake(struct core *core, uint64_t now_ms)
{
    while (core->resting.first != NULL) {
        struct slot *oldest = LIST_ROW(core->resting.first, struct slot, resting);
        if (oldest->rest_until_ms > now_ms && core->resting_count <= SLOT_REST_MAX)
            return;
        slot_free(core, oldest);
    }
}

/* 0: all ranges are too full. */
static uint32_t slots_range(const struct core *core)
{
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (core->slots.count <= ranges[i] / 2)
            return ranges[i];
    return 0;
}

static uint32_t slots_draw(const struct core *core, uint32_t range, struct rng *rng)
{
    uint32_t number;
    do
        number = 1 + rng_below(rng, range);
    while (map_find(&core->slots, number) != NULL);
    return number;
}

sotto_err slot_new(struct step *s, uint8_t kind, struct slot **ret_slot)
{
    struct core *core = s->core;
    slots_wake(core, s->now_ms);
    uint32_t range = slots_range(core);
    if (range == 0)
        return SOTTO_E_FULL;
    TRY(map_reserve(&core->slots, 1));
    struct slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL)
        return SOTTO_E_NOMEM;
    slot->number = slots_draw(core, range, s->rng);
    slot->kind = kind;
    map_put(&core->slots, slot->number, slot);
    *ret_slot = slot;
    return SOTTO_OK;
}

struct slot *slot_find(struct core *core, uint32_t number, uint64_t now_ms)
{
    slots_wake(core, now_ms);
    return map_find(&core->slots, number);
}

void slot_rest(struct core *core, struct slot *slot, sotto_err verdict, uint64_t now_ms)
{
    slot->room = NULL;
    slot->verdict = (uint8_t)verdict;
    if (__builtin_add_overflow(now_ms, core->config.limits.slot_rest_ms, &slot->rest_until_ms))
        slot->rest_until_ms = UINT64_MAX;
    list_add_last(&core->resting, &slot->resting);
    core->resting_count++;
    slots_wake(core, now_ms);
}
