#include "core/state.h"
#include "crypto/record.h"

sotto_err account_remove_read(view body, union request_body *ret_body)
{
    return proto_account_remove_read(body, &ret_body->remove);
}

static sotto_err check(struct step *s, const struct request *request, const struct account *account)
{
    DEFER(buf_clear) sotto_buf record = {0};
    TRY(step_limit(s, RATE_CHANGE, account->number, 0, 1, "too many changes of this account"));
    step_take(s, RATE_CHANGE, account->number, 0, 1);
    TRY(proto_account_remove_signed(s->core->config.pin, account->key.account_id,
                                    request->from->nonce, &record));
    return record_verify(s->core->crypto, account->key.key, buf_view(&record),
                         request->body.remove.signature);
}

sotto_err account_remove_on(struct step *s, const struct request *request)
{
    struct account *account = request->from->device->account;
    TRY(check(s, request, account));
    request_answer_ok(s, request);
    return step_break(s, account_erase(s, account, "this account was removed"));
}
