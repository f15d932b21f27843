/* struct { uint32 slot; uint8 reason; } room_close, room_closed;  a client may give fewer reasons */
#include "proto/frame.h"

static sotto_err check_close(const struct proto_room_end_msg *end)
{
    TRY(frame_check_slot(end->slot));
    return frame_check(end->reason == ROOM_END_LEFT || end->reason == ROOM_END_CODE);
}

static sotto_err check_closed(const struct proto_room_end_msg *end)
{
    TRY(frame_check_slot(end->slot));
    return frame_check(end->reason >= ROOM_END_LEFT && end->reason <= ROOM_END_SLOW);
}

typedef sotto_err check_fn(const struct proto_room_end_msg *end);

static sotto_err end_read(view body, check_fn *check, struct proto_room_end_msg *ret_end)
{
    struct rd r = rd_of(body);
    struct proto_room_end_msg end = {0};
    end.slot = rd_u32(&r);
    end.reason = rd_u8(&r);
    rd_check(&r, check(&end));
    TRY(rd_end(&r));
    *ret_end = end;
    return SOTTO_OK;
}

static sotto_err end_write(enum proto_kind kind, uint32_t request, check_fn *check,
                           const struct proto_room_end_msg *end, sotto_buf *out)
{
    struct wr w = frame_begin(out, kind, request);
    wr_u32(&w, end->slot);
    wr_u8(&w, end->reason);
    wr_check(&w, check(end));
    return wr_end(&w);
}

sotto_err proto_room_close_read(view body, struct proto_room_end_msg *ret_end)
{
    return end_read(body, check_close, ret_end);
}

sotto_err proto_room_close_write(uint32_t request, const struct proto_room_end_msg *end,
                                 sotto_buf *out)
{
    return end_write(PROTO_ROOM_CLOSE, request, check_close, end, out);
}

sotto_err proto_room_closed_read(view body, struct proto_room_end_msg *ret_end)
{
    return end_read(body, check_closed, ret_end);
}

sotto_err proto_room_closed_write(const struct proto_room_end_msg *end, sotto_buf *out)
{
    return end_write(PROTO_ROOM_CLOSED, 0, check_closed, end, out);
}
