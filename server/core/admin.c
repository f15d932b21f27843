#include "core/admin.h"

#define TEXT_MAX 1024 /* bytes of a sentence */

static struct wr begin(sotto_buf *out, enum admin_kind kind, uint32_t request)
{
    struct wr w = wr_to(out);
    wr_u16(&w, (uint16_t)kind);
    wr_u32(&w, request);
    return w;
}

static bool flag(struct rd *r)
{
    uint8_t value = rd_u8(r);
    if (value > 1)
        rd_fail(r, SOTTO_E_VALUE);
    return value == 1;
}

static void rd_demand(struct rd *r, bool holds)
{
    if (!holds)
        rd_fail(r, SOTTO_E_VALUE);
}

static void wr_demand(struct wr *w, bool holds)
{
    if (!holds)
        wr_fail(w, SOTTO_E_VALUE);
}

/* --- pages --- */

typedef void item_fn(struct rd *r);

static sotto_err page_read(view body, item_fn *item, struct admin_page *ret_page)
{
    struct rd r = rd_of(body);
    struct admin_page page = {.more = flag(&r)};
    struct rd items = rd_vector(&r, PROTO_FRAME_MAX);
    const struct rd start = items;
    while (rd_more(&items)) {
        item(&items);
        rd_demand(&items, page.items.count++ < ADMIN_PAGE);
    }
    page.items.bytes = rd_since(&items, &start);
    rd_join(&r, &items);
    TRY(rd_end(&r));
    *ret_page = page;
    return SOTTO_OK;
}

static sotto_err page_write(uint32_t request, enum admin_kind kind, const struct admin_page *page,
                            item_fn *item, sotto_buf *out)
{
    struct wr w = begin(out, kind, request);
    struct rd items = rd_of(page->items.bytes);
    size_t count = 0;
    for (; rd_more(&items); count++)
        item(&items);
    wr_demand(&w, rd_end(&items) == SOTTO_OK && count == page->items.count && count <= ADMIN_PAGE);
    wr_u8(&w, page->more);
    wr_opaque(&w, page->items.bytes);
    return wr_end(&w);
}

/* --- done, status --- */

sotto_err admin_done_read(view body, view *ret_text)
{
    struct rd r = rd_of(body);
    view text = rd_opaque(&r, TEXT_MAX);
    TRY(rd_end(&r));
    *ret_text = text;
    return SOTTO_OK;
}

sotto_err admin_done_write(uint32_t request, view text, sotto_buf *out)
{
    struct wr w = begin(out, ADMIN_DONE, request);
    wr_demand(&w, text.len <= TEXT_MAX);
    wr_opaque(&w, text);
    return wr_end(&w);
}

sotto_err admin_plain_write(uint32_t request, enum admin_kind kind, sotto_buf *out)
{
    struct wr w = begin(out, kind, request);
    return wr_end(&w);
}

sotto_err admin_status_is_read(view body, struct admin_status *ret_status)
{
    struct rd r = rd_of(body);
    struct admin_status status = {0};
    status.accounts = rd_u64(&r);
    status.sessions = rd_u64(&r);
    status.connections = rd_u64(&r);
    status.rooms_open = rd_u64(&r);
    status.mails_waiting = rd_u64(&r);
    status.prekeys_low = rd_u64(&r);
    status.disk_full = flag(&r);
    status.registration_open = flag(&r);
    status.can_certify = flag(&r);
    TRY(rd_end(&r));
    *ret_status = status;
    return SOTTO_OK;
}

sotto_err admin_status_is_write(uint32_t request, const struct admin_status *status, sotto_buf *out)
{
    struct wr w = begin(out, ADMIN_STATUS_IS, request);
    wr_u64(&w, status->accounts);
    wr_u64(&w, status->sessions);
    wr_u64(&w, status->connections);
    wr_u64(&w, status->rooms_open);
    wr_u64(&w, status->mails_waiting);
    wr_u64(&w, status->prekeys_low);
    wr_u8(&w, status->disk_full);
    wr_u8(&w, status->registration_open);
    wr_u8(&w, status->can_certify);
    return wr_end(&w);
}

/* --- invites --- */

static bool is_how(uint8_t how)
{
    return how == REGISTER_LINK || how == REGISTER_PASSWORD;
}

static bool create_is_right(const struct admin_invite_create *create)
{
    if (create->how == REGISTER_LINK)
        return create->uses > 0 && create->mail.len == 0;
    return create->how == REGISTER_PASSWORD && create->uses == 1 &&
           create->name.len + create->mail.len > 0;
}

sotto_err admin_invite_create_read(view body, struct admin_invite_create *ret_create)
{
    struct rd r = rd_of(body);
    struct admin_invite_create create = {0};
    create.how = rd_u8(&r);
    create.uses = rd_u32(&r);
    create.ttl_s = rd_u64(&r);
    create.admin = flag(&r);
    create.name = rd_opaque(&r, X509_NAME_MAX);
    create.mail = rd_opaque(&r, ACCOUNT_MAIL_MAX);
    rd_demand(&r, create_is_right(&create));
    TRY(rd_end(&r));
    *ret_create = create;
    return SOTTO_OK;
}

sotto_err admin_invite_create_write(uint32_t request, const struct admin_invite_create *create,
                                    sotto_buf *out)
{
    struct wr w = begin(out, ADMIN_INVITE_CREATE, request);
    wr_u8(&w, create->how);
    wr_u32(&w, create->uses);
    wr_u64(&w, create->ttl_s);
    wr_u8(&w, create->admin);
    wr_opaque(&w, create->name);
    wr_opaque(&w, create->mail);
    wr_demand(&w, create_is_right(create) && create->name.len <= X509_NAME_MAX &&
                      create->mail.len <= ACCOUNT_MAIL_MAX);
    return wr_end(&w);
}

sotto_err admin_invite_created_read(view body, struct admin_invite_created *ret_created)
{
    struct rd r = rd_of(body);
    struct admin_invite_created created = {0};
    created.how = rd_u8(&r);
    created.secret = rd_opaque(&r, ADMIN_SECRET_MAX);
    created.expires_s = rd_u64(&r);
    created.key = rd_opaque(&r, ACCOUNT_MAIL_MAX);
    created.name = rd_opaque(&r, X509_NAME_MAX);
    rd_demand(&r, is_how(created.how));
    TRY(rd_end(&r));
    *ret_created = created;
    return SOTTO_OK;
}

sotto_err admin_invite_created_write(uint32_t request, const struct admin_invite_created *created,
                                     sotto_buf *out)
{
    struct wr w = begin(out, ADMIN_INVITE_CREATED, request);
    wr_u8(&w, created->how);
    wr_opaque(&w, created->secret);
    wr_u64(&w, created->expires_s);
    wr_opaque(&w, created->key);
    wr_opaque(&w, created->name);
    wr_demand(&w, is_how(created->how) && created->secret.len <= ADMIN_SECRET_MAX &&
                      created->key.len <= ACCOUNT_MAIL_MAX && created->name.len <= X509_NAME_MAX);
    return wr_end(&w);
}

static bool key_is_right(const struct admin_invite_key *key, bool list)
{
    size_t len = key->key.len;
    bool first = list && len == 0;
    switch (key->how) {
    case REGISTER_LINK:
        return first || len == ACCOUNT_HASH;
    case REGISTER_PASSWORD:
        return first || (len > 0 && len <= ACCOUNT_MAIL_MAX);
    case ADMIN_MAILED:
        return first || (list && len == sizeof(uint64_t));
    default:
        return false;
    }
}

static sotto_err invite_key_read(view body, bool list, struct admin_invite_key *ret_key)
{
    struct rd r = rd_of(body);
    struct admin_invite_key key = {0};
    key.how = rd_u8(&r);
    key.key = rd_opaque(&r, ACCOUNT_MAIL_MAX);
    rd_demand(&r, key_is_right(&key, list));
    TRY(rd_end(&r));
    *ret_key = key;
    return SOTTO_OK;
}

static sotto_err invite_key_write(uint32_t request, enum admin_kind kind,
                                  const struct admin_invite_key *key, sotto_buf *out)
{
    struct wr w = begin(out, kind, request);
    wr_u8(&w, key->how);
    wr_opaque(&w, key->key);
    wr_demand(&w, key_is_right(key, kind == ADMIN_INVITE_LIST));
    return wr_end(&w);
}

sotto_err admin_invite_list_read(view body, struct admin_invite_key *ret_after)
{
    return invite_key_read(body, true, ret_after);
}

sotto_err admin_invite_list_write(uint32_t request, const struct admin_invite_key *after,
                                  sotto_buf *out)
{
    return invite_key_write(request, ADMIN_INVITE_LIST, after, out);
}

sotto_err admin_invite_revoke_read(view body, struct admin_invite_key *ret_key)
{
    return invite_key_read(body, false, ret_key);
}

sotto_err admin_invite_revoke_write(uint32_t request, const struct admin_invite_key *key,
                                    sotto_buf *out)
{
    return invite_key_write(request, ADMIN_INVITE_REVOKE, key, out);
}

void admin_invite_read(struct rd *r, struct admin_invite *out)
{
    *out = (struct admin_invite){0};
    out->key = rd_opaque(r, ACCOUNT_MAIL_MAX);
    out->uses_left = rd_u32(r);
    out->uses = rd_u32(r);
    out->created_s = rd_u64(r);
    out->expires_s = rd_u64(r);
    out->admin = flag(r);
    out->name = rd_opaque(r, X509_NAME_MAX);
    out->inviter = rd_opaque(r, X509_NAME_MAX);
    out->mail = rd_opaque(r, ACCOUNT_MAIL_MAX);
}

void admin_invite_write(struct wr *w, const struct admin_invite *invite)
{
    wr_opaque(w, invite->key);
    wr_u32(w, invite->uses_left);
    wr_u32(w, invite->uses);
    wr_u64(w, invite->created_s);
    wr_u64(w, invite->expires_s);
    wr_u8(w, invite->admin);
    wr_opaque(w, invite->name);
    wr_opaque(w, invite->inviter);
    wr_opaque(w, invite->mail);
}

static void invite_item(struct rd *r)
{
    struct admin_invite invite;
    admin_invite_read(r, &invite);
}

sotto_err admin_invites_read(view body, struct admin_page *ret_page)
{
    return page_read(body, invite_item, ret_page);
}

sotto_err admin_invites_write(uint32_t request, const struct admin_page *page, sotto_buf *out)
{
    return page_write(request, ADMIN_INVITES, page, invite_item, out);
}

/* --- users --- */

sotto_err admin_user_list_read(view body, uint64_t *ret_after)
{
    struct rd r = rd_of(body);
    uint64_t after = rd_u64(&r);
    TRY(rd_end(&r));
    *ret_after = after;
    return SOTTO_OK;
}

sotto_err admin_user_list_write(uint32_t request, uint64_t after, sotto_buf *out)
{
    struct wr w = begin(out, ADMIN_USER_LIST, request);
    wr_u64(&w, after);
    return wr_end(&w);
}

void admin_account_read(struct rd *r, struct admin_account *out)
{
    *out = (struct admin_account){0};
    out->number = rd_u64(r);
    rd_copy(r, out->account_id, sizeof out->account_id);
    out->name = rd_opaque(r, X509_NAME_MAX);
    out->disabled = flag(r);
    out->admin = flag(r);
    out->created_s = rd_u64(r);
    out->blob_bytes = rd_u64(r);
    out->quota_bytes = rd_u64(r);
    out->devices = rd_u32(r);
    out->sessions = rd_u32(r);
}

void admin_account_write(struct wr *w, const struct admin_account *account)
{
    wr_u64(w, account->number);
    wr_bytes(w, VIEW_OF(account->account_id));
    wr_opaque(w, account->name);
    wr_u8(w, account->disabled);
    wr_u8(w, account->admin);
    wr_u64(w, account->created_s);
    wr_u64(w, account->blob_bytes);
    wr_u64(w, account->quota_bytes);
    wr_u32(w, account->devices);
    wr_u32(w, account->sessions);
}

static void account_item(struct rd *r)
{
    struct admin_account account;
    admin_account_read(r, &account);
}

sotto_err admin_users_read(view body, struct admin_page *ret_page)
{
    return page_read(body, account_item, ret_page);
}

sotto_err admin_users_write(uint32_t request, const struct admin_page *page, sotto_buf *out)
{
    return page_write(request, ADMIN_USERS, page, account_item, out);
}

sotto_err admin_user_read(view body, struct admin_user *ret_user)
{
    struct rd r = rd_of(body);
    struct admin_user user = {0};
    proto_wanted_read(&r, &user.who);
    user.bytes = rd_u64(&r);
    rd_copy(&r, user.device_id, sizeof user.device_id);
    user.name = rd_opaque(&r, X509_NAME_MAX);
    TRY(rd_end(&r));
    *ret_user = user;
    return SOTTO_OK;
}

sotto_err admin_user_write(uint32_t request, enum admin_kind kind, const struct admin_user *user,
                           sotto_buf *out)
{
    struct wr w = begin(out, kind, request);
    proto_wanted_write(&w, &user->who);
    wr_u64(&w, user->bytes);
    wr_bytes(&w, VIEW_OF(user->device_id));
    wr_demand(&w, user->name.len <= X509_NAME_MAX);
    wr_opaque(&w, user->name);
    return wr_end(&w);
}

/* --- devices --- */

void admin_device_read(struct rd *r, struct admin_device *out)
{
    *out = (struct admin_device){0};
    rd_copy(r, out->device_id, sizeof out->device_id);
    out->state = rd_u8(r);
    out->created_s = rd_u64(r);
    out->key_packages = rd_u32(r);
    out->last_resort = flag(r);
    out->signed_in = flag(r);
    rd_demand(r, out->state >= ADMIN_DEVICE_ACTIVE && out->state <= ADMIN_DEVICE_SHUT_OUT);
}

void admin_device_write(struct wr *w, const struct admin_device *device)
{
    wr_demand(w, device->state >= ADMIN_DEVICE_ACTIVE && device->state <= ADMIN_DEVICE_SHUT_OUT);
    wr_bytes(w, VIEW_OF(device->device_id));
    wr_u8(w, device->state);
    wr_u64(w, device->created_s);
    wr_u32(w, device->key_packages);
    wr_u8(w, device->last_resort);
    wr_u8(w, device->signed_in);
}

static void device_item(struct rd *r)
{
    struct admin_device device;
    admin_device_read(r, &device);
}

sotto_err admin_devices_read(view body, struct admin_page *ret_page)
{
    return page_read(body, device_item, ret_page);
}

sotto_err admin_devices_write(uint32_t request, const struct admin_page *page, sotto_buf *out)
{
    return page_write(request, ADMIN_DEVICES, page, device_item, out);
}

/* --- mail --- */

sotto_err admin_mail_read(view body, struct admin_mail *ret_mail)
{
    struct rd r = rd_of(body);
    struct admin_mail mail = {0};
    mail.number = rd_u64(&r);
    mail.to = rd_opaque(&r, ACCOUNT_MAIL_MAX);
    mail.name = rd_opaque(&r, X509_NAME_MAX);
    mail.password = rd_opaque(&r, ADMIN_SECRET_MAX);
    mail.expires_s = rd_u64(&r);
    mail.due_s = rd_u64(&r);
    rd_demand(&r, (mail.number == 0) == (mail.to.len == 0));
    TRY(rd_end(&r));
    *ret_mail = mail;
    return SOTTO_OK;
}

sotto_err admin_mail_write(uint32_t request, const struct admin_mail *mail, sotto_buf *out)
{
    struct wr w = begin(out, ADMIN_MAIL, request);
    wr_u64(&w, mail->number);
    wr_opaque(&w, mail->to);
    wr_opaque(&w, mail->name);
    wr_opaque(&w, mail->password);
    wr_u64(&w, mail->expires_s);
    wr_u64(&w, mail->due_s);
    wr_demand(&w, (mail->number == 0) == (mail->to.len == 0));
    wr_demand(&w, mail->to.len <= ACCOUNT_MAIL_MAX && mail->name.len <= X509_NAME_MAX &&
                      mail->password.len <= ADMIN_SECRET_MAX);
    return wr_end(&w);
}

static bool is_result(uint8_t result)
{
    return result >= MAIL_SENT && result <= MAIL_REFUSED;
}

sotto_err admin_mail_done_read(view body, struct admin_mail_done *ret_done)
{
    struct rd r = rd_of(body);
    struct admin_mail_done done = {0};
    done.number = rd_u64(&r);
    done.result = rd_u8(&r);
    rd_demand(&r, is_result(done.result));
    TRY(rd_end(&r));
    *ret_done = done;
    return SOTTO_OK;
}

sotto_err admin_mail_done_write(uint32_t request, const struct admin_mail_done *done,
                                sotto_buf *out)
{
    struct wr w = begin(out, ADMIN_MAIL_DONE, request);
    wr_u64(&w, done->number);
    wr_u8(&w, done->result);
    wr_demand(&w, is_result(done->result));
    return wr_end(&w);
}
