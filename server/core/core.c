/* Each step reserves the effects that it may have at most, then applies its event; see state.h for what there is. */
#include <stdlib.h>

#define RETRY_MS        1000 /* after a rollback */
#define LIMITER_BUCKETS 32768

#include "core/state.h"
#include "core/streams.h"

/* A rate of 0, or a burst of 0, is none. */
static struct bucket_rate rate_of(uint64_t amount, uint64_t period_ms, uint64_t burst)
{
    if (amount == 0 || period_ms == 0 || burst == 0)
        return (struct bucket_rate){0, 1, 0};
    return (struct bucket_rate){amount, period_ms, burst};
}

void core_configure(struct core *core, const struct core_config *config)
{
    const struct limits *limits = &config->limits;
    core->config = *config;
    core->config.store = core->store;
    core->request_rate = rate_of(limits->requests_per_s, 1000, limits->requests);
    core->byte_rate = rate_of(limits->room_bytes_per_s, 1000, limits->room_burst_bytes);
    core->wrong_rate = rate_of(1, limits->wrong_code_ms, limits->wrong_codes);
    core->opening_rate = rate_of(1, limits->room_open_ms, limits->room_opens);
    if (core->limiter != NULL)
        limiter_configure(core->limiter, limits);
}

void core_set_wall(struct core *core, int64_t offset_ms)
{
    core->wall_offset_ms = offset_ms;
}

/* What the store has; without one there are rooms alone. */
static sotto_err core_open(struct core *core, uint64_t now_ms)
{
    struct core_effects fx = {0};
    struct step s = {.core = core, .fx = &fx, .now_ms = now_ms};
    if (core->store == NULL)
        return SOTTO_OK;
    TRY(sotto_crypto_new(&core->crypto));
    TRY(limiter_new(LIMITER_BUCKETS, &core->limiter));
    limiter_configure(core->limiter, &core->config.limits);
    TRY(directory_open(&s));
    TRY(streams_open(&s));
    return core_commit(core, now_ms, &fx);
}

sotto_err core_new(const struct core_config *config, uint64_t now_ms, struct core **ret_core)
{
    struct core *core = calloc(1, sizeof *core);
    if (core == NULL)
        return SOTTO_E_NOMEM;
    core->store = config->store;
    core_configure(core, config);
    sotto_err err = core_open(core, now_ms);
    if (err != SOTTO_OK) {
        core_free(core);
        return err;
    }
    *ret_core = core;
    return SOTTO_OK;
}

static void free_all(struct map *rows)
{
    size_t cursor = 0;
    for (void *row; (row = map_next(rows, &cursor)) != NULL;)
        free(row);
    map_clear(rows);
}

void core_free(struct core *core)
{
    if (core == NULL)
        return;
    while (core->living.first != NULL) {
        struct link *link = core->living.first;
        list_remove(&core->living, link);
        free(LIST_ROW(link, struct room, living));
    }
    if (core->writing)
        store_rollback(core->store);
    uploads_clear(core);
    streams_clear(core);
    directory_clear(core);
    limiter_free(core->limiter);
    sotto_crypto_free(core->crypto);
    free_all(&core->connections);
    free_all(&core->origins);
    free_all(&core->slots);
    free(core);
}

/* The core draws no randomness when it is made, so the maps get their keys with the first event. */
static void core_key(struct core *core, struct rng *rng)
{
    if (core->keyed)
        return;
    rng_bytes(rng, core->connections.key, MAP_KEY);
    rng_bytes(rng, core->origins.key, MAP_KEY);
    rng_bytes(rng, core->slots.key, MAP_KEY);
    uint8_t limiter[MAP_KEY];
    rng_bytes(rng, limiter, sizeof limiter);
    if (core->limiter != NULL)
        limiter_key(core->limiter, limiter);
    rng_bytes(rng, core->directory.accounts.key, MAP_KEY);
    rng_bytes(rng, core->directory.devices.key, MAP_KEY);
    rng_bytes(rng, (uint8_t *)&core->run, sizeof core->run);
    core->run |= 1;
    core->keyed = true;
}

static sotto_err reserve(struct core_effects *fx, size_t rooms, size_t bytes)
{
    return fx_reserve(fx, STEP_EFFECTS + rooms * ROOM_END_EFFECTS,
                      STEP_BYTES + rooms * ROOM_END_BYTES + bytes);
}

static sotto_err on_open(struct step *s, const struct core_event *event)
{
    TRY(reserve(s->fx, 0, 0));
    return connection_open(s, event);
}

static sotto_err frame_do(struct step *s, struct connection *c, view frame)
{
    TRY(reserve(s->fx, c->room_count, frame.len));
    return request_do(s, c, frame);
}

/* What could not be done is not answered, so what comes behind it waits until the client comes again: an operation with a higher number
 * would use this one's up. */
static sotto_err on_frame(struct step *s, const struct core_event *event)
{
    struct connection *c = connection_find(s->core, event->connection);
    if (c == NULL || c->ignored)
        return SOTTO_OK;
    sotto_err err = frame_do(s, c, event->frame);
    c = connection_find(s->core, event->connection); /* what it asked may have ended it */
    if (err != SOTTO_OK && c != NULL)
        c->ignored = true;
    s->core->counts.frames_total += err == SOTTO_OK;
    return err;
}

static sotto_err on_closed(struct step *s, const struct core_event *event)
{
    struct connection *c = connection_find(s->core, event->connection);
    if (c == NULL)
        return SOTTO_OK;
    if (c->room_count > 0) /* else nobody is told */
        TRY(reserve(s->fx, c->room_count, 0));
    connection_drop(s, c,
                    event->slow    ? ROOM_END_SLOW
                    : event->clean ? ROOM_END_LEFT
                                   : ROOM_END_LOST);
    return SOTTO_OK;
}

/* The map must not change while it is walked over: so some are picked first. */
static void say_bye_to_some(struct step *s)
{
    struct connection *some[64];
    size_t count = 0, cursor = 0;
    while (count < COUNT_OF(some) &&
           (some[count] = map_next(&s->core->connections, &cursor)) != NULL)
        count++;
    for (size_t i = 0; i < count; i++) {
        step_refuse(s, SOTTO_E_CLOSED, 0, "the server stops");
        connection_end(s, some[i], SOTTO_E_CLOSED, ROOM_END_SERVER);
    }
}

/* The file is there before its row: if it is not kept, a sweep takes it away. */
static sotto_err on_blob(struct step *s, const struct core_event *event)
{
    if (s->core->store == NULL)
        return SOTTO_E_USAGE;
    TRY(reserve(s->fx, 0, 0));
    s->fx->held = true;
    sotto_err err = blob_take(s, &event->blob);
    if (err == SOTTO_E_NOMEM || s->broken)
        return err;
    fx_blob_kept(s->fx, event->connection, err);
    return SOTTO_OK;
}

static sotto_err on_blobs_found(struct step *s, const struct core_event *event)
{
    if (s->core->store == NULL)
        return SOTTO_E_USAGE;
    s->fx->held = true;
    return blobs_found(s, event->frame);
}

static sotto_err on_written(struct step *s, const struct core_event *event)
{
    struct connection *c = connection_find(s->core, event->connection);
    if (c != NULL)
        c->unwritten -= event->written < c->unwritten ? event->written : c->unwritten;
    return SOTTO_OK;
}

static sotto_err on_stop(struct step *s)
{
    struct core *core = s->core;
    size_t connections = core->connections.count;
    TRY(fx_reserve(s->fx, connections * STEP_EFFECTS + core->counts.rooms_open * ROOM_END_EFFECTS,
                   connections * STEP_BYTES + core->counts.rooms_open * ROOM_END_BYTES));
    core->stopping = true;
    while (core->living.first != NULL)
        room_end(s, LIST_ROW(core->living.first, struct room, living), NULL, ROOM_END_SERVER);
    while (core->connections.count > 0)
        say_bye_to_some(s);
    return SOTTO_OK;
}

static sotto_err on_event(struct step *s, const struct core_event *event)
{
    switch (event->kind) {
    case CORE_OPEN:
    case CORE_OPEN_ADMIN:
        return on_open(s, event);
    case CORE_FRAME:
        return on_frame(s, event);
    case CORE_CLOSED:
        return on_closed(s, event);
    case CORE_BLOB:
        return on_blob(s, event);
    case CORE_BLOBS_FOUND:
        return on_blobs_found(s, event);
    case CORE_WRITTEN:
        return on_written(s, event);
    case CORE_SPACE:
        s->core->disk_full = event->full;
        return SOTTO_OK;
    case CORE_MEMORY:
        s->core->pressure = event->pressure;
        return SOTTO_OK;
    case CORE_STOP:
        return on_stop(s);
    }
    return SOTTO_E_USAGE;
}

/* What was changed in memory before the store failed has to be undone, too, though nothing may be written yet. A step that wrote nothing
 * leaves what those before it wrote as it is. */
static sotto_err step_end(const struct step *s, sotto_err err)
{
    s->core->broken = s->core->broken || (err != SOTTO_OK && (s->broken || s->wrote));
    return err;
}

sotto_err core_step(struct core *core, const struct core_event *event, uint64_t now_ms,
                    struct rng *rng, struct core_effects *fx)
{
    struct step s = {.core = core, .fx = fx, .rng = rng, .now_ms = now_ms};
    core_key(core, rng);
    directory_trim(core);
    fx->held = false;
    fx->source = event->connection;
    return step_end(&s, on_event(&s, event));
}

/* When the first one of a list is due: `since_ms` of it plus the limit. */
static uint64_t due_ms(uint64_t since_ms, uint64_t limit_ms)
{
    return limit_ms == 0 || limit_ms > UINT64_MAX - since_ms ? UINT64_MAX : since_ms + limit_ms;
}

static uint64_t room_due_ms(const struct link *first, size_t offset, uint64_t limit_ms)
{
    if (first == NULL)
        return UINT64_MAX;
    const struct room *room = (const struct room *)(const void *)((const char *)first - offset);
    return due_ms(room->opened_ms, limit_ms);
}

static uint64_t waiting_due_ms(const struct core *core)
{
    return room_due_ms(core->waiting.first, offsetof(struct room, waiting),
                       core->config.limits.room_join_ms);
}

static uint64_t living_due_ms(const struct core *core)
{
    return room_due_ms(core->living.first, offsetof(struct room, living),
                       core->config.limits.room_life_ms);
}

static uint64_t idle_due_ms(const struct core *core)
{
    if (core->idle.first == NULL)
        return UINT64_MAX;
    return due_ms(LIST_ROW(core->idle.first, struct connection, idle)->idle_since_ms,
                  core->config.limits.idle_room_ms);
}

uint64_t core_next_ms(const struct core *core)
{
    uint64_t next_ms = waiting_due_ms(core);
    if (living_due_ms(core) < next_ms)
        next_ms = living_due_ms(core);
    if (idle_due_ms(core) < next_ms)
        next_ms = idle_due_ms(core);
    if (uploads_next_ms(core) < next_ms)
        next_ms = uploads_next_ms(core);
    if (core->store != NULL && streams_next_ms(core) < next_ms)
        next_ms = streams_next_ms(core);
    if (core->store != NULL && core->blobs_due_ms < next_ms)
        next_ms = core->blobs_due_ms;
    return next_ms;
}

static bool is_due(uint64_t when_ms, uint64_t now_ms)
{
    return when_ms != UINT64_MAX && when_ms <= now_ms;
}

sotto_err core_tick(struct core *core, uint64_t now_ms, struct core_effects *fx)
{
    struct step s = {.core = core, .fx = fx, .now_ms = now_ms};
    directory_trim(core);
    fx->held = false;
    fx->source = 0;
    while (is_due(waiting_due_ms(core), now_ms)) {
        TRY(reserve(fx, 1, 0));
        room_end(&s, LIST_ROW(core->waiting.first, struct room, waiting), NULL, ROOM_END_EXPIRED);
    }
    while (is_due(living_due_ms(core), now_ms)) {
        TRY(reserve(fx, 1, 0));
        room_end(&s, LIST_ROW(core->living.first, struct room, living), NULL, ROOM_END_EXPIRED);
    }
    while (is_due(idle_due_ms(core), now_ms)) {
        TRY(reserve(fx, 0, 0));
        step_refuse(&s, SOTTO_E_TIMEOUT, 0,
                    "you were neither signed in nor in a room for too long");
        connection_end(&s, LIST_ROW(core->idle.first, struct connection, idle), SOTTO_E_TIMEOUT,
                       ROOM_END_LOST);
    }
    uploads_tick(core, now_ms);
    fx->held = true;
    if (core->store == NULL)
        return SOTTO_OK;
    TRY(step_end(&s, streams_tick(&s)));
    return step_end(&s, blobs_tick(&s));
}

bool core_is_broken(const struct core *core)
{
    return core->broken;
}

bool core_is_dirty(const struct core *core)
{
    return core->writing || core->broken;
}

sotto_err core_commit(struct core *core, uint64_t now_ms, struct core_effects *fx)
{
    struct step s = {.core = core, .fx = fx, .now_ms = now_ms};
    if (core->store == NULL)
        return SOTTO_OK;
    TRY(streams_commit(&s));
    if (core->writing) {
        core->writing = false;
        core->counts.commits_total++;
        TRY(store_commit(core->store));
    }
    connections_answered(core);
    return SOTTO_OK;
}

static size_t asking_count(const struct core *core)
{
    size_t count = 0;
    for (const struct link *link = core->asking.first; link != NULL; link = link->next)
        count++;
    return count;
}

/* And whoever else waits for an answer, which will not come. */
static void send_away(struct step *s, sotto_err why)
{
    struct core *core = s->core;
    size_t cursor = 0;
    struct device *device;
    while ((device = map_next(&core->directory.devices, &cursor)) != NULL)
        if (device->session != NULL) /* it leaves the map later: directory_trim() */
            connection_end(s, device->session, why, ROOM_END_SERVER);
    while (core->asking.first != NULL)
        connection_end(s, LIST_ROW(core->asking.first, struct connection, asking), why,
                       ROOM_END_SERVER);
}

sotto_err core_rollback(struct core *core, sotto_err why, uint64_t now_ms, struct core_effects *fx)
{
    struct step s = {.core = core, .fx = fx, .now_ms = now_ms};
    size_t rooms = core->counts.rooms_open;
    size_t people = core->directory.devices.count + asking_count(core);
    if (core->store == NULL)
        return SOTTO_OK;
    store_rollback(core->store);
    core->writing = core->broken = false;
    fx->held = false;
    fx->source = 0;
    TRY(reserve(fx, rooms, people * STEP_BYTES));
    TRY(fx_reserve(fx, people * STEP_EFFECTS, 0));
    step_refuse(&s, why, RETRY_MS, "%s: nothing was stored, try again", sotto_err_text(why));
    send_away(&s, why);
    uploads_clear(core);
    streams_clear(core);
    directory_clear(core);
    TRY(directory_open(&s));
    TRY(streams_open(&s));
    streams_rest(&s);
    blobs_rest(&s);
    return core_commit(core, now_ms, fx);
}

struct core_counts core_count(const struct core *core)
{
    struct core_counts counts = core->counts;
    counts.connections = core->connections.count;
    counts.accounts = core->directory.counts.accounts;
    counts.prekeys_low = core->directory.counts.prekeys_low;
    counts.mails_waiting = core->directory.counts.mails;
    counts.blobs = core->directory.counts.blobs;
    counts.blob_bytes = core->directory.counts.blob_bytes;
    if (core->streams != NULL) {
        counts.queued = core->streams->queued;
        counts.queue_oldest_s = counts.queued > 0 ? core->streams->oldest_s : 0;
    }
    return counts;
}
