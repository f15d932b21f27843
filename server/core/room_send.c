#include "core/state.h"

sotto_err room_send_read(view body, union request_body *ret_body)
{
    return proto_room_data_read(body, &ret_body->room_data);
}

/* room_send and room_data have the same body, so it is passed on as it came. */
static void pass_on(struct step *s, const struct connection *to, view body)
{
    size_t at = s->fx->bytes.len;
    struct wr w = wr_to(&s->fx->bytes);
    wr_u16(&w, PROTO_ROOM_DATA);
    wr_u32(&w, 0);
    wr_bytes(&w, body);
    fx_must(wr_end(&w));
    fx_send(s->fx, to->id, at);
}

/* What is over the rate was passed on all the same; the sender is just not read from until it has leaked. */
static void charge(struct step *s, struct seat *seat, size_t bytes)
{
    const struct bucket_rate *rate = &s->core->byte_rate;
    bucket_take(&seat->bytes, rate, bytes, s->now_ms);
    uint64_t wait_ms = bucket_wait_ms(&seat->bytes, rate, 0, s->now_ms);
    if (wait_ms == 0)
        return;
    s->core->counts.limited_total[RATE_ROOM_BYTES]++;
    fx_pause(s->fx, seat->owner->id, s->now_ms + wait_ms);
}

sotto_err room_on_send(struct step *s, const struct request *request)
{
    const struct connection *to = room_across(request->seat)->owner;
    if (to == NULL)
        return step_refuse(s, SOTTO_E_NOT_NOW, 0, "nobody has joined yet");
    pass_on(s, to, request->bytes);
    charge(s, request->seat, PROTO_HEADER + request->bytes.len);
    s->core->counts.bytes_total += request->body.room_data.data.len;
    return SOTTO_OK;
}
