/* The life of a room:
 *
 *     opened --join--> joined --both confirm--> confirmed
 *        |                |                         |
 *        +-- time, close, a connection ends, stop --+--> ended; the slot rests
 *
 * A code is a guess at somebody's words, so joining a session is paid for: it takes one from the joiner's address, which gets it
 * back when both have confirmed, or when the room ends before that without the joiner's doing. What stays taken is a wrong code.
 * Paying first means that many joins at once are no way round the limit. */
#include <assert.h>
#include <stdlib.h>

#include "core/state.h"

_Static_assert(SOTTO_E_TAKEN <= UINT8_MAX && SOTTO_E_EXPIRED <= UINT8_MAX &&
                   SOTTO_E_NOTFOUND <= UINT8_MAX,
               "slot.verdict holds each");

sotto_err room_new(struct step *s, struct connection *creator, const struct proto_room_open *open,
                   struct room **ret_room)
{
    assert(open->suite.len <= PROTO_SUITE_MAX);
    struct room *room = calloc(1, sizeof *room);
    if (room == NULL)
        return SOTTO_E_NOMEM;
    sotto_err err = slot_new(s, open->kind, &room->slot);
    if (err != SOTTO_OK) {
        free(room);
        return err;
    }
    for (size_t i = 0; i < SEAT_COUNT; i++)
        room->seats[i].room = room;
    room->slot->room = room;
    room->opened_ms = s->now_ms;
    room->kind = open->kind;
    room->suite_len = (uint8_t)open->suite.len;
    if (open->suite.len > 0)
        memcpy(room->suite, open->suite.data, open->suite.len);
    list_add_last(&s->core->waiting, &room->waiting);
    list_add_last(&s->core->living, &room->living);
    s->core->counts.rooms_open++;
    s->core->counts.rooms_total++;
    creator->origin->rooms++;
    connection_sit(s, creator, &room->seats[SEAT_CREATOR]);
    *ret_room = room;
    return SOTTO_OK;
}

static bool room_is_joined(const struct room *room)
{
    return room->seats[SEAT_JOINER].owner != NULL;
}

static bool room_is_confirmed(const struct room *room)
{
    return room->seats[SEAT_CREATOR].confirmed && room->seats[SEAT_JOINER].confirmed;
}

struct seat *room_across(const struct seat *seat)
{
    struct seat *seats = seat->room->seats;
    return seat == &seats[SEAT_CREATOR] ? &seats[SEAT_JOINER] : &seats[SEAT_CREATOR];
}

void room_join(struct step *s, struct room *room, struct connection *joiner)
{
    list_remove(&s->core->waiting, &room->waiting);
    connection_sit(s, joiner, &room->seats[SEAT_JOINER]);
    if (room->kind == ROOM_SESSION)
        bucket_take(&joiner->origin->wrong, &s->core->wrong_rate, 1, s->now_ms);
}

static void room_give_guess_back(struct step *s, struct room *room)
{
    struct origin *origin = room->seats[SEAT_JOINER].owner->origin;
    bucket_give(&origin->wrong, &s->core->wrong_rate, 1, s->now_ms);
}

void room_confirm(struct step *s, struct seat *seat)
{
    struct room *room = seat->room;
    if (seat->confirmed)
        return;
    seat->confirmed = true;
    if (!room_is_confirmed(room))
        return;
    if (room->kind == ROOM_SESSION)
        room_give_guess_back(s, room);
    fx_log(s->fx, "room", seat->owner->id, "confirmed %u", room->slot->number);
}

/* What becomes of the joiner's guess when a room ends before both have confirmed. */
static void room_settle_guess(struct step *s, struct room *room, const struct seat *leaver,
                              enum proto_room_end reason)
{
    if (room->kind != ROOM_SESSION || !room_is_joined(room) || room_is_confirmed(room))
        return;
    if (reason == ROOM_END_CODE || leaver == &room->seats[SEAT_JOINER])
        s->core->counts.code_failures_total++;
    else
        room_give_guess_back(s, room);
}

static void room_tell_end(struct step *s, const struct room *room, const struct seat *seat,
                          enum proto_room_end reason)
{
    struct proto_room_end_msg end = {room->slot->number, (uint8_t)reason};
    size_t at = s->fx->bytes.len;
    fx_must(proto_room_closed_write(&end, &s->fx->bytes));
    fx_send(s->fx, seat->owner->id, at);
}

static sotto_err room_verdict(const struct room *room, enum proto_room_end reason)
{
    if (room_is_joined(room))
        return SOTTO_E_TAKEN;
    return reason == ROOM_END_EXPIRED ? SOTTO_E_EXPIRED : SOTTO_E_NOTFOUND;
}

static void end(struct step *s, struct room *room, const struct seat *leaver,
                enum proto_room_end reason)
{
    sotto_err verdict = room_verdict(room, reason);
    room_settle_guess(s, room, leaver, reason);
    room->seats[SEAT_CREATOR].owner->origin->rooms--;
    if (list_holds(&s->core->waiting, &room->waiting))
        list_remove(&s->core->waiting, &room->waiting);
    list_remove(&s->core->living, &room->living);
    fx_log(s->fx, "room", leaver != NULL ? leaver->owner->id : 0, "closed %u", room->slot->number);
    for (size_t i = 0; i < SEAT_COUNT; i++) {
        struct seat *seat = &room->seats[i];
        if (seat->owner == NULL)
            continue;
        if (seat != leaver)
            room_tell_end(s, room, seat, reason);
        connection_rise(s, seat);
    }
    slot_rest(s->core, room->slot, verdict, s->now_ms);
    s->core->counts.rooms_open--;
    free(room);
}

/* Rooms are not stored: this one has ended even if what ended it is undone. Who asked for that is not held up by who sits here. */
void room_end(struct step *s, struct room *room, const struct seat *leaver,
              enum proto_room_end reason)
{
    struct core_effects *fx = s->fx;
    const bool held = fx->held;
    const uint64_t source = fx->source;
    fx->held = false;
    fx->source = held ? 0 : source;
    end(s, room, leaver, reason);
    fx->held = held;
    fx->source = source;
}
