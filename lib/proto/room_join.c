/* struct { uint8 kind; uint32 slot; } room_join; */
#include "proto/frame.h"

static sotto_err check_join(const struct proto_room_join *join)
{
    TRY(frame_check_slot(join->slot));
    return frame_check(join->kind == ROOM_SESSION || join->kind == ROOM_LAB);
}

sotto_err proto_room_join_read(view body, struct proto_room_join *ret_join)
{
    struct rd r = rd_of(body);
    struct proto_room_join join = {0};
    join.kind = rd_u8(&r);
    join.slot = rd_u32(&r);
    rd_check(&r, check_join(&join));
    TRY(rd_end(&r));
    *ret_join = join;
    return SOTTO_OK;
}

sotto_err proto_room_join_write(uint32_t request, const struct proto_room_join *join,
                                sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_ROOM_JOIN, request);
    wr_u8(&w, join->kind);
    wr_u32(&w, join->slot);
    wr_check(&w, check_join(join));
    return wr_end(&w);
}
