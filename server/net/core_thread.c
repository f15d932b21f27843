#include "net/core_thread.h"

#include "base/ct.h"
#include "crypto/rng.h"
#include "net/checkpoint.h"
#include "net/loop.h"
#include "net/spare.h"
#include "store/store.h"

#define SPACE_BYTES   (256 << 10) /* that came in, or */
#define SPACE_MS      1000        /* after that time: the disk is looked at */
#define EFFECTS_MAX   (8 << 20)   /* bytes: then a commit comes before the batch is done */
#define OWED_MS       10          /* that acknowledgements may wait for a commit that has to be */
#define TICK_RETRY_MS 1000        /* after what was due could not be done */

static const enum core_event_kind event_kinds[] = {
    [POST_OPEN] = CORE_OPEN,       [POST_OPEN_ADMIN] = CORE_OPEN_ADMIN,
    [POST_FRAME] = CORE_FRAME,     [POST_CLOSED] = CORE_CLOSED,
    [POST_BLOB] = CORE_BLOB,       [POST_BLOBS_FOUND] = CORE_BLOBS_FOUND,
    [POST_WRITTEN] = CORE_WRITTEN, [POST_STOP] = CORE_STOP,
};

static const enum post_kind post_kinds[] = {
    [CORE_SEND] = POST_SEND,           [CORE_CLOSE] = POST_CLOSE,
    [CORE_PAUSE] = POST_PAUSE,         [CORE_SETTLED] = POST_SETTLED,
    [CORE_UNSETTLED] = POST_UNSETTLED, [CORE_BLOB_KEPT] = POST_BLOB_KEPT,
};

/* Who stands in looks by itself. */
static void ring_loops(struct core_thread *t)
{
    for (unsigned i = 0; i < t->server->loop_count; i++) {
        struct loop *loop = &t->server->loops[i];
        if (t->rung[i] && loop != t->stand_in)
            loop_ring(loop);
        t->rung[i] = false;
    }
}

/* A loop that is full is rung before we wait for it. Who stands in can't wait for itself: it did little, so this is little. */
static void loop_tell_waiting(struct core_thread *t, struct loop *loop, const struct post *post,
                              view bytes, uint64_t tag)
{
    if (loop != t->stand_in && mailbox_is_full(&loop->box)) {
        ring_loops(t);
        mailbox_wait_room(&loop->box);
    }
    t->rung[loop->index] = true; /* not before: ringing forgets it */
    /* without memory the client would miss a frame: it must not go on */
    const struct post end = {
        .kind = POST_CLOSE,
        .connection = post->connection,
        .verdict = post->kind == POST_CLOSE ? post->verdict : SOTTO_E_NOMEM,
    };
    if (mailbox_put_shared(&loop->box, post, bytes, tag) != SOTTO_OK &&
        mailbox_put(&loop->box, &end, (view){0}) != SOTTO_OK)
        log_line(t->server->log, "memory", "out of memory: client %llu missed a frame",
                 (unsigned long long)(post->connection >> 8));
}

/* ---- effects */

/* Effects that share their bytes share them in the mailbox of a loop, too: one tag a piece of bytes. */
static uint64_t effect_tag(const struct core_thread *t, const struct core_effect *effect)
{
    return t->round << 32 | (uint32_t)(effect->at + 1);
}

static void effect_release(struct core_thread *t, const struct core_effect *effect)
{
    const view bytes = {t->effects.bytes.data + effect->at, effect->len};
    if (effect->kind == CORE_LOG) {
        log_line(t->server->log, effect->event, "%.*s", (int)size_min(bytes.len, 200),
                 (const char *)bytes.data);
        return;
    }
    if (effect->kind == CORE_BLOB_GONE) {
        claims_doom(&t->server->claims, bytes.data);
        return;
    }
    if (effect->kind == CORE_MAIL || server_is_admin(effect->connection)) {
        server_tell_admin(t->server, effect, bytes);
        return;
    }
    struct loop *loop = loop_of(t->server, effect->connection);
    if (loop == NULL)
        return;
    const struct post post = {
        .kind = post_kinds[effect->kind],
        .connection = effect->connection,
        .source = effect->source,
        .until_ms = effect->until_ms,
        .verdict = effect->verdict,
        .pushed = effect->pushed,
    };
    if (effect->kind == CORE_SEND)
        op_stats_tell(&t->server->ops, bytes);
    loop_tell_waiting(t, loop, &post, bytes, effect->len > 0 ? effect_tag(t, effect) : 0);
}

static void connection_close(struct core_thread *t, uint64_t connection, sotto_err why)
{
    struct loop *loop = loop_of(t->server, connection);
    const struct post end = {.kind = POST_CLOSE, .connection = connection, .verdict = why};
    const struct core_effect admin_end = {.kind = CORE_CLOSE, .connection = connection};
    if (server_is_admin(connection))
        server_tell_admin(t->server, &admin_end, (view){0});
    else if (loop != NULL)
        loop_tell_waiting(t, loop, &end, (view){0}, 0);
}

static void effects_release(struct core_thread *t, bool with_held)
{
    for (size_t i = 0; i < t->effects.count; i++)
        if (with_held || !t->effects.list[i].held || t->effects.list[i].kind == CORE_CLOSE)
            effect_release(t, &t->effects.list[i]);
        else if (t->effects.list[i].kind ==
                 CORE_BLOB_KEPT) /* nobody else tells it that it was undone */
            connection_close(t, t->effects.list[i].connection, SOTTO_OK);
    core_effects_reset(&t->effects);
    t->round++;
}

/* ---- what must be durable before it is told */

/* A quarter of the reserve. */
static uint64_t spare_bytes(const struct core_thread *t)
{
    uint64_t bytes = server_live(t->server)->config.limits.disk_reserve_bytes / 4;
    return bytes < SPARE_MAX ? bytes : SPARE_MAX;
}

/* Sends are refused while there is room left for acknowledgements, which are small and make room. */
static void space_tell(struct core_thread *t, bool full)
{
    struct server *server = t->server;
    const struct core_event event = {.kind = CORE_SPACE, .full = full};
    if (full == atomic_load(&server->disk_full) ||
        core_step(t->core, &event, server_now_ms(), &t->rng, &t->effects) != SOTTO_OK)
        return;
    atomic_store(&server->disk_full, full);
    if (!full)
        spare_make(server->config.dir, spare_bytes(t));
    log_line(server->log, "disk",
             full ? "the disk is nearly full: nothing new is accepted until there is space"
                  : "there is space on the disk again");
}

/* The database is asked only if the disk alone has too little. Whoever runs the core may use the store. */
static bool is_full(const struct core_thread *t)
{
    struct store_sizes sizes = {0};
    return server_disk_is_full(t->server, 0) &&
           (store_sizes(t->server->config.store, &sizes) != SOTTO_OK ||
            server_disk_is_full(t->server, sizes.free_bytes));
}

/* Looks often enough that what is written between two looks is a small part of the reserve. */
static void space_look(struct core_thread *t, uint64_t now_ms)
{
    t->taken += t->batch.bytes.len;
    if (t->server->config.store == NULL ||
        (t->taken < SPACE_BYTES && now_ms - t->looked_ms < SPACE_MS))
        return;
    t->taken = 0;
    t->looked_ms = now_ms;
    space_tell(t, is_full(t));
}

/* What the disk holds is uncertain, though we may only have read. */
static bool is_lost(sotto_err err)
{
    return err == SOTTO_E_IO || err == SOTTO_E_DAMAGED;
}

/* Everybody has to come again: more than the one who asked would miss something. */
static bool is_undone(const struct core_thread *t, sotto_err err)
{
    return is_lost(err) || err == SOTTO_E_DISK_FULL || (err != SOTTO_OK && core_is_broken(t->core));
}

static void roll_back(struct core_thread *t, sotto_err why)
{
    uint64_t now_ms = server_now_ms();
    if (is_lost(why))
        server_fail(t->server, "the database", why);
    log_line(t->server->log, "store", "what came in was not stored: %s", sotto_err_text(why));
    effects_release(t, false);
    if (why == SOTTO_E_DISK_FULL) {
        spare_give_up(t->server->config.dir);
        space_tell(t, true);
    }
    sotto_err err = core_rollback(t->core, why, now_ms, &t->effects);
    if (err != SOTTO_OK)
        server_fail(t->server, "the database", err);
    effects_release(t, true);
}

/* One commit for all that was stepped through since the last one; then everybody hears of it. */
static void settle(struct core_thread *t)
{
    uint64_t begun_ns = uv_hrtime();
    bool dirty = core_is_dirty(t->core);
    sotto_err err = core_commit(t->core, server_now_ms(), &t->effects);
    uint64_t now_ns = uv_hrtime();
    if (dirty)
        pace_commit(&t->pace, now_ns - begun_ns);
    else
        pace_rest(&t->pace);
    t->commits_ns += now_ns - begun_ns;
    t->owed_ms = UINT64_MAX;
    if (err == SOTTO_OK)
        effects_release(t, true);
    else
        roll_back(t, err);
    op_stats_settle(&t->server->ops, now_ns - t->taken_ns);
    if (t->server->checkpoint != NULL)
        checkpoint_consider(t->server->checkpoint, core_count(t->core).commits_total);
}

static bool somebody_waits(const struct core_thread *t)
{
    for (size_t i = 0; i < t->effects.count; i++)
        if (t->effects.list[i].held)
            return true;
    return false;
}

/* What nobody waits for, acknowledgements, is committed with what comes next, or after a while. */
static void settle_or_owe(struct core_thread *t, uint64_t now_ms)
{
    if (!core_is_dirty(t->core) || somebody_waits(t) || now_ms >= t->owed_ms) {
        settle(t);
        return;
    }
    if (t->owed_ms == UINT64_MAX)
        t->owed_ms = now_ms + OWED_MS;
    effects_release(t, true);
    op_stats_settle(&t->server->ops, uv_hrtime() - t->taken_ns);
}

/* ---- events */

static void step(struct core_thread *t, const struct post *post, uint64_t now_ms)
{
    struct core_event event = {
        .kind = event_kinds[post->kind],
        .connection = post->connection,
        .address = post->address,
        .frame = {t->batch.bytes.data + post->at, post->len},
        .written = post->written,
        .clean = post->clean,
        .slow = post->slow,
    };
    memcpy(event.nonce, post->nonce, sizeof event.nonce);
    if (post->kind == POST_BLOB)
        memcpy(&event.blob, event.frame.data, sizeof event.blob);
    if (post->kind == POST_FRAME && post->len >= 2)
        op_stats_take(&t->server->ops, (uint16_t)(event.frame.data[0] << 8 | event.frame.data[1]));
    sotto_err err = core_step(t->core, &event, now_ms, &t->rng, &t->effects);
    if (is_undone(t, err))
        roll_back(t, err);
    if (err != SOTTO_OK) /* the core may not know it; who was told already, has no more to hear */
        connection_close(t, post->connection, err);
}

static void pressure_tell(struct core_thread *t)
{
    const struct core_event event = {
        .kind = CORE_MEMORY,
        .pressure = (enum core_pressure)atomic_load(&t->server->pressure),
    };
    if (core_step(t->core, &event, server_now_ms(), &t->rng, &t->effects) != SOTTO_OK)
        atomic_store(&t->server->pressure, CORE_PRESSURE_NONE); /* it is told again */
}

/* Looked for in each round: POST_CONFIG, which asks for one, may have been lost for want of memory. */
static void settings_take(struct core_thread *t)
{
    const struct live *live = server_live(t->server);
    if (live != t->live)
        core_configure(t->core, &live->core);
    t->live = live;
}

/* What the core itself needs not hear. */
static bool upkeep(struct core_thread *t, const struct post *post)
{
    if (post->kind == POST_PING)
        atomic_store(&t->server->core_beat, post->until_ms);
    else if (post->kind == POST_MEMORY)
        pressure_tell(t);
    else if (post->kind == POST_SPACE)
        space_tell(t, is_full(t));
    else
        return post->kind == POST_CONFIG; /* settings_take() has seen to it */
    return true;
}

_Static_assert(offsetof(struct core_blob, hash) == 0, "what claims_release() reads");

/* Whether the rows are there is settled now. */
static void claims_release(struct core_thread *t)
{
    for (size_t i = 0; i < t->batch.count; i++)
        if (t->batch.list[i].kind == POST_BLOB)
            claims_drop(&t->server->claims, t->batch.bytes.data + t->batch.list[i].at);
}

static void take_all(struct core_thread *t)
{
    bool was_full = mailbox_take(&t->server->core, &t->batch);
    settings_take(t);
    for (unsigned i = 0; was_full && i < t->server->loop_count; i++)
        if (atomic_exchange(&t->server->loops[i].wants_room, false))
            t->rung[i] = true;
    t->taken_ns = uv_hrtime();
    uint64_t now_ms = t->taken_ns / 1000000;
    core_set_wall(t->core, server_wall_ms() - (int64_t)now_ms);
    space_look(t, now_ms);
    pace_take(&t->pace, t->batch.count);
    for (size_t i = 0; i < t->batch.count; i++) {
        if (upkeep(t, &t->batch.list[i]))
            continue;
        step(t, &t->batch.list[i], now_ms);
        if (t->effects.bytes.len > EFFECTS_MAX)
            settle(t);
    }
    settle_or_owe(t, now_ms);
    claims_release(t);
}

static uint64_t due_ms(const struct core_thread *t)
{
    uint64_t next_ms = core_next_ms(t->core);
    return next_ms > t->due_from_ms ? next_ms : t->due_from_ms;
}

static void tick(struct core_thread *t)
{
    uint64_t now_ms = server_now_ms();
    if (due_ms(t) > now_ms)
        return;
    sotto_err err = core_tick(t->core, now_ms, &t->effects);
    if (is_undone(t, err)) {
        roll_back(t, err);
    } else if (err != SOTTO_OK) {
        log_line(t->server->log, "memory", "what is due waits for a second: %s",
                 sotto_err_text(err));
        t->due_from_ms = now_ms + TICK_RETRY_MS;
    }
    settle(t);
}

static void due_tell(struct core_thread *t)
{
    uint64_t next_ms = due_ms(t);
    mailbox_due(&t->server->core, next_ms < t->owed_ms ? next_ms : t->owed_ms);
}

/* Under the lock. What is due by time may be much: who stands in leaves it to the thread. */
static void turn_round(struct core_thread *t)
{
    t->commits_ns = 0;
    take_all(t);
    if (t->stand_in == NULL)
        tick(t);
    ring_loops(t);
    due_tell(t);
    pace_step(&t->pace, uv_hrtime() - t->taken_ns - t->commits_ns);
    const struct core_counts counts = core_count(t->core);
    stats_core_set(&t->server->stats, &counts);
}

static void wait_for_posts(struct core_thread *t)
{
    struct mailbox *box = &t->server->core;
    uint64_t most_ns;
    mailbox_wait(box);
    pthread_mutex_lock(&t->lock);
    size_t wanted = pace_wanted(&t->pace, &most_ns);
    pthread_mutex_unlock(&t->lock);
    if (wanted > 0)
        mailbox_wait_more(box, wanted, most_ns);
}

bool core_thread_stand_in(struct core_thread *t, const struct loop *loop)
{
    if (pthread_mutex_trylock(&t->lock) != 0)
        return false;
    bool light = pace_is_light(&t->pace, mailbox_count(&t->server->core));
    if (light) {
        t->stand_in = loop;
        turn_round(t);
        t->stand_in = NULL;
    }
    pthread_mutex_unlock(&t->lock);
    return light;
}

static void core_thread_main(void *arg)
{
    struct core_thread *t = arg;
    if (t->server->config.store != NULL && !server_disk_is_full(t->server, 0))
        spare_make(t->server->config.dir, spare_bytes(t));
    while (!atomic_load(&t->ending)) {
        wait_for_posts(t);
        pthread_mutex_lock(&t->lock);
        turn_round(t);
        pthread_mutex_unlock(&t->lock);
    }
    settle(t);
}

sotto_err core_thread_init(struct core_thread *t, struct server *server)
{
    *t = (struct core_thread){.server = server, .owed_ms = UINT64_MAX};
    (void)pthread_mutex_init(&t->lock, NULL); /* a plain one: can't fail */
    uint8_t seed[RNG_SEED];
    random_bytes(seed, sizeof seed);
    t->rng = rng_from(seed);
    ct_wipe(seed, sizeof seed);
    t->live = server_live(server);
    return core_new(&t->live->core, server_now_ms(), &t->core);
}

sotto_err core_thread_run(struct core_thread *t)
{
    due_tell(t); /* what became due while nobody served */
    if (uv_thread_create(&t->thread, core_thread_main, t) != 0)
        return SOTTO_E_NOMEM;
    t->runs = true;
    return SOTTO_OK;
}

void core_thread_join(struct core_thread *t)
{
    const struct post last = {.kind = POST_STOP};
    atomic_store(&t->ending, true);
    if (mailbox_put(&t->server->core, &last, (view){0}) == SOTTO_OK)
        mailbox_ring(&t->server->core);
    mailbox_due(&t->server->core, 0);
    if (t->runs)
        uv_thread_join(&t->thread);
}

void core_thread_clear(struct core_thread *t)
{
    core_free(t->core);
    (void)pthread_mutex_destroy(&t->lock);
    core_effects_clear(&t->effects);
    batch_clear(&t->batch);
    rng_clear(&t->rng);
}
