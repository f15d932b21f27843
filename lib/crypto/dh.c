#include "crypto/dh.h"

#include <stdlib.h>

#include "base/ct.h"
#include "crypto/crypto_local.h"

static const struct {
    uint8_t private_size, public_size;
} sizes[] = {
    [DH_X25519] = {32, 32}, [DH_X448] = {56, 56},  [DH_P256] = {32, 65},
    [DH_P384] = {48, 97},   [DH_P521] = {66, 133},
};

struct dh_key {
    enum dh_id id;
    struct secret private_key;
    uint8_t public_key[DH_PUBLIC_MAX];
    EVP_PKEY *pkey; /* NULL for X25519, whose back-ends take bytes */
};

size_t dh_private_size(enum dh_id id)
{
    return sizes[id].private_size;
}

size_t dh_public_size(enum dh_id id)
{
    return sizes[id].public_size;
}

/* A coordinate, which is as long as a scalar on all five. */
size_t dh_shared_size(enum dh_id id)
{
    return sizes[id].private_size;
}

static enum ec_id ec_of(enum dh_id id)
{
    return id == DH_P256 ? EC_P256 : id == DH_P384 ? EC_P384 : EC_P521;
}

static sotto_err import_x25519(sotto_crypto *c, view private_key, struct dh_key *key)
{
    TRY(secret_set(&key->private_key, private_key));
    return c->curve->x25519_public(c, key->private_key.data, key->public_key);
}

static sotto_err import_x448(view private_key, struct dh_key *key)
{
    TRY(secret_set(&key->private_key, private_key));
    size_t len = dh_public_size(DH_X448);
    key->pkey =
        EVP_PKEY_new_raw_private_key_ex(NULL, "X448", NULL, private_key.data, private_key.len);
    if (key->pkey == NULL || EVP_PKEY_get_raw_public_key(key->pkey, key->public_key, &len) != 1)
        return SOTTO_E_CRYPTO;
    return SOTTO_OK;
}

static sotto_err import(sotto_crypto *c, view private_key, struct dh_key *key)
{
    if (key->id >= DH_P256)
        return ec_private_import(c, ec_of(key->id), private_key, &key->private_key, key->public_key,
                                 &key->pkey);
    if (private_key.len != dh_private_size(key->id))
        return SOTTO_E_KEY;
    return key->id == DH_X25519 ? import_x25519(c, private_key, key)
                                : import_x448(private_key, key);
}

sotto_err dh_key_import(sotto_crypto *c, enum dh_id id, const struct secret *private_key,
                        struct dh_key **ret_key)
{
    DEFER(dh_key_freep) struct dh_key *key = calloc(1, sizeof *key);
    if (key == NULL)
        return SOTTO_E_NOMEM;
    key->id = id;
    TRY(import(c, secret_view(private_key), key));
    *ret_key = MOVE(key);
    return SOTTO_OK;
}

enum dh_id dh_key_id(const struct dh_key *key)
{
    return key->id;
}

view dh_key_public(const struct dh_key *key)
{
    return view_of(key->public_key, dh_public_size(key->id));
}

void dh_key_export(const struct dh_key *key, struct secret *ret_private)
{
    *ret_private = key->private_key;
}

void dh_key_free(struct dh_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    ct_wipe(key, sizeof *key);
    free(key);
}

void dh_key_freep(struct dh_key **key)
{
    dh_key_free(*key);
}

static sotto_err peer_import(sotto_crypto *c, enum dh_id id, view peer, EVP_PKEY **ret_peer)
{
    if (id != DH_X448)
        return ec_public_import(c, ec_of(id), peer, ret_peer);
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key_ex(NULL, "X448", NULL, peer.data, peer.len);
    if (key == NULL)
        return SOTTO_E_CRYPTO;
    *ret_peer = key;
    return SOTTO_OK;
}

/* The peer's point was checked when it was imported, so OpenSSL needn't check it again. X448 fails for a zero result. */
static sotto_err derive(sotto_crypto *c, const struct dh_key *key, view peer_public,
                        uint8_t *ret_shared)
{
    DEFER(pkey_freep) EVP_PKEY *peer = NULL;
    TRY(peer_import(c, key->id, peer_public, &peer));
    DEFER(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (ctx == NULL)
        return SOTTO_E_NOMEM;
    size_t len = dh_shared_size(key->id);
    if (EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) != 1)
        return SOTTO_E_CRYPTO;
    return EVP_PKEY_derive(ctx, ret_shared, &len) == 1 ? SOTTO_OK : SOTTO_E_KEY;
}

sotto_err dh(sotto_crypto *c, const struct dh_key *key, view peer_public, struct secret *ret_shared)
{
    if (peer_public.len != dh_public_size(key->id))
        return SOTTO_E_KEY;
    DEFER(secret_clear) struct secret shared = {.len = (uint8_t)dh_shared_size(key->id)};
    if (key->id == DH_X25519)
        TRY(c->curve->x25519(c, key->private_key.data, key->public_key, peer_public.data,
                             shared.data));
    else
        TRY(derive(c, key, peer_public, shared.data));
    if (key->id <= DH_X448 && ct_is_zero(shared.data, shared.len))
        return SOTTO_E_KEY; /* RFC 7748 6: the peer's point was of small order */
    *ret_shared = shared;
    return SOTTO_OK;
}
