/* struct { uint64 op; opaque stream[16]; opaque token<V>; } subscribe; */
#include "proto/frame.h"

static sotto_err check_subscribe(const struct proto_subscribe *subscribe)
{
    if (subscribe->token.len > PROTO_TOKEN_MAX)
        return SOTTO_E_TOO_LARGE;
    TRY(frame_check_op(subscribe->op));
    return frame_check(subscribe->token.len > 0);
}

sotto_err proto_subscribe_read(view body, struct proto_subscribe *ret_subscribe)
{
    struct rd r = rd_of(body);
    struct proto_subscribe subscribe = {0};
    subscribe.op = rd_u64(&r);
    rd_copy(&r, subscribe.stream, sizeof subscribe.stream);
    subscribe.token = rd_opaque(&r, PROTO_TOKEN_MAX);
    rd_check(&r, check_subscribe(&subscribe));
    TRY(rd_end(&r));
    *ret_subscribe = subscribe;
    return SOTTO_OK;
}

sotto_err proto_subscribe_write(uint32_t request, const struct proto_subscribe *subscribe,
                                sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_SUBSCRIBE, request);
    wr_check(&w, check_subscribe(subscribe));
    wr_u64(&w, subscribe->op);
    wr_bytes(&w, VIEW_OF(subscribe->stream));
    wr_opaque(&w, subscribe->token);
    return wr_end(&w);
}
