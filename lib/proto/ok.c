/* struct {} ok; */
#include "proto/frame.h"

sotto_err proto_ok_read(view body)
{
    return frame_empty_read(body);
}

sotto_err proto_ok_write(uint32_t request, sotto_buf *out)
{
    return frame_empty_write(PROTO_OK, request, out);
}
