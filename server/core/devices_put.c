#include "core/list_change.h"

sotto_err devices_put_read(view body, union request_body *ret_body)
{
    return proto_devices_put_read(body, &ret_body->devices_put);
}

sotto_err devices_put_on(struct step *s, const struct request *request)
{
    struct account *account = request->from->device->account;
    const struct proto_devices_put *put = &request->body.devices_put;
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct account_row row;
    struct list_change change = {
        .account = account,
        .key = account->key,
        .bytes = put->device_list,
        .certificates = &put->certificates,
    };
    TRY(step_limit(s, RATE_CHANGE, account->number, 0, 1, "too many changes of this account"));
    step_take(s, RATE_CHANGE, account->number, 0, 1);
    TRY(account_load(s, account->number, &bytes, &row));
    TRY(list_change_check(s, &row, &change));
    if (change.adds)
        TRY(check_space(s));
    request_answer_ok(s, request);
    return step_break(s, list_change_apply(s, &row, &change));
}
