/* struct { opaque stream[16]; uint64 epoch; uint8 kind; uint64 state_key_epoch; opaque body<V>; opaque blob<V>; } state_put; */
#include "proto/frame.h"

static sotto_err check_put(const struct proto_state_put *put)
{
    if (put->body.len > PROTO_INLINE_MAX)
        return SOTTO_E_TOO_LARGE;
    TRY(frame_check(put->kind == STATE_SNAPSHOT || put->kind == STATE_DELTA));
    return frame_check_either(put->body, put->blob);
}

sotto_err proto_state_put_read(view body, struct proto_state_put *ret_put)
{
    struct rd r = rd_of(body);
    struct proto_state_put put = {0};
    rd_copy(&r, put.stream, sizeof put.stream);
    put.epoch = rd_u64(&r);
    put.kind = rd_u8(&r);
    put.state_key_epoch = rd_u64(&r);
    put.body = rd_opaque(&r, PROTO_INLINE_MAX);
    put.blob = rd_opaque(&r, PROTO_HASH);
    rd_check(&r, check_put(&put));
    TRY(rd_end(&r));
    *ret_put = put;
    return SOTTO_OK;
}

sotto_err proto_state_put_write(uint32_t request, const struct proto_state_put *put, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_STATE_PUT, request);
    wr_check(&w, check_put(put));
    wr_bytes(&w, VIEW_OF(put->stream));
    wr_u64(&w, put->epoch);
    wr_u8(&w, put->kind);
    wr_u64(&w, put->state_key_epoch);
    wr_opaque(&w, put->body);
    wr_opaque(&w, put->blob);
    return wr_end(&w);
}
