/* struct { opaque stream[16]; uint64 after; uint32 max_bytes; } read; */
#include "proto/frame.h"

sotto_err proto_read_read(view body, struct proto_read *ret_read)
{
    struct rd r = rd_of(body);
    struct proto_read read = {0};
    rd_copy(&r, read.stream, sizeof read.stream);
    read.after = rd_u64(&r);
    read.max_bytes = rd_u32(&r);
    TRY(rd_end(&r));
    *ret_read = read;
    return SOTTO_OK;
}

sotto_err proto_read_write(uint32_t request, const struct proto_read *read, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_READ, request);
    wr_bytes(&w, VIEW_OF(read->stream));
    wr_u64(&w, read->after);
    wr_u32(&w, read->max_bytes);
    return wr_end(&w);
}
