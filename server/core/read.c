/* A page of entries, each as it stands in the log. What is missing - dropped at the front, or marked lost - is told as one entry for each
 * run, so that a gap is never silent. */
#include "core/streams.h"

#define MORE_THAN_BODY (PROTO_HEADER + STREAM_ID + 8) /* of a frame, in front of what the log has */

sotto_err read_read(view body, union request_body *ret_body)
{
    return proto_read_read(body, &ret_body->read);
}

struct page {
    struct step *s;
    const struct request *request;
    const struct stream *stream;
    uint64_t lost_to; /* to this device */
    uint64_t max_bytes;
    uint64_t bytes, count, looked_at;
    uint64_t next;      /* all up to here has been told, or is in the run */
    uint64_t lost_from; /* 0: no run of lost ones is open */
    uint64_t lost_at_ms;
    sotto_err err;
};

static sotto_err room_for(struct page *p, size_t len)
{
    return fx_reserve(p->s->fx, STEP_EFFECTS + 2, STEP_BYTES + 2 * (MORE_THAN_BODY + 32) + len);
}

static void sent(struct page *p, size_t at)
{
    fx_send(p->s->fx, p->request->from->id, at);
    p->bytes += p->s->fx->bytes.len - at;
    p->count++;
}

static void lost_end(struct page *p)
{
    struct proto_entry entry = {.seq = p->next, .at_ms = p->lost_at_ms, .kind = ENTRY_LOST};
    uint8_t bytes[8];
    sotto_buf body = BUF_ON(bytes);
    size_t at = p->s->fx->bytes.len;
    if (p->lost_from == 0)
        return;
    fx_must(proto_lost_entry_write(p->lost_from, &body));
    entry.body = buf_view(&body);
    memcpy(entry.stream, p->stream->id, STREAM_ID);
    fx_must(proto_entry_write(p->request->id, &entry, &p->s->fx->bytes));
    sent(p, at);
    p->lost_from = 0;
}

/* Up to this one, from the next on. */
static void lose(struct page *p, uint64_t to, uint64_t at_ms)
{
    if (to <= p->next)
        return;
    if (p->lost_from == 0)
        p->lost_from = p->next + 1;
    p->lost_at_ms = at_ms;
    p->next = to;
}

static void entry_send(struct page *p, uint64_t seq, view logged)
{
    lost_end(p);
    size_t at = p->s->fx->bytes.len;
    struct wr w = wr_to(&p->s->fx->bytes);
    wr_u16(&w, PROTO_ENTRY);
    wr_u32(&w, p->request->id);
    wr_bytes(&w, VIEW_OF(p->stream->id));
    wr_u64(&w, seq);
    wr_bytes(&w, logged);
    fx_must(wr_end(&w));
    sent(p, at);
    p->next = seq;
}

/* Marks of what is lost are looked at, too. */
static bool is_full(const struct page *p, size_t len)
{
    return p->looked_at >= READ_MAX || (p->count > 0 && p->bytes + len > p->max_bytes);
}

static bool each(void *user, uint64_t seq, view bytes)
{
    struct page *p = user;
    struct logged logged = {0};
    if (logged_read(bytes, &logged) != SOTTO_OK) {
        p->err = row_verdict(p->s, SOTTO_E_DAMAGED);
        return false;
    }
    p->err = room_for(p, bytes.len);
    if (p->err != SOTTO_OK || is_full(p, bytes.len + MORE_THAN_BODY))
        return false;
    p->looked_at++;
    lose(p, seq - 1, logged.at_ms); /* the log has none of these */
    if (logged.kind == ENTRY_LOST || (seq <= p->lost_to && may_be_lost(logged.kind)))
        lose(p, seq, logged.at_ms);
    else
        entry_send(p, seq, bytes);
    return true;
}

static sotto_err entries_add(struct page *p, uint64_t limit)
{
    if (p->next + 1 < p->stream->first) {
        uint64_t gone = p->stream->first - 1;
        lose(p, gone < limit ? gone : limit, step_wall_ms(p->s));
    }
    if (p->next < limit)
        TRY(row_verdict(
            p->s, log_read(p->s->core->store, p->stream->number, p->next + 1, limit, each, p)));
    return p->err;
}

/* What was said while the device was out is told as lost, too. */
static sotto_err page_fill(struct page *p, const struct subscription *sub, uint64_t limit)
{
    TRY(room_for(p, 0));
    if (p->next < sub->out)
        TRY(entries_add(p, sub->out));
    if (p->next >= sub->out) {
        lose(p, sub->back, step_wall_ms(p->s));
        TRY(entries_add(p, limit));
    }
    TRY(room_for(p, 0));
    lost_end(p);
    p->s->core->counts.delivered_total += p->count;
    return SOTTO_OK;
}

/* Who has been told all is pushed what comes from here on: who was removed, if it is added again. */
static bool is_live(struct subscription *sub, uint64_t next)
{
    if (!sub->device->streams.listening || next < subscription_limit(sub))
        return false;
    subscription_set_behind(sub, false);
    return !subscription_ended(sub);
}

sotto_err read_on(struct step *s, const struct request *request)
{
    const struct proto_read *read = &request->body.read;
    struct subscription *sub = request->subscription;
    uint64_t limit = subscription_limit(sub);
    struct page page = {
        .s = s,
        .request = request,
        .stream = sub->stream,
        .lost_to = sub->lost_to,
        .max_bytes = read->max_bytes < READ_BYTES_MAX ? read->max_bytes : READ_BYTES_MAX,
        .next = read->after > sub->from ? read->after : sub->from,
    };
    if (page.next > limit)
        page.next = limit;
    TRY(page_fill(&page, sub, limit));
    struct proto_read_end end = {.next = page.next, .head = limit, .live = is_live(sub, page.next)};
    memcpy(end.stream, sub->stream->id, STREAM_ID);
    size_t at = s->fx->bytes.len;
    fx_must(proto_read_end_write(request->id, &end, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}
