#include "core/streams.h"

sotto_err stream_create_read(view body, union request_body *ret_body)
{
    return proto_stream_create_read(body, &ret_body->stream_create);
}

/* How many streams this device reads. */
static sotto_err count_streams(struct step *s, uint64_t device_number, uint64_t *ret_count)
{
    uint64_t number = 0, count = 0;
    sotto_err err;
    while ((err = subscribed_next(s, device_number, number, &number)) == SOTTO_OK)
        count++;
    *ret_count = count;
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

static sotto_err check_limits(struct step *s, const struct device *device)
{
    uint64_t count;
    TRY(check_space(s));
    TRY(step_limit(s, RATE_GROUP, device->account->number, 0, 1, "too many new conversations"));
    TRY(count_streams(s, device->number, &count));
    if (limit_reached(count, s->core->config.limits.streams_per_device))
        return step_refuse(s, SOTTO_E_FULL, 0, "this device is in as many conversations as it may");
    return SOTTO_OK;
}

static sotto_err create(struct step *s, const struct request *request,
                        struct proto_appended *ret_appended)
{
    const struct proto_stream_create *create = &request->body.stream_create;
    struct device *device = request->from->device;
    struct stream *stream = NULL;
    TRY(check_limits(s, device));
    TRY(stream_make(s, create->stream, STREAM_CONVERSATION, create->token_hash, &stream));
    TRY(subscription_add(s, stream, device));
    step_take(s, RATE_GROUP, device->account->number, 0, 1);
    ret_appended->at_ms = step_wall_ms(s);
    return SOTTO_OK;
}

sotto_err stream_create_on(struct step *s, const struct request *request)
{
    return operation_run(s, request, request->body.stream_create.op, create);
}
