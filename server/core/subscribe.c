#include "core/streams.h"

sotto_err subscribe_read(view body, union request_body *ret_body)
{
    return proto_subscribe_read(body, &ret_body->subscribe);
}

/* One answer for a wrong token and for a stream that does not exist. */
static sotto_err refuse(struct step *s)
{
    return step_refuse(s, SOTTO_E_NOTFOUND, 0, "there is no such stream, or the token is wrong");
}

/* The token of the epoch before is known to those whom this epoch removed, and to whom they told it. So it is good only for who read the
 * stream and was not removed since, and, unless that one reads it now, for nothing but correcting the token of the epoch. */
static sotto_err check_token(struct step *s, const struct stream *stream, view token, bool known,
                             bool *ret_before)
{
    struct stream_row row = {0};
    bool now = false, before = false;
    TRY(stream_row_get(s, stream, &row));
    if (stream->kind == STREAM_CONVERSATION)
        TRY(stream_token_matches(s, &row, token, &now, &before));
    *ret_before = !now;
    return now || (before && known) ? SOTTO_OK : refuse(s);
}

static sotto_err check_limits(struct step *s, const struct stream *stream, uint64_t account)
{
    bool comes = !account_reads(stream, account);
    if (comes)
        TRY(conversations_check(s, account));
    return stream_check_size(s, stream, 1, comes);
}

static sotto_err come(struct step *s, struct stream *stream, struct device *device,
                      struct subscription *sub, bool before)
{
    if (sub != NULL && !subscription_ended(sub))
        return SOTTO_OK;
    if (before)
        return step_break(s, subscription_correct(s, sub));
    TRY(check_limits(s, stream, device->account->number));
    return subscription_add(s, stream, device);
}

static sotto_err subscribe(struct step *s, const struct request *request,
                           struct proto_appended *ret_appended)
{
    const struct proto_subscribe *subscribe = &request->body.subscribe;
    struct device *device = request->from->device;
    struct stream *stream = NULL;
    bool before;
    uint64_t number;
    TRY(check_space(s));
    TRY(step_limit(s, RATE_SUBSCRIBE, device->number, 0, 1, "too many subscriptions"));
    step_take(s, RATE_SUBSCRIBE, device->number, 0, 1);
    sotto_err err = stream_number_find(s, subscribe->stream, &number);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? refuse(s) : err;
    TRY(stream_get(s, number, &stream));
    struct subscription *sub = subscription_of(stream, device->number);
    bool known = sub != NULL && (sub->left || !subscription_ended(sub)) &&
                 !is_long_ended(s, sub->until, sub->until_s, sub->left);
    TRY(check_token(s, stream, subscribe->token, known, &before));
    TRY(come(s, stream, device, sub, before));
    ret_appended->seq = stream->head;
    ret_appended->at_ms = step_wall_ms(s);
    return SOTTO_OK;
}

sotto_err subscribe_on(struct step *s, const struct request *request)
{
    return operation_run(s, request, request->body.subscribe.op, subscribe);
}
