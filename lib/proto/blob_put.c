/* struct { opaque hash[32]; uint64 size; } blob_put; */
#include "proto/blob.h"
#include "proto/frame.h"

static sotto_err check(const struct proto_blob_put *put)
{
    return frame_check(put->size > 0 && put->size <= BLOB_SIZE_MAX);
}

sotto_err proto_blob_put_read(view body, struct proto_blob_put *ret_put)
{
    struct rd r = rd_of(body);
    struct proto_blob_put put = {0};
    rd_copy(&r, put.hash, sizeof put.hash);
    put.size = rd_u64(&r);
    rd_check(&r, check(&put));
    TRY(rd_end(&r));
    *ret_put = put;
    return SOTTO_OK;
}

sotto_err proto_blob_put_write(uint32_t request, const struct proto_blob_put *put, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_BLOB_PUT, request);
    wr_bytes(&w, VIEW_OF(put->hash));
    wr_u64(&w, put->size);
    wr_check(&w, check(put));
    return wr_end(&w);
}
