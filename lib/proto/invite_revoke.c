/* struct { opaque token_hash[32]; } invite_revoke; */
#include "proto/account.h"
#include "proto/frame.h"

sotto_err proto_invite_revoke_read(view body, struct proto_invite_revoke *ret_revoke)
{
    struct rd r = rd_of(body);
    struct proto_invite_revoke revoke = {0};
    rd_copy(&r, revoke.token_hash, sizeof revoke.token_hash);
    TRY(rd_end(&r));
    *ret_revoke = revoke;
    return SOTTO_OK;
}

sotto_err proto_invite_revoke_write(uint32_t request, const struct proto_invite_revoke *revoke,
                                    sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_INVITE_REVOKE, request);
    wr_bytes(&w, VIEW_OF(revoke->token_hash));
    return wr_end(&w);
}
