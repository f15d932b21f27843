/* struct { opaque id[16]; opaque key_hash[32]; uint8 state; } listed_device;
 * struct { opaque label<V> = "sotto devices"; uint8 version = 1; opaque account_id[32]; uint32 rotation; uint64 number;
 *          opaque previous_hash[32]; uint64 issued_s; uint64 expires_s; listed_device devices<V>; opaque signature[64]; } device_list; */
#include "base/ct.h"
#include "identity/identity_local.h"

#define LABEL       VIEW_LIT("sotto devices")
#define DEVICE_SIZE (DEVICE_ID + IDENTITY_HASH + 1) /* bytes */

static bool state_sound(uint8_t state)
{
    return state == DEVICE_ACTIVE || state == DEVICE_REVOKED;
}

static int id_compare(const struct listed_device *a, const struct listed_device *b)
{
    return memcmp(a->id, b->id, DEVICE_ID);
}

static bool devices_sound(const struct device_list *list)
{
    if (list->device_count == 0 || list->device_count > DEVICES_MAX)
        return false;
    for (size_t i = 0; i < list->device_count; i++) {
        const struct listed_device *device = &list->devices[i];
        if (!state_sound(device->state) || (i > 0 && id_compare(device - 1, device) >= 0))
            return false;
    }
    return true;
}

/* What no field's type says. */
static bool list_sound(const struct device_list *list)
{
    bool first = list->number == 1;
    bool follows_none = ct_is_zero(list->previous_hash, sizeof list->previous_hash);
    bool timely = list->issued_s >= 0 && list->issued_s <= X509_FOREVER_S - DEVICE_LIST_TTL_S &&
                  list->expires_s == list->issued_s + DEVICE_LIST_TTL_S;
    return list->rotation <= ROTATIONS_MAX && list->number > 0 && first == follows_none && timely &&
           devices_sound(list);
}

/* A time that no int64_t holds becomes one that is not allowed. */
static int64_t time_parse(struct rd *r)
{
    uint64_t time_s = rd_u64(r);
    return time_s <= INT64_MAX ? (int64_t)time_s : -1;
}

static void device_parse(struct rd *r, struct listed_device *out)
{
    rd_copy(r, out->id, sizeof out->id);
    rd_copy(r, out->key_hash, sizeof out->key_hash);
    out->state = rd_u8(r);
}

static void device_put(struct wr *w, const struct listed_device *device)
{
    wr_bytes(w, VIEW_OF(device->id));
    wr_bytes(w, VIEW_OF(device->key_hash));
    wr_u8(w, device->state);
}

void device_list_parse(struct rd *r, struct device_list *out)
{
    record_read_head(r, LABEL);
    rd_copy(r, out->account_id, sizeof out->account_id);
    out->rotation = rd_u32(r);
    out->number = rd_u64(r);
    rd_copy(r, out->previous_hash, sizeof out->previous_hash);
    out->issued_s = time_parse(r);
    out->expires_s = time_parse(r);
    struct rd devices = rd_vector(r, (size_t)DEVICES_MAX * DEVICE_SIZE);
    out->device_count = 0;
    while (rd_more(&devices) && out->device_count < DEVICES_MAX)
        device_parse(&devices, &out->devices[out->device_count++]);
    rd_join(r, &devices);
    rd_copy(r, out->signature, sizeof out->signature);
    if (rd_ok(r))
        rd_demand(r, list_sound(out));
}

void device_list_put(struct wr *w, const struct device_list *list)
{
    if (!list_sound(list)) {
        wr_fail(w, list->device_count > DEVICES_MAX ? SOTTO_E_TOO_LARGE : SOTTO_E_VALUE);
        return;
    }
    record_write_head(w, LABEL);
    wr_bytes(w, VIEW_OF(list->account_id));
    wr_u32(w, list->rotation);
    wr_u64(w, list->number);
    wr_bytes(w, VIEW_OF(list->previous_hash));
    wr_u64(w, (uint64_t)list->issued_s);
    wr_u64(w, (uint64_t)list->expires_s);
    wr_varint(w, list->device_count * DEVICE_SIZE);
    for (size_t i = 0; i < list->device_count; i++)
        device_put(w, &list->devices[i]);
    wr_bytes(w, VIEW_OF(list->signature));
}

sotto_err device_list_read(view bytes, struct device_list *ret_list)
{
    struct rd r = rd_of(bytes);
    struct device_list list = {0};
    device_list_parse(&r, &list);
    TRY(rd_end(&r));
    *ret_list = list;
    return SOTTO_OK;
}

sotto_err device_list_write(const struct device_list *list, sotto_buf *out)
{
    struct wr w = wr_to(out);
    device_list_put(&w, list);
    return wr_end(&w);
}

sotto_err device_list_sign(sotto_crypto *c, const sotto_sign_key *account_key,
                           struct device_list *list)
{
    uint8_t bytes[DEVICE_LIST_MAX];
    sotto_buf record = BUF_ON(bytes);
    TRY(device_list_write(list, &record));
    return record_sign(c, account_key, record_signed_part(&record), list->signature);
}

sotto_err device_list_verify(sotto_crypto *c, const struct device_list *list,
                             const struct account_key *key)
{
    uint8_t bytes[DEVICE_LIST_MAX];
    sotto_buf record = BUF_ON(bytes);
    if (!view_equal(VIEW_OF(list->account_id), VIEW_OF(key->account_id)))
        return SOTTO_E_SIGNATURE;
    if (list->rotation != key->n)
        return SOTTO_E_CONFLICT;
    TRY(device_list_write(list, &record));
    return record_verify(c, key->key, record_signed_part(&record), list->signature);
}

const struct listed_device *device_list_find(const struct device_list *list,
                                             const uint8_t device_id[DEVICE_ID])
{
    for (size_t i = 0; i < list->device_count; i++)
        if (memcmp(list->devices[i].id, device_id, DEVICE_ID) == 0)
            return &list->devices[i];
    return NULL;
}

sotto_err device_list_hash(sotto_crypto *c, const struct device_list *list,
                           uint8_t ret_hash[IDENTITY_HASH])
{
    uint8_t bytes[DEVICE_LIST_MAX], digest[IDENTITY_HASH];
    sotto_buf record = BUF_ON(bytes);
    TRY(device_list_write(list, &record));
    TRY(hash(c, HASH_SHA256, buf_view(&record), digest));
    memcpy(ret_hash, digest, sizeof digest);
    return SOTTO_OK;
}

/* Once listed, a device stays, with the key that it has; once revoked, it stays revoked. */
static bool devices_kept(const struct device_list *next, const struct device_list *before)
{
    for (size_t i = 0; i < before->device_count; i++) {
        const struct listed_device *was = &before->devices[i];
        const struct listed_device *is = device_list_find(next, was->id);
        if (is == NULL || !view_equal(VIEW_OF(is->key_hash), VIEW_OF(was->key_hash)) ||
            (was->state == DEVICE_REVOKED && is->state != DEVICE_REVOKED))
            return false;
    }
    return true;
}

sotto_err device_list_follows(sotto_crypto *c, const struct device_list *next,
                              const struct device_list *before)
{
    uint8_t digest[IDENTITY_HASH];
    TRY(device_list_hash(c, before, digest));
    if (!view_equal(VIEW_OF(next->account_id), VIEW_OF(before->account_id)) ||
        next->rotation < before->rotation || next->number == 0 ||
        next->number - 1 != before->number ||
        !view_equal(VIEW_OF(next->previous_hash), VIEW_OF(digest)) ||
        next->issued_s < before->issued_s)
        return SOTTO_E_CONFLICT;
    return devices_kept(next, before) ? SOTTO_OK : SOTTO_E_DENIED;
}
