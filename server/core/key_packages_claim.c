/* A package is deleted in the step that hands it out; the answer is held until that is durable. */
#include "core/state.h"

sotto_err key_packages_claim_read(view body, union request_body *ret_body)
{
    return proto_key_packages_claim_read(body, &ret_body->claim);
}

#define PAGE_MAX (PROTO_FRAME_MAX - PROTO_HEADER - 8) /* the length of the vector */
#define ITEM_MAX (DEVICE_ID + 1 + 4)                  /* of an item without its package */

static sotto_err add(sotto_buf *page, size_t *count, const struct proto_claimed_package *item)
{
    struct wr w = wr_to(page);
    proto_claimed_package_write(&w, item);
    *count += 1;
    return wr_end(&w);
}

/* The oldest package, else the last resort. NOTFOUND: none. Borrowed until the next call on the store. */
static sotto_err package_find(struct step *s, const struct device *device, uint8_t *ret_status,
                              view *ret_package)
{
    const struct row_key oldest = row_key_two(device->number, device->package_first);
    const struct row_key last = row_key_u64(device->number);
    if (device->package_first == device->package_next && !device->last_resort)
        return SOTTO_E_NOTFOUND;
    bool has = device->package_first < device->package_next;
    sotto_err err = row_get(s, has ? STORE_KEY_PACKAGE : STORE_LAST_RESORT,
                            row_key_view(has ? &oldest : &last), ret_package);
    *ret_status = has ? CLAIMED_PACKAGE : CLAIMED_LAST_RESORT;
    return err == SOTTO_E_NOTFOUND ? row_verdict(s, SOTTO_E_DAMAGED) : err;
}

static sotto_err package_use(struct step *s, struct device *device)
{
    const struct row_key key = row_key_two(device->number, device->package_first);
    TRY(row_delete(s, STORE_KEY_PACKAGE, row_key_view(&key)));
    return device_set_packages(s, device, device->package_first + 1, device->package_next,
                               device->last_resort, NULL);
}

/* NULL: there is no such device. */
static sotto_err claim(struct step *s, struct device *device, const uint8_t id[DEVICE_ID],
                       sotto_buf *page, size_t *count)
{
    struct proto_claimed_package item = {0};
    memcpy(item.device_id, id, sizeof item.device_id);
    sotto_err err =
        device != NULL ? package_find(s, device, &item.status, &item.package) : SOTTO_E_NOTFOUND;
    if (err == SOTTO_E_NOTFOUND)
        item.status = CLAIMED_NONE;
    else
        TRY(err);
    if (page->len + ITEM_MAX + item.package.len > PAGE_MAX)
        return SOTTO_OK;
    TRY(add(page, count, &item));
    return item.status == CLAIMED_PACKAGE ? package_use(s, device) : SOTTO_OK;
}

static sotto_err claim_all(struct step *s, struct account *account, sotto_buf *page, size_t *count)
{
    uint8_t id[DEVICE_ID] = {0};
    struct device *device = NULL;
    bool first = true;
    sotto_err err;
    while ((err = device_next(s, account, id, first, &device)) == SOTTO_OK) {
        TRY(claim(s, device, id, page, count));
        first = false;
    }
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

static sotto_err claim_some(struct step *s, struct account *account, view ids, sotto_buf *page,
                            size_t *count)
{
    for (size_t at = 0; at < ids.len; at += DEVICE_ID) {
        struct device *device = NULL;
        sotto_err err = device_find_of(s, account, ids.data + at, &device);
        if (err != SOTTO_OK && err != SOTTO_E_NOTFOUND)
            return err;
        TRY(claim(s, device, ids.data + at, page, count));
    }
    return SOTTO_OK;
}

/* One that is named twice would give two packages for one claim. */
static bool is_distinct(view ids)
{
    for (size_t a = 0; a < ids.len; a += DEVICE_ID)
        for (size_t b = a + DEVICE_ID; b < ids.len; b += DEVICE_ID)
            if (memcmp(ids.data + a, ids.data + b, DEVICE_ID) == 0)
                return false;
    return true;
}

static sotto_err check_rates(struct step *s, uint64_t who, uint64_t whom)
{
    TRY(step_limit(s, RATE_CLAIM, who, whom, 1, "too many key packages of this account"));
    TRY(step_limit(s, RATE_TARGET_CLAIM, whom, 0, 1,
                   "too many ask for key packages of this account"));
    step_take(s, RATE_CLAIM, who, whom, 1);
    step_take(s, RATE_TARGET_CLAIM, whom, 0, 1);
    return SOTTO_OK;
}

sotto_err key_packages_claim_on(struct step *s, const struct request *request)
{
    const struct proto_key_packages_claim *asked = &request->body.claim;
    DEFER(buf_clear) sotto_buf page = {0};
    struct account *account = NULL;
    size_t count = 0;
    if (!is_distinct(asked->devices))
        return SOTTO_E_VALUE;
    sotto_err err = account_find(s, asked->account_id, &account);
    if (err == SOTTO_E_NOTFOUND || (err == SOTTO_OK && account->disabled))
        return step_refuse(s, SOTTO_E_NOTFOUND, 0, "no such account here");
    TRY(err);
    TRY(check_rates(s, request->from->device->account->number, account->number));
    if (asked->devices.len == 0)
        TRY(claim_all(s, account, &page, &count));
    else
        TRY(claim_some(s, account, asked->devices, &page, &count));
    TRY(fx_reserve(s->fx, STEP_EFFECTS, page.len + STEP_BYTES));
    size_t at = s->fx->bytes.len;
    TRY(proto_claimed_write(request->id, &(struct proto_list){buf_view(&page), count},
                            &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}
