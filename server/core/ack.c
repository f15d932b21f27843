#include "core/streams.h"

sotto_err ack_read(view body, union request_body *ret_body)
{
    return proto_ack_read(body, &ret_body->acks);
}

static sotto_err ack_one(struct step *s, struct device *device, const struct proto_ack_item *item,
                         bool *ret_moved)
{
    struct subscription *sub = NULL;
    TRY(subscription_find(s, device, item->stream, &sub));
    uint64_t limit = subscription_limit(sub), before = sub->cursor;
    TRY(subscription_move(s, sub, item->seq < limit ? item->seq : limit));
    *ret_moved = sub->cursor > before;
    return SOTTO_OK;
}

/* No answer. A stream that one does not read any more is passed over: it may have ended meanwhile. An item costs nothing if it moved a
 * cursor: there are no more of these than entries. */
sotto_err ack_on(struct step *s, const struct request *request)
{
    struct rd r = rd_of(request->body.acks.bytes);
    while (rd_more(&r)) {
        struct proto_ack_item item = proto_ack_next(&r);
        bool moved = false;
        sotto_err err = ack_one(s, request->from->device, &item, &moved);
        if (err != SOTTO_OK && err != SOTTO_E_NOTFOUND)
            return err;
        s->eighths += !moved;
    }
    s->detail[0] = '\0';
    return SOTTO_OK;
}
