#include "core/state.h"

sotto_err invite_revoke_read(view body, union request_body *ret_body)
{
    return proto_invite_revoke_read(body, &ret_body->invite_revoke);
}

sotto_err invite_revoke_on(struct step *s, const struct request *request)
{
    const uint8_t *token_hash = request->body.invite_revoke.token_hash;
    uint64_t account = request->from->device->account->number;
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct invite_row row;
    sotto_err err = invite_load(s, token_hash, &bytes, &row);
    if (err == SOTTO_E_NOTFOUND || (err == SOTTO_OK && row.account != account))
        return step_refuse(s, SOTTO_E_NOTFOUND, 0, "you have no such invite");
    TRY(err);
    TRY(invite_delete(s, account, token_hash));
    request_answer_ok(s, request);
    return SOTTO_OK;
}
