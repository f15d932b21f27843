#include "net/mailbox.h"

#include <stdlib.h>
#include <time.h>

#define LIST_FIRST 64        /* posts */
#define LIST_KEPT  4096      /* posts; a longer list is given back once it is empty */
#define BYTES_KEPT (1 << 20) /* bytes; likewise */
#define NS_S       1000000000

static void batch_empty(struct batch *b)
{
    b->count = 0;
    b->bytes.len = 0; /* not wiped: sealed frames that went over the wire */
    b->shared_tag = 0;
    if (b->cap > LIST_KEPT || b->bytes.cap > BYTES_KEPT)
        batch_clear(b);
}

void batch_clear(struct batch *b)
{
    free(b->list);
    buf_clear(&b->bytes);
    *b = (struct batch){0};
}

static sotto_err batch_reserve(struct batch *b)
{
    if (b->count < b->cap)
        return SOTTO_OK;
    size_t cap = b->cap == 0 ? LIST_FIRST : b->cap * 2;
    struct post *list = realloc(b->list, cap * sizeof *list);
    if (list == NULL)
        return SOTTO_E_NOMEM;
    b->list = list;
    b->cap = cap;
    return SOTTO_OK;
}

static sotto_err batch_add(struct batch *b, const struct post *post, view bytes, uint64_t tag)
{
    TRY(batch_reserve(b));
    bool shared = tag != 0 && tag == b->shared_tag;
    size_t at = shared ? b->shared_at : b->bytes.len;
    if (!shared)
        TRY(buf_append(&b->bytes, bytes));
    b->shared_tag = tag;
    b->shared_at = at;
    struct post *place = &b->list[b->count++];
    *place = *post;
    place->at = at;
    place->len = bytes.len;
    return SOTTO_OK;
}

static sotto_err cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return SOTTO_E_NOMEM;
    int failed = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    failed |= pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
    return failed == 0 ? SOTTO_OK : SOTTO_E_NOMEM;
}

sotto_err mailbox_init(struct mailbox *box, size_t posts_max, size_t bytes_max)
{
    *box = (struct mailbox){.posts_max = posts_max, .bytes_max = bytes_max, .until_ms = UINT64_MAX};
    if (pthread_mutex_init(&box->lock, NULL) != 0)
        return SOTTO_E_NOMEM;
    TRY(cond_init(&box->came));
    return cond_init(&box->room);
}

void mailbox_clear(struct mailbox *box)
{
    batch_clear(&box->waiting);
    pthread_cond_destroy(&box->came);
    pthread_cond_destroy(&box->room);
    pthread_mutex_destroy(&box->lock);
}

/* Under the lock. */
static void mailbox_judge(struct mailbox *box)
{
    bool full = !box->shut &&
                (box->waiting.count >= box->posts_max || box->waiting.bytes.len >= box->bytes_max);
    if (atomic_load_explicit(&box->full, memory_order_relaxed) != full)
        atomic_store(&box->full, full);
}

sotto_err mailbox_put(struct mailbox *box, const struct post *post, view bytes)
{
    return mailbox_put_shared(box, post, bytes, 0);
}

sotto_err mailbox_put_shared(struct mailbox *box, const struct post *post, view bytes, uint64_t tag)
{
    pthread_mutex_lock(&box->lock);
    sotto_err err = box->shut ? SOTTO_OK : batch_add(&box->waiting, post, bytes, tag);
    mailbox_judge(box);
    pthread_mutex_unlock(&box->lock);
    return err;
}

bool mailbox_is_full(struct mailbox *box)
{
    return atomic_load(&box->full);
}

void mailbox_wait_room(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    while (atomic_load(&box->full))
        pthread_cond_wait(&box->room, &box->lock);
    pthread_mutex_unlock(&box->lock);
}

/* Under the lock. */
static bool lacks(const struct mailbox *box)
{
    return box->waiting.count < box->wanted && !atomic_load(&box->full);
}

size_t mailbox_count(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    size_t count = box->waiting.count;
    pthread_mutex_unlock(&box->lock);
    return count;
}

void mailbox_ring(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    if (!lacks(box))
        pthread_cond_signal(&box->came);
    pthread_mutex_unlock(&box->lock);
}

/* Under the lock, which it gives back meanwhile. True: the time is there. */
static bool wait_came(struct mailbox *box)
{
    const uint64_t until_ms = box->until_ms;
    const struct timespec at = {.tv_sec = (time_t)(until_ms / 1000),
                                .tv_nsec = (long)(until_ms % 1000) * 1000000};
    int late = 0;
    box->waits_ms = until_ms;
    if (until_ms == UINT64_MAX)
        pthread_cond_wait(&box->came, &box->lock);
    else
        late = pthread_cond_timedwait(&box->came, &box->lock, &at);
    box->waits_ms = 0;
    return late != 0 && box->until_ms <= until_ms;
}

void mailbox_wait(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    for (bool late = false; box->waiting.count == 0 && !late;)
        late = wait_came(box);
    pthread_mutex_unlock(&box->lock);
}

void mailbox_due(struct mailbox *box, uint64_t until_ms)
{
    pthread_mutex_lock(&box->lock);
    if (until_ms < box->waits_ms)
        pthread_cond_signal(&box->came);
    box->until_ms = until_ms;
    pthread_mutex_unlock(&box->lock);
}

void mailbox_wait_more(struct mailbox *box, size_t count, uint64_t most_ns)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t ns = (uint64_t)until.tv_nsec + most_ns;
    until.tv_sec += (time_t)(ns / NS_S);
    until.tv_nsec = (long)(ns % NS_S);
    pthread_mutex_lock(&box->lock);
    box->wanted = count;
    for (int late = 0; lacks(box) && late == 0;)
        late = pthread_cond_timedwait(&box->came, &box->lock, &until);
    box->wanted = 0;
    pthread_mutex_unlock(&box->lock);
}

bool mailbox_take(struct mailbox *box, struct batch *batch)
{
    batch_empty(batch);
    pthread_mutex_lock(&box->lock);
    struct batch full = box->waiting;
    box->waiting = *batch;
    bool was_full = atomic_load(&box->full);
    mailbox_judge(box);
    if (was_full)
        pthread_cond_broadcast(&box->room);
    pthread_mutex_unlock(&box->lock);
    *batch = full;
    return was_full;
}

void mailbox_shut(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->shut = true;
    batch_clear(&box->waiting);
    mailbox_judge(box);
    pthread_cond_broadcast(&box->room);
    pthread_mutex_unlock(&box->lock);
}
