#include "core/streams.h"

sotto_err stream_create_read(view body, union request_body *ret_body)
{
    return proto_stream_create_read(body, &ret_body->stream_create);
}

static sotto_err check_limits(struct step *s, const struct device *device)
{
    TRY(check_space(s));
    TRY(step_limit(s, RATE_GROUP, device->account->number, 0, 1, "too many new conversations"));
    return conversations_check(s, device->account->number);
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
