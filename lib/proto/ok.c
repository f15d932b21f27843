/* struct {} ok; */
#include "proto/frame.h"

sotto_err proto_ok_read(view body)
{
    struct rd r = rd_of(body);
    return rd_end(&r);
}

sotto_err proto_ok_write(uint32_t request, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_OK, request);
    return wr_end(&w);
}
