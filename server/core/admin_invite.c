#include "base/text.h"
#include "core/state.h"
#include "crypto/hash.h"

#define LINK_TTL_S 604800    /* a week, unless said otherwise */
#define TTL_MAX_S  315360000 /* ten years */

sotto_err admin_invite_create_body(view body, union request_body *ret_body)
{
    return admin_invite_create_read(body, &ret_body->admin_create);
}

sotto_err admin_invite_list_body(view body, union request_body *ret_body)
{
    return admin_invite_list_read(body, &ret_body->admin_key);
}

sotto_err admin_invite_revoke_body(view body, union request_body *ret_body)
{
    return admin_invite_revoke_read(body, &ret_body->admin_key);
}

sotto_err admin_name_whole(struct step *s, view name, sotto_buf *out)
{
    buf_reset(out);
    TRY(buf_append(out, name));
    text_lower(out->data, out->len);
    if (name.len > 0 && memchr(name.data, '@', name.len) == NULL) {
        TRY(buf_append(out, VIEW_LIT("@")));
        TRY(buf_append(out, s->core->config.host));
    }
    return SOTTO_OK;
}

sotto_err admin_name_check(struct step *s, view name)
{
    view host = s->core->config.host;
    uint64_t owner = 0;
    if (name.len == 0)
        return SOTTO_OK;
    if (!x509_name_valid(name) || name.len <= host.len + 1 ||
        !view_equal(view_of(name.data + name.len - host.len, host.len), host) ||
        name.data[name.len - host.len - 1] != '@')
        return step_refuse(s, SOTTO_E_USAGE, 0,
                           "no name for this server: letters, digits, '.', '_', '-', then @%.*s",
                           (int)host.len, (const char *)host.data);
    TRY(account_by_name(s, name, &owner));
    if (owner != 0)
        return step_refuse(s, SOTTO_E_EXISTS, 0, "an account has this name already");
    return SOTTO_OK;
}

static sotto_err answer_created(struct step *s, const struct request *request,
                                const struct admin_invite_created *created)
{
    TRY(fx_reserve(s->fx, STEP_EFFECTS, STEP_BYTES + ACCOUNT_MAIL_MAX + X509_NAME_MAX + 64));
    size_t at = s->fx->bytes.len;
    TRY(admin_invite_created_write(request->id, created, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}

static sotto_err link_create(struct step *s, const struct request *request, view name)
{
    const struct admin_invite_create *create = &request->body.admin_create;
    DEFER(secret_clear) struct secret secret = {0};
    DEFER(secret_clear) struct secret token = {0};
    uint8_t token_hash[IDENTITY_HASH];
    uint64_t open, now_s = step_wall_ms(s) / 1000;
    const struct invite_row row = {
        .kind = LINK_SERVER,
        .flags = create->admin ? INVITE_ADMIN : 0,
        .uses_left = create->uses,
        .uses = create->uses,
        .created_s = now_s,
        .expires_s = now_s + (create->ttl_s > 0 ? create->ttl_s : LINK_TTL_S),
        .name = name,
    };
    secret_resize(&secret, LINK_SECRET);
    rng_bytes(s->rng, secret.data, secret.len);
    TRY(link_redeem_token(s->core->crypto, &secret, &token));
    TRY(hash(s->core->crypto, HASH_SHA256, secret_view(&token), token_hash));
    TRY(invites_sweep(s, 0, &open));
    TRY(invite_save(s, token_hash, &row));
    const struct admin_invite_created created = {
        .how = REGISTER_LINK,
        .secret = secret_view(&secret),
        .expires_s = row.expires_s,
        .key = VIEW_OF(token_hash),
        .name = name,
    };
    return answer_created(s, request, &created);
}

static sotto_err mail_check(struct step *s, view mail)
{
    const uint8_t *at = memchr(mail.data, '@', mail.len);
    bool right = at != NULL && at > mail.data && at + 1 < mail.data + mail.len &&
                 memchr(at + 1, '@', (size_t)(mail.data + mail.len - at - 1)) == NULL;
    for (size_t i = 0; i < mail.len; i++)
        right = right && mail.data[i] > ' ' && mail.data[i] <= '~';
    return right ? SOTTO_OK : step_refuse(s, SOTTO_E_USAGE, 0, "not a mail address");
}

static sotto_err mail_create(struct step *s, const struct request *request, view mail, view name)
{
    const struct admin_invite_create *create = &request->body.admin_create;
    const struct mail_row row = {
        .flags = create->admin ? INVITE_ADMIN : 0,
        .ttl_s = create->ttl_s,
        .to = mail,
        .name = name,
    };
    const struct admin_invite_created created = {
        .how = REGISTER_PASSWORD, .key = mail, .name = name};
    TRY(mail_check(s, mail));
    TRY(mail_put(s, &row));
    return answer_created(s, request, &created);
}

static sotto_err password_create(struct step *s, const struct request *request, view name)
{
    const struct admin_invite_create *create = &request->body.admin_create;
    DEFER(secret_clear) struct secret password = {0};
    const struct password_for what = {
        .key = name,
        .name = name,
        .flags = create->admin ? INVITE_ADMIN : 0,
        .ttl_s = create->ttl_s,
    };
    uint64_t expires_s = 0;
    TRY(password_make(s, &what, &password, &expires_s));
    const struct admin_invite_created created = {
        .how = REGISTER_PASSWORD,
        .secret = secret_view(&password),
        .expires_s = expires_s,
        .key = name,
        .name = name,
    };
    return answer_created(s, request, &created);
}

sotto_err admin_invite_create_on(struct step *s, const struct request *request)
{
    const struct admin_invite_create *create = &request->body.admin_create;
    DEFER(buf_clear) sotto_buf name = {0};
    DEFER(buf_clear) sotto_buf mail = {0};
    if (create->ttl_s > TTL_MAX_S)
        return step_refuse(s, SOTTO_E_USAGE, 0, "an invite lives for ten years at most");
    TRY(admin_name_whole(s, create->name, &name));
    TRY(admin_name_check(s, buf_view(&name)));
    if (create->how == REGISTER_LINK)
        return link_create(s, request, buf_view(&name));
    if (create->mail.len == 0)
        return password_create(s, request, buf_view(&name));
    TRY(buf_append(&mail, create->mail));
    text_lower(mail.data, mail.len);
    return mail_create(s, request, buf_view(&mail), buf_view(&name));
}

/* --- list --- */

static sotto_err inviter_name(struct step *s, uint64_t account, sotto_buf *bytes, view *ret_name)
{
    struct account_row row;
    *ret_name = (view){0};
    sotto_err err = account != 0 ? account_load(s, account, bytes, &row) : SOTTO_E_NOTFOUND;
    if (err == SOTTO_OK)
        *ret_name = row.name;
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

static sotto_err link_item(struct step *s, view value, struct admin_invite *item, sotto_buf *bytes,
                           sotto_buf *account)
{
    struct invite_row row;
    TRY(buf_set(bytes, value));
    TRY(row_verdict(s, invite_row_read(buf_view(bytes), &row)));
    item->uses_left = row.uses_left;
    item->uses = row.uses;
    item->created_s = row.created_s;
    item->expires_s = row.expires_s;
    item->admin = row.flags & INVITE_ADMIN;
    item->name = row.name;
    return inviter_name(s, row.account, account, &item->inviter);
}

static sotto_err password_item(struct step *s, view value, struct admin_invite *item,
                               sotto_buf *bytes)
{
    struct password_row row;
    TRY(buf_set(bytes, value));
    TRY(row_verdict(s, password_row_read(buf_view(bytes), &row)));
    item->uses_left = row.tries_left;
    item->expires_s = row.expires_s;
    item->admin = row.flags & INVITE_ADMIN;
    item->name = row.name;
    return SOTTO_OK;
}

static sotto_err mail_item(struct step *s, view value, struct admin_invite *item, sotto_buf *bytes)
{
    struct mail_row row;
    TRY(buf_set(bytes, value));
    TRY(row_verdict(s, mail_row_read(buf_view(bytes), &row)));
    item->uses_left = 1;
    item->uses = row.tries;
    item->created_s = row.created_s;
    item->expires_s = row.created_s + MAIL_LIFE_S;
    item->admin = row.flags & INVITE_ADMIN;
    item->name = row.name;
    item->mail = row.to;
    return SOTTO_OK;
}

static enum store_table table_of(uint8_t how)
{
    return how == REGISTER_LINK       ? STORE_INVITE
           : how == REGISTER_PASSWORD ? STORE_PASSWORD
                                      : STORE_MAIL;
}

/* NOTFOUND at the end. */
static sotto_err invite_item(struct step *s, uint8_t how, struct row_key *at, sotto_buf *page)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    DEFER(buf_clear) sotto_buf account = {0};
    struct admin_invite item = {0};
    view key, value;
    TRY(row_next(s, table_of(how), (view){0}, row_key_view(at), &key, &value));
    memcpy(at->bytes, key.data, key.len);
    at->len = key.len;
    item.key = row_key_view(at);
    if (how == REGISTER_LINK)
        TRY(link_item(s, value, &item, &bytes, &account));
    else if (how == REGISTER_PASSWORD)
        TRY(password_item(s, value, &item, &bytes));
    else
        TRY(mail_item(s, value, &item, &bytes));
    struct wr w = wr_to(page);
    admin_invite_write(&w, &item);
    return wr_end(&w);
}

#define PAGE_BYTES 32768 /* a page ends behind the item that passes it */

sotto_err admin_invite_list_on(struct step *s, const struct request *request)
{
    const struct admin_invite_key *after = &request->body.admin_key;
    DEFER(buf_clear) sotto_buf items = {0};
    struct row_key at = {.len = after->key.len};
    size_t count = 0;
    sotto_err err = SOTTO_OK;
    if (at.len > 0)
        memcpy(at.bytes, after->key.data, at.len);
    while (count < ADMIN_PAGE && items.len < PAGE_BYTES &&
           (err = invite_item(s, after->how, &at, &items)) == SOTTO_OK)
        count++;
    if (err != SOTTO_OK && err != SOTTO_E_NOTFOUND)
        return err;
    const struct admin_page page = {err == SOTTO_OK, {buf_view(&items), count}};
    TRY(fx_reserve(s->fx, STEP_EFFECTS, items.len + STEP_BYTES));
    size_t start = s->fx->bytes.len;
    TRY(admin_invites_write(request->id, &page, &s->fx->bytes));
    fx_send(s->fx, request->from->id, start);
    return SOTTO_OK;
}

/* --- revoke --- */

static sotto_err absent(struct step *s)
{
    return step_refuse(s, SOTTO_E_NOTFOUND, 0, "there is no such invite, or it is used up");
}

static sotto_err link_revoke(struct step *s, const struct request *request)
{
    const uint8_t *token_hash = request->body.admin_key.key.data;
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct invite_row row;
    sotto_err err = invite_load(s, token_hash, &bytes, &row);
    if (err == SOTTO_E_NOTFOUND)
        return absent(s);
    TRY(err);
    TRY(invite_delete(s, row.account, token_hash));
    return admin_answer_done(s, request, "the invite is revoked: nobody can use it any more");
}

/* A mail that waits would draw another password, so it goes, too. One that is out can't be called back: its password was deleted here. */
static sotto_err password_revoke(struct step *s, const struct request *request)
{
    const view key = request->body.admin_key.key;
    size_t mails = 0;
    bool out = false;
    view value;
    sotto_err err = row_get(s, STORE_PASSWORD, key, &value);
    bool found = err == SOTTO_OK;
    if (!found && err != SOTTO_E_NOTFOUND)
        return err;
    TRY(mail_revoke(s, key, &mails, &out));
    if (!found && mails == 0)
        return absent(s);
    if (found)
        TRY(password_delete(s, key));
    return admin_answer_done(s, request,
                             out ? "the invite is revoked: nobody can use it any more; its mail is "
                                   "being sent and may still come, but the password in it opens "
                                   "nothing"
                                 : "the invite is revoked: nobody can use it any more");
}

sotto_err admin_invite_revoke_on(struct step *s, const struct request *request)
{
    return request->body.admin_key.how == REGISTER_LINK ? link_revoke(s, request)
                                                        : password_revoke(s, request);
}
