/* struct { uint32 slot; opaque suite<V>; } room_joined; */
#include "proto/frame.h"

sotto_err proto_room_joined_read(view body, struct proto_room_joined *ret_joined)
{
    struct rd r = rd_of(body);
    struct proto_room_joined joined = {0};
    joined.slot = rd_u32(&r);
    joined.suite = rd_opaque(&r, PROTO_SUITE_MAX);
    rd_check(&r, frame_check_slot(joined.slot));
    rd_check(&r, frame_check_suite(joined.suite));
    TRY(rd_end(&r));
    *ret_joined = joined;
    return SOTTO_OK;
}

sotto_err proto_room_joined_write(uint32_t request, const struct proto_room_joined *joined,
                                  sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_ROOM_JOINED, request);
    wr_u32(&w, joined->slot);
    wr_opaque(&w, joined->suite);
    wr_check(&w, frame_check_slot(joined->slot));
    wr_check(&w, frame_check_suite(joined->suite));
    return wr_end(&w);
}
