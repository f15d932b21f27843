/* struct { opaque stream[16]; uint8 kind; uint64 cursor; uint64 head; uint64 epoch; uint64 first; uint8 live; } listed_stream;
 * struct { uint8 more; listed_stream streams<V>; } stream_list; */
#include "proto/frame.h"

static sotto_err check_listed(const struct proto_listed_stream *item)
{
    return frame_check((item->kind == STREAM_CONVERSATION || item->kind == STREAM_INBOX) &&
                       item->live <= 1);
}

struct proto_listed_stream proto_listed_stream_next(struct rd *r)
{
    struct proto_listed_stream item = {0};
    rd_copy(r, item.stream, sizeof item.stream);
    item.kind = rd_u8(r);
    item.cursor = rd_u64(r);
    item.head = rd_u64(r);
    item.epoch = rd_u64(r);
    item.first = rd_u64(r);
    item.live = rd_u8(r);
    rd_check(r, check_listed(&item));
    return item;
}

sotto_err proto_listed_stream_add(const struct proto_listed_stream *item, sotto_buf *list)
{
    struct wr w = wr_to(list);
    wr_bytes(&w, VIEW_OF(item->stream));
    wr_u8(&w, item->kind);
    wr_u64(&w, item->cursor);
    wr_u64(&w, item->head);
    wr_u64(&w, item->epoch);
    wr_u64(&w, item->first);
    wr_u8(&w, item->live);
    wr_check(&w, check_listed(item));
    return wr_end(&w);
}

static void item(struct rd *r)
{
    (void)proto_listed_stream_next(r);
}

sotto_err proto_stream_list_read(view body, struct proto_stream_list *ret_list)
{
    struct rd r = rd_of(body);
    struct proto_stream_list list = {0};
    list.more = rd_u8(&r);
    frame_list_read(&r, SIZE_MAX, item, &list.streams);
    rd_check(&r, frame_check(list.more <= 1));
    TRY(rd_end(&r));
    *ret_list = list;
    return SOTTO_OK;
}

sotto_err proto_stream_list_write(uint32_t request, const struct proto_stream_list *list,
                                  sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_STREAM_LIST, request);
    wr_u8(&w, list->more);
    frame_list_write(&w, &list->streams, SIZE_MAX, item);
    wr_check(&w, frame_check(list->more <= 1));
    return wr_end(&w);
}
