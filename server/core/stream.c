/* Streams in memory and in their rows. What is in memory is newer than the row by what the journal has: head, first, and what was lost. */
#include "core/stream.h"

#include <stdlib.h>

#include "base/ct.h"
#include "core/streams.h"
#include "crypto/hash.h"

static const char next_stream_key[] = "next_stream";

struct stream *stream_resident(const struct core *core, uint64_t number)
{
    return map_find(&core->streams->by_number, number);
}

void stream_touch(struct core *core, struct stream *stream)
{
    if (stream->touched)
        return;
    stream->touched = true;
    stream->next_touched = core->streams->touched;
    core->streams->touched = stream;
}

static void subscriptions_free(struct list *list)
{
    while (list->first != NULL)
        subscription_free(LIST_ROW(list->first, struct subscription, of_stream));
}

/* But for its place in the map. */
static void stream_release(struct core *core, struct stream *stream)
{
    subscriptions_free(&stream->here);
    subscriptions_free(&stream->away);
    dirty_unmark(core->streams, &stream->dirty);
    free(stream);
}

static void stream_free(struct core *core, struct stream *stream)
{
    map_take(&core->streams->by_number, stream->number);
    stream_release(core, stream);
}

void stream_let_go(struct core *core, struct stream *stream)
{
    bool dirty = list_holds(&core->streams->dirty, &stream->dirty.link);
    if (!stream->touched && !dirty && stream->behind == 0)
        stream_free(core, stream);
}

/* --- into memory --- */

static sotto_err subscription_load(struct step *s, struct stream *stream, uint64_t device_number,
                                   const struct subscription_row *row)
{
    struct subscription *sub = calloc(1, sizeof *sub);
    if (sub == NULL)
        return SOTTO_E_NOMEM;
    *sub = (struct subscription){
        .stream = stream,
        .device_number = device_number,
        .account = row->account,
        .cursor = row->cursor,
        .from = row->from,
        .lost_to = row->lost_to,
        .until = row->until,
        .until_s = row->until_s,
        .out = row->out,
        .back = row->back,
        .left = row->left,
        .corrects = row->corrects,
    };
    subscription_link(s->core, sub);
    return SOTTO_OK;
}

static sotto_err subscription_forget(struct step *s, uint64_t stream, uint64_t device, bool left)
{
    struct row_key key = row_key_two(stream, device), back = row_key_two(device, stream);
    TRY(row_delete(s, STORE_SUBSCRIPTION, row_key_view(&key)));
    return row_delete(s, subscription_index(left), row_key_view(&back));
}

static sotto_err subscriptions_load(struct step *s, struct stream *stream)
{
    struct row_key prefix = row_key_u64(stream->number), after = {0};
    view key, value;
    sotto_err err;
    while ((err = row_next(s, STORE_SUBSCRIPTION, row_key_view(&prefix), row_key_view(&after), &key,
                           &value)) == SOTTO_OK) {
        struct subscription_row row = {0};
        struct rd r = rd_of(key);
        rd_u64(&r);
        uint64_t device = rd_u64(&r);
        TRY(row_verdict(s, rd_end(&r) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED));
        TRY(row_verdict(s, subscription_row_read(value, &row) == SOTTO_OK ? SOTTO_OK
                                                                          : SOTTO_E_DAMAGED));
        after = row_key_two(stream->number, device);
        if (s->core->streams->replaying || !is_long_ended(s, row.until, row.until_s, row.left)) {
            TRY(subscription_load(s, stream, device, &row));
        } else {
            TRY(subscription_forget(s, stream->number, device, row.left));
            stream->stale = true;
        }
    }
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

static sotto_err row_load(struct step *s, uint64_t number, struct stream_row *ret_row)
{
    struct row_key key = row_key_u64(number);
    view value;
    TRY(row_get(s, STORE_STREAM, row_key_view(&key), &value));
    return row_verdict(s, stream_row_read(value, ret_row) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED);
}

static sotto_err stream_load(struct step *s, uint64_t number, struct stream **ret_stream)
{
    struct stream_row row = {0};
    TRY(row_load(s, number, &row));
    TRY(map_reserve(&s->core->streams->by_number, 1));
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return SOTTO_E_NOMEM;
    *stream = (struct stream){
        .number = number,
        .kind = row.kind,
        .epoch = row.epoch,
        .head = row.head,
        .first = row.first,
        .lost_to = row.lost_to,
        .bytes = row.bytes,
        .passed = row.passed,
        .gone = row.gone,
    };
    memcpy(stream->id, row.id, sizeof stream->id);
    map_put(&s->core->streams->by_number, number, stream);
    sotto_err err = subscriptions_load(s, stream);
    if (err != SOTTO_OK) {
        stream_free(s->core, stream);
        return err;
    }
    *ret_stream = stream;
    return SOTTO_OK;
}

sotto_err stream_get(struct step *s, uint64_t number, struct stream **ret_stream)
{
    struct stream *stream = stream_resident(s->core, number);
    if (stream == NULL)
        TRY(stream_load(s, number, &stream));
    stream_touch(s->core, stream);
    *ret_stream = stream;
    return SOTTO_OK;
}

sotto_err stream_number_find(struct step *s, const uint8_t id[STREAM_ID], uint64_t *ret_number)
{
    view value;
    TRY(row_get(s, STORE_STREAM_BY_ID, view_of(id, STREAM_ID), &value));
    struct rd r = rd_of(value);
    uint64_t number = rd_u64(&r);
    TRY(row_verdict(s, rd_end(&r) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED));
    *ret_number = number;
    return SOTTO_OK;
}

/* --- its row --- */

sotto_err stream_row_get(struct step *s, const struct stream *stream, struct stream_row *ret_row)
{
    struct stream_row row = {0};
    TRY(row_load(s, stream->number, &row));
    row.epoch = stream->epoch;
    row.head = stream->head;
    row.first = stream->first;
    row.lost_to = stream->lost_to;
    row.bytes = stream->bytes;
    row.passed = stream->passed;
    row.gone = stream->gone;
    *ret_row = row;
    return SOTTO_OK;
}

sotto_err stream_row_put(struct step *s, const struct stream *stream, struct stream_row *row)
{
    uint8_t bytes[512];
    sotto_buf value = BUF_ON(bytes);
    struct row_key key = row_key_u64(stream->number);
    row->epoch = stream->epoch;
    row->head = stream->head;
    row->first = stream->first;
    row->lost_to = stream->lost_to;
    row->bytes = stream->bytes;
    row->passed = stream->passed;
    row->gone = stream->gone;
    TRY(stream_row_write(row, &value));
    return row_put(s, STORE_STREAM, row_key_view(&key), buf_view(&value));
}

/* --- making and erasing --- */

static sotto_err number_take(struct step *s, uint64_t *ret_number)
{
    struct row_key value = row_key_u64(s->core->streams->next_stream + 1);
    TRY(row_put(s, STORE_META, view_str(next_stream_key), row_key_view(&value)));
    *ret_number = s->core->streams->next_stream++;
    return SOTTO_OK;
}

sotto_err stream_make(struct step *s, const uint8_t id[STREAM_ID], uint8_t kind,
                      const uint8_t token_hash[STREAM_TOKEN], struct stream **ret_stream)
{
    struct stream_row row = {.kind = kind, .first = 1};
    struct stream fresh = {.kind = kind, .first = 1};
    sotto_err taken = stream_number_find(s, id, &fresh.number);
    if (taken != SOTTO_E_NOTFOUND)
        return taken == SOTTO_OK ? SOTTO_E_EXISTS : taken;
    memcpy(row.id, id, STREAM_ID);
    memcpy(row.token_hash, token_hash, STREAM_TOKEN);
    TRY(number_take(s, &fresh.number));
    struct row_key number = row_key_u64(fresh.number);
    TRY(step_break(s, stream_row_put(s, &fresh, &row)));
    TRY(row_put(s, STORE_STREAM_BY_ID, view_of(id, STREAM_ID), row_key_view(&number)));
    return step_break(s, stream_get(s, fresh.number, ret_stream));
}

/* All rows whose keys begin with the stream's number: HEADERS_KEPT at most. */
static sotto_err rows_erase(struct step *s, enum store_table table, uint64_t number)
{
    struct row_key prefix = row_key_u64(number);
    view key, value;
    sotto_err err;
    while ((err = row_next(s, table, row_key_view(&prefix), (view){0}, &key, &value)) == SOTTO_OK) {
        struct row_key copy = row_key_id(0, view_of(NULL, 0));
        copy.len = size_min(key.len, sizeof copy.bytes);
        memcpy(copy.bytes, key.data, copy.len);
        TRY(row_delete(s, table, row_key_view(&copy)));
    }
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

static sotto_err subscriptions_erase(struct step *s, struct list *list)
{
    while (list->first != NULL)
        TRY(subscription_remove(s, LIST_ROW(list->first, struct subscription, of_stream)));
    return SOTTO_OK;
}

sotto_err stream_erase(struct step *s, struct stream *stream)
{
    struct row_key number = row_key_u64(stream->number);
    TRY(subscriptions_erase(s, &stream->here));
    TRY(subscriptions_erase(s, &stream->away));
    stream_set_first(s, stream, stream->head + 1);
    TRY(rows_begin(s));
    TRY(row_verdict(s, log_drop(s->core->store, stream->number, stream->head)));
    TRY(rows_erase(s, STORE_HEADER, stream->number));
    TRY(state_erase(s, stream->number));
    TRY(row_delete(s, STORE_STREAM_BY_ID, VIEW_OF(stream->id)));
    TRY(row_delete(s, STORE_STREAM, row_key_view(&number)));
    dirty_unmark(s->core->streams, &stream->dirty);
    stream->changed = stream->dropping = stream->stale = false;
    return SOTTO_OK;
}

/* --- appending --- */

static sotto_err log_write(struct step *s, struct stream *stream, size_t at)
{
    const size_t head = PROTO_HEADER + STREAM_ID + sizeof(uint64_t); /* up to at_ms */
    view logged = view_of(s->fx->bytes.data + at + head, s->fx->bytes.len - at - head);
    TRY(rows_begin(s));
    TRY(row_verdict(s, log_append(s->core->store, stream->number, stream->head + 1, logged)));
    stream->head++;
    stream->bytes += logged.len;
    s->core->streams->queued++;
    quota_expect(s, stream, logged.len);
    return SOTTO_OK;
}

/* The frame is put together once: its tail is what the log keeps, and all of it is what is pushed. */
static sotto_err entry_add(struct step *s, struct stream *stream, uint8_t kind, view body,
                           struct subscription *poster, struct proto_appended *ret_appended)
{
    struct proto_entry entry = {
        .seq = stream->head + 1, .at_ms = step_wall_ms(s), .kind = kind, .body = body};
    size_t at = s->fx->bytes.len;
    memcpy(entry.stream, stream->id, STREAM_ID);
    TRY(proto_entry_write(0, &entry, &s->fx->bytes));
    TRY(log_write(s, stream, at));
    TRY(journal_stream(s, stream));
    if (poster != NULL && poster->cursor + 1 == entry.seq)
        TRY(subscription_move(s, poster, entry.seq));
    push(s, stream, entry.seq, at, poster);
    s->core->counts.messages_total++;
    ret_appended->seq = entry.seq;
    ret_appended->at_ms = entry.at_ms;
    return SOTTO_OK;
}

sotto_err stream_append(struct step *s, struct stream *stream, uint8_t kind, view body,
                        struct subscription *poster, struct proto_appended *ret_appended)
{
    TRY(push_reserve(s, stream, body.len));
    return step_break(s, entry_add(s, stream, kind, body, poster, ret_appended));
}

/* --- access tokens --- */

sotto_err stream_token_matches(struct step *s, const struct stream_row *row, view token,
                               bool *ret_now, bool *ret_before)
{
    uint8_t digest[STREAM_TOKEN];
    TRY(hash(s->core->crypto, HASH_SHA256, token, digest));
    bool before = ct_equal(VIEW_OF(digest), VIEW_OF(row->previous_token_hash));
    *ret_now = ct_equal(VIEW_OF(digest), VIEW_OF(row->token_hash));
    *ret_before = before && step_wall_ms(s) / 1000 < row->previous_until_s;
    return SOTTO_OK;
}

void stream_token_set(struct step *s, struct stream_row *row, const uint8_t hash[STREAM_TOKEN])
{
    uint64_t kept_s = s->core->config.limits.retention_s;
    memcpy(row->previous_token_hash, row->token_hash, STREAM_TOKEN);
    memcpy(row->token_hash, hash, STREAM_TOKEN);
    row->previous_until_s = kept_s > 0 ? step_wall_ms(s) / 1000 + kept_s : UINT64_MAX;
}

/* --- all of them --- */

static sotto_err counter_load(struct step *s)
{
    view value;
    sotto_err err = row_get(s, STORE_META, view_str(next_stream_key), &value);
    s->core->streams->next_stream = 1;
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
    struct rd r = rd_of(value);
    s->core->streams->next_stream = rd_u64(&r);
    return rd_end(&r) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED;
}

sotto_err streams_open(struct step *s)
{
    s->core->streams = calloc(1, sizeof *s->core->streams);
    if (s->core->streams == NULL)
        return SOTTO_E_NOMEM;
    TRY(counter_load(s));
    s->core->streams->replaying = true;
    TRY(journal_replay(s));
    s->core->streams->replaying = false;
    return SOTTO_OK;
}

void streams_clear(struct core *core)
{
    struct streams *all = core->streams;
    if (all == NULL)
        return;
    size_t cursor = 0;
    for (struct stream *stream; (stream = map_next(&all->by_number, &cursor)) != NULL;)
        stream_release(core, stream);
    cursor = 0;
    for (struct answers *answers; (answers = map_next(&all->answers, &cursor)) != NULL;)
        answers_free(answers);
    map_clear(&all->by_number);
    map_clear(&all->answers);
    buf_clear(&all->items);
    buf_clear(&all->entry);
    free(all);
    core->streams = NULL;
}
