#include "bench/device.h"

#include "crypto/hash.h"
#include "proto/account.h"
#include "proto/auth_proof.h"

static sotto_err key_make(sotto_crypto *c, struct rng *rng, sotto_sign_key **ret_key)
{
    uint8_t seed[ED25519_PUBLIC];
    rng_bytes(rng, seed, sizeof seed);
    return sign_key_derive(c, SIGN_ED25519, VIEW_OF(seed), ret_key);
}

static void public_copy(const sotto_sign_key *key, uint8_t ret_public[ED25519_PUBLIC])
{
    memcpy(ret_public, sign_key_public(key).data, ED25519_PUBLIC);
}

static sotto_err genesis_make(sotto_crypto *c, const struct device_keys *keys,
                              struct genesis *ret_genesis)
{
    public_copy(keys->account, ret_genesis->account_key);
    return hash(c, HASH_SHA256, sign_key_public(keys->recovery), ret_genesis->recovery_hash);
}

sotto_err device_keys_make(sotto_crypto *c, const uint8_t seed[DEVICE_SEED],
                           struct device_keys *ret_keys)
{
    DEFER(device_keys_clear) struct device_keys keys = {0};
    DEFER(rng_clear) struct rng rng = rng_from(seed);
    struct genesis genesis;
    TRY(key_make(c, &rng, &keys.account));
    TRY(key_make(c, &rng, &keys.recovery));
    TRY(key_make(c, &rng, &keys.device));
    rng_bytes(&rng, keys.device_id, sizeof keys.device_id);
    TRY(genesis_make(c, &keys, &genesis));
    TRY(genesis_id(c, &genesis, keys.account_id));
    *ret_keys = keys;
    keys = (struct device_keys){0};
    return SOTTO_OK;
}

void device_keys_clear(struct device_keys *keys)
{
    sign_key_free(keys->account);
    sign_key_free(keys->recovery);
    sign_key_free(keys->device);
    *keys = (struct device_keys){0};
}

/* The first list: this device alone. */
static sotto_err list_make(sotto_crypto *c, const struct device_keys *keys, int64_t now_s,
                           sotto_buf *out)
{
    struct device_list list = {
        .number = 1,
        .issued_s = now_s,
        .expires_s = now_s + DEVICE_LIST_TTL_S,
        .device_count = 1,
    };
    memcpy(list.account_id, keys->account_id, sizeof list.account_id);
    memcpy(list.devices[0].id, keys->device_id, sizeof list.devices[0].id);
    list.devices[0].state = DEVICE_ACTIVE;
    TRY(hash(c, HASH_SHA256, sign_key_public(keys->device), list.devices[0].key_hash));
    TRY(device_list_sign(c, keys->account, &list));
    return device_list_write(&list, out);
}

static sotto_err certificate_make(sotto_crypto *c, const struct device_keys *keys, sotto_buf *out)
{
    struct x509 fields = {.kind = X509_DEVICE};
    public_copy(keys->device, fields.public_key);
    memcpy(fields.account_id, keys->account_id, sizeof fields.account_id);
    memcpy(fields.device_id, keys->device_id, sizeof fields.device_id);
    return x509_issue(c, &fields, keys->account, out);
}

static sotto_err request_make(sotto_crypto *c, const struct device_keys *keys, view name,
                              const uint8_t pin[X509_PIN], const uint8_t nonce[HELLO_NONCE],
                              sotto_buf *out)
{
    struct account_request request = {.name = name};
    memcpy(request.account_id, keys->account_id, sizeof request.account_id);
    public_copy(keys->account, request.account_key);
    memcpy(request.server_pin, pin, sizeof request.server_pin);
    memcpy(request.nonce, nonce, sizeof request.nonce);
    TRY(account_request_sign(c, keys->account, &request));
    return account_request_write(&request, out);
}

sotto_err device_renew_write(sotto_crypto *c, const struct device_keys *keys, view name,
                             const uint8_t pin[X509_PIN], const uint8_t nonce[HELLO_NONCE],
                             uint32_t request, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    TRY(request_make(c, keys, name, pin, nonce, &bytes));
    return proto_renew_write(request, buf_view(&bytes), out);
}

sotto_err device_register_write(sotto_crypto *c, const struct device_keys *keys,
                                const struct device_registration *r, const uint8_t pin[X509_PIN],
                                const uint8_t nonce[HELLO_NONCE], uint32_t request, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf genesis_bytes = {0};
    DEFER(buf_clear) sotto_buf request_bytes = {0};
    DEFER(buf_clear) sotto_buf list = {0};
    DEFER(buf_clear) sotto_buf certificate = {0};
    struct genesis genesis;
    TRY(genesis_make(c, keys, &genesis));
    TRY(genesis_write(&genesis, &genesis_bytes));
    TRY(request_make(c, keys, r->name, pin, nonce, &request_bytes));
    TRY(list_make(c, keys, r->now_s, &list));
    TRY(certificate_make(c, keys, &certificate));
    const struct proto_register reg = {
        .how = r->how,
        .secret = r->secret,
        .mail = r->mail,
        .genesis = buf_view(&genesis_bytes),
        .request = buf_view(&request_bytes),
        .device_list = buf_view(&list),
        .certificate = buf_view(&certificate),
    };
    return proto_register_write(request, &reg, out);
}

sotto_err device_auth_write(sotto_crypto *c, const struct device_keys *keys,
                            const uint8_t pin[X509_PIN], const uint8_t nonce[HELLO_NONCE],
                            const uint8_t exporter[HELLO_EXPORTER], uint32_t request,
                            sotto_buf *out)
{
    struct auth_proof proof;
    struct proto_auth auth;
    memcpy(proof.server_pin, pin, sizeof proof.server_pin);
    memcpy(proof.account_id, keys->account_id, sizeof proof.account_id);
    memcpy(proof.device_id, keys->device_id, sizeof proof.device_id);
    memcpy(proof.nonce, nonce, sizeof proof.nonce);
    memcpy(proof.exporter, exporter, sizeof proof.exporter);
    memcpy(auth.account_id, keys->account_id, sizeof auth.account_id);
    memcpy(auth.device_id, keys->device_id, sizeof auth.device_id);
    public_copy(keys->device, auth.public_key);
    TRY(auth_proof_sign(c, keys->device, &proof, auth.signature));
    return proto_auth_write(request, &auth, out);
}
