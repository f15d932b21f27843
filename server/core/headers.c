#include "core/streams.h"

#define LIST_BYTES (PROTO_FRAME_MAX - 256) /* of one answer */

sotto_err headers_read(view body, union request_body *ret_body)
{
    return proto_headers_read(body, &ret_body->headers);
}

static sotto_err row_of(struct step *s, uint64_t stream, uint64_t epoch, struct header_row *ret_row)
{
    struct row_key key = row_key_two(stream, epoch);
    view value;
    TRY(row_get(s, STORE_HEADER, row_key_view(&key), &value));
    return row_verdict(s, header_row_read(value, ret_row) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED);
}

/* A later epoch has a later seq. */
sotto_err commit_find(struct step *s, const struct stream *stream, uint64_t seq,
                      uint64_t *ret_epoch, uint64_t *ret_at_s)
{
    uint64_t first = stream->epoch > HEADERS_KEPT ? stream->epoch - HEADERS_KEPT + 1 : 1;
    uint64_t end = stream->epoch + 1;
    while (first < end) {
        struct header_row row = {0};
        uint64_t middle = first + (end - first) / 2;
        TRY(row_of(s, stream->number, middle, &row));
        if (row.seq == seq) {
            *ret_epoch = middle;
            *ret_at_s = row.at_s;
            return SOTTO_OK;
        }
        if (row.seq < seq)
            first = middle + 1;
        else
            end = middle;
    }
    return SOTTO_E_NOTFOUND;
}

static sotto_err list_fill(struct step *s, uint64_t stream, uint64_t from,
                           struct proto_header_list *list, sotto_buf *items)
{
    struct row_key prefix = row_key_u64(stream), after = {0};
    view key, value;
    sotto_err err;
    if (from > 0)
        after = row_key_two(stream, from - 1);
    while ((err = row_next(s, STORE_HEADER, row_key_view(&prefix), row_key_view(&after), &key,
                           &value)) == SOTTO_OK) {
        struct header_row row = {0};
        TRY(row_verdict(s, header_row_read(value, &row) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED));
        if (items->len + row.header.len + 4 > LIST_BYTES) {
            list->more = 1;
            break;
        }
        after.len = size_min(key.len, sizeof after.bytes);
        memcpy(after.bytes, key.data, after.len);
        TRY(proto_header_add(row.header, items));
        list->headers.count++;
    }
    list->headers.bytes = buf_view(items);
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

sotto_err headers_on(struct step *s, const struct request *request)
{
    sotto_buf *items = &s->core->streams->entry;
    struct proto_header_list list = {0};
    if (subscription_ended(request->subscription)) /* those up to its end came as entries */
        return step_refuse(s, SOTTO_E_DENIED, 0, "this device was removed from the conversation");
    buf_reset(items);
    TRY(list_fill(s, request->subscription->stream->number, request->body.headers.from_epoch, &list,
                  items));
    TRY(fx_reserve(s->fx, STEP_EFFECTS, STEP_BYTES + PROTO_HEADER + 8 + items->len));
    size_t at = s->fx->bytes.len;
    fx_must(proto_header_list_write(request->id, &list, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}
