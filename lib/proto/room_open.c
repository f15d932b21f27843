/* struct { uint8 kind; opaque suite<V>; } room_open; */
#include "proto/frame.h"

sotto_err proto_room_open_read(view body, struct proto_room_open *ret_open)
{
    struct rd r = rd_of(body);
    struct proto_room_open open = {0};
    open.kind = rd_u8(&r);
    open.suite = rd_opaque(&r, PROTO_SUITE_MAX);
    rd_check(&r, frame_check_suite(open.suite));
    rd_check(&r, frame_check_room(open.kind, open.suite));
    TRY(rd_end(&r));
    *ret_open = open;
    return SOTTO_OK;
}

sotto_err proto_room_open_write(uint32_t request, const struct proto_room_open *open,
                                sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_ROOM_OPEN, request);
    wr_u8(&w, open->kind);
    wr_opaque(&w, open->suite);
    wr_check(&w, frame_check_suite(open->suite));
    wr_check(&w, frame_check_room(open->kind, open->suite));
    return wr_end(&w);
}
