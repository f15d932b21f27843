/* The order matters: until the secret turned out to be right, nothing depends on which names and accounts there are. */
#include "base/ct.h"
#include "base/text.h"
#include "core/state.h"
#include "crypto/hash.h"

sotto_err register_read(view body, union request_body *ret_body)
{
    return proto_register_read(body, &ret_body->reg);
}

/* What a secret entitles to. */
struct pass {
    uint8_t token_hash[IDENTITY_HASH]; /* of a link */
    struct invite_row invite;
    sotto_buf key;   /* of a password, in lower case */
    sotto_buf bytes; /* what the views borrow from */
    view name;       /* the only one allowed; empty: any */
    uint64_t inviter;
    uint8_t flags;
};

static void pass_clear(struct pass *pass)
{
    buf_clear(&pass->key);
    buf_clear(&pass->bytes);
}

/* So that a repeat is known again. */
static sotto_err redeemed_hash(struct step *s, const struct proto_register *reg,
                               uint8_t ret_hash[IDENTITY_HASH])
{
    const view parts[] = {view_of(&reg->how, 1), reg->secret, reg->mail};
    return hash_parts(s->core->crypto, HASH_SHA256, parts, COUNT_OF(parts), ret_hash);
}

static sotto_err link_check(struct step *s, const struct proto_register *reg, struct pass *pass)
{
    TRY(hash(s->core->crypto, HASH_SHA256, reg->secret, pass->token_hash));
    sotto_err err = invite_load(s, pass->token_hash, &pass->bytes, &pass->invite);
    if (err == SOTTO_E_NOTFOUND)
        return SOTTO_E_INVITE;
    TRY(err);
    if (pass->invite.uses_left == 0 || pass->invite.expires_s <= step_wall_ms(s) / 1000)
        return SOTTO_E_INVITE;
    pass->name = pass->invite.name;
    pass->inviter = pass->invite.account;
    pass->flags = pass->invite.flags;
    return SOTTO_OK;
}

static sotto_err one_time_check(struct step *s, const struct proto_register *reg, struct pass *pass)
{
    struct password_row row;
    TRY(buf_append(&pass->key, reg->mail));
    text_lower(pass->key.data, pass->key.len);
    TRY(password_check(s, buf_view(&pass->key), reg->secret, &pass->bytes, &row));
    pass->name = row.name;
    pass->flags = row.flags;
    return SOTTO_OK;
}

static sotto_err secret_check(struct step *s, const struct proto_register *reg, struct pass *pass)
{
    switch (reg->how) {
    case REGISTER_LINK:
        return link_check(s, reg, pass);
    case REGISTER_PASSWORD:
        return one_time_check(s, reg, pass);
    default:
        return s->core->config.registration_open ? SOTTO_OK : SOTTO_E_INVITE;
    }
}

/* The use that the account costs. */
static sotto_err pass_use(struct step *s, const struct proto_register *reg, struct pass *pass)
{
    switch (reg->how) {
    case REGISTER_LINK:
        pass->invite.uses_left--;
        return invite_save(s, pass->token_hash, &pass->invite);
    case REGISTER_PASSWORD:
        return password_delete(s, buf_view(&pass->key));
    default:
        return SOTTO_OK;
    }
}

static sotto_err name_check(struct step *s, view name, const struct pass *pass)
{
    view host = s->core->config.host;
    uint64_t owner = 0;
    bool ours = name.len > host.len + 1 && name.data[name.len - host.len - 1] == '@' &&
                view_equal(view_of(name.data + name.len - host.len, host.len), host);
    if (!ours || !x509_name_valid(name))
        return step_refuse(s, SOTTO_E_DENIED, 0, "names here end in @%.*s", (int)host.len,
                           (const char *)host.data);
    if (pass->name.len > 0 && !view_equal(name, pass->name))
        return step_refuse(s, SOTTO_E_DENIED, 0, "this invite is for the name %.*s",
                           (int)size_min(pass->name.len, 200), (const char *)pass->name.data);
    TRY(account_by_name(s, name, &owner));
    if (owner != 0)
        return step_refuse(s, SOTTO_E_EXISTS, 0, "this name is taken: choose another one");
    return SOTTO_OK;
}

/* All that can fail without the store. `row` borrows from `certificate`. */
static sotto_err account_fill(struct step *s, const struct proto_register *reg,
                              const struct registration *r, const struct pass *pass,
                              sotto_buf *certificate, struct account_row *ret_row)
{
    struct account_row row = {
        .key = r->key,
        .list_number = r->list.number,
        .flags = pass->flags & INVITE_ADMIN ? ACCOUNT_ADMIN : 0,
        .created_s = step_wall_ms(s) / 1000,
        .invited_by = pass->inviter,
        .genesis = reg->genesis,
        .name = r->request.name,
        .list = reg->device_list,
    };
    TRY(redeemed_hash(s, reg, row.redeemed));
    TRY(device_list_hash(s->core->crypto, &r->list, row.list_hash));
    TRY(account_certify(s, &r->key, r->request.name, certificate));
    row.certificate = buf_view(certificate);
    *ret_row = row;
    return SOTTO_OK;
}

static sotto_err account_make(struct step *s, const struct proto_register *reg,
                              const struct registration *r, const struct account_row *row,
                              struct pass *pass)
{
    uint64_t number = 0;
    TRY(account_add(s, row, &number));
    TRY(device_add(s, number, &r->device, reg->certificate));
    return pass_use(s, reg, pass);
}

sotto_err request_answer_chain(struct step *s, const struct request *request, view certificate)
{
    DEFER(buf_clear) sotto_buf above = {0};
    struct chain chain;
    TRY(issuer_chain(s, certificate, &above, &chain));
    struct proto_registered answer = {.chain_count = chain.count};
    memcpy(answer.chain, chain.list, sizeof answer.chain);
    TRY(fx_reserve(s->fx, STEP_EFFECTS, STEP_BYTES + sizeof answer.chain + 3 * X509_MAX));
    size_t at = s->fx->bytes.len;
    TRY(proto_registered_write(request->id, &answer, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}

/* NOTFOUND: no account of this id. INVITE: there is one, but it came in by another secret. */
static sotto_err answer_again(struct step *s, const struct request *request,
                              const struct registration *r)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    uint8_t redeemed[IDENTITY_HASH];
    struct account *account = NULL;
    struct account_row row;
    TRY(account_find(s, r->key.account_id, &account));
    TRY(account_load(s, account->number, &bytes, &row));
    TRY(redeemed_hash(s, &request->body.reg, redeemed));
    if (!ct_equal(VIEW_OF(redeemed), VIEW_OF(row.redeemed)))
        return SOTTO_E_INVITE;
    return request_answer_chain(s, request, row.certificate);
}

/* The answer is put together before the first row, since a refusal would leave an account behind that nobody was told of. */
static sotto_err register_new(struct step *s, const struct request *request,
                              const struct registration *r, bool has_account, struct pass *pass)
{
    const struct proto_register *reg = &request->body.reg;
    DEFER(buf_clear) sotto_buf certificate = {0};
    struct account_row row = {0};
    uint64_t origin = request->from->origin->number;
    TRY(step_limit(s, RATE_REGISTER, origin, 0, 1, "too many accounts made from your address"));
    if (has_account)
        return step_refuse(s, SOTTO_E_EXISTS, 0, "this account is registered here already");
    TRY(name_check(s, r->request.name, pass));
    TRY(account_fill(s, reg, r, pass, &certificate, &row));
    TRY(request_answer_chain(s, request, row.certificate));
    fx_log(s->fx, "account", request->from->id, "account made");
    TRY(step_break(s, account_make(s, reg, r, &row, pass)));
    step_take(s, RATE_REGISTER, origin, 0, 1);
    return SOTTO_OK;
}

sotto_err register_on(struct step *s, const struct request *request)
{
    const struct proto_register *reg = &request->body.reg;
    uint64_t origin = request->from->origin->number;
    DEFER(pass_clear) struct pass pass = {0};
    struct registration r = {0};
    TRY(registration_read(s->core->crypto, reg, &r));
    TRY(step_limit(s, RATE_LOGIN, origin, 0, 1, "too many wrong invites from your address"));
    sotto_err again = answer_again(s, request, &r);
    if (again != SOTTO_E_NOTFOUND && again != SOTTO_E_INVITE)
        return again;
    TRY(check_space(s));
    sotto_err err = secret_check(s, reg, &pass);
    if (err == SOTTO_E_INVITE)
        step_take(s, RATE_LOGIN, origin, 0, 1);
    TRY(err);
    return register_new(s, request, &r, again == SOTTO_E_INVITE, &pass);
}
