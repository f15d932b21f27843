/* A device's inbox: welcomes, notices, requests. Its own device alone reads it. Requests are lost before anything else is, and may take
 * half of the room, marks of lost ones included; when all of that is as much as four times the quota, nothing more goes in. */
#include "core/streams.h"

#define QUOTAS         4
#define REQUEST_QUOTAS 2

static sotto_err inbox_number(struct step *s, const struct device *device, uint64_t *ret_number)
{
    const struct answers *answers = map_find(&s->core->streams->answers, device->number);
    struct row_key key = row_key_u64(device->number);
    view value;
    if (answers != NULL) {
        *ret_number = answers->inbox;
        return SOTTO_OK;
    }
    TRY(row_get(s, STORE_ANSWERS, row_key_view(&key), &value));
    struct rd r = rd_of(value);
    uint64_t number = rd_u64(&r); /* the row's first field */
    TRY(row_verdict(s, rd_ok(&r) ? SOTTO_OK : SOTTO_E_DAMAGED));
    *ret_number = number;
    return SOTTO_OK;
}

static sotto_err inbox_get(struct step *s, const struct device *device, struct stream **ret_inbox)
{
    uint64_t number;
    sotto_err err = inbox_number(s, device, &number);
    if (err == SOTTO_OK)
        err = stream_get(s, number, ret_inbox);
    return err == SOTTO_E_NOTFOUND ? SOTTO_E_DAMAGED : err;
}

/* `quotas`: how many times the quota may be in it. */
static sotto_err check_room(struct step *s, const struct stream *inbox, uint64_t quotas)
{
    const struct limits *limits = &s->core->config.limits;
    uint64_t entries = inbox->head + 1 - inbox->first, bytes = inbox->bytes - inbox->gone;
    bool many = limits->queue_entries > 0 && entries / quotas >= limits->queue_entries,
         large = limits->queue_bytes > 0 && bytes / quotas >= limits->queue_bytes;
    if (many || large)
        return step_bound(s, many ? BOUND_QUEUE_ENTRIES : BOUND_QUEUE_BYTES, SOTTO_E_QUOTA,
                          "a device has as much waiting as it may");
    return SOTTO_OK;
}

sotto_err inbox_check(struct step *s, const struct device *device)
{
    struct stream *inbox = NULL;
    TRY(inbox_get(s, device, &inbox));
    return check_room(s, inbox, QUOTAS);
}

sotto_err inbox_append(struct step *s, struct device *device, uint8_t kind, view body)
{
    struct stream *inbox = NULL;
    struct proto_appended appended = {0};
    TRY(inbox_get(s, device, &inbox));
    TRY(check_room(s, inbox, kind == ENTRY_REQUEST ? REQUEST_QUOTAS : QUOTAS));
    return stream_append(s, inbox, kind, body, NULL, &appended);
}
