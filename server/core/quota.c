/* How much of a stream waits for its slowest reader. What all have read, and what is lost already, doesn't count; handshakes don't
 * either once they have been passed by, since they are never lost: what they may take is limited where they come in. */
#include "core/streams.h"

#define LOOKED_AT 64 /* entries at once */

struct found {
    uint64_t seq, at_ms, len;
    uint8_t kind;
};

struct look {
    struct found found[LOOKED_AT];
    size_t count;
    bool damaged;
};

/* Entries up to this one take no room any more. */
static uint64_t passed_to(const struct stream *stream)
{
    return stream->first - 1 > stream->lost_to ? stream->first - 1 : stream->lost_to;
}

static bool fits(const struct step *s, const struct stream *stream, uint64_t bytes)
{
    const struct limits *limits = &s->core->config.limits;
    uint64_t waiting = stream->bytes - stream->passed;
    return !limit_reached(stream->head - passed_to(stream), limits->queue_entries) &&
           !limit_reached(waiting + bytes, limits->queue_bytes);
}

static bool look_at(void *user, uint64_t seq, view bytes)
{
    struct look *look = user;
    struct logged logged = {0};
    look->damaged |= logged_read(bytes, &logged) != SOTTO_OK;
    look->found[look->count++] = (struct found){seq, logged.at_ms, bytes.len, logged.kind};
    return look->count < LOOKED_AT && !look->damaged;
}

static bool may_be_lost(uint8_t kind)
{
    return kind == ENTRY_APPLICATION || kind == ENTRY_REQUEST;
}

/* The oldest entry of all goes; one with others before it leaves a mark. */
static sotto_err lose(struct step *s, struct stream *stream, const struct found *found)
{
    s->core->counts.lost_total++;
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
    stream->lost_to = found->seq;
    stream->passed += found->len < waiting ? found->len : waiting;
    return may_be_lost(found->kind) ? lose(s, stream, found) : SOTTO_OK;
}

static sotto_err pass_some(struct step *s, struct stream *stream, uint64_t bytes)
{
    struct look look = {0};
    TRY(row_verdict(s, log_read(s->core->store, stream->number, passed_to(stream) + 1, stream->head,
                                look_at, &look)));
    TRY(row_verdict(s, look.damaged ? SOTTO_E_DAMAGED : SOTTO_OK));
    for (size_t i = 0; i < look.count && !fits(s, stream, bytes); i++)
        TRY(pass(s, stream, &look.found[i]));
    if (look.count == 0) { /* the log has nothing that we thought it had */
        stream->lost_to = stream->head;
        stream->passed = stream->bytes;
    }
    return SOTTO_OK;
}

sotto_err quota_make_room(struct step *s, struct stream *stream, uint64_t bytes)
{
    while (passed_to(stream) < stream->head && !fits(s, stream, bytes))
        TRY(pass_some(s, stream, bytes));
    return SOTTO_OK;
}

/* How many bytes the dropped ones had is not looked up: they count as the average of what waits. */
void stream_set_first(struct step *s, struct stream *stream, uint64_t first)
{
    struct streams *all = s->core->streams;
    uint64_t passed = passed_to(stream);
    if (first <= stream->first)
        return;
    if (first > stream->head)
        stream->passed = stream->bytes;
    else if (first - 1 > passed)
        stream->passed +=
            (stream->bytes - stream->passed) / (stream->head - passed) * (first - 1 - passed);
    uint64_t gone = first - stream->first;
    all->queued -= gone < all->queued ? gone : all->queued;
    stream->first = first;
    stream->dropping = stream->changed = true;
    dirty_mark(all, &stream->dirty);
}

static uint64_t lowest_of(const struct list *list, uint64_t lowest)
{
    for (const struct link *link = list->first; link != NULL; link = link->next) {
        const struct subscription *sub = LIST_ROW(link, const struct subscription, of_stream);
        bool done = subscription_ended(sub) && sub->cursor >= sub->until;
        if (!done && sub->cursor < lowest)
            lowest = sub->cursor;
    }
    return lowest;
}

void stream_drop_read(struct step *s, struct stream *stream)
{
    uint64_t lowest = lowest_of(&stream->away, lowest_of(&stream->here, stream->head));
    stream->stale = false;
    stream_set_first(s, stream, lowest + 1);
}
