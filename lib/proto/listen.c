/* struct { uint32 credit; } listen; */
#include "proto/frame.h"

sotto_err proto_listen_read(view body, uint32_t *ret_credit)
{
    struct rd r = rd_of(body);
    uint32_t credit = rd_u32(&r);
    TRY(rd_end(&r));
    *ret_credit = credit;
    return SOTTO_OK;
}

sotto_err proto_listen_write(uint32_t request, uint32_t credit, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_LISTEN, request);
    wr_u32(&w, credit);
    return wr_end(&w);
}
