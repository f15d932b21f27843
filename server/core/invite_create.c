#include "core/state.h"

sotto_err invite_create_read(view body, union request_body *ret_body)
{
    return proto_invite_create_read(body, &ret_body->invite_create);
}

static sotto_err check_size(struct step *s, const struct proto_invite_create *create)
{
    const struct limits *limits = &s->core->config.limits;
    if (!s->core->config.members_invite)
        return step_refuse(s, SOTTO_E_DENIED, 0, "members can't invite here: ask the admin");
    if (limits->invite_uses > 0 && create->uses > limits->invite_uses)
        return step_bound(s, BOUND_INVITE_USES, SOTTO_E_QUOTA, "an invite may have %llu uses",
                          (unsigned long long)limits->invite_uses);
    if (limits->invite_ms > 0 && create->ttl_s > limits->invite_ms / 1000)
        return step_bound(s, BOUND_INVITE_LIFE, SOTTO_E_QUOTA,
                          "an invite may live for %llu seconds",
                          (unsigned long long)(limits->invite_ms / 1000));
    return SOTTO_OK;
}

static sotto_err check_count(struct step *s, uint64_t account)
{
    uint64_t open = 0;
    TRY(step_limit(s, RATE_INVITE, account, 0, 1, "too many invites"));
    TRY(invites_sweep(s, account, &open));
    if (limit_reached(open, s->core->config.limits.invites))
        return step_bound(s, BOUND_INVITES, SOTTO_E_FULL,
                          "as many of your invites are open as may be: revoke one first");
    step_take(s, RATE_INVITE, account, 0, 1);
    return SOTTO_OK;
}

static sotto_err invite_make(struct step *s, uint64_t account,
                             const struct proto_invite_create *create)
{
    uint64_t now_s = step_wall_ms(s) / 1000;
    const struct invite_row row = {
        .account = account,
        .kind = create->kind,
        .uses_left = create->uses,
        .uses = create->uses,
        .created_s = now_s,
        .expires_s = now_s + create->ttl_s,
    };
    TRY(check_space(s));
    TRY(check_count(s, account));
    return invite_save(s, create->token_hash, &row);
}

sotto_err invite_create_on(struct step *s, const struct request *request)
{
    const struct proto_invite_create *create = &request->body.invite_create;
    uint64_t account = request->from->device->account->number;
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct invite_row row;
    TRY(check_size(s, create));
    sotto_err err = invite_load(s, create->token_hash, &bytes, &row);
    if (err == SOTTO_E_NOTFOUND)
        TRY(invite_make(s, account, create));
    else
        TRY(err);
    if (err == SOTTO_OK && row.account != account)
        return SOTTO_E_EXISTS;
    request_answer_ok(s, request);
    return SOTTO_OK;
}
