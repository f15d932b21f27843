/* struct { uint64 op; opaque stream[16]; opaque token_hash[32]; } stream_create; */
#include "proto/frame.h"

sotto_err proto_stream_create_read(view body, struct proto_stream_create *ret_create)
{
    struct rd r = rd_of(body);
    struct proto_stream_create create = {0};
    create.op = rd_u64(&r);
    rd_copy(&r, create.stream, sizeof create.stream);
    rd_copy(&r, create.token_hash, sizeof create.token_hash);
    rd_check(&r, frame_check_op(create.op));
    TRY(rd_end(&r));
    *ret_create = create;
    return SOTTO_OK;
}

sotto_err proto_stream_create_write(uint32_t request, const struct proto_stream_create *create,
                                    sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_STREAM_CREATE, request);
    wr_u64(&w, create->op);
    wr_bytes(&w, VIEW_OF(create->stream));
    wr_bytes(&w, VIEW_OF(create->token_hash));
    wr_check(&w, frame_check_op(create->op));
    return wr_end(&w);
}
