#include "core/streams.h"

sotto_err listen_read(view body, union request_body *ret_body)
{
    return proto_listen_read(body, &ret_body->credit);
}

static sotto_err stream_begin(struct step *s, struct device *device, uint64_t number)
{
    struct standing standing = {0};
    struct subscription *sub = NULL;
    TRY(subscription_standing(s, number, device->number, &standing));
    uint64_t end = standing.until > 0 ? standing.until : standing.head;
    s->eighths += standing.over;
    if (standing.over || (standing.cursor >= end && stream_resident(s->core, number) == NULL))
        return SOTTO_OK;
    TRY(subscription_find(s, device, standing.stream, &sub));
    subscription_set_behind(sub, standing.cursor < end);
    return SOTTO_OK;
}

static sotto_err streams_begin(struct step *s, struct device *device)
{
    uint64_t number = 0;
    sotto_err err;
    while ((err = subscribed_next(s, device->number, number, &number)) == SOTTO_OK)
        TRY(stream_begin(s, device, number));
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

/* What it has not acknowledged in an earlier session it reads first; everything else is pushed from here on. */
static sotto_err listen_begin(struct step *s, struct device *device)
{
    device->streams.listening = true;
    sotto_err err = streams_begin(s, device);
    device->streams.listening = err == SOTTO_OK;
    return err;
}

sotto_err listen_on(struct step *s, const struct request *request)
{
    struct device *device = request->from->device;
    uint64_t credit = device->streams.credit + request->body.credit;
    if (!device->streams.listening)
        TRY(listen_begin(s, device));
    device->streams.credit = credit < CREDIT_MAX ? credit : CREDIT_MAX;
    request_answer_ok(s, request);
    return SOTTO_OK;
}
