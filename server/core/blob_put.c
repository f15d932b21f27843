#include "core/streams.h"

sotto_err blob_put_read(view body, union request_body *ret_body)
{
    return proto_blob_put_read(body, &ret_body->blob_put);
}

static sotto_err check(struct step *s, uint64_t account, uint64_t size)
{
    uint64_t max = s->core->config.limits.blob_bytes;
    TRY(blob_check_on(s));
    if (max > 0 && size > max)
        return step_bound(s, BOUND_BLOB_BYTES, SOTTO_E_QUOTA, "an attachment may have %llu bytes",
                          (unsigned long long)max);
    return step_limit(s, RATE_BLOB, account, 0, 1, "too many attachments");
}

sotto_err blob_put_on(struct step *s, const struct request *request)
{
    const struct proto_blob_put *put = &request->body.blob_put;
    struct account *account = request->from->device->account;
    struct blob_ticket ticket = {.op = BLOB_PUT, .size = put->size};
    memcpy(ticket.hash, put->hash, sizeof ticket.hash);
    TRY(check(s, account->number, put->size));
    sotto_err err = blob_ask_again(s, account, put->hash, put->size);
    uint64_t have = err == SOTTO_OK ? put->size : 0;
    if (err == SOTTO_E_NOTFOUND) {
        TRY(check_space(s));
        err = uploads_promise(s, account, put->hash, put->size);
    }
    TRY(err);
    step_take(s, RATE_BLOB, account->number, 0, 1);
    return step_break(s, blob_answer_ticket(s, request, &ticket, have));
}
