#include <assert.h>

#include "core/state.h"

sotto_err room_join_read(view body, union request_body *ret_body)
{
    return proto_room_join_read(body, &ret_body->room_join);
}

/* A number where no room is is a guess, too: it is paid for like a wrong code, else rooms could be searched for. */
static sotto_err refuse_unknown(struct step *s, struct connection *c, uint8_t kind)
{
    if (kind == ROOM_SESSION)
        bucket_take(&c->origin->wrong, &s->core->wrong_rate, 1, s->now_ms);
    return step_refuse(s, SOTTO_E_NOTFOUND, 0, "no room of this number is open");
}

static sotto_err check_guesses(struct step *s, const struct connection *c, uint8_t kind)
{
    if (kind != ROOM_SESSION)
        return SOTTO_OK;
    uint64_t wait_ms = bucket_wait_ms(&c->origin->wrong, &s->core->wrong_rate, 1, s->now_ms);
    return wait_ms == 0 ? SOTTO_OK
                        : step_slow_down(s, RATE_WRONG_CODE, wait_ms,
                                         "too many wrong codes from your address");
}

/* The room of this kind and number, with a seat free for this connection. */
static sotto_err find_room(struct step *s, struct connection *c, const struct proto_room_join *join,
                           struct room **ret_room)
{
    struct slot *slot = slot_find(s->core, join->slot, s->now_ms);
    if (slot == NULL || slot->kind != join->kind)
        return refuse_unknown(s, c, join->kind);
    struct room *room = slot->room;
    if (room == NULL)
        return (sotto_err)slot->verdict;
    if (connection_seat(c, join->slot) != NULL)
        return step_refuse(s, SOTTO_E_EXISTS, 0, "you are in this room already");
    if (room->seats[SEAT_JOINER].owner != NULL)
        return SOTTO_E_TAKEN;
    *ret_room = room;
    return SOTTO_OK;
}

static void answer_joined(struct step *s, const struct request *request, const struct room *room)
{
    struct proto_room_joined joined = {room->slot->number, view_of(room->suite, room->suite_len)};
    size_t at = s->fx->bytes.len;
    fx_must(proto_room_joined_write(request->id, &joined, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
}

static void tell_creator(struct step *s, const struct room *room)
{
    size_t at = s->fx->bytes.len;
    fx_must(proto_room_peer_write(room->slot->number, &s->fx->bytes));
    fx_send(s->fx, room->seats[SEAT_CREATOR].owner->id, at);
}

sotto_err room_on_join(struct step *s, const struct request *request)
{
    struct connection *c = request->from;
    const struct proto_room_join *join = &request->body.room_join;
    struct room *room = NULL;
    if (limit_reached(c->room_count, s->core->config.limits.rooms_per_connection))
        return step_bound(s, BOUND_ROOMS_OF_CONNECTION, SOTTO_E_FULL,
                          "this connection is in as many rooms as it may be");
    TRY(check_guesses(s, c, join->kind));
    TRY(find_room(s, c, join, &room));
    assert(room != NULL); /* a slot's verdict is never SOTTO_OK */
    room_join(s, room, c);
    answer_joined(s, request, room);
    tell_creator(s, room);
    fx_log(s->fx, "room", c->id, "peer joined %u", room->slot->number);
    return SOTTO_OK;
}
