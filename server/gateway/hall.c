/* A guest's name is 16 random bytes in hexadecimal; the one of its session is a secret, since over polling it is all that a request
 * shows. `out` is bounded: over output_bytes who fills it is held up (hall_wait_ms()), and what still comes then is bounded by one
 * payload, each of whose packets grows to at most GROWTH times its size. */
#include "gateway/hall.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ct.h"
#include "base/text.h"
#include "gateway/hall_event.h"
#include "socketio/socketio.h"

#define NAME_BYTES 16
#define GROWTH     16   /* an event of one letter that comes back as a refusal, in words */
#define HOLD_MS    100  /* until the next look at a slow reader */
#define LINGER_MS  5000 /* for the last words to be fetched */
#define NEVER_MS   1000000000
#define BINARY     "binary data is not passed on here: send text, such as hexadecimal digits"

struct hall hall_of(const struct limits *limits, const uint8_t seed[RNG_SEED])
{
    return (struct hall){.limits = limits, .rng = rng_from(seed)};
}

void hall_clear(struct hall *hall)
{
    while (hall->guests != NULL)
        hall_forget(hall, hall->guests);
    rng_clear(&hall->rng);
}

size_t hall_payload_max(const struct hall *hall)
{
    uint64_t limit = hall->limits->gateway_payload_bytes;
    return limit > 0 ? (size_t)limit : HALL_PAYLOAD_MAX;
}

/* ---- guests */

static sotto_err name_make(struct hall *hall, char ret_name[ENGINEIO_SID + 1])
{
    uint8_t bytes[NAME_BYTES], text[2 * NAME_BYTES];
    sotto_buf out = BUF_ON(text);
    rng_bytes(&hall->rng, bytes, sizeof bytes);
    TRY(hex_write(VIEW_OF(bytes), &out));
    memcpy(ret_name, text, sizeof text);
    ret_name[sizeof text] = 0;
    return SOTTO_OK;
}

void hall_touch(struct hall *hall, struct guest *guest)
{
    if (guest->changed)
        return;
    guest->changed = true;
    guest->changed_next = hall->changed;
    hall->changed = guest;
}

struct guest *hall_changed_next(struct hall *hall)
{
    struct guest *guest = hall->changed;
    if (guest == NULL)
        return NULL;
    hall->changed = guest->changed_next;
    guest->changed_next = NULL;
    guest->changed = false;
    return guest;
}

/* Clients know no "never": this is as long as their timers go, for both together. */
static uint64_t told_ms(uint64_t limit_ms)
{
    return limit_ms > 0 && limit_ms < NEVER_MS ? limit_ms : NEVER_MS;
}

static sotto_err open_say(struct hall *hall, struct guest *guest, bool websocket)
{
    DEFER(buf_clear) sotto_buf data = {0};
    struct engineio_open open = {.upgrade = !websocket,
                                 .ping_ms = told_ms(hall->limits->gateway_ping_ms),
                                 .pong_ms = told_ms(hall->limits->gateway_pong_ms),
                                 .payload_max = hall_payload_max(hall)};
    memcpy(open.sid, guest->sid, sizeof open.sid);
    TRY(engineio_open_write(&open, &data));
    return engineio_payload_add(ENGINEIO_OPEN, buf_view(&data), &guest->out);
}

static uint64_t after(uint64_t since_ms, uint64_t limit_ms)
{
    return limit_ms == 0 ? UINT64_MAX : since_ms + limit_ms;
}

sotto_err hall_enter(struct hall *hall, view room, bool websocket, uint64_t now_ms,
                     struct guest **ret_guest)
{
    if (hall->limits->gateway_sessions > 0 && hall->count >= hall->limits->gateway_sessions)
        return SOTTO_E_FULL;
    struct guest *guest = calloc(1, sizeof *guest);
    if (guest == NULL)
        return SOTTO_E_NOMEM;
    sotto_err err = name_make(hall, guest->sid);
    if (err == SOTTO_OK)
        err = name_make(hall, guest->id);
    if (err == SOTTO_OK)
        err = open_say(hall, guest, websocket);
    if (err != SOTTO_OK) {
        free(guest);
        return err;
    }
    if (room.len > 0)
        memcpy(guest->asked, room.data, size_min(room.len, ENGINEIO_ROOM));
    guest->heard_ms = now_ms;
    guest->ping_ms = after(now_ms, hall->limits->gateway_ping_ms);
    guest->next = hall->guests;
    guest->here = &hall->guests;
    if (guest->next != NULL)
        guest->next->here = &guest->next;
    hall->guests = guest;
    hall->count++;
    hall_touch(hall, guest);
    *ret_guest = guest;
    return SOTTO_OK;
}

struct guest *hall_find(const struct hall *hall, view sid)
{
    struct guest *found = NULL;
    for (struct guest *g = hall->guests; g != NULL; g = g->next)
        if (ct_equal(sid, view_of(g->sid, ENGINEIO_SID)))
            found = g;
    return found;
}

void hall_forget(struct hall *hall, struct guest *guest)
{
    if (!guest->ended)
        hall_end(hall, guest, NULL, 0);
    for (struct guest **at = &hall->changed; *at != NULL; at = &(*at)->changed_next)
        if (*at == guest) {
            *at = guest->changed_next;
            break;
        }
    *guest->here = guest->next;
    if (guest->next != NULL)
        guest->next->here = guest->here;
    buf_clear(&guest->out);
    free(guest);
}

/* ---- what a guest is to get */

/* Over this a guest's packets are no longer kept: it reads nothing, and what holds up those who write to it came too late. */
static size_t out_most(const struct hall *hall)
{
    const struct limits *l = hall->limits;
    if (l->gateway_output_bytes == 0 || l->gateway_payload_bytes == 0)
        return SIZE_MAX;
    return (size_t)(l->gateway_output_bytes + GROWTH * l->gateway_payload_bytes);
}

void hall_packet(struct hall *hall, struct guest *guest, enum engineio_type type, view data)
{
    if (guest->ended)
        return;
    hall_touch(hall, guest);
    if (guest->out.len + data.len < out_most(hall) &&
        engineio_payload_add(type, data, &guest->out) == SOTTO_OK)
        return;
    buf_clear(&guest->out);
    hall_end(hall, guest, "too much waits that you did not read", guest->heard_ms);
}

/* ---- the end */

/* Whatever came before is still to be read; without memory for the last words the end alone has to do. Who is connected closes the
 * session after DISCONNECT; a CLOSE in the same payload would make the client throw away what it has not shown yet. */
static void last_words(struct hall *hall, struct guest *guest)
{
    if (guest->room == NULL) {
        hall_packet(hall, guest, ENGINEIO_CLOSE, (view){0});
        return;
    }
    hall_refuse(hall, guest, guest->why);
    if (!guest->welcome)
        hall_packet(hall, guest, ENGINEIO_MESSAGE, VIEW_LIT("1")); /* DISCONNECT */
}

static void end(struct hall *hall, struct guest *guest, const char *why, bool welcome,
                uint64_t now_ms)
{
    if (guest->ended || guest->ending)
        return;
    guest->ending = true;
    guest->welcome = welcome;
    if (why != NULL) {
        snprintf(guest->why, sizeof guest->why, "%s", why);
        last_words(hall, guest);
    } else {
        buf_clear(&guest->out);
    }
    hall_room_leave(hall, guest);
    guest->ended = true;
    guest->ended_ms = now_ms;
    hall->count--;
    hall_touch(hall, guest);
}

void hall_end(struct hall *hall, struct guest *guest, const char *why, uint64_t now_ms)
{
    end(hall, guest, why, false, now_ms);
}

void hall_break(struct hall *hall, struct guest *guest, const char *why, uint64_t now_ms)
{
    end(hall, guest, why, true, now_ms);
}

__attribute__((format(printf, 4, 5))) static void break_off(struct hall *hall, struct guest *guest,
                                                            uint64_t now_ms, const char *format,
                                                            ...)
{
    char why[HALL_WHY];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    hall_end(hall, guest, why, now_ms);
}

/* ---- what a guest says */

static void message_take(struct hall *hall, struct guest *guest, view data, uint64_t now_ms)
{
    struct socketio_packet packet;
    sotto_err err = socketio_read(data, &packet);
    guest->heard_ms = now_ms;
    switch (err) {
    case SOTTO_OK:
        err = hall_event(hall, guest, &packet);
        if (err != SOTTO_OK)
            break_off(hall, guest, now_ms, "packet of Socket.IO refused: %s", sotto_err_text(err));
        break;
    case SOTTO_E_UNSUPPORTED:
        break_off(hall, guest, now_ms, BINARY);
        break;
    case SOTTO_E_TOO_LARGE:
        break_off(hall, guest, now_ms,
                  "a number has more than 64 bits, or an event's name more than %d bytes: send a "
                  "string",
                  SOCKETIO_NAME);
        break;
    default:
        break_off(hall, guest, now_ms, "not a packet of Socket.IO (protocol 5, JSON)");
        break;
    }
}

static void pong_take(struct hall *hall, struct guest *guest, uint64_t now_ms)
{
    guest->pong_ms = 0;
    guest->ping_ms = after(now_ms, hall->limits->gateway_ping_ms);
}

static struct bucket_rate events_rate(const struct hall *hall)
{
    return (struct bucket_rate){hall->limits->gateway_events_per_s, 1000,
                                hall->limits->gateway_events};
}

static struct bucket_rate bytes_rate(const struct hall *hall)
{
    return (struct bucket_rate){hall->limits->gateway_bytes_per_s, 1000,
                                hall->limits->gateway_burst_bytes};
}

static void packet_take(struct hall *hall, struct guest *guest,
                        const struct engineio_packet *packet, uint64_t now_ms)
{
    const struct bucket_rate events = events_rate(hall), bytes = bytes_rate(hall);
    bucket_take(&guest->events, &events, 1, now_ms);
    bucket_take(&guest->bytes, &bytes, packet->data.len + 1, now_ms);
    switch (packet->type) {
    case ENGINEIO_MESSAGE:
        message_take(hall, guest, packet->data, now_ms);
        break;
    case ENGINEIO_PONG:
        pong_take(hall, guest, now_ms);
        break;
    case ENGINEIO_CLOSE:
        hall_end(hall, guest, NULL, now_ms);
        break;
    default:
        break_off(hall, guest, now_ms, "a packet of Engine.IO that does not belong here");
        break;
    }
}

static void packet_refuse(struct hall *hall, struct guest *guest, sotto_err err, uint64_t now_ms)
{
    break_off(hall, guest, now_ms, "%s",
              err == SOTTO_E_UNSUPPORTED ? BINARY : "not a packet of Engine.IO (protocol 4)");
}

bool hall_take(struct hall *hall, struct guest *guest, view text, bool many, uint64_t now_ms)
{
    struct engineio_packet packet;
    do {
        sotto_err err =
            many ? engineio_payload_next(&text, &packet) : engineio_packet_read(text, &packet);
        if (err != SOTTO_OK) {
            packet_refuse(hall, guest, err, now_ms);
            return false;
        }
        packet_take(hall, guest, &packet, now_ms);
    } while (many && text.len > 0 && !guest->ended);
    return true;
}

uint64_t hall_wait_ms(const struct hall *hall, const struct guest *guest, uint64_t now_ms)
{
    const struct bucket_rate events = events_rate(hall), bytes = bytes_rate(hall);
    const struct guest *other = hall_other(guest);
    uint64_t most = hall->limits->gateway_output_bytes;
    if (guest->ended)
        return 0;
    if (most > 0 && (guest->out.len > most || (other != NULL && other->out.len > most)))
        return HOLD_MS;
    uint64_t a = bucket_wait_ms(&guest->events, &events, 1, now_ms);
    uint64_t b = bucket_wait_ms(&guest->bytes, &bytes, 1, now_ms);
    return a > b ? a : b;
}

/* ---- time */

void hall_moved(struct hall *hall, struct guest *guest, uint64_t now_ms)
{
    if (guest->pong_ms > 0)
        guest->pong_ms = after(now_ms, hall->limits->gateway_pong_ms);
    hall_touch(hall, guest);
}

void hall_ping(struct hall *hall, struct guest *guest, uint64_t now_ms)
{
    if (guest->pong_ms > 0)
        return;
    guest->pong_ms = after(now_ms, hall->limits->gateway_pong_ms);
    hall_packet(hall, guest, ENGINEIO_PING, (view){0});
}

/* Who neither listens nor answers is gone, and what comes later from there is another try. */
static void silence_end(struct hall *hall, struct guest *guest, uint64_t now_ms)
{
    bool listens = guest->socket != NULL || guest->poll != NULL;
    hall_break(hall, guest, "no answer came to a ping", now_ms);
    if (!listens)
        buf_clear(&guest->out);
}

static void guest_tick(struct hall *hall, struct guest *guest, uint64_t now_ms)
{
    if (guest->ended) {
        if (guest->ended_ms + LINGER_MS <= now_ms) {
            buf_clear(&guest->out);
            hall_touch(hall, guest);
        }
    } else if (guest->room == NULL && !guest->knocks &&
               after(guest->heard_ms, hall->limits->gateway_connect_ms) <= now_ms) {
        hall_end(hall, guest, "no connection to the namespace / came in time", now_ms);
    } else if (guest->pong_ms > 0 && guest->pong_ms <= now_ms) {
        silence_end(hall, guest, now_ms);
    } else if (after(guest->heard_ms, hall->limits->gateway_idle_ms) <= now_ms) {
        hall_end(hall, guest, "nothing came from you for too long", now_ms);
    } else if (guest->ping_ms <= now_ms) {
        hall_ping(hall, guest, now_ms);
    }
}

void hall_tick(struct hall *hall, uint64_t now_ms)
{
    for (struct guest *g = hall->guests; g != NULL; g = g->next)
        guest_tick(hall, g, now_ms);
    for (struct guest *g = hall->guests; g != NULL; g = g->next)
        if (g->knocks && !g->ended)
            hall_knock(hall, g);
}
