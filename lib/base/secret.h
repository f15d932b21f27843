/* secret.h - a key or another short secret: held by value, of a known length, wiped when it is cleared.
 * Keys never travel as a bare pointer: what takes or gives one says so in its type. {0} is the empty secret. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/base.h"

#define SECRET_MAX 66 /* bytes; a P-521 private key, the longest there is */

struct secret {
    uint8_t len;
    uint8_t data[SECRET_MAX];
};

/* Copies `from`. TOO_LARGE over SECRET_MAX bytes; *ret_secret keeps its old value then. */
SOTTO_MUST_USE sotto_err secret_set(struct secret *ret_secret, view from);

/* Makes room for `len` bytes, all zero, to be filled in place; len is at most SECRET_MAX. */
void secret_resize(struct secret *s, size_t len);

/* Wipes. For DEFER too. */
void secret_clear(struct secret *s);

/* Borrowed until the secret is changed or cleared. */
static inline view secret_view(const struct secret *s)
{
    return (view){s->data, s->len};
}

bool secret_equal(const struct secret *a, const struct secret *b);

#endif
