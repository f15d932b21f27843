/* struct { opaque stream[16]; } unsubscribe; */
#include "proto/frame.h"

sotto_err proto_unsubscribe_read(view body, uint8_t ret_stream[PROTO_STREAM_ID])
{
    return frame_stream_read(body, ret_stream);
}

sotto_err proto_unsubscribe_write(uint32_t request, const uint8_t stream[PROTO_STREAM_ID],
                                  sotto_buf *out)
{
    return frame_stream_write(PROTO_UNSUBSCRIBE, request, stream, out);
}
