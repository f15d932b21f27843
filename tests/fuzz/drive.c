#include "drive.h"

#define FIRST_ID UINT64_C(100) /* so that a mix-up with an index shows */

static void begin_core(struct drive *d)
{
    HOLDS(core_new(&d->config, d->now_ms, &d->core) == SOTTO_OK);
    core_set_wall(d->core, d->wall_ms);
}

void drive_begin(struct drive *d)
{
    HOLDS(store_memory_new(&d->store) == SOTTO_OK);
    d->config.store = d->store;
    begin_core(d);
}

void drive_end(struct drive *d)
{
    drive_crash(d);
    core_free(d->core);
    store_free(d->store);
    core_effects_clear(&d->fx);
}

static void check(struct drive *d)
{
    if (!d->failing) /* else reading would be what fails */
        d->check(d->user);
}

static void release(struct drive *d, bool with_held)
{
    for (size_t i = 0; i < d->fx.count; i++) {
        const struct core_effect *e = &d->fx.list[i];
        if (e->kind != CORE_CLOSE && e->kind != CORE_SEND)
            continue;
        HOLDS(e->connection >= FIRST_ID && e->connection < FIRST_ID + DRIVE_CONNECTIONS);
        size_t who = (size_t)(e->connection - FIRST_ID);
        if (e->kind == CORE_CLOSE)
            d->open[who] = false;
        else if (with_held || !e->held)
            d->hear(d->user, who, view_of(d->fx.bytes.data + e->at, e->len));
    }
    core_effects_reset(&d->fx);
}

/* --- what is undone --- */

void drive_fail(struct drive *d, uint64_t after)
{
    d->failing = true;
    store_memory_fail(d->store, SOTTO_E_DISK_FULL, after);
}

static void recover(struct drive *d)
{
    store_memory_fail(d->store, SOTTO_OK, 0);
    d->failing = false;
}

void drive_roll_back(struct drive *d)
{
    release(d, false);
    HOLDS(core_rollback(d->core, SOTTO_E_DISK_FULL, d->now_ms, &d->fx) == SOTTO_OK);
    release(d, true);
    check(d);
}

void drive_mend(struct drive *d)
{
    recover(d);
    drive_roll_back(d);
}

void drive_crash(struct drive *d)
{
    core_free(d->core);
    core_effects_reset(&d->fx);
    recover(d);
    memset(d->open, 0, sizeof d->open);
    begin_core(d);
    check(d);
}

/* Only a full disk is a reason to fail. */
static void verdict(struct drive *d, sotto_err err)
{
    if (err == SOTTO_OK)
        return;
    HOLDS(err == SOTTO_E_DISK_FULL && d->failing);
    drive_mend(d);
}

/* --- steps --- */

static void step(struct drive *d, struct core_event event)
{
    verdict(d, core_step(d->core, &event, d->now_ms, &d->rng, &d->fx));
}

void drive_commit(struct drive *d)
{
    sotto_err err = core_commit(d->core, d->now_ms, &d->fx);
    verdict(d, err);
    if (err != SOTTO_OK)
        return;
    release(d, true);
    check(d);
}

void drive_wait(struct drive *d, uint64_t ms)
{
    d->now_ms += ms;
    verdict(d, core_tick(d->core, d->now_ms, &d->fx));
    drive_commit(d);
}

void drive_open(struct drive *d, size_t who, enum core_event_kind kind, struct core_address from)
{
    if (d->open[who])
        return;
    d->open[who] = true;
    step(d, (struct core_event){.kind = kind, .connection = FIRST_ID + who, .address = from});
}

void drive_close(struct drive *d, size_t who)
{
    if (!d->open[who])
        return;
    drive_commit(d); /* so that a close of the core's own has been heard */
    d->open[who] = false;
    step(d, (struct core_event){.kind = CORE_CLOSED, .connection = FIRST_ID + who});
}

void drive_say(struct drive *d, size_t who, view frame)
{
    uint8_t *copy = fuzz_copy(frame);
    if (d->open[who])
        step(d, (struct core_event){.kind = CORE_FRAME,
                                    .connection = FIRST_ID + who,
                                    .frame = view_of(copy, frame.len)});
    free(copy);
}
