#include "core/state.h"

sotto_err room_open_read(view body, union request_body *ret_body)
{
    return proto_room_open_read(body, &ret_body->room_open);
}

/* SOTTO_OK: this connection may open one more. */
static sotto_err check_limits(struct step *s, const struct connection *c)
{
    const struct limits *limits = &s->core->config.limits;
    if (limit_reached(s->core->counts.rooms_open, limits->rooms))
        return step_bound(s, BOUND_ROOMS, SOTTO_E_FULL, "the server has as many rooms as it takes");
    if (limit_reached(c->room_count, limits->rooms_per_connection))
        return step_bound(s, BOUND_ROOMS_OF_CONNECTION, SOTTO_E_FULL,
                          "this connection is in as many rooms as it may be");
    if (limit_reached(c->origin->rooms, limits->rooms_per_address))
        return step_bound(s, BOUND_ROOMS_OF_ADDRESS, SOTTO_E_FULL,
                          "as many rooms are open from your address as may be");
    uint64_t wait_ms = bucket_wait_ms(&c->origin->openings, &s->core->opening_rate, 1, s->now_ms);
    return wait_ms == 0
               ? SOTTO_OK
               : step_slow_down(s, RATE_ROOM_OPEN, wait_ms, "too many rooms from your address");
}

static void log_open(struct step *s, const struct connection *c, const struct room *room)
{
    if (room->kind == ROOM_LAB)
        fx_log(s->fx, "room", c->id, "lab open %u %.*s", room->slot->number, (int)room->suite_len,
               (const char *)room->suite);
    else
        fx_log(s->fx, "room", c->id, "session open %u", room->slot->number);
}

sotto_err room_on_open(struct step *s, const struct request *request)
{
    struct connection *c = request->from;
    struct room *room = NULL;
    TRY(check_limits(s, c));
    TRY(room_new(s, c, &request->body.room_open, &room));
    bucket_take(&c->origin->openings, &s->core->opening_rate, 1, s->now_ms);
    uint64_t join_s = s->core->config.limits.room_join_ms / 1000;
    struct proto_room_opened opened = {room->slot->number,
                                       join_s < UINT32_MAX ? (uint32_t)join_s : UINT32_MAX};
    size_t at = s->fx->bytes.len;
    fx_must(proto_room_opened_write(request->id, &opened, &s->fx->bytes));
    fx_send(s->fx, c->id, at);
    log_open(s, c, room);
    return SOTTO_OK;
}
