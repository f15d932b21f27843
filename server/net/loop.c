#include "net/loop.h"

#include "net/core_thread.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BOX_POSTS   16384
#define BOX_BYTES   (4 << 20)
#define SLOTS_FIRST 64
#define NO_SLOT     UINT32_MAX
#define STOP_MS     3000 /* for clients to take in the goodbye */
#define AWAY_NS     500000000

/* ---- numbers and slots */

static uint64_t slot_number(const struct loop *loop, uint32_t slot)
{
    return (uint64_t)loop->slots[slot].generation << 32 | (uint64_t)slot << 8 | loop->index;
}

static uint32_t number_slot(uint64_t connection)
{
    return (uint32_t)(connection >> 8) & ((1U << LOOP_SLOT_BITS) - 1);
}

struct loop *loop_of(struct server *server, uint64_t connection)
{
    unsigned index = (unsigned)(connection & 0xff);
    return connection != 0 && index < server->loop_count ? &server->loops[index] : NULL;
}

static sotto_err slots_grow(struct loop *loop)
{
    uint32_t count = loop->slot_count == 0 ? SLOTS_FIRST : loop->slot_count * 2;
    if (count > 1U << LOOP_SLOT_BITS)
        return SOTTO_E_FULL;
    struct loop_slot *slots = realloc(loop->slots, count * sizeof *slots);
    if (slots == NULL)
        return SOTTO_E_NOMEM;
    loop->slots = slots;
    for (uint32_t i = count; i-- > loop->slot_count;) {
        slots[i] = (struct loop_slot){.generation = 1, .next_free = loop->slot_free};
        loop->slot_free = i;
    }
    loop->slot_count = count;
    return SOTTO_OK;
}

sotto_err loop_slot_take(struct loop *loop, struct conn *conn)
{
    if (loop->slot_free == NO_SLOT)
        TRY(slots_grow(loop));
    uint32_t slot = loop->slot_free;
    loop->slot_free = loop->slots[slot].next_free;
    loop->slots[slot].conn = conn;
    conn->id = slot_number(loop, slot);
    return SOTTO_OK;
}

void loop_slot_give(struct loop *loop, struct conn *conn)
{
    uint32_t slot = number_slot(conn->id);
    struct loop_slot *s = &loop->slots[slot];
    s->conn = NULL;
    if (++s->generation == 0)
        s->generation = 1;
    s->next_free = loop->slot_free;
    loop->slot_free = slot;
}

static struct conn *loop_find(struct loop *loop, uint64_t connection)
{
    uint32_t slot = number_slot(connection);
    if (slot >= loop->slot_count || loop->slots[slot].generation != connection >> 32)
        return NULL;
    return loop->slots[slot].conn;
}

/* ---- work before sleep */

void loop_work_add(struct loop *loop, struct conn *conn)
{
    if (conn->work_here != NULL || conn->state == CONN_ENDED)
        return;
    conn->work_next = loop->work;
    conn->work_here = &loop->work;
    if (loop->work != NULL)
        loop->work->work_here = &conn->work_next;
    loop->work = conn;
}

void loop_work_drop(struct loop *loop, struct conn *conn)
{
    (void)loop;
    if (conn->work_here == NULL)
        return;
    *conn->work_here = conn->work_next;
    if (conn->work_next != NULL)
        conn->work_next->work_here = conn->work_here;
    conn->work_next = NULL;
    conn->work_here = NULL;
}

/* Each connection has one turn; those that want another wait for the next round. */
static void loop_work(struct loop *loop)
{
    struct conn *round = loop->work;
    loop->work = NULL;
    if (round != NULL)
        round->work_here = &round;
    while (round != NULL) {
        struct conn *conn = round;
        loop_work_drop(loop, conn);
        conn_work(conn);
    }
}

/* ---- posts */

sotto_err loop_tell_core(struct loop *loop, const struct post *post, view bytes)
{
    TRY(mailbox_put(&loop->server->core, post, bytes));
    loop->posted = true;
    return SOTTO_OK;
}

void loop_ring(struct loop *loop)
{
    if (!atomic_exchange(&loop->rung, true))
        (void)eventfd_write(loop->bell, 1); /* fails only if it has been rung 2^64 times */
}

static void loop_take_post(struct loop *loop, const struct post *post, view bytes);

sotto_err loop_tell(struct loop *loop, enum post_kind kind, uint64_t connection)
{
    const struct post post = {.kind = kind, .connection = connection};
    struct loop *other = loop_of(loop->server, connection);
    if (other == loop)
        loop_take_post(loop, &post, (view){0});
    if (other == loop || other == NULL)
        return SOTTO_OK;
    TRY(mailbox_put(&other->box, &post, (view){0}));
    loop_ring(other);
    return SOTTO_OK;
}

static void loop_end_all(struct loop *loop)
{
    for (uint32_t i = 0; i < loop->slot_count; i++)
        if (loop->slots[i].conn != NULL)
            conn_end(loop->slots[i].conn);
}

/* Who has not said hello is told nothing; to the others the core says goodbye. */
static void loop_stop(struct loop *loop)
{
    loop->stopping = true;
    loop->stop_ms = loop_now(loop) + STOP_MS;
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        struct conn *conn = loop->slots[i].conn;
        if (conn != NULL && conn->state == CONN_HELLO)
            conn_refuse(conn, SOTTO_E_CLOSED, "the server stops");
        else if (conn != NULL && (conn->state < CONN_HELLO || conn->state == CONN_BLOB))
            conn_end(conn);
    }
}

static void loop_take_socket(struct loop *loop, const struct post *post)
{
    struct visitor visitor = {.person = post->address, .fd = post->fd, .place = post->place};
    if (!loop->stopping) {
        conn_start(loop, &visitor);
        return;
    }
    gate_leave(&loop->server->gate, &visitor);
    close(visitor.fd);
}

static void loop_take_post(struct loop *loop, const struct post *post, view bytes)
{
    if (post->kind == POST_SOCKET) {
        loop_take_socket(loop, post);
        return;
    }
    if (post->kind == POST_STOP) {
        loop_stop(loop);
        return;
    }
    if (post->kind == POST_PING) {
        atomic_store(&loop->beat, post->until_ms);
        return;
    }
    struct conn *conn = loop_find(loop, post->connection);
    if (conn == NULL)
        return;
    switch (post->kind) {
    case POST_SEND:
        if (post->pushed)
            conn_push(conn, bytes);
        else
            conn_send(conn, bytes, post->source);
        break;
    case POST_CLOSE:
        conn_close(conn, post->verdict);
        break;
    case POST_PAUSE:
        conn_pause(conn, post->until_ms);
        break;
    case POST_SETTLED:
    case POST_UNSETTLED:
        conn_settle(conn, post->kind == POST_SETTLED);
        break;
    case POST_BLOB_KEPT:
        conn_blob_kept(conn, post->verdict);
        break;
    case POST_HOLD:
        conn_hold(conn);
        break;
    case POST_RELEASE:
        conn_release(conn);
        break;
    default:
        break;
    }
}

/* The flag goes up first, so that a box which fills again meanwhile rings again. */
static void loop_resume(struct loop *loop)
{
    atomic_store(&loop->wants_room, true);
    if (mailbox_is_full(&loop->server->core))
        return;
    for (uint32_t i = 0; loop->waiting > 0 && i < loop->slot_count; i++)
        if (loop->slots[i].conn != NULL && loop->slots[i].conn->waits_core)
            conn_resume(loop->slots[i].conn);
}

static void loop_take_box(struct loop *loop)
{
    (void)mailbox_take(&loop->box, &loop->batch);
    for (size_t i = 0; i < loop->batch.count; i++) {
        const struct post *post = &loop->batch.list[i];
        loop_take_post(loop, post, (view){loop->batch.bytes.data + post->at, post->len});
    }
    if (loop->waiting > 0)
        loop_resume(loop);
}

/* The flag goes down first: what is put after that rings again. */
static void loop_on_bell(uv_poll_t *poll, int status, int events)
{
    struct loop *loop = poll->data;
    eventfd_t count;
    (void)status, (void)events;
    (void)eventfd_read(loop->bell, &count);
    atomic_store(&loop->rung, false);
    loop_take_box(loop);
}

/* ---- the end of a round */

static void loop_on_idle(uv_idle_t *idle)
{
    (void)idle; /* it is there so that the loop doesn't sleep */
}

/* Instead of ringing the core. Whoever has strangers to see to has no time for that. */
static void loop_stand_in(struct loop *loop)
{
    if (!loop->posted || loop->saw_strangers || loop->strangers_ns > 0)
        return;
    uint64_t began_ns = uv_hrtime();
    if (!core_thread_stand_in(loop->server->core_thread, loop))
        return;
    loop->was_away = uv_hrtime() - began_ns > AWAY_NS;
    loop->posted = false;
    loop_take_box(loop);
    loop_work(loop);
}

/* At the end of a round: what gathered goes out, and the core is rung once for all posts. Work that is left keeps the loop awake. */
static void loop_finish(struct loop *loop)
{
    loop_work(loop);
    loop_stand_in(loop);
    if (loop->posted) {
        loop->posted = false;
        mailbox_ring(&loop->server->core);
    }
    if (loop->work != NULL && !uv_is_active((uv_handle_t *)&loop->idle))
        uv_idle_start(&loop->idle, loop_on_idle);
    else if (loop->work == NULL)
        uv_idle_stop(&loop->idle);
}

/* ---- time */

static void loop_on_timer(uv_timer_t *timer)
{
    struct loop *loop = timer->data;
    if (loop->was_away) { /* sockets first: nobody is late because we were */
        loop->was_away = false;
        return;
    }
    for (struct wheel_entry *e; (e = wheel_due(&loop->wheel, loop_now(loop))) != NULL;)
        conn_due((struct conn *)(void *)((char *)e - offsetof(struct conn, timer)));
    loop_finish(loop);
    if (loop->wheel.count == 0 && !loop->stopping) /* loop_stop_watch() counts on it */
        uv_timer_stop(timer);
}

void loop_arm(struct loop *loop, struct conn *conn, uint64_t due_ms)
{
    wheel_arm(&loop->wheel, &conn->timer, due_ms);
    if (loop->wheel.count > 0 && !uv_is_active((uv_handle_t *)&loop->timer))
        uv_timer_start(&loop->timer, loop_on_timer, WHEEL_TICK_MS, WHEEL_TICK_MS);
}

/* ---- the round */

static void loop_close_handles(struct loop *loop)
{
    uv_close((uv_handle_t *)&loop->bell_poll, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
    uv_close((uv_handle_t *)&loop->timer, NULL);
}

static void loop_stop_watch(struct loop *loop)
{
    if (loop_now(loop) >= loop->stop_ms)
        loop_end_all(loop);
    if (loop->conn_count == 0) {
        loop_close_handles(loop);
        loop->stopping = false;
    } else if (!uv_is_active((uv_handle_t *)&loop->timer)) {
        uv_timer_start(&loop->timer, loop_on_timer, WHEEL_TICK_MS, WHEEL_TICK_MS);
    }
}

static void loop_on_check(uv_check_t *check)
{
    struct loop *loop = check->data;
    loop->saw_strangers = loop->strangers_ns > 0;
    loop->strangers_ns = 0;
    loop_finish(loop);
    loop->strangers_ns = 0;
    if (loop->stopping)
        loop_stop_watch(loop);
}

static void loop_main(void *arg)
{
    struct loop *loop = arg;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    mailbox_shut(&loop->box);
}

static sotto_err loop_init_uv(struct loop *loop)
{
    if (uv_loop_init(&loop->uv) != 0)
        return SOTTO_E_NOMEM;
    loop->uv_on = true;
    loop->bell_poll.data = loop->check.data = loop->idle.data = loop->timer.data = loop;
    loop->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->bell < 0 || uv_poll_init(&loop->uv, &loop->bell_poll, loop->bell) != 0)
        return SOTTO_E_NOMEM;
    int failed = uv_poll_start(&loop->bell_poll, UV_READABLE, loop_on_bell);
    failed |= uv_check_init(&loop->uv, &loop->check);
    failed |= uv_idle_init(&loop->uv, &loop->idle);
    failed |= uv_timer_init(&loop->uv, &loop->timer);
    failed |= uv_check_start(&loop->check, loop_on_check);
    return failed == 0 ? SOTTO_OK : SOTTO_E_NOMEM;
}

static sotto_err loop_identify(struct loop *loop)
{
    DEFER(kept_dropp) struct kept *kept = keeper_hold(loop->server->keeper);
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    struct tls_context *tls;
    TRY(sign_key_import(loop->crypto, SIGN_ED25519, &kept->identity.server_key, &key));
    TRY(tls_context_new(buf_view(&kept->identity.tls), &tls));
    if (loop->server->config.record_layer == RECORD_LAYER_OWN) /* as it was at the start */
        tls_context_own_records(tls, loop->crypto);
    tls_context_free(loop->tls); /* connections that use it keep it alive */
    sign_key_free(loop->key);
    kept_drop(loop->kept);
    loop->tls = tls;
    loop->key = MOVE(key);
    loop->kept = MOVE(kept);
    return SOTTO_OK;
}

void loop_refresh(struct loop *loop)
{
    if (!keeper_is_newest(loop->server->keeper, loop->kept))
        (void)loop_identify(loop);
}

sotto_err loop_init(struct loop *loop, struct server *server, unsigned index)
{
    *loop = (struct loop){.server = server, .index = index, .slot_free = NO_SLOT, .bell = -1};
    wheel_init(&loop->wheel, server_now_ms());
    TRY(mailbox_init(&loop->box, BOX_POSTS, BOX_BYTES));
    TRY(buf_reserve(&loop->scratch, LOOP_SCRATCH));
    TRY(crypto_new(&loop->crypto));
    TRY(loop_identify(loop));
    return loop_init_uv(loop);
}

sotto_err loop_run(struct loop *loop)
{
    if (uv_thread_create(&loop->thread, loop_main, loop) != 0)
        return SOTTO_E_NOMEM;
    loop->runs = true;
    return SOTTO_OK;
}

void loop_join(struct loop *loop)
{
    if (loop->runs)
        uv_thread_join(&loop->thread);
}

/* A loop that never ran still has its handles. */
static void on_leftover(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void loop_clear(struct loop *loop)
{
    if (loop->uv_on) {
        uv_walk(&loop->uv, on_leftover, NULL);
        uv_run(&loop->uv, UV_RUN_DEFAULT);
        uv_loop_close(&loop->uv);
    }
    if (loop->bell >= 0)
        close(loop->bell);
    tls_context_free(loop->tls);
    sign_key_free(loop->key);
    kept_drop(loop->kept);
    crypto_free(loop->crypto);
    buf_clear(&loop->scratch);
    batch_clear(&loop->batch);
    mailbox_clear(&loop->box);
    free(loop->slots);
}
