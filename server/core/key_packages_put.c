#include "core/state.h"
#include "crypto/hash.h"

sotto_err key_packages_put_read(view body, union request_body *ret_body)
{
    return proto_key_packages_put_read(body, &ret_body->packages_put);
}

sotto_err request_answer_packages(struct step *s, const struct request *request)
{
    const struct device *device = request->from->device;
    const struct proto_key_packages answer = {
        .count = (uint32_t)(device->package_next - device->package_first),
        .last_resort = device->last_resort,
    };
    size_t at = s->fx->bytes.len;
    TRY(proto_key_packages_write(request->id, &answer, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}

static sotto_err last_resort_put(struct step *s, struct device *device, struct rd *items)
{
    const struct row_key key = row_key_u64(device->number);
    TRY(row_put(s, STORE_LAST_RESORT, row_key_view(&key), rd_opaque(items, KEY_PACKAGE_MAX)));
    return device_set_packages(s, device, device->package_first, device->package_next, true, NULL);
}

static sotto_err packages_add(struct step *s, struct device *device, struct rd *items, size_t count,
                              const uint8_t put_hash[IDENTITY_HASH])
{
    uint64_t next = device->package_next, stored = next - device->package_first;
    uint64_t limit = s->core->config.limits.key_packages;
    if (limit > 0 && stored + count > limit)
        return step_bound(s, BOUND_KEY_PACKAGES, SOTTO_E_FULL,
                          "%llu key packages are stored, and %llu may be: none was added",
                          (unsigned long long)stored, (unsigned long long)limit);
    while (rd_more(items)) {
        const struct row_key key = row_key_two(device->number, next++);
        TRY(row_put(s, STORE_KEY_PACKAGE, row_key_view(&key), rd_opaque(items, KEY_PACKAGE_MAX)));
    }
    return device_set_packages(s, device, device->package_first, next, device->last_resort,
                               put_hash);
}

/* Who did not hear the answer puts the same again: each of them would be handed out twice. */
static sotto_err packages_put(struct step *s, const struct request *request, struct rd *items)
{
    struct device *device = request->from->device;
    uint8_t put_hash[IDENTITY_HASH], last_hash[IDENTITY_HASH];
    TRY(hash(s->core->crypto, HASH_SHA256, request->bytes, put_hash));
    TRY(device_put_hash(s, device, last_hash));
    if (memcmp(put_hash, last_hash, sizeof put_hash) == 0)
        return SOTTO_OK;
    return packages_add(s, device, items, request->body.packages_put.packages.count, put_hash);
}

sotto_err key_packages_put_on(struct step *s, const struct request *request)
{
    const struct proto_key_packages_put *put = &request->body.packages_put;
    struct rd items = rd_of(put->packages.bytes);
    TRY(check_space(s));
    if (put->last_resort)
        TRY(last_resort_put(s, request->from->device, &items));
    else
        TRY(packages_put(s, request, &items));
    return request_answer_packages(s, request);
}
