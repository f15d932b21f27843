/* struct { opaque token_hash[32]; uint32 uses_left; uint32 uses; uint64 created_s; uint64 expires_s; } invite;
 * struct { invite invites<V>; } invite_list; */
#include "proto/account.h"
#include "proto/frame.h"

static sotto_err check(const struct proto_invite *invite)
{
    return frame_check(invite->uses > 0 && invite->uses_left <= invite->uses);
}

void proto_invite_read(struct rd *r, struct proto_invite *out)
{
    rd_copy(r, out->token_hash, sizeof out->token_hash);
    out->uses_left = rd_u32(r);
    out->uses = rd_u32(r);
    out->created_s = rd_u64(r);
    out->expires_s = rd_u64(r);
    rd_check(r, check(out));
}

void proto_invite_write(struct wr *w, const struct proto_invite *invite)
{
    wr_check(w, check(invite));
    wr_bytes(w, VIEW_OF(invite->token_hash));
    wr_u32(w, invite->uses_left);
    wr_u32(w, invite->uses);
    wr_u64(w, invite->created_s);
    wr_u64(w, invite->expires_s);
}

static void item(struct rd *r)
{
    struct proto_invite invite;
    proto_invite_read(r, &invite);
}

sotto_err proto_invite_list_read(view body, struct proto_list *ret_invites)
{
    struct rd r = rd_of(body);
    struct proto_list invites = {0};
    frame_list_read(&r, INVITE_LIST_MAX, item, &invites);
    TRY(rd_end(&r));
    *ret_invites = invites;
    return SOTTO_OK;
}

sotto_err proto_invite_list_write(uint32_t request, const struct proto_list *invites,
                                  sotto_buf *out)
{
    struct wr w = frame_begin(out, PROTO_INVITE_LIST, request);
    frame_list_write(&w, invites, INVITE_LIST_MAX, item);
    return wr_end(&w);
}
