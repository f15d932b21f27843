/* struct { uint16 code; uint32 retry_ms; opaque detail<V>; } error; */
#include "proto/frame.h"

sotto_err proto_error_read(view body, struct proto_error *ret_error)
{
    return frame_error_read(body, ret_error);
}

sotto_err proto_error_write(uint32_t request, const struct proto_error *error, sotto_buf *out)
{
    return frame_error_write(PROTO_ERROR, request, error, out);
}
