/* struct { opaque account_id[32]; opaque device_id[16]; opaque public_key[32]; opaque signature[64]; } auth; */
#include "proto/account.h"
#include "proto/frame.h"

sotto_err proto_auth_read(view body, struct proto_auth *ret_auth)
{
    struct rd r = rd_of(body);
    struct proto_auth auth = {0};
    rd_copy(&r, auth.account_id, sizeof auth.account_id);
    rd_copy(&r, auth.device_id, sizeof auth.device_id);
    rd_copy(&r, auth.public_key, sizeof auth.public_key);
    rd_copy(&r, auth.signature, sizeof auth.signature);
    TRY(rd_end(&r));
    *ret_auth = auth;
    return SOTTO_OK;
}

sotto_err proto_auth_write(uint32_t request, const struct proto_auth *auth, sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_AUTH, request);
    wr_bytes(&w, VIEW_OF(auth->account_id));
    wr_bytes(&w, VIEW_OF(auth->device_id));
    wr_bytes(&w, VIEW_OF(auth->public_key));
    wr_bytes(&w, VIEW_OF(auth->signature));
    return wr_end(&w);
}
