#include "base/secret.h"

#include <assert.h>

#include "base/ct.h"

sotto_err secret_set(struct secret *ret_secret, view from)
{
    if (from.len > SECRET_MAX)
        return SOTTO_E_TOO_LARGE;
    struct secret copy = {.len = (uint8_t)from.len};
    if (from.len > 0)
        memcpy(copy.data, from.data, from.len);
    *ret_secret = copy;
    secret_clear(&copy);
    return SOTTO_OK;
}

void secret_resize(struct secret *s, size_t len)
{
    assert(len <= SECRET_MAX);
    secret_clear(s);
    s->len = (uint8_t)len;
}

void secret_clear(struct secret *s)
{
    if (s != NULL)
        ct_wipe(s, sizeof *s);
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    return ct_equal(secret_view(a), secret_view(b));
}
