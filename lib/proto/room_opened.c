/* struct { uint32 slot; uint32 join_ttl_s; } room_opened; */
#include "proto/frame.h"

sotto_err proto_room_opened_read(view body, struct proto_room_opened *ret_opened)
{
    struct rd r = rd_of(body);
    struct proto_room_opened opened = {0};
    opened.slot = rd_u32(&r);
    opened.join_ttl_s = rd_u32(&r);
    rd_check(&r, frame_check_slot(opened.slot));
    TRY(rd_end(&r));
    *ret_opened = opened;
    return SOTTO_OK;
}

sotto_err proto_room_opened_write(uint32_t request, const struct proto_room_opened *opened,
                                  sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_ROOM_OPENED, request);
    wr_u32(&w, opened->slot);
    wr_u32(&w, opened->join_ttl_s);
    wr_check(&w, frame_check_slot(opened->slot));
    return wr_end(&w);
}
