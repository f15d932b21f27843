/* struct { opaque request<V>; } renew; */
#include "proto/account.h"
#include "proto/frame.h"

sotto_err proto_renew_read(view body, view *ret_request)
{
    struct rd r = rd_of(body);
    view request = frame_record_read(&r);
    TRY(rd_end(&r));
    *ret_request = request;
    return SOTTO_OK;
}

sotto_err proto_renew_write(uint32_t request, view account_request, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_RENEW, request);
    frame_record_write(&w, account_request);
    return wr_end(&w);
}
