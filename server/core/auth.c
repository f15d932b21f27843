/* The signature was checked by the loop (core_precheck): here it counts whether the key is this device's. */
#include "base/ct.h"
#include "core/state.h"

sotto_err auth_read(view body, union request_body *ret_body)
{
    return proto_auth_read(body, &ret_body->auth);
}

/* One answer for unknown, revoked and disabled ones, and for another key. Nobody guesses a key: who has failed too often is held up for what
 * it costs us, and nobody who has the right key, since others may come from the same address. */
static sotto_err denied(struct step *s, const struct connection *c)
{
    TRY(step_limit(s, RATE_LOGIN, c->origin->number, 0, 1,
                   "too many failed sign-ins from your address"));
    step_take(s, RATE_LOGIN, c->origin->number, 0, 1);
    return step_refuse(s, SOTTO_E_DENIED, 0,
                       "this server knows no such account and device, or not with this key; it may "
                       "have been revoked");
}

static sotto_err answer(struct step *s, const struct request *request, const struct device *device)
{
    struct proto_auth_ok ok = {
        .highest_op = device->streams.highest_op,
        .list_number = device->account->list_number,
        .key_packages = (uint32_t)(device->package_next - device->package_first),
        .last_resort = device->last_resort,
        .time_s = step_wall_ms(s) / 1000,
        .sending_frames = ANSWERS_MAX,
    };
    memcpy(ok.inbox, device->streams.inbox_id, sizeof ok.inbox);
    memcpy(ok.list_hash, device->account->list_hash, sizeof ok.list_hash);
    size_t at = s->fx->bytes.len;
    TRY(proto_auth_ok_write(request->id, &ok, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}

/* For the end of the session elsewhere, if there is one, and the answer: once that has ended nothing fails any more. */
static sotto_err reserve(struct step *s, const struct connection *elsewhere)
{
    size_t rooms = elsewhere != NULL ? elsewhere->room_count : 0;
    return fx_reserve(s->fx, 2 * STEP_EFFECTS + rooms * ROOM_END_EFFECTS,
                      2 * STEP_BYTES + rooms * ROOM_END_BYTES);
}

sotto_err auth_on(struct step *s, const struct request *request)
{
    const struct proto_auth *auth = &request->body.auth;
    struct connection *c = request->from;
    struct device *device = NULL;
    sotto_err err = device_find(s, auth->account_id, auth->device_id, &device);
    if (err == SOTTO_E_NOTFOUND)
        return denied(s, c);
    TRY(err);
    if (!ct_equal(VIEW_OF(auth->public_key), VIEW_OF(device->public_key)))
        return denied(s, c);
    if (device->session == NULL)
        TRY(step_pressure(s, CORE_PRESSURE_SESSIONS));
    if (device->session == NULL &&
        limit_reached(device->account->sessions, s->core->config.limits.sessions_per_account))
        return step_bound(s, BOUND_SESSIONS, SOTTO_E_FULL,
                          "as many devices of this account are signed in as may be");
    TRY(device_streams_load(s, device));
    TRY(reserve(s, device->session));
    TRY(device_sign_out(s, device, SOTTO_E_CLOSED, "signed in elsewhere"));
    TRY(answer(s, request, device));
    connection_sign_in(s, c, device);
    return SOTTO_OK;
}
