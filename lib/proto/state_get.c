/* struct { opaque stream[16]; opaque token<V>; uint64 from_epoch; } state_get; */
#include "proto/frame.h"

sotto_err proto_state_get_read(view body, struct proto_state_get *ret_get)
{
    struct rd r = rd_of(body);
    struct proto_state_get get = {0};
    rd_copy(&r, get.stream, sizeof get.stream);
    get.token = rd_opaque(&r, PROTO_TOKEN_MAX);
    get.from_epoch = rd_u64(&r);
    TRY(rd_end(&r));
    *ret_get = get;
    return SOTTO_OK;
}

sotto_err proto_state_get_write(uint32_t request, const struct proto_state_get *get, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_STATE_GET, request);
    wr_check(&w, get->token.len <= PROTO_TOKEN_MAX ? SOTTO_OK : SOTTO_E_TOO_LARGE);
    wr_bytes(&w, VIEW_OF(get->stream));
    wr_opaque(&w, get->token);
    wr_u64(&w, get->from_epoch);
    return wr_end(&w);
}
