/* How much waits for a device, in all that it reads together: entries and bytes. What it has read, and what is lost already, doesn't count;
 * handshakes don't either once they have been passed by, since they are never lost: what they may take is limited where they come in.
 *
 * Counting for each reader of each entry would cost more than the entry itself. So a device is looked at when one of its streams has
 * grown by a part of the quota, at a point that is another one for each stream; in between it may be over by about that part. What it
 * loses others may still read: an entry goes when all who have not read it have lost it. */
#include <stdlib.h>

#include "core/streams.h"

#define LOOKED_AT   64 /* entries at once */
#define PARTS       16 /* of the quota: when a stream has grown by one its readers are looked at */
#define PASS_EFFORT 1  /* a reader for whom hardly anything waits */
#define LOOK_EFFORT 8  /* one whose streams are added up */
#define TICK_EFFORT 256
#define PAUSE_MS    10

struct found {
    uint64_t seq, at_ms, len;
    uint8_t kind;
};

struct look {
    struct found found[LOOKED_AT];
    size_t count;
    bool damaged;
};

/* What is lost first: what anybody may send unasked, then what the device can't answer any more. Within one of these, the oldest. */
enum turn { INBOX, ENDED, OTHERS, EMPTY };

/* What waits for a device in one stream. */
struct queue {
    uint64_t stream, passed, end, bytes;
    uint64_t at_ms; /* of its oldest entry */
    enum turn turn;
};

/* And in all. */
struct queues {
    struct queue *list;
    size_t count, cap;
    uint64_t entries, bytes;
};

static void queues_clear(struct queues *queues)
{
    free(queues->list);
    *queues = (struct queues){0};
}

static bool fits(const struct step *s, const struct queues *queues)
{
    const struct limits *limits = &s->core->config.limits;
    return (limits->queue_entries == 0 || queues->entries <= limits->queue_entries) &&
           (limits->queue_bytes == 0 || queues->bytes <= limits->queue_bytes);
}

static bool look_at(void *user, uint64_t seq, view bytes)
{
    struct look *look = user;
    struct logged logged = {0};
    look->damaged |= logged_read(bytes, &logged) != SOTTO_OK;
    look->found[look->count++] = (struct found){seq, logged.at_ms, bytes.len, logged.kind};
    return look->count < LOOKED_AT && !look->damaged;
}

static sotto_err look_from(struct step *s, uint64_t stream, uint64_t from, uint64_t to,
                           struct look *ret_look)
{
    *ret_look = (struct look){0};
    if (from > to)
        return SOTTO_OK;
    TRY(row_verdict(s, log_read(s->core->store, stream, from, to, look_at, ret_look)));
    return row_verdict(s, ret_look->damaged ? SOTTO_E_DAMAGED : SOTTO_OK);
}

/* --- when to look --- */

/* Whoever has more than the quota has at least this much in one of its streams. */
static bool is_much(const struct step *s, uint64_t entries, uint64_t bytes)
{
    const struct limits *limits = &s->core->config.limits;
    uint64_t streams = limits->conversations + 1; /* and its inbox */
    if (limits->conversations == 0)
        return entries > 0;
    return (limits->queue_entries > 0 && entries > 0 &&
            entries >= limits->queue_entries / streams) ||
           (limits->queue_bytes > 0 && bytes > 0 && bytes >= limits->queue_bytes / streams);
}

static bool crosses(const struct stream *stream, uint64_t before, uint64_t after, uint64_t limit)
{
    uint64_t part = limit / PARTS > 0 ? limit / PARTS : 1;
    uint64_t phase = stream->number * UINT64_C(0x9e3779b97f4a7c15) % part;
    return limit > 0 && (before + phase) / part != (after + phase) / part;
}

void quota_expect(struct step *s, const struct stream *stream, uint64_t bytes)
{
    struct streams *all = s->core->streams;
    const struct limits *limits = &s->core->config.limits;
    uint64_t waiting = stream->head - passed_to(stream->first, stream->lost_to);
    if (!crosses(stream, stream->head - 1, stream->head, limits->queue_entries) &&
        !crosses(stream, stream->bytes - bytes, stream->bytes, limits->queue_bytes))
        return;
    if (!is_much(s, waiting, stream->bytes - stream->passed) || all->look_count == LOOKS_MAX)
        return;
    for (size_t i = 0; i < all->look_count; i++)
        if (all->looks[i] == stream->number)
            return;
    all->looks[all->look_count++] = stream->number;
    all->looks_due_ms = s->now_ms + PAUSE_MS;
}

/* --- what waits for a device --- */

static sotto_err queue_add(struct queues *queues, const struct queue *queue)
{
    if (queues->count == queues->cap) {
        size_t cap = queues->cap > 0 ? queues->cap * 2 : 16;
        struct queue *list = realloc(queues->list, cap * sizeof *list);
        if (list == NULL)
            return SOTTO_E_NOMEM;
        queues->list = list;
        queues->cap = cap;
    }
    queues->list[queues->count++] = *queue;
    return SOTTO_OK;
}

static enum turn turn_of(const struct standing *standing)
{
    if (standing->kind == STREAM_INBOX)
        return INBOX;
    return standing->until > 0 ? ENDED : OTHERS;
}

static sotto_err queues_add_up(struct step *s, uint64_t device, struct queues *queues)
{
    uint64_t number = 0;
    sotto_err err;
    while ((err = subscribed_next(s, device, number, &number)) == SOTTO_OK) {
        struct standing standing = {0};
        TRY(subscription_standing(s, number, device, &standing));
        if (standing.entries == 0)
            continue;
        queues->entries += standing.entries;
        queues->bytes += standing.bytes;
        TRY(queue_add(queues, &(struct queue){.stream = number,
                                              .passed = standing.passed,
                                              .end = standing.passed + standing.entries,
                                              .bytes = standing.bytes,
                                              .turn = turn_of(&standing)}));
    }
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

/* --- what it loses --- */

static void queue_empty(struct queues *queues, struct queue *queue)
{
    queues->entries -= queue->end - queue->passed;
    queues->bytes -= queue->bytes;
    queue->passed = queue->end;
    queue->bytes = 0;
    queue->turn = EMPTY;
}

static void queue_pass(struct queues *queues, struct queue *queue, const struct found *found)
{
    uint64_t bytes = found->len < queue->bytes ? found->len : queue->bytes;
    queues->entries -= found->seq - queue->passed;
    queues->bytes -= bytes;
    queue->bytes -= bytes;
    queue->passed = found->seq;
}

/* Its oldest entries, as long as they are older than what others begin with: at least one, or the queue is empty, so that looking ends.
 * What comes after the end of one that was removed is not lost to it, and counts no more once all up to that is. */
static sotto_err queue_shed(struct step *s, uint64_t device, struct queues *queues,
                            struct queue *queue, uint64_t until_ms)
{
    struct stream *stream = NULL;
    struct look look;
    size_t i = 0;
    TRY(stream_get(s, queue->stream, &stream));
    struct subscription *sub = subscription_of(stream, device);
    if (sub == NULL) {
        queue_empty(queues, queue);
        return SOTTO_OK;
    }
    TRY(look_from(s, queue->stream, queue->passed + 1, subscription_limit(sub), &look));
    for (; i < look.count && !fits(s, queues); i++) {
        if (i > 0 && look.found[i].at_ms > until_ms)
            break;
        sub->lost_to = look.found[i].seq;
        s->core->counts.lost_total += may_be_lost(look.found[i].kind);
        queue_pass(queues, queue, &look.found[i]);
    }
    if (i == look.count && look.count < LOOKED_AT)
        queue_empty(queues, queue); /* the log has no more than that */
    else
        queue->at_ms = look.found[i < look.count ? i : i - 1].at_ms;
    stream->stale = true;
    return i > 0 ? step_break(s, subscription_put(s, sub)) : SOTTO_OK;
}

/* The one whose turn it is, and when the next one's oldest entry came. */
static struct queue *next_queue(const struct queues *queues, uint64_t *ret_next_ms)
{
    struct queue *first = &queues->list[0];
    uint64_t next_ms = UINT64_MAX;
    for (size_t i = 1; i < queues->count; i++) {
        struct queue *queue = &queues->list[i];
        if (queue->turn < first->turn ||
            (queue->turn == first->turn && queue->at_ms < first->at_ms))
            first = queue;
    }
    for (size_t i = 0; i < queues->count; i++) {
        const struct queue *queue = &queues->list[i];
        if (queue != first && queue->turn == first->turn && queue->at_ms < next_ms)
            next_ms = queue->at_ms;
    }
    *ret_next_ms = next_ms;
    return first;
}

static sotto_err ages_find(struct step *s, struct queues *queues)
{
    for (size_t i = 0; i < queues->count; i++) {
        struct queue *queue = &queues->list[i];
        struct look look;
        TRY(look_from(s, queue->stream, queue->passed + 1, queue->passed + 1, &look));
        queue->at_ms = look.count > 0 ? look.found[0].at_ms : 0;
    }
    return SOTTO_OK;
}

static sotto_err device_look(struct step *s, uint64_t device)
{
    DEFER(queues_clear) struct queues queues = {0};
    TRY(queues_add_up(s, device, &queues));
    if (fits(s, &queues))
        return SOTTO_OK;
    TRY(ages_find(s, &queues));
    while (!fits(s, &queues)) {
        uint64_t next_ms;
        struct queue *queue = next_queue(&queues, &next_ms);
        if (queue->turn == EMPTY)
            return SOTTO_OK;
        TRY(queue_shed(s, device, &queues, queue, next_ms));
    }
    return SOTTO_OK;
}

/* --- looking --- */

static sotto_err reader_look(struct step *s, uint64_t stream, uint64_t device, size_t *ret_effort)
{
    struct standing standing = {0};
    sotto_err err = subscription_standing(s, stream, device, &standing);
    *ret_effort = PASS_EFFORT;
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
    if (!is_much(s, standing.entries, standing.bytes))
        return SOTTO_OK;
    *ret_effort = LOOK_EFFORT;
    return device_look(s, device);
}

static void look_end(struct streams *all)
{
    memmove(all->looks, all->looks + 1, --all->look_count * sizeof all->looks[0]);
    all->look_after = 0;
}

sotto_err quota_look(struct step *s, size_t effort)
{
    struct streams *all = s->core->streams;
    while (all->look_count > 0 && effort > 0) {
        uint64_t device;
        size_t spent;
        sotto_err err =
            row_next_two(s, STORE_SUBSCRIPTION, all->looks[0], all->look_after, &device);
        if (err == SOTTO_E_NOTFOUND) {
            look_end(all);
            continue;
        }
        TRY(err);
        TRY(reader_look(s, all->looks[0], device, &spent));
        all->look_after = device;
        effort -= size_min(spent, effort);
    }
    return SOTTO_OK;
}

uint64_t quota_next_ms(const struct streams *all)
{
    return all->look_count > 0 ? all->looks_due_ms : UINT64_MAX;
}

sotto_err quota_tick(struct step *s)
{
    struct streams *all = s->core->streams;
    if (quota_next_ms(all) > s->now_ms)
        return SOTTO_OK;
    all->looks_due_ms = s->now_ms + PAUSE_MS;
    return quota_look(s, TICK_EFFORT);
}

/* --- what goes --- */

/* How many bytes the dropped ones had is not looked up: they count as the average of what waits. */
void stream_set_first(struct step *s, struct stream *stream, uint64_t first)
{
    struct streams *all = s->core->streams;
    uint64_t passed = passed_to(stream->first, stream->lost_to);
    if (first <= stream->first)
        return;
    if (first > stream->head)
        stream->passed = stream->bytes;
    else if (first - 1 > passed)
        stream->passed +=
            (stream->bytes - stream->passed) / (stream->head - passed) * (first - 1 - passed);
    if (first > stream->lost_to) /* what was passed by and kept has gone with it */
        stream->gone = stream->passed;
    uint64_t dropped = first - stream->first;
    all->queued -= dropped < all->queued ? dropped : all->queued;
    stream->first = first;
    stream->dropping = stream->changed = true;
    dirty_mark(all, &stream->dirty);
}

/* The oldest entry of all goes; one with others before it leaves a mark. */
static sotto_err lose(struct step *s, struct stream *stream, const struct found *found)
{
    if (found->seq == stream->first) {
        stream_set_first(s, stream, found->seq + 1);
        return SOTTO_OK;
    }
    uint8_t bytes[16];
    sotto_buf mark = BUF_ON(bytes);
    struct wr w = wr_to(&mark);
    wr_u64(&w, found->at_ms);
    wr_u8(&w, ENTRY_LOST);
    wr_opaque(&w, (view){0});
    TRY(wr_end(&w));
    TRY(rows_begin(s));
    return row_verdict(s, log_replace(s->core->store, stream->number, found->seq, buf_view(&mark)));
}

static sotto_err pass(struct step *s, struct stream *stream, const struct found *found)
{
    uint64_t waiting = stream->bytes - stream->passed;
    uint64_t bytes = found->len < waiting ? found->len : waiting;
    stream->lost_to = found->seq;
    stream->passed += bytes;
    if (!may_be_lost(found->kind))
        return SOTTO_OK;
    stream->gone += bytes;
    return lose(s, stream, found);
}

/* Up to `to` nobody waits for what can be lost. */
static sotto_err stream_lose(struct step *s, struct stream *stream, uint64_t to)
{
    struct look look;
    while (passed_to(stream->first, stream->lost_to) < to) {
        TRY(look_from(s, stream->number, passed_to(stream->first, stream->lost_to) + 1, to, &look));
        for (size_t i = 0; i < look.count; i++)
            TRY(pass(s, stream, &look.found[i]));
        if (look.count == 0) /* the log has nothing that we thought it had */
            stream->lost_to = to;
        stream->changed = true;
        dirty_mark(s->core->streams, &stream->dirty);
    }
    return SOTTO_OK;
}

struct lowest {
    uint64_t cursor, passed;
};

/* Who was removed holds nothing back once all that it could read is gone. */
static void lowest_of(const struct stream *stream, const struct list *list, struct lowest *lowest)
{
    for (const struct link *link = list->first; link != NULL; link = link->next) {
        const struct subscription *sub = LIST_ROW(link, const struct subscription, of_stream);
        uint64_t passed = sub->cursor > sub->lost_to ? sub->cursor : sub->lost_to;
        bool ended = subscription_ended(sub);
        if (ended && sub->until < stream->first)
            continue;
        if (!(ended && sub->cursor >= sub->until) && sub->cursor < lowest->cursor)
            lowest->cursor = sub->cursor;
        if (!(ended && passed >= sub->until) && passed < lowest->passed)
            lowest->passed = passed;
    }
}

sotto_err stream_drop_read(struct step *s, struct stream *stream)
{
    struct lowest lowest = {stream->head, stream->head};
    lowest_of(stream, &stream->here, &lowest);
    lowest_of(stream, &stream->away, &lowest);
    stream->stale = false;
    stream_set_first(s, stream, lowest.cursor + 1);
    return stream_lose(s, stream, lowest.passed);
}
