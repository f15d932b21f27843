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

/* Whether the device reads it now, or never did, or was removed. */
static sotto_err subscribed_as(struct step *s, uint64_t stream_number, uint64_t device_number,
                               bool *ret_reads, bool *ret_removed)
{
    struct standing standing = {0};
    sotto_err err = subscription_standing(s, stream_number, device_number, &standing);
    *ret_reads = err == SOTTO_OK && standing.until == 0;
    *ret_removed = err == SOTTO_OK && standing.until > 0;
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

/* The token of the epoch before is good for correcting a wrong one, but not for a device that this epoch removed: it knows that token. */
static sotto_err check_token(struct step *s, const struct stream *stream, view token, bool removed)
{
    struct stream_row row = {0};
    bool matches = false;
    TRY(stream_row_get(s, stream, &row));
    if (stream->kind == STREAM_CONVERSATION)
        TRY(stream_token_matches(s, &row, token, !removed, &matches));
    return matches ? SOTTO_OK : refuse(s);
}

static sotto_err check_limits(struct step *s, const struct stream *stream, uint64_t account)
{
    bool comes = !account_reads(stream, account);
    if (comes)
        TRY(conversations_check(s, account));
    return stream_check_size(s, stream, 1, comes);
}

static sotto_err subscribe(struct step *s, const struct request *request,
                           struct proto_appended *ret_appended)
{
    const struct proto_subscribe *subscribe = &request->body.subscribe;
    struct device *device = request->from->device;
    struct stream *stream = NULL;
    bool reads, removed;
    uint64_t number;
    TRY(check_space(s));
    TRY(step_limit(s, RATE_SUBSCRIBE, device->number, 0, 1, "too many subscriptions"));
    step_take(s, RATE_SUBSCRIBE, device->number, 0, 1);
    sotto_err err = stream_number_find(s, subscribe->stream, &number);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? refuse(s) : err;
    TRY(subscribed_as(s, number, device->number, &reads, &removed));
    TRY(stream_get(s, number, &stream));
    TRY(check_token(s, stream, subscribe->token, removed));
    if (!reads)
        TRY(check_limits(s, stream, device->account->number));
    TRY(subscription_add(s, stream, device));
    ret_appended->seq = stream->head;
    ret_appended->at_ms = step_wall_ms(s);
    return SOTTO_OK;
}

sotto_err subscribe_on(struct step *s, const struct request *request)
{
    return operation_run(s, request, request->body.subscribe.op, subscribe);
}
