/* struct { uint64 op; uint64 seq; uint64 at_ms; } appended; */
#include "proto/frame.h"

sotto_err proto_appended_read(view body, struct proto_appended *ret_appended)
{
    struct rd r = rd_of(body);
    struct proto_appended appended = {0};
    appended.op = rd_u64(&r);
    appended.seq = rd_u64(&r);
    appended.at_ms = rd_u64(&r);
    rd_check(&r, frame_check_op(appended.op));
    TRY(rd_end(&r));
    *ret_appended = appended;
    return SOTTO_OK;
}

sotto_err proto_appended_write(uint32_t request, const struct proto_appended *appended,
                               sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_APPENDED, request);
    wr_u64(&w, appended->op);
    wr_u64(&w, appended->seq);
    wr_u64(&w, appended->at_ms);
    wr_check(&w, frame_check_op(appended->op));
    return wr_end(&w);
}
