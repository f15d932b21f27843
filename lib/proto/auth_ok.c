/* struct { uint64 highest_op; opaque inbox[16]; uint64 list_number; opaque list_hash[32]; uint32 key_packages; uint8 last_resort;
 *          uint64 time_s; uint32 sending_frames; } auth_ok; */
#include "proto/account.h"
#include "proto/frame.h"

sotto_err proto_auth_ok_read(view body, struct proto_auth_ok *ret_ok)
{
    struct rd r = rd_of(body);
    struct proto_auth_ok ok = {0};
    ok.highest_op = rd_u64(&r);
    rd_copy(&r, ok.inbox, sizeof ok.inbox);
    ok.list_number = rd_u64(&r);
    rd_copy(&r, ok.list_hash, sizeof ok.list_hash);
    ok.key_packages = rd_u32(&r);
    ok.last_resort = frame_flag(&r);
    ok.time_s = rd_u64(&r);
    ok.sending_frames = rd_u32(&r);
    rd_check(&r, frame_check(ok.sending_frames > 0));
    TRY(rd_end(&r));
    *ret_ok = ok;
    return SOTTO_OK;
}

sotto_err proto_auth_ok_write(uint32_t request, const struct proto_auth_ok *ok, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_AUTH_OK, request);
    wr_u64(&w, ok->highest_op);
    wr_bytes(&w, VIEW_OF(ok->inbox));
    wr_u64(&w, ok->list_number);
    wr_bytes(&w, VIEW_OF(ok->list_hash));
    wr_u32(&w, ok->key_packages);
    wr_u8(&w, ok->last_resort);
    wr_u64(&w, ok->time_s);
    wr_u32(&w, ok->sending_frames);
    wr_check(&w, frame_check(ok->sending_frames > 0));
    return wr_end(&w);
}
