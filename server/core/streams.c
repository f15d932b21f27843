#include "core/streams.h"

#define LISTED_MAX 1000 /* in one answer */

sotto_err streams_read(view body, union request_body *ret_body)
{
    return proto_streams_read(body, ret_body->stream);
}

static sotto_err after_find(struct step *s, const uint8_t id[STREAM_ID], uint64_t *ret_number)
{
    static const uint8_t none[STREAM_ID];
    *ret_number = 0;
    if (memcmp(id, none, STREAM_ID) == 0)
        return SOTTO_OK;
    sotto_err err = stream_number_find(s, id, ret_number);
    return err == SOTTO_E_NOTFOUND
               ? step_refuse(s, err, 0, "there is no such stream to go on behind")
               : err;
}

static sotto_err standing_add(const struct device *device, const struct standing *standing,
                              sotto_buf *list)
{
    struct proto_listed_stream item = {
        .kind = standing->kind,
        .cursor = standing->cursor,
        .head = standing->until > 0 && standing->until < standing->head ? standing->until
                                                                        : standing->head,
        .epoch = standing->epoch,
        .first = standing->first,
        .live = device->streams.listening && !standing->behind && standing->until == 0,
    };
    memcpy(item.stream, standing->stream, STREAM_ID);
    return proto_listed_stream_add(&item, list);
}

static sotto_err list_fill(struct step *s, const struct device *device, uint64_t after,
                           struct proto_stream_list *list, sotto_buf *items)
{
    uint64_t number = after;
    sotto_err err;
    while ((err = subscribed_next(s, device->number, number, &number)) == SOTTO_OK) {
        struct standing standing = {0};
        if (list->streams.count == LISTED_MAX) {
            list->more = 1;
            break;
        }
        TRY(subscription_standing(s, number, device->number, &standing));
        if (standing.over) {
            s->eighths++;
            continue;
        }
        TRY(standing_add(device, &standing, items));
        list->streams.count++;
    }
    list->streams.bytes = buf_view(items);
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

sotto_err streams_on(struct step *s, const struct request *request)
{
    sotto_buf *items = &s->core->streams->entry;
    struct proto_stream_list list = {0};
    uint64_t after;
    buf_reset(items);
    TRY(after_find(s, request->body.stream, &after));
    TRY(list_fill(s, request->from->device, after, &list, items));
    TRY(fx_reserve(s->fx, STEP_EFFECTS, STEP_BYTES + PROTO_HEADER + 8 + items->len));
    size_t at = s->fx->bytes.len;
    fx_must(proto_stream_list_write(request->id, &list, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}
