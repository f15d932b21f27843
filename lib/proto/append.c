/* struct { uint64 op; opaque stream[16]; uint64 epoch; uint8 kind; opaque body<V>; } append; */
#include "proto/frame.h"

static bool is_appendable(uint8_t kind)
{
    return kind == ENTRY_APPLICATION || (kind >= ENTRY_PROPOSAL && kind <= ENTRY_TOKEN);
}

static sotto_err check_append(const struct proto_append *append)
{
    if (append->body.len > PROTO_BODY_MAX)
        return SOTTO_E_TOO_LARGE;
    TRY(frame_check_op(append->op));
    return frame_check(is_appendable(append->kind) && append->body.len > 0);
}

sotto_err proto_append_read(view body, struct proto_append *ret_append)
{
    struct rd r = rd_of(body);
    struct proto_append append = {0};
    append.op = rd_u64(&r);
    rd_copy(&r, append.stream, sizeof append.stream);
    append.epoch = rd_u64(&r);
    append.kind = rd_u8(&r);
    append.body = rd_opaque(&r, PROTO_BODY_MAX);
    rd_check(&r, check_append(&append));
    TRY(rd_end(&r));
    *ret_append = append;
    return SOTTO_OK;
}

sotto_err proto_append_write(uint32_t request, const struct proto_append *append, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_APPEND, request);
    wr_check(&w, check_append(append));
    wr_u64(&w, append->op);
    wr_bytes(&w, VIEW_OF(append->stream));
    wr_u64(&w, append->epoch);
    wr_u8(&w, append->kind);
    wr_opaque(&w, append->body);
    return wr_end(&w);
}
