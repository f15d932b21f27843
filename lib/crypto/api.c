/* api.c - <sotto/crypto.h> and <sotto/buf.h> over what the library uses itself. */
#include <sotto/crypto.h>

#include "crypto/sign.h"

void sotto_buf_clear(sotto_buf *b)
{
    if (b != NULL)
        buf_clear(b);
}

sotto_err sotto_buf_set(sotto_buf *b, sotto_view bytes)
{
    return buf_set(b, bytes);
}

sotto_err sotto_crypto_new(sotto_crypto **ret_crypto)
{
    return crypto_new(ret_crypto);
}

void sotto_crypto_free(sotto_crypto *c)
{
    crypto_free(c);
}

uint16_t sotto_suite_at(size_t i)
{
    size_t count;
    const struct mls_suite *suites = mls_suite_all(&count);
    return i < count ? suites[i].id : 0;
}

const char *sotto_suite_name(uint16_t suite)
{
    const struct mls_suite *found = mls_suite_find(suite);
    return found != NULL ? found->name : NULL;
}

size_t sotto_sign_seed_size(uint16_t suite)
{
    const struct mls_suite *found = mls_suite_find(suite);
    return found != NULL ? sign_seed_size(found->sign) : 0;
}

sotto_err sotto_sign_key_new(sotto_crypto *c, uint16_t suite, sotto_view seed,
                             sotto_sign_key **ret_key)
{
    const struct mls_suite *found = mls_suite_find(suite);
    if (found == NULL)
        return SOTTO_E_UNSUPPORTED;
    return sign_key_derive(c, found->sign, seed, ret_key);
}

sotto_err sotto_sign_key_import(sotto_crypto *c, uint16_t suite, sotto_view private_key,
                                sotto_sign_key **ret_key)
{
    const struct mls_suite *found = mls_suite_find(suite);
    if (found == NULL)
        return SOTTO_E_UNSUPPORTED;
    DEFER(secret_clear) struct secret key = {0};
    if (secret_set(&key, private_key) != SOTTO_OK)
        return SOTTO_E_KEY;
    return sign_key_import(c, found->sign, &key, ret_key);
}

sotto_err sotto_sign_key_export(const sotto_sign_key *key, sotto_buf *ret_private)
{
    DEFER(secret_clear) struct secret bytes = {0};
    sign_key_export(key, &bytes);
    return buf_set(ret_private, secret_view(&bytes));
}

sotto_view sotto_sign_key_public(const sotto_sign_key *key)
{
    return sign_key_public(key);
}

void sotto_sign_key_free(sotto_sign_key *key)
{
    sign_key_free(key);
}
