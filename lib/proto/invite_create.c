/* struct { opaque token_hash[32]; uint32 uses; uint32 ttl_s; uint8 kind; } invite_create; */
#include "proto/account.h"
#include "proto/frame.h"

static sotto_err check(const struct proto_invite_create *create)
{
    return frame_check(create->uses > 0 && create->ttl_s > 0 && create->kind >= 1 &&
                       create->kind <= 3);
}

sotto_err proto_invite_create_read(view body, struct proto_invite_create *ret_create)
{
    struct rd r = rd_of(body);
    struct proto_invite_create create = {0};
    rd_copy(&r, create.token_hash, sizeof create.token_hash);
    create.uses = rd_u32(&r);
    create.ttl_s = rd_u32(&r);
    create.kind = rd_u8(&r);
    rd_check(&r, check(&create));
    TRY(rd_end(&r));
    *ret_create = create;
    return SOTTO_OK;
}

sotto_err proto_invite_create_write(uint32_t request, const struct proto_invite_create *create,
                                    sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_INVITE_CREATE, request);
    wr_bytes(&w, VIEW_OF(create->token_hash));
    wr_u32(&w, create->uses);
    wr_u32(&w, create->ttl_s);
    wr_u8(&w, create->kind);
    wr_check(&w, check(create));
    return wr_end(&w);
}
