/* What each message changes - a head, a cursor, an answer - goes into the transaction's one row of the journal; the rows of streams,
 * subscriptions and answers are written later. What is newer than its row stands in a list in the order in which it became so:
 *
 *   journal rows   first ... [ since of the oldest dirty one ... ] next
 *
 * Rows before the oldest one's are deleted, a few with each commit. A row ages what is dirty by one, and by one more for each AGE_BYTES
 * that it has. What is JOURNAL_LIVES old is written, and a part of what is a quarter as old already, so that it is never much at once;
 * so is the oldest when more than JOURNAL_DIRTY are. An idle server writes all. Both bounds keep a start short after a crash, which
 * reads every row and loads whatever is in them. Replaying applies what is newer than the row, since all of it only grows. */
#include <stdlib.h>

#include "core/streams.h"

#define ROW_BYTES   262144 /* the journal's row is written when it has so many */
#define AGE_BYTES   4096
#define TRIM_MAX    64 /* rows deleted with one commit */
#define IDLE_MS     1000
#define LOOK_EFFORT 64  /* that a commit spends on looking at queues */
#define PIECE       256 /* objects that an idle server writes at once */
#define PIECE_MS    20  /* and the pause between two */
#define QUEUED_KEY  VIEW_LIT("queued")

void dirty_mark(struct streams *all, struct dirty *dirty)
{
    if (list_holds(&all->dirty, &dirty->link))
        return;
    dirty->since = all->journal_next;
    dirty->since_age = all->journal_age;
    list_add_last(&all->dirty, &dirty->link);
    all->dirty_count++;
}

void dirty_unmark(struct streams *all, struct dirty *dirty)
{
    if (!list_holds(&all->dirty, &dirty->link))
        return;
    list_remove(&all->dirty, &dirty->link);
    all->dirty_count--;
}

/* --- items --- */

/* struct { uint8 kind; uint64 number; select (kind) {
 *     case ITEM_STREAM: uint64 head; uint64 first; uint64 lost_to; uint64 bytes; uint64 passed; uint64 gone;
 *     case ITEM_CURSOR: uint64 device; uint64 cursor;
 *     case ITEM_ANSWER: answer answer; } } journal_item; */
void journal_item_read(struct rd *r, struct journal_item *out)
{
    out->kind = rd_u8(r);
    out->number = rd_u64(r);
    switch (out->kind) {
    case ITEM_STREAM:
        out->head = rd_u64(r);
        out->first = rd_u64(r);
        out->lost_to = rd_u64(r);
        out->bytes = rd_u64(r);
        out->passed = rd_u64(r);
        out->gone = rd_u64(r);
        return;
    case ITEM_CURSOR:
        out->device = rd_u64(r);
        out->cursor = rd_u64(r);
        return;
    case ITEM_ANSWER:
        journal_answer_read(r, &out->answer);
        return;
    default:
        rd_fail(r, SOTTO_E_VALUE);
    }
}

void journal_item_write(struct wr *w, const struct journal_item *item)
{
    wr_u8(w, item->kind);
    wr_u64(w, item->number);
    if (item->kind == ITEM_STREAM) {
        wr_u64(w, item->head);
        wr_u64(w, item->first);
        wr_u64(w, item->lost_to);
        wr_u64(w, item->bytes);
        wr_u64(w, item->passed);
        wr_u64(w, item->gone);
    } else if (item->kind == ITEM_CURSOR) {
        wr_u64(w, item->device);
        wr_u64(w, item->cursor);
    } else {
        journal_answer_write(w, &item->answer);
    }
}

static uint64_t row_ages(size_t len)
{
    return 1 + len / AGE_BYTES;
}

static sotto_err row_end(struct step *s)
{
    struct streams *all = s->core->streams;
    if (all->items.len == 0)
        return SOTTO_OK;
    struct row_key key = row_key_u64(all->journal_next), queued = row_key_u64(all->queued);
    memcpy(all->items.data, queued.bytes, queued.len);
    all->queued_kept = all->queued;
    TRY(row_put(s, STORE_JOURNAL, row_key_view(&key), buf_view(&all->items)));
    all->journal_next++;
    all->journal_age += row_ages(all->items.len);
    buf_reset(&all->items);
    return SOTTO_OK;
}

/* A row begins with how many entries are queued in all, when it ends: not every change of that is an item. */
static sotto_err queued_keep(struct streams *all)
{
    struct wr w = wr_to(&all->items);
    if (all->items.len == 0 && all->queued != all->queued_kept)
        wr_u64(&w, all->queued);
    return wr_end(&w);
}

static sotto_err item_add(struct step *s, const struct journal_item *item)
{
    struct streams *all = s->core->streams;
    TRY(rows_begin(s));
    if (all->items.len > ROW_BYTES)
        TRY(row_end(s));
    struct wr w = wr_to(&all->items);
    if (all->items.len == 0)
        wr_u64(&w, all->queued);
    journal_item_write(&w, item);
    return wr_end(&w);
}

sotto_err journal_stream(struct step *s, struct stream *stream)
{
    TRY(rows_begin(s));
    stream->changed = true;
    dirty_mark(s->core->streams, &stream->dirty);
    stream_touch(s->core, stream);
    return SOTTO_OK;
}

sotto_err journal_answer(struct step *s, struct answers *answers, const struct answer *answer)
{
    dirty_mark(s->core->streams, &answers->dirty);
    return item_add(s, &(struct journal_item){.kind = ITEM_ANSWER,
                                              .number = answers->device_number,
                                              .answer = *answer});
}

/* --- writing rows --- */

static sotto_err subscriptions_flush(struct step *s, const struct list *list)
{
    for (struct link *link = list->first; link != NULL; link = link->next) {
        struct subscription *sub = LIST_ROW(link, struct subscription, of_stream);
        if (sub->dirty)
            TRY(subscription_put(s, sub));
    }
    return SOTTO_OK;
}

static sotto_err stream_flush(struct step *s, struct stream *stream)
{
    struct stream_row row = {0};
    TRY(stream_row_get(s, stream, &row));
    TRY(stream_row_put(s, stream, &row));
    TRY(subscriptions_flush(s, &stream->here));
    TRY(subscriptions_flush(s, &stream->away));
    dirty_unmark(s->core->streams, &stream->dirty);
    stream_let_go(s->core, stream);
    return SOTTO_OK;
}

static sotto_err answers_flush(struct step *s, struct answers *answers)
{
    struct streams *all = s->core->streams;
    struct row_key key = row_key_u64(answers->device_number);
    buf_reset(&all->entry);
    TRY(answers_row_write(answers, &all->entry));
    TRY(row_put(s, STORE_ANSWERS, row_key_view(&key), buf_view(&all->entry)));
    answers_forget(all, answers->device_number);
    return SOTTO_OK;
}

static struct dirty *oldest(const struct streams *all)
{
    struct link *link = all->dirty.first;
    return link != NULL ? LIST_ROW(link, struct dirty, link) : NULL;
}

static sotto_err oldest_flush(struct step *s)
{
    struct dirty *dirty = oldest(s->core->streams);
    return dirty->is_answers ? answers_flush(s, LIST_ROW(dirty, struct answers, dirty))
                             : stream_flush(s, LIST_ROW(dirty, struct stream, dirty));
}

sotto_err journal_flush(struct step *s, size_t max)
{
    for (size_t i = 0; i < max && oldest(s->core->streams) != NULL; i++)
        TRY(oldest_flush(s));
    return SOTTO_OK;
}

static uint64_t age(const struct streams *all)
{
    const struct dirty *dirty = oldest(all);
    return dirty != NULL ? all->journal_age - dirty->since_age : 0;
}

/* `aged`: how much older this commit made all. */
static sotto_err flush_old(struct step *s, uint64_t aged)
{
    const struct streams *all = s->core->streams;
    if (all->dirty_count > JOURNAL_DIRTY)
        TRY(journal_flush(s, all->dirty_count - JOURNAL_DIRTY));
    if (age(all) >= JOURNAL_LIVES / 4)
        TRY(journal_flush(s, all->dirty_count * (size_t)aged / (JOURNAL_LIVES / 4) + 1));
    while (age(all) >= JOURNAL_LIVES)
        TRY(journal_flush(s, 1));
    return SOTTO_OK;
}

static sotto_err trim(struct step *s)
{
    struct streams *all = s->core->streams;
    const struct dirty *dirty = oldest(all);
    uint64_t end = dirty != NULL ? dirty->since : all->journal_next;
    uint64_t begun = all->journal_first;
    while (all->journal_first < end && all->journal_first - begun < TRIM_MAX) {
        struct row_key key = row_key_u64(all->journal_first);
        TRY(row_delete(s, STORE_JOURNAL, row_key_view(&key)));
        all->journal_first++;
    }
    if (all->journal_first == all->journal_next && begun < all->journal_first) {
        struct row_key queued = row_key_u64(all->queued);
        TRY(row_put(s, STORE_META, QUEUED_KEY, row_key_view(&queued)));
    }
    return SOTTO_OK;
}

/* --- a commit --- */

static sotto_err stream_settle(struct step *s, struct stream *stream)
{
    if (stream->stale)
        TRY(stream_drop_read(s, stream));
    if (stream->dropping) {
        TRY(rows_begin(s));
        TRY(row_verdict(s, log_drop(s->core->store, stream->number, stream->first - 1)));
    }
    if (stream->changed)
        TRY(item_add(s, &(struct journal_item){.kind = ITEM_STREAM,
                                               .number = stream->number,
                                               .head = stream->head,
                                               .first = stream->first,
                                               .lost_to = stream->lost_to,
                                               .bytes = stream->bytes,
                                               .passed = stream->passed,
                                               .gone = stream->gone}));
    stream->dropping = stream->changed = false;
    return SOTTO_OK;
}

static sotto_err cursors_settle(struct step *s)
{
    struct streams *all = s->core->streams;
    for (struct subscription *sub; (sub = all->moved) != NULL; all->moved = sub->next_moved) {
        TRY(item_add(s, &(struct journal_item){.kind = ITEM_CURSOR,
                                               .number = sub->stream->number,
                                               .device = sub->device_number,
                                               .cursor = sub->cursor}));
        sub->moved = false;
    }
    return SOTTO_OK;
}

static void release(struct core *core)
{
    struct streams *all = core->streams;
    struct stream *stream = all->touched;
    all->touched = NULL;
    while (stream != NULL) {
        struct stream *next = stream->next_touched;
        stream->touched = false;
        stream_let_go(core, stream);
        stream = next;
    }
}

static sotto_err journal_commit(struct step *s)
{
    struct streams *all = s->core->streams;
    uint64_t age_before = all->journal_age;
    TRY(quota_look(s, LOOK_EFFORT));
    for (struct stream *stream = all->touched; stream != NULL; stream = stream->next_touched)
        TRY(stream_settle(s, stream));
    TRY(cursors_settle(s));
    if (!s->core->writing)
        return SOTTO_OK;
    TRY(queued_keep(all));
    TRY(row_end(s));
    TRY(flush_old(s, all->journal_age - age_before));
    TRY(trim(s));
    all->flush_due_ms = s->now_ms + IDLE_MS;
    return SOTTO_OK;
}

sotto_err streams_commit(struct step *s)
{
    if (s->core->streams == NULL)
        return SOTTO_OK;
    TRY(journal_commit(s));
    release(s->core);
    return SOTTO_OK;
}

/* --- idle --- */

uint64_t journal_next_ms(const struct streams *all)
{
    return all->dirty_count > 0 || all->journal_first < all->journal_next ? all->flush_due_ms
                                                                          : UINT64_MAX;
}

sotto_err journal_tick(struct step *s)
{
    struct streams *all = s->core->streams;
    if (journal_next_ms(all) > s->now_ms)
        return SOTTO_OK;
    TRY(rows_begin(s)); /* the commit trims */
    TRY(journal_flush(s, PIECE));
    all->flush_due_ms = s->now_ms + PIECE_MS;
    return SOTTO_OK;
}

/* --- replaying --- */

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static sotto_err stream_apply(struct step *s, const struct journal_item *item)
{
    struct stream *stream = NULL;
    TRY(stream_get(s, item->number, &stream));
    stream->head = later(stream->head, item->head);
    stream->first = later(stream->first, item->first);
    stream->lost_to = later(stream->lost_to, item->lost_to);
    stream->bytes = later(stream->bytes, item->bytes);
    stream->passed = later(stream->passed, item->passed);
    stream->gone = later(stream->gone, item->gone);
    dirty_mark(s->core->streams, &stream->dirty);
    return SOTTO_OK;
}

static sotto_err cursor_apply(struct step *s, const struct journal_item *item)
{
    struct stream *stream = NULL;
    TRY(stream_get(s, item->number, &stream));
    struct subscription *sub = subscription_of(stream, item->device);
    if (sub == NULL || item->cursor <= sub->cursor)
        return SOTTO_OK;
    sub->cursor = item->cursor;
    sub->dirty = true;
    dirty_mark(s->core->streams, &stream->dirty);
    return SOTTO_OK;
}

static sotto_err answer_apply(struct step *s, const struct journal_item *item)
{
    struct answers *answers = NULL;
    TRY(answers_get(s, item->number, &answers));
    dirty_mark(s->core->streams, &answers->dirty);
    return item->answer.op > answers->highest_op ? answers_add(answers, &item->answer) : SOTTO_OK;
}

/* What has been removed since is NOTFOUND. */
static sotto_err item_apply(struct step *s, const struct journal_item *item)
{
    sotto_err err = item->kind == ITEM_STREAM   ? stream_apply(s, item)
                    : item->kind == ITEM_CURSOR ? cursor_apply(s, item)
                                                : answer_apply(s, item);
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

static sotto_err row_replay(struct step *s, view value)
{
    DEFER(buf_clear) sotto_buf copy = {0}; /* the store is read meanwhile */
    TRY(buf_append(&copy, value));
    struct rd r = rd_of(buf_view(&copy));
    s->core->streams->queued = rd_u64(&r);
    while (rd_more(&r)) {
        struct journal_item item = {0};
        journal_item_read(&r, &item);
        if (rd_ok(&r))
            TRY(item_apply(s, &item));
    }
    return rd_end(&r) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED;
}

static sotto_err queued_load(struct step *s)
{
    view value;
    sotto_err err = row_get(s, STORE_META, QUEUED_KEY, &value);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
    struct rd r = rd_of(value);
    s->core->streams->queued = rd_u64(&r);
    return rd_end(&r) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED;
}

sotto_err journal_replay(struct step *s)
{
    struct streams *all = s->core->streams;
    struct row_key after = {0};
    view key, value;
    sotto_err err;
    TRY(queued_load(s));
    all->journal_first = all->journal_next = 1;
    while ((err = row_next(s, STORE_JOURNAL, (view){0}, row_key_view(&after), &key, &value)) ==
           SOTTO_OK) {
        struct rd r = rd_of(key);
        uint64_t number = rd_u64(&r);
        if (rd_end(&r) != SOTTO_OK)
            return SOTTO_E_DAMAGED;
        if (after.len == 0)
            all->journal_first = number;
        all->journal_next = number;
        uint64_t ages = row_ages(value.len);
        TRY(row_replay(s, value));
        all->journal_next = number + 1;
        all->journal_age += ages;
        after = row_key_u64(number);
    }
    all->queued_kept = all->queued;
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}
