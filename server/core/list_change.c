#include "core/list_change.h"

#include "crypto/hash.h"

static size_t place_of(const struct device_list *list, const struct listed_device *device)
{
    return (size_t)(device - list->devices);
}

/* The device of a certificate: in the new list, active, with this key. */
static sotto_err certificate_check(struct step *s, struct list_change *change, view der)
{
    struct x509 device;
    uint8_t key_hash[IDENTITY_HASH];
    TRY(x509_verify_device(s->core->crypto, der, change->key.key, &device));
    TRY(hash(s->core->crypto, HASH_SHA256, VIEW_OF(device.public_key), key_hash));
    const struct listed_device *listed = device_list_find(&change->next, device.device_id);
    bool fits = listed != NULL && listed->state == DEVICE_ACTIVE &&
                memcmp(listed->key_hash, key_hash, sizeof key_hash) == 0 &&
                memcmp(device.account_id, change->key.account_id, ACCOUNT_ID) == 0;
    if (!fits)
        return step_refuse(s, SOTTO_E_CERTIFICATE, 0,
                           "a certificate is of no active device in the list");
    change->certificate_of[place_of(&change->next, listed)] = der;
    return SOTTO_OK;
}

static sotto_err devices_check(struct step *s, struct list_change *change)
{
    size_t active = 0;
    for (size_t i = 0; i < change->next.device_count; i++) {
        const struct listed_device *device = &change->next.devices[i];
        if (device->state != DEVICE_ACTIVE)
            continue;
        active++;
        bool is_new = device_list_find(&change->before, device->id) == NULL;
        if ((change->anew || is_new) && change->certificate_of[i].len == 0)
            return step_refuse(s, SOTTO_E_CERTIFICATE, 0, "a device came without its certificate");
        change->adds |= is_new;
    }
    if (active > 0 && limit_reached(active - 1, s->core->config.limits.devices))
        return step_bound(s, BOUND_DEVICES, SOTTO_E_FULL,
                          "an account may have %llu active devices: revoke one first",
                          (unsigned long long)s->core->config.limits.devices);
    return change->adds ? step_limit(s, RATE_LINK, change->account->number, 0, 1,
                                     "too many new devices of this account")
                        : SOTTO_OK;
}

sotto_err list_change_check(struct step *s, const struct account_row *row,
                            struct list_change *change)
{
    sotto_crypto *c = s->core->crypto;
    TRY(device_list_read(change->bytes, &change->next));
    TRY(row_verdict(s, device_list_read(row->list, &change->before)));
    TRY(device_list_verify(c, &change->next, &change->key));
    TRY(device_list_follows(c, &change->next, &change->before));
    struct rd items = rd_of(change->certificates->bytes);
    while (rd_more(&items))
        TRY(certificate_check(s, change, rd_opaque(&items, X509_MAX)));
    return devices_check(s, change);
}

static sotto_err device_change(struct step *s, const struct list_change *change, size_t i)
{
    const struct listed_device *listed = &change->next.devices[i];
    view certificate = change->certificate_of[i];
    struct device *device = NULL;
    struct x509 fields;
    bool is_new = device_list_find(&change->before, listed->id) == NULL;
    if (is_new && listed->state == DEVICE_ACTIVE) {
        TRY(x509_read(s->core->crypto, X509_DEVICE, certificate, &fields));
        return device_add(s, change->account->number, &fields, certificate);
    }
    sotto_err err = device_find_of(s, change->account, listed->id, &device);
    if (err == SOTTO_E_NOTFOUND) /* revoked before, or shut out by the admin: for good */
        return SOTTO_OK;
    TRY(err);
    if (listed->state == DEVICE_REVOKED)
        return device_remove(s, device, "this device was revoked");
    return certificate.len > 0 ? device_certify(s, device, certificate) : SOTTO_OK;
}

sotto_err list_change_apply(struct step *s, struct account_row *row,
                            const struct list_change *change)
{
    row->key = change->key;
    row->list = change->bytes;
    row->list_number = change->next.number;
    TRY(device_list_hash(s->core->crypto, &change->next, row->list_hash));
    TRY(account_save(s, change->account->number, row));
    for (size_t i = 0; i < change->next.device_count; i++)
        TRY(device_change(s, change, i));
    if (change->adds)
        step_take(s, RATE_LINK, change->account->number, 0, 1);
    return SOTTO_OK;
}
