/* buf.h - bytes that the library made and you own. {0} is empty. What it held is wiped when it is cleared, so nobody needs to
 * remember which one held a secret. */
#ifndef SOTTO_BUF_H
#define SOTTO_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sotto/error.h>
#include <sotto/view.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sotto_buf {
    uint8_t *data; /* may be NULL when len is 0; read only */
    size_t len;    /* bytes; read only */
    size_t cap;    /* private */
    bool fixed;    /* private */
} sotto_buf;

/* Wipes, frees, leaves {0}. Accepts {0} and NULL. */
SOTTO_API void sotto_buf_clear(sotto_buf *b);

/* Replaces what it holds by a copy of `bytes`, for those that a call of yours has to fill. NOMEM: unchanged. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_buf_set(sotto_buf *b, sotto_view bytes);

/* What it holds; borrowed until it changes. */
static inline sotto_view sotto_buf_view(const sotto_buf *b)
{
    sotto_view v = {b->data, b->len};
    return v;
}

#ifdef __cplusplus
}
#endif
#endif
