/* A room has one or two guests, the first of whom came first; with its last guest it goes away. When the second comes, both are told
 * of each other and get KEY_EXCHANGE. From then on events pass between them as the bytes that came. Three of them arrive under a second name too,
 * since that is what clients that were written for other teaching servers wait for. */
#include "gateway/hall_event.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SEATS    2
#define TEXT_MAX 512 /* bytes of a packet of our own */

struct room {
    struct room *next;
    char name[ENGINEIO_ROOM + 1];
    struct guest *guests[SEATS]; /* NULL only behind the last */
};

/* What the gateway itself says, or the client libraries do to themselves: nobody else may. */
static const char *const own_events[] = {
    "KEY_EXCHANGE", "PEER_CONNECTED", "PEER_DISCONNECTED", "REFUSED",     "connect",
    "disconnect",   "disconnecting",  "connect_error",     "newListener", "removeListener"};

static const struct {
    const char *event, *second;
} second_names[] = {
    {"ELGAMAL_PK", "ELGAMAL_PK_BC"},
    {"DEFF_HELLMAN_PK", "DEFF_HELLMAN_PK_BC"},
    {"message", "received_message"},
};

/* ---- saying */

static void say(struct hall *hall, struct guest *guest, const sotto_buf *packet, sotto_err err)
{
    if (err == SOTTO_OK)
        hall_packet(hall, guest, ENGINEIO_MESSAGE, buf_view(packet));
    else
        hall_break(hall, guest, "out of memory", guest->heard_ms);
}

/* An event with one object, whose values need no escapes. */
__attribute__((format(printf, 4, 5))) static void say_event(struct hall *hall, struct guest *guest,
                                                            const char *event, const char *format,
                                                            ...)
{
    DEFER(buf_clear) sotto_buf packet = {0};
    char text[TEXT_MAX] = ",";
    va_list args;
    va_start(args, format);
    vsnprintf(text + 1, sizeof text - 1, format, args);
    va_end(args);
    sotto_err err = socketio_event_write(event, view_str(text), &packet);
    say(hall, guest, &packet, err);
}

void hall_refuse(struct hall *hall, struct guest *guest, const char *why)
{
    say_event(hall, guest, "REFUSED", "{\"message\":\"%s\"}", why);
}

/* An answer to who asked for one. */
static void acknowledge(struct hall *hall, struct guest *guest,
                        const struct socketio_packet *packet, const char *data)
{
    DEFER(buf_clear) sotto_buf answer = {0};
    if (!packet->has_id)
        return;
    sotto_err err = socketio_write(SOCKETIO_ACK, (view){0}, &packet->id, view_str(data), &answer);
    say(hall, guest, &answer, err);
}

/* ---- rooms */

static struct room *room_find(const struct hall *hall, const char *name)
{
    struct room *room = hall->rooms;
    while (room != NULL && strcmp(room->name, name) != 0)
        room = room->next;
    return room;
}

static sotto_err room_get(struct hall *hall, const char *name, struct room **ret_room)
{
    struct room *room = room_find(hall, name);
    if (room == NULL) {
        room = calloc(1, sizeof *room);
        if (room == NULL)
            return SOTTO_E_NOMEM;
        snprintf(room->name, sizeof room->name, "%s", name);
        room->next = hall->rooms;
        hall->rooms = room;
    }
    *ret_room = room;
    return SOTTO_OK;
}

static bool room_is_full(const struct room *room)
{
    return room != NULL && room->guests[SEATS - 1] != NULL;
}

static void room_drop(struct hall *hall, struct room *room)
{
    struct room **at = &hall->rooms;
    while (*at != room)
        at = &(*at)->next;
    *at = room->next;
    free(room);
}

struct guest *hall_other(const struct guest *guest)
{
    if (guest->room == NULL)
        return NULL;
    return guest->room->guests[0] == guest ? guest->room->guests[1] : guest->room->guests[0];
}

void hall_room_leave(struct hall *hall, struct guest *guest)
{
    struct room *room = guest->room;
    struct guest *other = hall_other(guest);
    guest->room = NULL;
    if (room == NULL)
        return;
    room->guests[0] = other;
    room->guests[1] = NULL;
    if (other == NULL)
        room_drop(hall, room);
    else
        say_event(hall, other, "PEER_DISCONNECTED", "{\"room\":\"%s\",\"id\":\"%s\"}", room->name,
                  guest->id);
}

/* Who came second dials, as in `sotto lab join`. */
static void pair_up(struct hall *hall, struct room *room)
{
    static const char *const roles[SEATS] = {"listener", "dialer"};
    struct guest *guests[SEATS] = {room->guests[0], room->guests[1]};
    char name[ENGINEIO_ROOM + 1];
    memcpy(name, room->name, sizeof name);
    for (size_t i = 0; i < SEATS; i++)
        say_event(hall, guests[i], "PEER_CONNECTED", "{\"room\":\"%s\",\"id\":\"%s\"}", name,
                  guests[SEATS - 1 - i]->id);
    for (size_t i = 0; i < SEATS; i++)
        say_event(hall, guests[i], "KEY_EXCHANGE", "{\"room\":\"%s\",\"role\":\"%s\"}", name,
                  roles[i]);
}

/* There is a seat. */
static sotto_err room_join(struct hall *hall, struct guest *guest, const char *name)
{
    struct room *room = NULL;
    hall_room_leave(hall, guest);
    TRY(room_get(hall, name, &room));
    bool second = room->guests[0] != NULL;
    room->guests[second ? 1 : 0] = guest;
    guest->room = room;
    if (second)
        pair_up(hall, room);
    return SOTTO_OK;
}

/* ---- connecting */

static void connect_refuse(struct hall *hall, struct guest *guest, view space, const char *why)
{
    DEFER(buf_clear) sotto_buf packet = {0};
    char data[TEXT_MAX];
    snprintf(data, sizeof data, "{\"message\":\"%s\"}", why);
    sotto_err err = socketio_write(SOCKETIO_CONNECT_ERROR, space, NULL, view_str(data), &packet);
    say(hall, guest, &packet, err);
}

static const char *room_asked(const struct guest *guest)
{
    return guest->asked[0] != 0 ? guest->asked : HALL_ROOM_USUAL;
}

static void full_refuse(struct hall *hall, struct guest *guest)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "the room %s is full: two are in it; name another one",
             room_asked(guest));
    connect_refuse(hall, guest, VIEW_LIT("/"), text);
}

static sotto_err seat_take(struct hall *hall, struct guest *guest)
{
    DEFER(buf_clear) sotto_buf answer = {0};
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "{\"sid\":\"%s\"}", guest->id);
    TRY(socketio_write(SOCKETIO_CONNECT, (view){0}, NULL, view_str(text), &answer));
    hall_packet(hall, guest, ENGINEIO_MESSAGE, buf_view(&answer));
    return guest->ended ? SOTTO_OK : room_join(hall, guest, room_asked(guest));
}

/* One of the two may be gone, and this one be who comes back: a client stays away for good when it is refused. So they are asked first. */
static void knock_begin(struct hall *hall, struct guest *guest, const struct room *room)
{
    if (hall->limits->gateway_pong_ms == 0) { /* nobody is ever missed */
        full_refuse(hall, guest);
        return;
    }
    guest->knocks = true;
    for (size_t i = 0; i < SEATS; i++)
        hall_ping(hall, room->guests[i], guest->heard_ms);
}

void hall_knock(struct hall *hall, struct guest *guest)
{
    const struct room *room = room_find(hall, room_asked(guest));
    bool full = room_is_full(room);
    for (size_t i = 0; i < SEATS && full; i++)
        if (room->guests[i]->pong_ms > 0)
            return;
    guest->knocks = false;
    if (full)
        full_refuse(hall, guest);
    else if (seat_take(hall, guest) != SOTTO_OK)
        hall_break(hall, guest, "out of memory", guest->heard_ms);
}

static sotto_err connect_take(struct hall *hall, struct guest *guest,
                              const struct socketio_packet *packet)
{
    if (!view_equal(packet->space, VIEW_LIT("/"))) {
        connect_refuse(hall, guest, packet->space, "there is no namespace here but /");
        return SOTTO_OK;
    }
    if (guest->room != NULL || guest->knocks)
        return SOTTO_E_UNEXPECTED;
    const struct room *room = room_find(hall, room_asked(guest));
    if (!room_is_full(room))
        return seat_take(hall, guest);
    knock_begin(hall, guest, room);
    return SOTTO_OK;
}

/* ---- events */

/* Gives the reason, or NULL when the guest sits in the room now. */
static const char *join_refusal(struct hall *hall, struct guest *guest,
                                const struct socketio_packet *packet, sotto_err *ret_err)
{
    DEFER(buf_clear) sotto_buf text = {0};
    char name[ENGINEIO_ROOM + 1] = "";
    *ret_err = socketio_string(packet->data, 0, NULL, &text);
    if (*ret_err == SOTTO_E_NOMEM)
        return NULL;
    if (*ret_err != SOTTO_OK || !engineio_room_valid(buf_view(&text))) {
        *ret_err = SOTTO_OK;
        return "join takes the name of a room: up to 64 letters, digits, dots, dashes, underscores";
    }
    memcpy(name, text.data, text.len);
    struct room *room = room_find(hall, name);
    if (room != NULL && room == guest->room)
        return NULL;
    if (room_is_full(room))
        return "this room is full: two are in it";
    *ret_err = room_join(hall, guest, name);
    return NULL;
}

static sotto_err join_take(struct hall *hall, struct guest *guest,
                           const struct socketio_packet *packet)
{
    sotto_err err;
    const char *why = join_refusal(hall, guest, packet, &err);
    TRY(err);
    if (why != NULL)
        hall_refuse(hall, guest, why);
    acknowledge(hall, guest, packet, why == NULL ? "[{\"ok\":true}]" : "[{\"ok\":false}]");
    return SOTTO_OK;
}

static bool is_own(const char *event)
{
    for (size_t i = 0; i < COUNT_OF(own_events); i++)
        if (strcmp(event, own_events[i]) == 0)
            return true;
    return false;
}

static sotto_err pass_on(struct hall *hall, struct guest *other,
                         const struct socketio_packet *packet)
{
    DEFER(buf_clear) sotto_buf copy = {0};
    TRY(socketio_write(SOCKETIO_EVENT, (view){0}, NULL, packet->data, &copy));
    hall_packet(hall, other, ENGINEIO_MESSAGE, buf_view(&copy));
    for (size_t i = 0; i < COUNT_OF(second_names); i++) {
        if (strcmp(packet->event, second_names[i].event) != 0)
            continue;
        buf_reset(&copy);
        TRY(socketio_event_write(second_names[i].second, packet->arguments, &copy));
        hall_packet(hall, other, ENGINEIO_MESSAGE, buf_view(&copy));
    }
    return SOTTO_OK;
}

static sotto_err event_take(struct hall *hall, struct guest *guest,
                            const struct socketio_packet *packet)
{
    struct guest *other = hall_other(guest);
    if (strcmp(packet->event, "join") == 0)
        return join_take(hall, guest, packet);
    if (is_own(packet->event))
        hall_refuse(hall, guest, "an event of this name is the gateway's own");
    else if (other == NULL)
        hall_refuse(hall, guest, "nobody else is in the room: this was not passed on");
    else
        TRY(pass_on(hall, other, packet));
    bool passed = other != NULL && !is_own(packet->event);
    acknowledge(hall, guest, packet, passed ? "[{\"ok\":true}]" : "[{\"ok\":false}]");
    return SOTTO_OK;
}

sotto_err hall_event(struct hall *hall, struct guest *guest, const struct socketio_packet *packet)
{
    if (packet->type == SOCKETIO_CONNECT)
        return connect_take(hall, guest, packet);
    if (guest->room == NULL || !view_equal(packet->space, VIEW_LIT("/")))
        return SOTTO_E_UNEXPECTED;
    switch (packet->type) {
    case SOCKETIO_EVENT:
        return event_take(hall, guest, packet);
    case SOCKETIO_DISCONNECT: /* the session may connect again */
        hall_room_leave(hall, guest);
        return SOTTO_OK;
    default:
        return SOTTO_E_UNEXPECTED;
    }
}
