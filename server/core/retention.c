/* What time takes away: entries that are too old, read or not, and streams that nobody has subscribed to for as long. A bounded piece a
 * tick, the oldest first, which is what the log gives. */
#include "core/streams.h"

#define PIECE    256   /* entries looked at in one tick */
#define PAUSE_MS 10    /* before the next piece */
#define REST_MS  60000 /* at least that, when nothing is due */
#define LONG_MS  3600000
#define AGE_MS   5000 /* from one look at the oldest entry to the next */

struct old {
    uint64_t stream, seq;
};

struct sweep {
    struct old old[PIECE];
    size_t count;
    uint64_t now_ms, kept_ms, next_ms; /* the time of day */
    bool damaged;
};

static bool sweep_see(void *user, uint64_t stream, uint64_t seq, view body)
{
    struct sweep *sweep = user;
    struct logged logged = {0};
    if (logged_read(body, &logged) != SOTTO_OK) {
        sweep->damaged = true;
        return false;
    }
    if (logged.at_ms + sweep->kept_ms > sweep->now_ms) {
        sweep->next_ms = logged.at_ms + sweep->kept_ms;
        return false;
    }
    sweep->old[sweep->count++] = (struct old){stream, seq};
    return sweep->count < PIECE;
}

static uint64_t unread(const struct stream *stream, uint64_t to)
{
    return to >= stream->first ? to - stream->first + 1 : 0;
}

static sotto_err drop_old(struct step *s, const struct old *old)
{
    struct stream *stream = NULL;
    sotto_err err = stream_get(s, old->stream, &stream);
    if (err == SOTTO_E_NOTFOUND) {
        TRY(rows_begin(s));
        return row_verdict(s, log_drop(s->core->store, old->stream, old->seq));
    }
    TRY(err);
    TRY(journal_stream(s, stream));
    s->core->counts.lost_total += unread(stream, old->seq);
    stream->dropping = true;
    stream_set_first(s, stream, old->seq + 1);
    stream->stale = true; /* perhaps that was all that somebody who was removed could read */
    return SOTTO_OK;
}

static uint64_t rest_ms(uint64_t wait_ms)
{
    return wait_ms > REST_MS ? wait_ms : REST_MS;
}

static sotto_err entries_tick(struct step *s)
{
    struct streams *all = s->core->streams;
    struct sweep sweep = {.now_ms = step_wall_ms(s),
                          .kept_ms = s->core->config.limits.retention_s * 1000};
    all->retention_due_ms = s->now_ms + LONG_MS;
    if (sweep.kept_ms == 0)
        return SOTTO_OK;
    TRY(row_verdict(s, log_oldest(s->core->store, PIECE, sweep_see, &sweep)));
    TRY(row_verdict(s, sweep.damaged ? SOTTO_E_DAMAGED : SOTTO_OK));
    for (size_t i = 0; i < sweep.count; i++)
        TRY(step_break(s, drop_old(s, &sweep.old[i])));
    if (sweep.count == PIECE)
        all->retention_due_ms = s->now_ms + PAUSE_MS;
    else if (sweep.next_ms > 0 && sweep.next_ms - sweep.now_ms < LONG_MS)
        all->retention_due_ms = s->now_ms + rest_ms(sweep.next_ms - sweep.now_ms);
    return SOTTO_OK;
}

/* --- streams without subscribers --- */

/* Each time that the last one leaves has its row in DUE, found by that time; the stream's own row tells the latest of them. */
static sotto_err forsaken_put(struct step *s, const struct stream *stream)
{
    struct stream_row row = {0};
    TRY(stream_row_get(s, stream, &row));
    row.forsaken_s = step_wall_ms(s) / 1000;
    TRY(stream_row_put(s, stream, &row));
    struct row_key key = due_key(DUE_STREAM, row.forsaken_s, stream->number);
    return row_put(s, STORE_DUE, row_key_view(&key), (view){0});
}

sotto_err retention_expect_end(struct step *s, const struct stream *stream)
{
    return step_break(s, forsaken_put(s, stream));
}

static sotto_err stream_end(struct step *s, uint64_t number, uint64_t forsaken_s)
{
    struct stream *stream = NULL;
    struct stream_row row = {0};
    sotto_err err = stream_get(s, number, &stream);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
    TRY(stream_row_get(s, stream, &row));
    bool since = stream->active > 0 || row.forsaken_s != forsaken_s; /* somebody came */
    return since ? SOTTO_OK : stream_erase(s, stream);
}

/* One stream a tick. */
static sotto_err streams_end(struct step *s)
{
    uint64_t kept_s = s->core->config.limits.retention_s, left_s, number;
    if (kept_s == 0)
        return SOTTO_OK;
    sotto_err err = due_first(s, DUE_STREAM, &left_s, &number);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
    if (left_s + kept_s > step_wall_ms(s) / 1000)
        return SOTTO_OK;
    struct row_key done = due_key(DUE_STREAM, left_s, number);
    TRY(row_delete(s, STORE_DUE, row_key_view(&done)));
    s->core->streams->retention_due_ms = s->now_ms + PAUSE_MS;
    return step_break(s, stream_end(s, number, left_s));
}

/* --- how old the oldest is --- */

static bool oldest_see(void *user, uint64_t stream, uint64_t seq, view body)
{
    (void)stream, (void)seq;
    struct logged logged = {0};
    if (logged_read(body, &logged) == SOTTO_OK)
        *(uint64_t *)user = logged.at_ms / 1000;
    return false;
}

/* Only after something came or went. */
static bool oldest_is_stale(const struct core *core)
{
    const struct streams *all = core->streams;
    return all->oldest_queued != all->queued || all->oldest_messages != core->counts.messages_total;
}

static sotto_err oldest_tick(struct step *s)
{
    struct streams *all = s->core->streams;
    if (all->oldest_due_ms > s->now_ms || !oldest_is_stale(s->core))
        return SOTTO_OK;
    all->oldest_due_ms = s->now_ms + AGE_MS;
    all->oldest_queued = all->queued;
    all->oldest_messages = s->core->counts.messages_total;
    all->oldest_s = 0;
    return row_verdict(s, log_oldest(s->core->store, 1, oldest_see, &all->oldest_s));
}

/* --- */

void streams_rest(struct step *s)
{
    struct streams *all = s->core->streams;
    all->flush_due_ms = all->retention_due_ms = s->now_ms + REST_MS;
}

sotto_err streams_tick(struct step *s)
{
    struct streams *all = s->core->streams;
    TRY(journal_tick(s));
    TRY(quota_tick(s));
    TRY(oldest_tick(s));
    if (all->retention_due_ms > s->now_ms)
        return SOTTO_OK;
    TRY(entries_tick(s));
    return streams_end(s);
}

uint64_t streams_next_ms(const struct core *core)
{
    const struct streams *all = core->streams;
    if (all == NULL)
        return UINT64_MAX;
    uint64_t next_ms = journal_next_ms(all);
    if (quota_next_ms(all) < next_ms)
        next_ms = quota_next_ms(all);
    if (oldest_is_stale(core) && all->oldest_due_ms < next_ms)
        next_ms = all->oldest_due_ms;
    return next_ms < all->retention_due_ms ? next_ms : all->retention_due_ms;
}
