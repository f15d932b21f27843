/* struct { opaque stream[16]; uint64 head; } behind; */
#include "proto/frame.h"

sotto_err proto_behind_read(view body, struct proto_behind *ret_behind)
{
    struct rd r = rd_of(body);
    struct proto_behind behind = {0};
    rd_copy(&r, behind.stream, sizeof behind.stream);
    behind.head = rd_u64(&r);
    TRY(rd_end(&r));
    *ret_behind = behind;
    return SOTTO_OK;
}

sotto_err proto_behind_write(const struct proto_behind *behind, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_BEHIND, 0);
    wr_bytes(&w, VIEW_OF(behind->stream));
    wr_u64(&w, behind->head);
    return wr_end(&w);
}
