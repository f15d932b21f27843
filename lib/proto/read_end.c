/* struct { opaque stream[16]; uint64 next; uint64 head; uint8 live; } read_end; */
#include "proto/frame.h"

static sotto_err check_end(const struct proto_read_end *end)
{
    return frame_check(end->live <= 1);
}

sotto_err proto_read_end_read(view body, struct proto_read_end *ret_end)
{
    struct rd r = rd_of(body);
    struct proto_read_end end = {0};
    rd_copy(&r, end.stream, sizeof end.stream);
    end.next = rd_u64(&r);
    end.head = rd_u64(&r);
    end.live = rd_u8(&r);
    rd_check(&r, check_end(&end));
    TRY(rd_end(&r));
    *ret_end = end;
    return SOTTO_OK;
}

sotto_err proto_read_end_write(uint32_t request, const struct proto_read_end *end, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_READ_END, request);
    wr_bytes(&w, VIEW_OF(end->stream));
    wr_u64(&w, end->next);
    wr_u64(&w, end->head);
    wr_u8(&w, end->live);
    wr_check(&w, check_end(end));
    return wr_end(&w);
}
