/* struct { uint16 reason; uint32 retry_ms; opaque detail<V>; } bye; */
#include "proto/frame.h"

sotto_err proto_bye_read(view body, struct proto_error *ret_bye)
{
    return frame_error_read(body, ret_bye);
}

sotto_err proto_bye_write(const struct proto_error *bye, sotto_buf *out)
{
    return frame_error_write(PROTO_BYE, 0, bye, out);
}
