#include "core/streams.h"

#define KIB(bytes) (((bytes) + 1023) / 1024)

sotto_err inbox_send_read(view body, union request_body *ret_body)
{
    return proto_inbox_send_read(body, &ret_body->inbox_send);
}

/* The recipient as a number, whether it exists or not. */
static uint64_t recipient(const struct proto_inbox_send *send)
{
    uint8_t ids[ACCOUNT_ID + DEVICE_ID];
    static const uint8_t
        no_key[MAP_KEY]; /* who meets whom here shares a limit of their own making */
    memcpy(ids, send->account_id, ACCOUNT_ID);
    memcpy(ids + ACCOUNT_ID, send->device_id, DEVICE_ID);
    return map_hash(no_key, VIEW_OF(ids));
}

static sotto_err check_rates(struct step *s, const struct device *device,
                             const struct proto_inbox_send *send)
{
    TRY(step_limit(s, RATE_SEND, device->number, 0, 1, "too many messages"));
    TRY(step_limit(s, RATE_SEND_KIB, device->number, 0, KIB(send->body.len), "too many bytes"));
    return step_limit(s, RATE_INBOX_SEND, device->number, recipient(send), 1,
                      "too many requests to this device");
}

static sotto_err deliver(struct step *s, const struct device *from,
                         const struct proto_inbox_send *send)
{
    struct device *to = NULL;
    struct proto_request_entry entry = {.body = send->body};
    sotto_buf *body = &s->core->streams->entry;
    TRY(device_find(s, send->account_id, send->device_id, &to));
    memcpy(entry.account_id, from->account->key.account_id, ACCOUNT_ID);
    memcpy(entry.device_id, from->id, DEVICE_ID);
    buf_reset(body);
    TRY(proto_request_entry_write(&entry, body));
    return inbox_append(s, to, ENTRY_REQUEST, buf_view(body));
}

/* The answer doesn't tell whether there is such a device, nor whether its inbox is full. */
static sotto_err send_it(struct step *s, const struct request *request,
                         struct proto_appended *ret_appended)
{
    const struct proto_inbox_send *send = &request->body.inbox_send;
    struct device *device = request->from->device;
    TRY(check_space(s));
    TRY(check_rates(s, device, send));
    sotto_err err = deliver(s, device, send);
    if (err != SOTTO_OK && err != SOTTO_E_NOTFOUND && err != SOTTO_E_QUOTA)
        return err;
    step_take(s, RATE_SEND, device->number, 0, 1);
    step_take(s, RATE_SEND_KIB, device->number, 0, KIB(send->body.len));
    step_take(s, RATE_INBOX_SEND, device->number, recipient(send), 1);
    ret_appended->at_ms = step_wall_ms(s);
    return SOTTO_OK;
}

sotto_err inbox_send_on(struct step *s, const struct request *request)
{
    return operation_run(s, request, request->body.inbox_send.op, send_it);
}
