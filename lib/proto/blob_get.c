/* struct { opaque hash[32]; } blob_get; */
#include "proto/blob.h"
#include "proto/frame.h"

sotto_err proto_blob_get_read(view body, struct proto_blob_get *ret_get)
{
    struct rd r = rd_of(body);
    struct proto_blob_get get = {0};
    rd_copy(&r, get.hash, sizeof get.hash);
    TRY(rd_end(&r));
    *ret_get = get;
    return SOTTO_OK;
}

sotto_err proto_blob_get_write(uint32_t request, const struct proto_blob_get *get, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_BLOB_GET, request);
    wr_bytes(&w, VIEW_OF(get->hash));
    return wr_end(&w);
}
