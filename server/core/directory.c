/* Accounts and devices in memory. A row in memory stands in a map by its number; those without a session wait in a list until the
 * next step begins, and leave then. */
#include "core/directory.h"

#include <stdlib.h>

#include "core/state.h"

#define COUNTS_VERSION 1

static view counts_key(void)
{
    return VIEW_LIT("directory");
}

sotto_err directory_save(struct step *s)
{
    const struct directory_counts *counts = &s->core->directory.counts;
    uint8_t bytes[1 + 8 * 8];
    sotto_buf row = BUF_ON(bytes);
    struct wr w = wr_to(&row);
    wr_u8(&w, COUNTS_VERSION);
    wr_u64(&w, counts->next_account);
    wr_u64(&w, counts->next_device);
    wr_u64(&w, counts->next_mail);
    wr_u64(&w, counts->accounts);
    wr_u64(&w, counts->mails);
    wr_u64(&w, counts->prekeys_low);
    wr_u64(&w, counts->blobs);
    wr_u64(&w, counts->blob_bytes);
    TRY(wr_end(&w));
    return row_put(s, STORE_META, counts_key(), buf_view(&row));
}

static sotto_err counts_read(view bytes, struct directory_counts *ret_counts)
{
    struct rd r = rd_of(bytes);
    struct directory_counts counts = {0};
    if (rd_u8(&r) != COUNTS_VERSION)
        rd_fail(&r, SOTTO_E_DAMAGED);
    counts.next_account = rd_u64(&r);
    counts.next_device = rd_u64(&r);
    counts.next_mail = rd_u64(&r);
    counts.accounts = rd_u64(&r);
    counts.mails = rd_u64(&r);
    counts.prekeys_low = rd_u64(&r);
    counts.blobs = rd_u64(&r);
    counts.blob_bytes = rd_u64(&r);
    if (rd_end(&r) != SOTTO_OK)
        return SOTTO_E_DAMAGED;
    *ret_counts = counts;
    return SOTTO_OK;
}

sotto_err directory_open(struct step *s)
{
    struct directory_counts *counts = &s->core->directory.counts;
    view bytes;
    sotto_err err = row_get(s, STORE_META, counts_key(), &bytes);
    if (err == SOTTO_OK)
        return row_verdict(s, counts_read(bytes, counts));
    if (err != SOTTO_E_NOTFOUND)
        return err;
    *counts = (struct directory_counts){.next_account = 1, .next_device = 1, .next_mail = 1};
    return SOTTO_OK;
}

/* --- into memory --- */

static void account_fill(struct account *account, uint64_t number, const struct account_row *row)
{
    account->number = number;
    account->key = row->key;
    account->list_number = row->list_number;
    memcpy(account->list_hash, row->list_hash, sizeof account->list_hash);
    account->blob_bytes = row->blob_bytes;
    account->quota_bytes = row->quota_bytes;
    account->disabled = row->flags & ACCOUNT_DISABLED;
    account->admin = row->flags & ACCOUNT_ADMIN;
}

void account_refresh(struct core *core, uint64_t number, const struct account_row *row)
{
    struct account *account = map_find(&core->directory.accounts, number);
    if (account != NULL)
        account_fill(account, number, row);
}

sotto_err account_get(struct step *s, uint64_t number, struct account **ret_account)
{
    struct directory *directory = &s->core->directory;
    struct account *account = map_find(&directory->accounts, number);
    if (account == NULL) {
        struct account_row row;
        view bytes;
        const struct row_key key = row_key_u64(number);
        TRY(row_get(s, STORE_ACCOUNT, row_key_view(&key), &bytes));
        TRY(row_verdict(s, account_row_read(bytes, &row)));
        TRY(map_reserve(&directory->accounts, 1));
        account = calloc(1, sizeof *account);
        if (account == NULL)
            return SOTTO_E_NOMEM;
        account_fill(account, number, &row);
        map_put(&directory->accounts, number, account);
        list_add_last(&directory->loose_accounts, &account->loose);
    }
    *ret_account = account;
    return SOTTO_OK;
}

/* A row that holds a number. */
static sotto_err number_get(struct step *s, enum store_table table, view key, uint64_t *ret_number)
{
    view bytes;
    TRY(row_get(s, table, key, &bytes));
    struct rd r = rd_of(bytes);
    uint64_t number = rd_u64(&r);
    if (rd_end(&r) != SOTTO_OK)
        return row_verdict(s, SOTTO_E_DAMAGED);
    *ret_number = number;
    return SOTTO_OK;
}

/* What one row names another one must hold. */
static sotto_err must_be_there(struct step *s, sotto_err err)
{
    if (err != SOTTO_E_NOTFOUND)
        return err;
    s->broken = true;
    return SOTTO_E_DAMAGED;
}

sotto_err account_find(struct step *s, const uint8_t id[ACCOUNT_ID], struct account **ret_account)
{
    uint64_t number;
    TRY(number_get(s, STORE_ACCOUNT_BY_ID, view_of(id, ACCOUNT_ID), &number));
    return must_be_there(s, account_get(s, number, ret_account));
}

sotto_err account_by_name(struct step *s, view name, uint64_t *ret_number)
{
    uint64_t number = 0;
    sotto_err err = number_get(s, STORE_ACCOUNT_BY_NAME, name, &number);
    if (err != SOTTO_OK && err != SOTTO_E_NOTFOUND)
        return err;
    *ret_number = number;
    return SOTTO_OK;
}

static sotto_err device_new(struct step *s, uint64_t number, const struct device_row *row,
                            struct device **ret_device)
{
    struct directory *directory = &s->core->directory;
    struct account *account = NULL;
    TRY(must_be_there(s, account_get(s, row->account, &account)));
    TRY(map_reserve(&directory->devices, 1));
    struct device *device = calloc(1, sizeof *device);
    if (device == NULL)
        return SOTTO_E_NOMEM;
    device->number = number;
    device->account = account;
    memcpy(device->id, row->id, sizeof device->id);
    memcpy(device->public_key, row->public_key, sizeof device->public_key);
    device->package_first = row->package_first;
    device->package_next = row->package_next;
    device->last_resort = row->last_resort;
    if (account->devices++ == 0)
        list_remove(&directory->loose_accounts, &account->loose);
    map_put(&directory->devices, number, device);
    list_add_last(&directory->loose_devices, &device->loose);
    *ret_device = device;
    return SOTTO_OK;
}

sotto_err device_get(struct step *s, uint64_t number, struct device **ret_device)
{
    struct device *device = map_find(&s->core->directory.devices, number);
    if (device == NULL) {
        DEFER(buf_clear) sotto_buf bytes = {0};
        struct device_row row;
        TRY(device_load(s, number, &bytes, &row));
        TRY(device_new(s, number, &row, &device));
    }
    *ret_device = device;
    return SOTTO_OK;
}

sotto_err device_find_of(struct step *s, struct account *account,
                         const uint8_t device_id[DEVICE_ID], struct device **ret_device)
{
    uint64_t number;
    const struct row_key key = row_key_id(account->number, view_of(device_id, DEVICE_ID));
    TRY(number_get(s, STORE_DEVICE_BY_ID, row_key_view(&key), &number));
    return must_be_there(s, device_get(s, number, ret_device));
}

sotto_err device_find(struct step *s, const uint8_t account_id[ACCOUNT_ID],
                      const uint8_t device_id[DEVICE_ID], struct device **ret_device)
{
    struct account *account = NULL;
    TRY(account_find(s, account_id, &account));
    if (account->disabled)
        return SOTTO_E_NOTFOUND;
    return device_find_of(s, account, device_id, ret_device);
}

sotto_err device_number_next(struct step *s, uint64_t account, uint8_t id[DEVICE_ID], bool first,
                             uint64_t *ret_number)
{
    const struct row_key prefix = row_key_u64(account);
    const struct row_key after = row_key_id(account, view_of(id, DEVICE_ID));
    view key, value;
    TRY(row_next(s, STORE_DEVICE_BY_ID, row_key_view(&prefix),
                 first ? (view){0} : row_key_view(&after), &key, &value));
    struct rd k = rd_of(key), v = rd_of(value);
    uint8_t found[DEVICE_ID];
    (void)rd_u64(&k);
    rd_copy(&k, found, sizeof found);
    uint64_t number = rd_u64(&v);
    if (rd_end(&k) != SOTTO_OK || rd_end(&v) != SOTTO_OK)
        return row_verdict(s, SOTTO_E_DAMAGED);
    memcpy(id, found, sizeof found);
    *ret_number = number;
    return SOTTO_OK;
}

sotto_err device_next(struct step *s, const struct account *account, uint8_t id[DEVICE_ID],
                      bool first, struct device **ret_device)
{
    uint64_t number;
    TRY(device_number_next(s, account->number, id, first, &number));
    return must_be_there(s, device_get(s, number, ret_device));
}

/* --- out of memory --- */

void device_release(struct core *core, struct device *device)
{
    struct list *loose = &core->directory.loose_devices;
    if (device->session == NULL && !list_holds(loose, &device->loose))
        list_add_last(loose, &device->loose);
}

static void device_free(struct core *core, struct device *device)
{
    struct directory *directory = &core->directory;
    if (!device->gone)
        map_take(&directory->devices, device->number);
    if (--device->account->devices == 0)
        list_add_last(&directory->loose_accounts, &device->account->loose);
    free(device);
}

static void account_free(struct core *core, struct account *account)
{
    if (map_find(&core->directory.accounts, account->number) == account)
        map_take(&core->directory.accounts, account->number);
    free(account);
}

static void accounts_trim(struct core *core)
{
    struct list *loose = &core->directory.loose_accounts;
    while (loose->first != NULL) {
        struct account *account = LIST_ROW(loose->first, struct account, loose);
        list_remove(loose, &account->loose);
        account_free(core, account);
    }
}

void directory_trim(struct core *core)
{
    struct list *loose = &core->directory.loose_devices;
    while (loose->first != NULL) {
        struct device *device = LIST_ROW(loose->first, struct device, loose);
        list_remove(loose, &device->loose);
        if (device->session == NULL)
            device_free(core, device);
    }
    accounts_trim(core);
}

void directory_clear(struct core *core)
{
    struct directory *directory = &core->directory;
    struct device *device;
    while (directory->loose_devices.first != NULL) {
        device = LIST_ROW(directory->loose_devices.first, struct device, loose);
        list_remove(&directory->loose_devices, &device->loose);
        if (device->gone)
            device_free(core, device);
    }
    size_t cursor = 0;
    while ((device = map_next(&directory->devices, &cursor)) != NULL) {
        device->gone = true; /* the map is cleared whole */
        device_free(core, device);
    }
    map_clear(&directory->devices);
    accounts_trim(core);
    map_clear(&directory->accounts);
}

/* --- ends --- */

sotto_err device_sign_out(struct step *s, struct device *device, sotto_err reason, const char *why)
{
    struct connection *c = device->session;
    if (c == NULL)
        return SOTTO_OK;
    TRY(fx_reserve(s->fx, STEP_EFFECTS + c->room_count * ROOM_END_EFFECTS,
                   STEP_BYTES + c->room_count * ROOM_END_BYTES));
    step_refuse(s, reason, 0, "%s", why);
    connection_end(s, c, reason, ROOM_END_LOST);
    s->detail[0] = '\0';
    return SOTTO_OK;
}

sotto_err device_remove(struct step *s, struct device *device, const char *why)
{
    struct directory *directory = &s->core->directory;
    TRY(device_sign_out(s, device, SOTTO_E_DENIED, why));
    TRY(device_streams_end(s, device));
    TRY(device_erase(s, device));
    map_take(&directory->devices, device->number);
    device->gone = true;
    device_release(s->core, device);
    return SOTTO_OK;
}
