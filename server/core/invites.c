#include "core/state.h"

sotto_err invites_read(view body, union request_body *ret_body)
{
    (void)ret_body;
    return proto_invites_read(body);
}

static sotto_err gather(struct step *s, uint64_t account, sotto_buf *page, size_t *count)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct invite_row row;
    struct proto_invite invite = {0};
    sotto_err err = SOTTO_OK;
    while (*count < INVITE_LIST_MAX &&
           (err = invite_next(s, account, invite.token_hash, &bytes, &row)) == SOTTO_OK) {
        invite.uses_left = row.uses_left;
        invite.uses = row.uses;
        invite.created_s = row.created_s;
        invite.expires_s = row.expires_s;
        struct wr w = wr_to(page);
        proto_invite_write(&w, &invite);
        TRY(wr_end(&w));
        *count += 1;
    }
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

sotto_err invites_on(struct step *s, const struct request *request)
{
    DEFER(buf_clear) sotto_buf page = {0};
    size_t count = 0;
    TRY(gather(s, request->from->device->account->number, &page, &count));
    TRY(fx_reserve(s->fx, STEP_EFFECTS, page.len + STEP_BYTES));
    size_t at = s->fx->bytes.len;
    TRY(proto_invite_list_write(request->id, &(struct proto_list){buf_view(&page), count},
                                &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}
