/* Every request is a row: who may ask, what it costs, how its body is read, what it does. Costs are taken from a bucket of the
 * connection; one that asks more than its bucket holds is not refused but read from more slowly (CORE_PAUSE). What was refused
 * costs at least 1, so that refusals are no cheaper than requests. What is looked up in vain costs eighths of 1, which add up. */
#include <stdarg.h>
#include <stdio.h>

#include "core/state.h"

enum { CHANGES, READS };

static const struct request_row rows[] = {
    /* clang-format off */
    /* kind                    may ask     cost  does     body                      by */
    {PROTO_ROOM_OPEN,          ROOMS,      5,    CHANGES, room_open_read,           room_on_open},
    {PROTO_ROOM_JOIN,          ANYBODY,    5,    CHANGES, room_join_read,           room_on_join},
    {PROTO_ROOM_SEND,          IN_ROOM,    0,    CHANGES, room_send_read,           room_on_send},
    {PROTO_ROOM_CONFIRM,       IN_ROOM,    1,    CHANGES, room_confirm_read,        room_on_confirm},
    {PROTO_ROOM_CLOSE,         IN_ROOM,    1,    CHANGES, room_close_read,          room_on_close},
    {PROTO_AUTH,               GUEST,      2,    CHANGES, auth_read,                auth_on},
    {PROTO_REGISTER,           GUEST,      10,   CHANGES, register_read,            register_on},
    {PROTO_PASSWORD_REQUEST,   GUEST,      5,    CHANGES, password_request_read,    password_request_on},
    {PROTO_RENEW,              SIGNED_IN,  5,    CHANGES, renew_read,               renew_on},
    {PROTO_ROTATE,             SIGNED_IN,  10,   CHANGES, rotate_read,              rotate_on},
    {PROTO_DEVICES_PUT,        SIGNED_IN,  10,   CHANGES, devices_put_read,         devices_put_on},
    {PROTO_LOOKUP,             SIGNED_IN,  1,    READS,   lookup_read,              lookup_on},
    {PROTO_KEY_PACKAGES_PUT,   SIGNED_IN,  2,    CHANGES, key_packages_put_read,    key_packages_put_on},
    {PROTO_KEY_PACKAGES_COUNT, SIGNED_IN,  1,    READS,   key_packages_count_read,  key_packages_count_on},
    {PROTO_KEY_PACKAGES_CLAIM, SIGNED_IN,  2,    CHANGES, key_packages_claim_read,  key_packages_claim_on},
    {PROTO_ACCOUNT_REMOVE,     SIGNED_IN,  10,   CHANGES, account_remove_read,      account_remove_on},
    {PROTO_INVITE_CREATE,      SIGNED_IN,  2,    CHANGES, invite_create_read,       invite_create_on},
    {PROTO_INVITE_REVOKE,      SIGNED_IN,  2,    CHANGES, invite_revoke_read,       invite_revoke_on},
    {PROTO_INVITES,            SIGNED_IN,  2,    READS,   invites_read,             invites_on},
    {PROTO_STREAM_CREATE,      SIGNED_IN,  5,    CHANGES, stream_create_read,       stream_create_on},
    {PROTO_APPEND,             SIGNED_IN,  0,    CHANGES, append_read,              append_on},
    {PROTO_COMMIT,             SIGNED_IN,  1,    CHANGES, commit_body_read,         commit_on},
    {PROTO_READ,               SUBSCRIBER, 1,    READS,   read_read,                read_on},
    {PROTO_ACK,                SIGNED_IN,  0,    CHANGES, ack_read,                 ack_on},
    {PROTO_LISTEN,             SIGNED_IN,  0,    CHANGES, listen_read,              listen_on},
    {PROTO_STREAMS,            SIGNED_IN,  1,    READS,   streams_read,             streams_on},
    {PROTO_SUBSCRIBE,          SIGNED_IN,  2,    CHANGES, subscribe_read,           subscribe_on},
    {PROTO_UNSUBSCRIBE,        SUBSCRIBER, 1,    CHANGES, unsubscribe_read,         unsubscribe_on},
    {PROTO_STATE_PUT,          SUBSCRIBER, 2,    CHANGES, state_put_read,           state_put_on},
    {PROTO_STATE_GET,          SIGNED_IN,  2,    READS,   state_get_read,           state_get_on},
    {PROTO_INBOX_SEND,         SIGNED_IN,  0,    CHANGES, inbox_send_read,          inbox_send_on},
    {PROTO_HEADERS,            SUBSCRIBER, 1,    READS,   headers_read,             headers_on},
    {PROTO_BLOB_PUT,           SIGNED_IN,  2,    CHANGES, blob_put_read,            blob_put_on},
    {PROTO_BLOB_GET,           SIGNED_IN,  1,    READS,   blob_get_read,            blob_get_on},
    {ADMIN_STATUS,             ADMIN,      0,    READS,   admin_plain_read,         admin_status_on},
    {ADMIN_INVITE_CREATE,      ADMIN,      0,    CHANGES, admin_invite_create_body, admin_invite_create_on},
    {ADMIN_INVITE_LIST,        ADMIN,      0,    READS,   admin_invite_list_body,   admin_invite_list_on},
    {ADMIN_INVITE_REVOKE,      ADMIN,      0,    CHANGES, admin_invite_revoke_body, admin_invite_revoke_on},
    {ADMIN_USER_LIST,          ADMIN,      0,    READS,   admin_user_list_body,     admin_user_list_on},
    {ADMIN_USER_DISABLE,       ADMIN,      0,    CHANGES, admin_user_body,          admin_user_disable_on},
    {ADMIN_USER_ENABLE,        ADMIN,      0,    CHANGES, admin_user_body,          admin_user_enable_on},
    {ADMIN_USER_DELETE,        ADMIN,      0,    CHANGES, admin_user_body,          admin_user_delete_on},
    {ADMIN_USER_QUOTA,         ADMIN,      0,    CHANGES, admin_user_body,          admin_user_quota_on},
    {ADMIN_USER_RENAME,        ADMIN,      0,    CHANGES, admin_user_body,          admin_user_rename_on},
    {ADMIN_DEVICE_LIST,        ADMIN,      0,    READS,   admin_user_body,          admin_device_list_on},
    {ADMIN_DEVICE_REVOKE,      ADMIN,      0,    CHANGES, admin_user_body,          admin_device_revoke_on},
    {ADMIN_MAIL_TAKE,          ADMIN,      0,    CHANGES, admin_plain_read,         admin_mail_take_on},
    {ADMIN_MAIL_DONE,          ADMIN,      0,    CHANGES, admin_mail_done_body,     admin_mail_done_on},
    /* clang-format on */
};

#define COST_REFUSED    1
#define MEMORY_RETRY_MS 1000

const struct request_row *request_table(size_t *ret_count)
{
    *ret_count = COUNT_OF(rows);
    return rows;
}

/* Only the admin socket knows that there are rows of its own. */
static const struct request_row *row_find(uint16_t kind, bool admin)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].kind == kind && (admin || rows[i].who != ADMIN))
            return &rows[i];
    return NULL;
}

sotto_err step_refuse(struct step *s, sotto_err err, uint64_t retry_ms, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->detail, sizeof s->detail, format, arguments);
    va_end(arguments);
    s->retry_ms = retry_ms < UINT32_MAX ? (uint32_t)retry_ms : UINT32_MAX;
    return err;
}

sotto_err step_bound(struct step *s, enum bound bound, sotto_err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->detail, sizeof s->detail, format, arguments);
    va_end(arguments);
    s->retry_ms = 0;
    s->core->counts.bound_total[bound]++;
    return err;
}

sotto_err step_slow_down(struct step *s, enum rate rate, uint64_t wait_ms, const char *what)
{
    s->core->counts.limited_total[rate]++;
    return step_refuse(s, SOTTO_E_RATE, wait_ms, "slow down: %s, retry in %llu s", what,
                       (unsigned long long)((wait_ms + 999) / 1000));
}

sotto_err step_pressure(struct step *s, enum core_pressure level)
{
    return s->core->pressure >= level
               ? step_refuse(s, SOTTO_E_RATE, 5000, "the server is short of memory: try later")
               : SOTTO_OK;
}

sotto_err check_space(struct step *s)
{
    if (s->core->disk_full)
        return step_refuse(s, SOTTO_E_DISK_FULL, 60000,
                           "the server's disk is full: what was sent before is kept, try later");
    return step_pressure(s, CORE_PRESSURE_SENDS);
}

sotto_err step_limit(struct step *s, enum rate rate, uint64_t who, uint64_t whom, uint64_t cost,
                     const char *what)
{
    uint64_t wait_ms = limiter_wait_ms(s->core->limiter, rate, who, whom, cost, s->now_ms);
    return wait_ms == 0 ? SOTTO_OK : step_slow_down(s, rate, wait_ms, what);
}

void step_take(struct step *s, enum rate rate, uint64_t who, uint64_t whom, uint64_t cost)
{
    limiter_take(s->core->limiter, rate, who, whom, cost, s->now_ms);
}

static void answer_error(struct step *s, const struct request *request, sotto_err err)
{
    const char *detail = s->detail[0] != '\0' ? s->detail : sotto_err_text(err);
    struct proto_error error = {(uint16_t)err, s->retry_ms, view_str(detail)};
    size_t at = s->fx->bytes.len;
    fx_must(proto_error_write(request->id, &error, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
}

void request_answer_ok(struct step *s, const struct request *request)
{
    size_t at = s->fx->bytes.len;
    fx_must(proto_ok_write(request->id, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
}

static void charge(struct step *s, struct connection *c, uint64_t cost)
{
    const struct bucket_rate *rate = &s->core->request_rate;
    c->eighths += s->eighths;
    cost += c->eighths / 8;
    c->eighths %= 8;
    if (cost == 0)
        return;
    bucket_take(&c->requests, rate, cost, s->now_ms);
    uint64_t wait_ms = bucket_wait_ms(&c->requests, rate, 0, s->now_ms);
    if (wait_ms == 0)
        return;
    s->core->counts.limited_total[RATE_REQUEST]++;
    fx_pause(s->fx, c->id, s->now_ms + wait_ms);
}

static sotto_err check_who(struct step *s, enum who who, const struct connection *c)
{
    enum core_rooms rooms = s->core->config.rooms;
    if (c->admin && who != ADMIN)
        return SOTTO_E_DENIED;
    if ((who == SIGNED_IN || who == SUBSCRIBER) && c->device == NULL)
        return SOTTO_E_SIGN_IN;
    if ((who == GUEST || who == ADMIN) && s->core->store == NULL)
        return step_refuse(s, SOTTO_E_UNSUPPORTED, 0, "this server has rooms alone, no accounts");
    if (who == GUEST && c->device != NULL)
        return step_refuse(s, SOTTO_E_NOT_NOW, 0, "this connection has signed in already");
    if (who == ROOMS && rooms == ROOMS_OFF)
        return step_refuse(s, SOTTO_E_DENIED, 0, "this server has no rooms");
    if (who == ROOMS && rooms == ROOMS_MEMBERS && c->device == NULL)
        return step_refuse(s, SOTTO_E_SIGN_IN, 0, "only members of this server may open rooms");
    return SOTTO_OK;
}

/* Whether what is answered may hang on rows that are not durable yet. */
static bool is_stored(enum who who)
{
    return who == GUEST || who == SIGNED_IN || who == SUBSCRIBER || who == ADMIN;
}

static sotto_err request_run(struct step *s, const struct request_row *row, struct request *request)
{
    TRY(check_who(s, row->who, request->from));
    TRY(row->read(request->bytes, &request->body));
    s->fx->held = is_stored(row->who);
    if (s->fx->held && request->from->device == NULL)
        connection_ask(s->core, request->from);
    if (row->who == SUBSCRIBER)
        TRY(subscription_find(s, request->from->device, request->body.stream,
                              &request->subscription));
    if (row->who == IN_ROOM) {
        request->seat = connection_seat(request->from, request->body.slot);
        if (request->seat == NULL)
            return step_refuse(s, SOTTO_E_NOTFOUND, 0, "you are in no room %u, or it has ended",
                               request->body.slot);
    }
    return row->handle(s, request);
}

/* A number that no version of ours knows is a request from the future, which is refused by itself; what only the server says,
 * and a second hello, is out of place. */
static sotto_err kind_refusal(uint16_t kind)
{
    return proto_kind_name(kind) == NULL ? SOTTO_E_KIND : SOTTO_E_UNEXPECTED;
}

static sotto_err frame_read(const struct step *s, view bytes, struct proto_frame *ret_frame)
{
    uint64_t max = s->core->config.limits.frame_bytes;
    return max > 0 && bytes.len > max ? SOTTO_E_TOO_LARGE : proto_frame_read(bytes, ret_frame);
}

/* What it would have read is as it was, so it is refused by itself. The refusal has the room that was reserved for this step. */
static bool is_read_in_vain(const struct step *s, const struct request_row *row, sotto_err err)
{
    return err == SOTTO_E_NOMEM && row != NULL && row->reads && !s->wrote;
}

sotto_err request_do(struct step *s, struct connection *from, view bytes)
{
    struct proto_frame frame = {0};
    const uint64_t id = from->id;
    const struct fx_mark before = fx_mark(s->fx);
    sotto_err err = frame_read(s, bytes, &frame);
    struct request request = {.from = from, .id = frame.request, .bytes = frame.body};
    const struct request_row *row = row_find(frame.kind, from->admin);
    if (err == SOTTO_OK)
        err = row != NULL ? request_run(s, row, &request) : kind_refusal(frame.kind);
    bool in_vain = is_read_in_vain(s, row, err);
    if (s->broken || (err == SOTTO_E_NOMEM && !in_vain))
        return err;
    if (in_vain) {
        fx_cut(s->fx, before);
        step_refuse(s, err, MEMORY_RETRY_MS, "the server is out of memory: try again");
    }
    if (err != SOTTO_OK)
        s->core->counts.refused_total++;
    if (err != SOTTO_E_KIND && sotto_err_class_of(err) == SOTTO_CLASS_WIRE) {
        connection_end(s, from, err, ROOM_END_LOST);
        return SOTTO_OK;
    }
    uint64_t cost = row != NULL ? row->cost : 0;
    if (err != SOTTO_OK) {
        answer_error(s, &request, err);
        cost = cost > COST_REFUSED ? cost : COST_REFUSED;
    }
    from = connection_find(s->core, id); /* what it asked may have ended it */
    if (from != NULL)
        charge(s, from, cost);
    return SOTTO_OK;
}
