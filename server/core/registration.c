/* What a register frame carries is checked in two halves: whether it fits together, which costs a few hashes, by the core itself; and
 * the signatures, which prove themselves, by the loop before (core_precheck). */
#include "core/state.h"
#include "crypto/hash.h"
#include "proto/account.h"

static sotto_err check(bool holds)
{
    return holds ? SOTTO_OK : SOTTO_E_VALUE;
}

static bool same_account(const uint8_t a[ACCOUNT_ID], const uint8_t b[ACCOUNT_ID])
{
    return memcmp(a, b, ACCOUNT_ID) == 0;
}

static sotto_err check_request(const struct registration *r)
{
    TRY(check(same_account(r->request.account_id, r->key.account_id)));
    return check(memcmp(r->request.account_key, r->key.key, sizeof r->key.key) == 0);
}

/* The first list, with this one device. */
static sotto_err check_list(sotto_crypto *c, const struct registration *r)
{
    const struct listed_device *listed = &r->list.devices[0];
    uint8_t key_hash[IDENTITY_HASH];
    TRY(check(r->list.number == 1 && r->list.device_count == 1 && listed->state == DEVICE_ACTIVE));
    TRY(check(same_account(r->list.account_id, r->key.account_id) && r->list.rotation == 0));
    TRY(check(same_account(r->device.account_id, r->key.account_id)));
    TRY(check(memcmp(r->device.device_id, listed->id, DEVICE_ID) == 0));
    TRY(hash(c, HASH_SHA256, VIEW_OF(r->device.public_key), key_hash));
    return check(memcmp(key_hash, listed->key_hash, sizeof key_hash) == 0);
}

sotto_err registration_read(sotto_crypto *c, const struct proto_register *reg,
                            struct registration *ret_registration)
{
    struct registration *r = ret_registration;
    TRY(genesis_read(reg->genesis, &r->genesis));
    TRY(account_key_begin(c, &r->genesis, &r->key));
    TRY(account_request_read(reg->request, &r->request));
    TRY(device_list_read(reg->device_list, &r->list));
    TRY(x509_read(c, X509_DEVICE, reg->certificate, &r->device));
    TRY(check_request(r));
    return check_list(c, r);
}

sotto_err account_request_check(sotto_crypto *c, const struct account_request *request,
                                const struct core_binding *binding)
{
    if (memcmp(request->server_pin, binding->pin, sizeof binding->pin) != 0)
        return SOTTO_E_PIN;
    if (memcmp(request->nonce, binding->nonce, sizeof binding->nonce) != 0)
        return SOTTO_E_SIGNATURE;
    return account_request_verify(c, request);
}

sotto_err registration_verify(sotto_crypto *c, const struct registration *r, view certificate,
                              const struct core_binding *binding)
{
    struct x509 device;
    TRY(account_request_check(c, &r->request, binding));
    TRY(device_list_verify(c, &r->list, &r->key));
    return x509_verify_device(c, certificate, r->key.key, &device);
}
