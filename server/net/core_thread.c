#include "net/core_thread.h"

#include "base/ct.h"
#include "crypto/rng.h"
#include "net/loop.h"

static const enum core_event_kind event_kinds[] = {
    [POST_OPEN] = CORE_OPEN,
    [POST_FRAME] = CORE_FRAME,
    [POST_CLOSED] = CORE_CLOSED,
    [POST_STOP] = CORE_STOP,
};

static const enum post_kind post_kinds[] = {
    [CORE_SEND] = POST_SEND,       [CORE_CLOSE] = POST_CLOSE,         [CORE_PAUSE] = POST_PAUSE,
    [CORE_SETTLED] = POST_SETTLED, [CORE_UNSETTLED] = POST_UNSETTLED,
};

static void ring_loops(struct core_thread *t)
{
    for (unsigned i = 0; i < t->server->loop_count; i++)
        if (t->rung[i]) {
            t->rung[i] = false;
            loop_ring(&t->server->loops[i]);
        }
}

/* A loop that is full is rung before we wait for it. */
static void loop_tell_waiting(struct core_thread *t, struct loop *loop, const struct post *post,
                              view bytes)
{
    t->rung[loop->index] = true;
    if (mailbox_is_full(&loop->box)) {
        ring_loops(t);
        mailbox_wait_room(&loop->box);
    }
    /* without memory the client would miss a frame: it must not go on */
    const struct post end = {.kind = POST_CLOSE, .connection = post->connection};
    if (mailbox_put(&loop->box, post, bytes) != SOTTO_OK &&
        mailbox_put(&loop->box, &end, (view){0}) != SOTTO_OK)
        log_line(t->server->log, "memory", "out of memory: client %llu missed a frame",
                 (unsigned long long)(post->connection >> 8));
}

static void effect_release(struct core_thread *t, const struct core_effect *effect, uint64_t source)
{
    const view bytes = {t->effects.bytes.data + effect->at, effect->len};
    if (effect->kind == CORE_LOG) {
        log_line(t->server->log, "room", "%.*s", (int)size_min(bytes.len, 200),
                 (const char *)bytes.data);
        return;
    }
    struct loop *loop = loop_of(t->server, effect->connection);
    if (loop == NULL)
        return;
    const struct post post = {
        .kind = post_kinds[effect->kind],
        .connection = effect->connection,
        .source = source,
        .until_ms = effect->until_ms,
    };
    loop_tell_waiting(t, loop, &post, bytes);
}

static void effects_release(struct core_thread *t, uint64_t source)
{
    for (size_t i = 0; i < t->effects.count; i++)
        effect_release(t, &t->effects.list[i], source);
    core_effects_reset(&t->effects);
}

static void step(struct core_thread *t, const struct post *post, uint64_t now_ms)
{
    const struct core_event event = {
        .kind = event_kinds[post->kind],
        .connection = post->connection,
        .address = post->address,
        .frame = {t->batch.bytes.data + post->at, post->len},
        .clean = post->clean,
        .slow = post->slow,
    };
    sotto_err err = core_step(t->core, &event, now_ms, &t->rng, &t->effects);
    effects_release(t, post->connection);
    struct loop *loop = loop_of(t->server, post->connection);
    const struct post end = {.kind = POST_CLOSE, .connection = post->connection};
    if (err != SOTTO_OK && loop != NULL)
        loop_tell_waiting(t, loop, &end, (view){0});
}

static void take_all(struct core_thread *t)
{
    bool was_full = mailbox_take(&t->server->core, &t->batch);
    for (unsigned i = 0; was_full && i < t->server->loop_count; i++)
        if (atomic_exchange(&t->server->loops[i].wants_room, false))
            t->rung[i] = true;
    uint64_t now_ms = server_now_ms();
    for (size_t i = 0; i < t->batch.count; i++)
        step(t, &t->batch.list[i], now_ms);
}

static void tick(struct core_thread *t)
{
    if (core_next_ms(t->core) > server_now_ms())
        return;
    if (core_tick(t->core, server_now_ms(), &t->effects) != SOTTO_OK)
        log_line(t->server->log, "memory", "out of memory: rooms expire late");
    effects_release(t, 0);
}

static void core_thread_main(void *arg)
{
    struct core_thread *t = arg;
    while (!atomic_load(&t->ending)) {
        mailbox_wait(&t->server->core, core_next_ms(t->core));
        take_all(t);
        tick(t);
        ring_loops(t);
        const struct core_counts counts = core_count(t->core);
        stats_core_set(&t->server->stats, &counts);
    }
}

sotto_err core_thread_init(struct core_thread *t, struct server *server)
{
    *t = (struct core_thread){.server = server};
    uint8_t seed[RNG_SEED];
    random_bytes(seed, sizeof seed);
    t->rng = rng_from(seed);
    ct_wipe(seed, sizeof seed);
    return core_new(&(struct core_config){.limits = server->config.limits}, server_now_ms(), &t->core);
}

sotto_err core_thread_run(struct core_thread *t)
{
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
    if (t->runs)
        uv_thread_join(&t->thread);
}

void core_thread_clear(struct core_thread *t)
{
    core_free(t->core);
    core_effects_clear(&t->effects);
    batch_clear(&t->batch);
    rng_clear(&t->rng);
}
