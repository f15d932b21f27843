/* struct { uint32 slot; } room_peer; */
#include "proto/frame.h"

sotto_err proto_room_peer_read(view body, uint32_t *ret_slot)
{
    return frame_slot_read(body, ret_slot);
}

sotto_err proto_room_peer_write(uint32_t slot, sotto_buf *out)
{
    return frame_slot_write(PROTO_ROOM_PEER, 0, slot, out);
}
