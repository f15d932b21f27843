#include "core/list_change.h"

sotto_err rotate_read(view body, union request_body *ret_body)
{
    return proto_rotate_read(body, &ret_body->rotate);
}

sotto_err rotate_on(struct step *s, const struct request *request)
{
    struct account *account = request->from->device->account;
    const struct proto_rotate *rotate = &request->body.rotate;
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct rotation rotation;
    struct account_row row;
    struct list_change change = {
        .account = account,
        .key = account->key,
        .bytes = rotate->device_list,
        .certificates = &rotate->certificates,
        .anew = true,
    };
    TRY(step_limit(s, RATE_CHANGE, account->number, 0, 1, "too many changes of this account"));
    step_take(s, RATE_CHANGE, account->number, 0, 1);
    TRY(rotation_read(rotate->rotation, &rotation));
    TRY(account_key_rotate(s->core->crypto, &rotation, &change.key));
    TRY(account_load(s, account->number, &bytes, &row));
    TRY(list_change_check(s, &row, &change));
    if (change.adds)
        TRY(check_space(s));
    const struct row_key key = row_key_two(account->number, rotation.n);
    TRY(step_break(s, row_put(s, STORE_ROTATION, row_key_view(&key), rotate->rotation)));
    request_answer_ok(s, request);
    return step_break(s, list_change_apply(s, &row, &change));
}
