#include <stdio.h>
#include <stdlib.h>

#include "core/state.h"

struct connection *connection_find(const struct core *core, uint64_t id)
{
    return map_find(&core->connections, id);
}

static void connection_say_bye(struct step *s, uint64_t id, sotto_err reason)
{
    const char *detail = s->detail[0] != '\0' ? s->detail : sotto_err_text(reason);
    struct proto_error bye = {(uint16_t)reason, s->retry_ms, view_str(detail)};
    size_t at = s->fx->bytes.len;
    fx_must(proto_bye_write(&bye, &s->fx->bytes));
    fx_send(s->fx, id, at);
    fx_close(s->fx, id);
}

/* SOTTO_OK: it may come in. */
static sotto_err connection_admit(struct step *s, const struct origin *origin)
{
    const struct limits *limits = &s->core->config.limits;
    if (s->core->stopping)
        return SOTTO_E_CLOSED;
    if (limit_reached(s->core->connections.count, limits->connections))
        return step_refuse(s, SOTTO_E_FULL, 0, "the server has as many connections as it takes");
    if (limit_reached(origin->connections, limits->connections_per_address))
        return step_refuse(s, SOTTO_E_FULL, 0, "too many connections from your address");
    return SOTTO_OK;
}

static void connection_wait_idle(struct step *s, struct connection *c)
{
    c->idle_since_ms = s->now_ms;
    list_add_last(&s->core->idle, &c->idle);
}

sotto_err connection_open(struct step *s, const struct core_event *event)
{
    struct core *core = s->core;
    if (connection_find(core, event->connection) != NULL)
        return SOTTO_E_EXISTS;
    bool admin = event->kind == CORE_OPEN_ADMIN;
    struct origin *origin = NULL;
    TRY(map_reserve(&core->connections, 1));
    if (!admin)
        TRY(origin_get(core, &event->address, s->now_ms, &origin));
    sotto_err refusal = admin ? SOTTO_OK : connection_admit(s, origin);
    if (refusal != SOTTO_OK) {
        core->counts.refused_total++;
        connection_say_bye(s, event->connection, refusal);
        return SOTTO_OK;
    }
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return SOTTO_E_NOMEM;
    c->id = event->connection;
    c->origin = origin;
    c->admin = admin;
    if (!admin)
        origin_enter(core, origin);
    map_put(&core->connections, c->id, c);
    memcpy(c->nonce, event->nonce, sizeof c->nonce);
    if (!admin)
        connection_wait_idle(s, c);
    return SOTTO_OK;
}

void connection_drop(struct step *s, struct connection *c, enum proto_room_end reason)
{
    c->leaving = true;
    while (c->seats != NULL)
        room_end(s, c->seats->room, c->seats, reason);
    if (c->device != NULL)
        connection_sign_out(s, c);
    map_take(&s->core->connections, c->id);
    if (list_holds(&s->core->asking, &c->asking))
        list_remove(&s->core->asking, &c->asking);
    if (!c->admin) {
        list_remove(&s->core->idle, &c->idle); /* signed out and without a room it is idle */
        origin_leave(s->core, c->origin, s->now_ms);
    }
    free(c);
}

void connection_end(struct step *s, struct connection *c, sotto_err reason,
                    enum proto_room_end room_reason)
{
    uint64_t id = c->id;
    connection_drop(s, c, room_reason);
    connection_say_bye(s, id, reason);
}

void connection_ask(struct core *core, struct connection *c)
{
    if (!list_holds(&core->asking, &c->asking))
        list_add_last(&core->asking, &c->asking);
}

void connections_answered(struct core *core)
{
    while (core->asking.first != NULL)
        list_remove(&core->asking, core->asking.first);
}

/* Idle connections are those that are neither signed in nor in a room. */
static bool is_settled(const struct connection *c)
{
    return c->room_count > 0 || c->device != NULL;
}

static void settle(struct step *s, struct connection *c)
{
    list_remove(&s->core->idle, &c->idle);
    fx_settled(s->fx, c->id, true);
}

static void unsettle(struct step *s, struct connection *c)
{
    connection_wait_idle(s, c);
    if (!c->leaving)
        fx_settled(s->fx, c->id, false);
}

void connection_sit(struct step *s, struct connection *c, struct seat *seat)
{
    if (!is_settled(c))
        settle(s, c);
    c->room_count++;
    seat->owner = c;
    seat->next = c->seats;
    c->seats = seat;
}

void connection_rise(struct step *s, struct seat *seat)
{
    struct connection *c = seat->owner;
    struct seat **place = &c->seats;
    while (*place != seat)
        place = &(*place)->next;
    *place = seat->next;
    seat->owner = NULL;
    c->room_count--;
    if (!is_settled(c))
        unsettle(s, c);
}

void connection_sign_in(struct step *s, struct connection *c, struct device *device)
{
    if (!is_settled(c))
        settle(s, c);
    c->device = device;
    device->session = c;
    device->account->sessions++;
    s->core->counts.sessions++;
}

void connection_sign_out(struct step *s, struct connection *c)
{
    struct device *device = c->device;
    c->device = NULL;
    device->session = NULL;
    device->account->sessions--;
    s->core->counts.sessions--;
    device_streams_leave(s->core, device);
    device_release(s->core, device);
    if (!is_settled(c))
        unsettle(s, c);
}

struct seat *connection_seat(const struct connection *c, uint32_t slot)
{
    struct seat *seat = c->seats;
    while (seat != NULL && seat->room->slot->number != slot)
        seat = seat->next;
    return seat;
}
