/* struct { uint32 slot; opaque data<V>; } room_send, room_data;  one body under two kinds */
#include "proto/frame.h"

static sotto_err check_data(const struct proto_room_data *data)
{
    if (data->data.len > PROTO_ROOM_DATA_MAX)
        return SOTTO_E_TOO_LARGE;
    TRY(frame_check_slot(data->slot));
    return frame_check(data->data.len > 0);
}

sotto_err proto_room_data_read(view body, struct proto_room_data *ret_data)
{
    struct rd r = rd_of(body);
    struct proto_room_data data = {0};
    data.slot = rd_u32(&r);
    data.data = rd_opaque(&r, PROTO_ROOM_DATA_MAX);
    rd_check(&r, check_data(&data));
    TRY(rd_end(&r));
    *ret_data = data;
    return SOTTO_OK;
}

static sotto_err write_as(enum proto_kind kind, uint32_t request,
                          const struct proto_room_data *data, sotto_buf *out)
{
    struct wr w = frame_begin(out, kind, request);
    wr_check(&w, check_data(data));
    wr_u32(&w, data->slot);
    wr_opaque(&w, data->data);
    return wr_end(&w);
}

sotto_err proto_room_send_write(uint32_t request, const struct proto_room_data *data,
                                sotto_buf *out)
{
    return write_as(PROTO_ROOM_SEND, request, data, out);
}

sotto_err proto_room_data_write(const struct proto_room_data *data, sotto_buf *out)
{
    return write_as(PROTO_ROOM_DATA, 0, data, out);
}
