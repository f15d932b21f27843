#include "core/streams.h"

sotto_err unsubscribe_read(view body, union request_body *ret_body)
{
    return proto_unsubscribe_read(body, ret_body->stream);
}

sotto_err unsubscribe_on(struct step *s, const struct request *request)
{
    if (request->subscription->stream->kind == STREAM_INBOX)
        return step_refuse(s, SOTTO_E_DENIED, 0, "a device keeps its inbox");
    TRY(subscription_leave(s, request->subscription));
    request_answer_ok(s, request);
    return SOTTO_OK;
}
