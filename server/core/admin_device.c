#include "core/state.h"

/* What is known of a listed device. */
static sotto_err device_fill(struct step *s, struct account *account,
                             const struct listed_device *listed, struct admin_device *item)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct device *device = NULL;
    struct device_row row;
    memcpy(item->device_id, listed->id, sizeof item->device_id);
    sotto_err err = device_find_of(s, account, listed->id, &device);
    if (err == SOTTO_E_NOTFOUND) {
        item->state = listed->state == DEVICE_ACTIVE ? ADMIN_DEVICE_SHUT_OUT : ADMIN_DEVICE_REVOKED;
        return SOTTO_OK;
    }
    TRY(err);
    TRY(device_load(s, device->number, &bytes, &row));
    item->state = ADMIN_DEVICE_ACTIVE;
    item->created_s = row.created_s;
    item->key_packages = (uint32_t)(row.package_next - row.package_first);
    item->last_resort = row.last_resort;
    item->signed_in = device->session != NULL;
    return SOTTO_OK;
}

_Static_assert(DEVICES_MAX <= ADMIN_PAGE, "a list fits one page");

sotto_err admin_device_list_on(struct step *s, const struct request *request)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    DEFER(buf_clear) sotto_buf items = {0};
    struct account *account = NULL;
    struct account_row row;
    struct device_list list;
    TRY(admin_user_find(s, &request->body.admin_user.who, &account));
    TRY(account_load(s, account->number, &bytes, &row));
    TRY(row_verdict(s, device_list_read(row.list, &list)));
    for (size_t i = 0; i < list.device_count; i++) {
        struct admin_device item = {0};
        TRY(device_fill(s, account, &list.devices[i], &item));
        struct wr w = wr_to(&items);
        admin_device_write(&w, &item);
        TRY(wr_end(&w));
    }
    const struct admin_page page = {false, {buf_view(&items), list.device_count}};
    TRY(fx_reserve(s->fx, STEP_EFFECTS, items.len + STEP_BYTES));
    size_t at = s->fx->bytes.len;
    TRY(admin_devices_write(request->id, &page, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}

sotto_err admin_device_revoke_on(struct step *s, const struct request *request)
{
    const struct admin_user *what = &request->body.admin_user;
    struct account *account = NULL;
    struct device *device = NULL;
    TRY(admin_user_find(s, &what->who, &account));
    sotto_err err = device_find_of(s, account, what->device_id, &device);
    if (err == SOTTO_E_NOTFOUND)
        return step_refuse(s, err, 0, "this server serves no such device of the account");
    TRY(err);
    TRY(device_remove(s, device, "the admin shut this device out"));
    return admin_answer_done(s, request,
                             "shut out: this server serves the device no more. It stays in the "
                             "account's signed device list, which no server can change: the user "
                             "has to revoke it, so that conversations put it out");
}
