#include "crypto/sign_local.h"

#include <stdlib.h>

#include "base/ct.h"

static const struct scheme {
    enum sign_id id;
    uint8_t seed_size, public_size;
    const struct sign_family *family;
} schemes[] = {
    {SIGN_ED25519, 32, 32, &sign_ed25519},   {SIGN_ED448, 57, 57, &sign_ed448},
    {SIGN_ECDSA_P256, 48, 65, &sign_ecdsa},  {SIGN_ECDSA_P384, 64, 97, &sign_ecdsa},
    {SIGN_ECDSA_P521, 82, 133, &sign_ecdsa},
};

/* NULL for a number that is not in the list. */
static const struct scheme *scheme_find(enum sign_id id)
{
    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        if (schemes[i].id == id)
            return &schemes[i];
    return NULL;
}

size_t sign_seed_size(enum sign_id id)
{
    const struct scheme *scheme = scheme_find(id);
    return scheme != NULL ? scheme->seed_size : 0;
}

sotto_err sign_key_derive(sotto_crypto *c, enum sign_id id, view seed, sotto_sign_key **ret_key)
{
    const struct scheme *scheme = scheme_find(id);
    if (scheme == NULL || seed.len != scheme->seed_size)
        return SOTTO_E_USAGE;
    DEFER(secret_clear) struct secret private_key = {0};
    TRY(scheme->family->private_from_seed(c, id, seed, &private_key));
    return sign_key_import(c, id, &private_key, ret_key);
}

sotto_err sign_key_import(sotto_crypto *c, enum sign_id id, const struct secret *private_key,
                          sotto_sign_key **ret_key)
{
    const struct scheme *scheme = scheme_find(id);
    if (scheme == NULL)
        return SOTTO_E_USAGE;
    DEFER(sign_key_freep) sotto_sign_key *key = calloc(1, sizeof *key);
    if (key == NULL)
        return SOTTO_E_NOMEM;
    key->id = id;
    TRY(scheme->family->import(c, secret_view(private_key), key));
    *ret_key = MOVE(key);
    return SOTTO_OK;
}

sotto_err sign_key_copy(const sotto_sign_key *key, sotto_sign_key **ret_key)
{
    sotto_sign_key *copy = malloc(sizeof *copy);
    if (copy == NULL)
        return SOTTO_E_NOMEM;
    *copy = *key;
    if (copy->pkey != NULL && EVP_PKEY_up_ref(copy->pkey) != 1) {
        copy->pkey = NULL;
        sign_key_free(copy);
        return SOTTO_E_CRYPTO;
    }
    *ret_key = copy;
    return SOTTO_OK;
}

enum sign_id sign_key_id(const sotto_sign_key *key)
{
    return key->id;
}

view sign_key_public(const sotto_sign_key *key)
{
    return view_of(key->public_key, key->public_len);
}

void sign_key_export(const sotto_sign_key *key, struct secret *ret_private)
{
    *ret_private = key->private_key;
}

void sign_key_free(sotto_sign_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    ct_wipe(key, sizeof *key);
    free(key);
}

void sign_key_freep(sotto_sign_key **key)
{
    sign_key_free(*key);
}

sotto_err sign(sotto_crypto *c, const sotto_sign_key *key, view message, sotto_buf *ret_signature)
{
    return scheme_find(key->id)->family->sign(c, key, message, ret_signature);
}

sotto_err verify(sotto_crypto *c, enum sign_id id, view public_key, view message, view signature)
{
    const struct scheme *scheme = scheme_find(id);
    if (scheme == NULL || public_key.len != scheme->public_size)
        return SOTTO_E_KEY;
    return scheme->family->verify(c, id, public_key, message, signature);
}

sotto_err sign_public_check(sotto_crypto *c, enum sign_id id, view public_key)
{
    const struct scheme *scheme = scheme_find(id);
    if (scheme == NULL || public_key.len != scheme->public_size)
        return SOTTO_E_KEY;
    return scheme->family->public_check(c, id, public_key);
}
