#include "core/state.h"

sotto_err admin_user_list_body(view body, union request_body *ret_body)
{
    return admin_user_list_read(body, &ret_body->after);
}

sotto_err admin_user_body(view body, union request_body *ret_body)
{
    return admin_user_read(body, &ret_body->admin_user);
}

sotto_err admin_user_find(struct step *s, const struct proto_wanted *who,
                          struct account **ret_account)
{
    DEFER(buf_clear) sotto_buf name = {0};
    uint64_t number = 0;
    sotto_err err;
    if (who->by == LOOKUP_ID) {
        err = account_find(s, who->what.data, ret_account);
    } else {
        TRY(admin_name_whole(s, who->what, &name));
        TRY(account_by_name(s, buf_view(&name), &number));
        err = number != 0 ? account_get(s, number, ret_account) : SOTTO_E_NOTFOUND;
    }
    if (err == SOTTO_E_NOTFOUND)
        step_refuse(s, err, 0, "no account of that name or id");
    return err;
}

static sotto_err devices_count(struct step *s, uint64_t account, uint32_t *ret_count)
{
    uint8_t id[DEVICE_ID] = {0};
    uint64_t number = 0;
    uint32_t count = 0;
    sotto_err err;
    while ((err = device_number_next(s, account, id, count == 0, &number)) == SOTTO_OK)
        count++;
    *ret_count = count;
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

/* The account behind this number, which becomes that of the one found. NOTFOUND at the end. */
static sotto_err user_item(struct step *s, uint64_t *number, sotto_buf *items)
{
    const struct row_key after = row_key_u64(*number);
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct account_row row;
    view key, value;
    TRY(row_next(s, STORE_ACCOUNT, (view){0}, row_key_view(&after), &key, &value));
    struct rd r = rd_of(key);
    *number = rd_u64(&r);
    TRY(buf_set(&bytes, value));
    TRY(row_verdict(s, account_row_read(buf_view(&bytes), &row)));
    const struct account *account = map_find(&s->core->directory.accounts, *number);
    struct admin_account item = {
        .number = *number,
        .name = row.name,
        .disabled = row.flags & ACCOUNT_DISABLED,
        .admin = row.flags & ACCOUNT_ADMIN,
        .created_s = row.created_s,
        .blob_bytes = row.blob_bytes,
        .quota_bytes = row.quota_bytes > 0 ? row.quota_bytes : s->core->config.limits.account_bytes,
        .sessions = account != NULL ? account->sessions : 0,
    };
    memcpy(item.account_id, row.key.account_id, sizeof item.account_id);
    TRY(devices_count(s, *number, &item.devices));
    struct wr w = wr_to(items);
    admin_account_write(&w, &item);
    return wr_end(&w);
}

sotto_err admin_user_list_on(struct step *s, const struct request *request)
{
    DEFER(buf_clear) sotto_buf items = {0};
    uint64_t number = request->body.after;
    size_t count = 0;
    sotto_err err = SOTTO_OK;
    while (count < ADMIN_PAGE && (err = user_item(s, &number, &items)) == SOTTO_OK)
        count++;
    if (err != SOTTO_OK && err != SOTTO_E_NOTFOUND)
        return err;
    const struct admin_page page = {err == SOTTO_OK, {buf_view(&items), count}};
    TRY(fx_reserve(s->fx, STEP_EFFECTS, items.len + STEP_BYTES));
    size_t at = s->fx->bytes.len;
    TRY(admin_users_write(request->id, &page, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}

static sotto_err sign_out_all(struct step *s, const struct account *account)
{
    uint8_t id[DEVICE_ID] = {0};
    struct device *device = NULL;
    bool first = true;
    sotto_err err;
    while ((err = device_next(s, account, id, first, &device)) == SOTTO_OK) {
        TRY(device_sign_out(s, device, SOTTO_E_DENIED, "the admin disabled this account"));
        first = false;
    }
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

sotto_err admin_user_disable_on(struct step *s, const struct request *request)
{
    struct account *account = NULL;
    TRY(admin_user_find(s, &request->body.admin_user.who, &account));
    account->disabled = true;
    TRY(step_break(s, account_update(s, account)));
    TRY(sign_out_all(s, account));
    return admin_answer_done(s, request,
                             "disabled: nobody can sign in, and nothing is deleted; messages wait");
}

sotto_err admin_user_enable_on(struct step *s, const struct request *request)
{
    struct account *account = NULL;
    TRY(admin_user_find(s, &request->body.admin_user.who, &account));
    account->disabled = false;
    TRY(step_break(s, account_update(s, account)));
    return admin_answer_done(s, request, "enabled");
}

sotto_err admin_user_delete_on(struct step *s, const struct request *request)
{
    struct account *account = NULL;
    TRY(admin_user_find(s, &request->body.admin_user.who, &account));
    TRY(account_erase(s, account, "the admin deleted this account"));
    return admin_answer_done(s, request,
                             "deleted: account, devices, key packages and what waited for them; "
                             "the name is free again");
}

sotto_err admin_user_quota_on(struct step *s, const struct request *request)
{
    uint64_t bytes = request->body.admin_user.bytes;
    struct account *account = NULL;
    TRY(admin_user_find(s, &request->body.admin_user.who, &account));
    account->quota_bytes = bytes;
    TRY(step_break(s, account_update(s, account)));
    if (bytes == 0)
        return admin_answer_done(s, request, "the quota is the server's: %llu bytes",
                                 (unsigned long long)s->core->config.limits.account_bytes);
    return admin_answer_done(s, request, "the quota is %llu bytes, of which %llu are used",
                             (unsigned long long)bytes, (unsigned long long)account->blob_bytes);
}

/* What the old name stood for is forgotten: a client that knows the account knows it by its id, and takes another one of that name for a
 * stranger. */
sotto_err admin_user_rename_on(struct step *s, const struct request *request)
{
    DEFER(buf_clear) sotto_buf name = {0};
    struct account *account = NULL;
    TRY(admin_user_find(s, &request->body.admin_user.who, &account));
    TRY(admin_name_whole(s, request->body.admin_user.name, &name));
    TRY(admin_name_check(s, buf_view(&name)));
    TRY(account_rename(s, account->number, buf_view(&name)));
    return admin_answer_done(s, request,
                             "renamed to %.*s, which is vouched for as soon as a device of the "
                             "account asks for a certificate; the old name is free",
                             (int)name.len, (const char *)name.data);
}
