/* struct {} invites; */
#include "proto/account.h"
#include "proto/frame.h"

sotto_err proto_invites_read(view body)
{
    return frame_empty_read(body);
}

sotto_err proto_invites_write(uint32_t request, sotto_buf *out)
{
    return frame_empty_write(PROTO_INVITES, request, out);
}
