/* struct { uint8 version = 1; uint64 account; opaque id[16]; opaque public_key[32]; uint64 created_s; uint64 package_first;
 *          uint64 package_next; uint8 last_resort; opaque put_hash[32]; opaque certificate<V>; } device;
 * Its key packages have the numbers from package_first to below package_next, so that how many there are and which is the oldest is
 * known without looking. */
#include "core/directory.h"
#include "core/state.h"

#define ROW_VERSION 1

sotto_err device_row_read(view bytes, struct device_row *ret_row)
{
    struct rd r = rd_of(bytes);
    struct device_row row = {0};
    if (rd_u8(&r) != ROW_VERSION)
        rd_fail(&r, SOTTO_E_DAMAGED);
    row.account = rd_u64(&r);
    rd_copy(&r, row.id, sizeof row.id);
    rd_copy(&r, row.public_key, sizeof row.public_key);
    row.created_s = rd_u64(&r);
    row.package_first = rd_u64(&r);
    row.package_next = rd_u64(&r);
    row.last_resort = rd_optional(&r);
    rd_copy(&r, row.put_hash, sizeof row.put_hash);
    row.certificate = rd_opaque(&r, X509_MAX);
    if (rd_end(&r) != SOTTO_OK || row.package_first > row.package_next)
        return SOTTO_E_DAMAGED;
    *ret_row = row;
    return SOTTO_OK;
}

sotto_err device_row_write(const struct device_row *row, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u8(&w, ROW_VERSION);
    wr_u64(&w, row->account);
    wr_bytes(&w, VIEW_OF(row->id));
    wr_bytes(&w, VIEW_OF(row->public_key));
    wr_u64(&w, row->created_s);
    wr_u64(&w, row->package_first);
    wr_u64(&w, row->package_next);
    wr_optional(&w, row->last_resort);
    wr_bytes(&w, VIEW_OF(row->put_hash));
    wr_opaque(&w, row->certificate);
    return wr_end(&w);
}

sotto_err device_load(struct step *s, uint64_t number, sotto_buf *bytes, struct device_row *ret_row)
{
    const struct row_key key = row_key_u64(number);
    view value;
    TRY(row_get(s, STORE_DEVICE, row_key_view(&key), &value));
    TRY(buf_set(bytes, value));
    return row_verdict(s, device_row_read(buf_view(bytes), ret_row));
}

static sotto_err device_save(struct step *s, uint64_t number, const struct device_row *row)
{
    const struct row_key key = row_key_u64(number);
    DEFER(buf_clear) sotto_buf bytes = {0};
    TRY(device_row_write(row, &bytes));
    return row_put(s, STORE_DEVICE, row_key_view(&key), buf_view(&bytes));
}

static bool is_low(uint64_t first, uint64_t next)
{
    return next - first < PREKEYS_LOW;
}

/* This device became low, or was and is no more; the account counts once, however many of its devices are. */
static sotto_err low_count(struct step *s, uint64_t account, const uint8_t id[DEVICE_ID], bool low)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    uint8_t other[DEVICE_ID] = {0};
    struct device_row row;
    uint64_t number;
    bool first = true;
    sotto_err err;
    while ((err = device_number_next(s, account, other, first, &number)) == SOTTO_OK) {
        first = false;
        TRY(device_load(s, number, &bytes, &row));
        if (memcmp(other, id, DEVICE_ID) != 0 && is_low(row.package_first, row.package_next))
            return SOTTO_OK;
    }
    if (err != SOTTO_E_NOTFOUND)
        return err;
    s->core->directory.counts.prekeys_low += low ? 1 : UINT64_MAX;
    return SOTTO_OK;
}

sotto_err device_add(struct step *s, uint64_t account, const struct x509 *device, view certificate)
{
    struct directory_counts *counts = &s->core->directory.counts;
    struct device_row row = {
        .account = account, .created_s = step_wall_ms(s) / 1000, .certificate = certificate};
    uint64_t number = counts->next_device;
    memcpy(row.id, device->device_id, sizeof row.id);
    memcpy(row.public_key, device->public_key, sizeof row.public_key);
    TRY(device_save(s, number, &row));
    counts->next_device++;
    TRY(low_count(s, account, row.id, true));
    const struct row_key by_id = row_key_id(account, VIEW_OF(row.id));
    const struct row_key value = row_key_u64(number);
    TRY(row_put(s, STORE_DEVICE_BY_ID, row_key_view(&by_id), row_key_view(&value)));
    TRY(directory_save(s));
    struct device *added = NULL;
    TRY(device_get(s, number, &added));
    return device_streams_make(s, added);
}

sotto_err device_certify(struct step *s, const struct device *device, view certificate)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct device_row row;
    TRY(device_load(s, device->number, &bytes, &row));
    row.certificate = certificate;
    return device_save(s, device->number, &row);
}

sotto_err device_put_hash(struct step *s, const struct device *device,
                          uint8_t ret_hash[IDENTITY_HASH])
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct device_row row;
    TRY(device_load(s, device->number, &bytes, &row));
    memcpy(ret_hash, row.put_hash, IDENTITY_HASH);
    return SOTTO_OK;
}

sotto_err device_set_packages(struct step *s, struct device *device, uint64_t first, uint64_t next,
                              bool last_resort, const uint8_t *put_hash)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct device_row row;
    bool was_low = is_low(device->package_first, device->package_next);
    TRY(device_load(s, device->number, &bytes, &row));
    row.package_first = device->package_first = first;
    row.package_next = device->package_next = next;
    row.last_resort = device->last_resort = last_resort;
    if (put_hash != NULL)
        memcpy(row.put_hash, put_hash, sizeof row.put_hash);
    TRY(device_save(s, device->number, &row));
    if (is_low(first, next) == was_low)
        return SOTTO_OK;
    TRY(low_count(s, device->account->number, device->id, !was_low));
    return directory_save(s);
}

sotto_err device_erase(struct step *s, struct device *device)
{
    const struct row_key number = row_key_u64(device->number);
    const struct row_key by_id = row_key_id(device->account->number, VIEW_OF(device->id));
    for (uint64_t n = device->package_first; n < device->package_next; n++) {
        const struct row_key key = row_key_two(device->number, n);
        TRY(row_delete(s, STORE_KEY_PACKAGE, row_key_view(&key)));
    }
    TRY(row_delete(s, STORE_LAST_RESORT, row_key_view(&number)));
    TRY(row_delete(s, STORE_DEVICE_BY_ID, row_key_view(&by_id)));
    TRY(row_delete(s, STORE_DEVICE, row_key_view(&number)));
    if (!is_low(device->package_first, device->package_next))
        return SOTTO_OK;
    TRY(low_count(s, device->account->number, device->id, false));
    return directory_save(s);
}
