/* struct { opaque stream[16]; uint64 from_epoch; } headers; */
#include "proto/frame.h"

sotto_err proto_headers_read(view body, struct proto_headers *ret_headers)
{
    struct rd r = rd_of(body);
    struct proto_headers headers = {0};
    rd_copy(&r, headers.stream, sizeof headers.stream);
    headers.from_epoch = rd_u64(&r);
    TRY(rd_end(&r));
    *ret_headers = headers;
    return SOTTO_OK;
}

sotto_err proto_headers_write(uint32_t request, const struct proto_headers *headers, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_HEADERS, request);
    wr_bytes(&w, VIEW_OF(headers->stream));
    wr_u64(&w, headers->from_epoch);
    return wr_end(&w);
}
