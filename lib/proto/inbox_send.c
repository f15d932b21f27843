/* struct { uint64 op; opaque account_id[32]; opaque device_id[16]; opaque body<V>; } inbox_send; */
#include "proto/frame.h"

static sotto_err check_send(const struct proto_inbox_send *send)
{
    if (send->body.len > PROTO_INLINE_MAX)
        return SOTTO_E_TOO_LARGE;
    TRY(frame_check_op(send->op));
    return frame_check(send->body.len > 0);
}

sotto_err proto_inbox_send_read(view body, struct proto_inbox_send *ret_send)
{
    struct rd r = rd_of(body);
    struct proto_inbox_send send = {0};
    send.op = rd_u64(&r);
    rd_copy(&r, send.account_id, sizeof send.account_id);
    rd_copy(&r, send.device_id, sizeof send.device_id);
    send.body = rd_opaque(&r, PROTO_INLINE_MAX);
    rd_check(&r, check_send(&send));
    TRY(rd_end(&r));
    *ret_send = send;
    return SOTTO_OK;
}

sotto_err proto_inbox_send_write(uint32_t request, const struct proto_inbox_send *send,
                                 sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_INBOX_SEND, request);
    wr_check(&w, check_send(send));
    wr_u64(&w, send->op);
    wr_bytes(&w, VIEW_OF(send->account_id));
    wr_bytes(&w, VIEW_OF(send->device_id));
    wr_opaque(&w, send->body);
    return wr_end(&w);
}
