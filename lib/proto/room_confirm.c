/* struct { uint32 slot; } room_confirm; */
#include "proto/frame.h"

sotto_err proto_room_confirm_read(view body, uint32_t *ret_slot)
{
    return frame_slot_read(body, ret_slot);
}

sotto_err proto_room_confirm_write(uint32_t request, uint32_t slot, sotto_buf *out)
{
    return frame_slot_write(PROTO_ROOM_CONFIRM, request, slot, out);
}
