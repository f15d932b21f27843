/* struct { opaque after[16]; } streams; */
#include "proto/frame.h"

sotto_err proto_streams_read(view body, uint8_t ret_after[PROTO_STREAM_ID])
{
    return frame_stream_read(body, ret_after);
}

sotto_err proto_streams_write(uint32_t request, const uint8_t after[PROTO_STREAM_ID],
                              sotto_buf *out)
{
    return frame_stream_write(PROTO_STREAMS, request, after, out);
}
