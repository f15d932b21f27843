#include "base/buf.h"

#include <assert.h>
#include <stdlib.h>

#include "base/ct.h"

#define BUF_FIRST 64 /* bytes; the smallest heap buffer */

/* Not realloc: what moves must be wiped where it was. */
static sotto_err buf_move(sotto_buf *b, size_t cap)
{
    uint8_t *data = malloc(cap);
    if (data == NULL)
        return SOTTO_E_NOMEM;
    if (b->len > 0)
        memcpy(data, b->data, b->len);
    ct_wipe(b->data, b->cap);
    free(b->data);
    b->data = data;
    b->cap = cap;
    return SOTTO_OK;
}

sotto_err buf_reserve(sotto_buf *b, size_t more)
{
    if (more <= b->cap - b->len)
        return SOTTO_OK;
    if (b->fixed)
        return SOTTO_E_TOO_LARGE;
    if (more > SIZE_MAX / 2 - b->len)
        return SOTTO_E_NOMEM;
    size_t need = b->len + more;
    size_t cap = b->cap < BUF_FIRST ? BUF_FIRST : b->cap * 2;
    return buf_move(b, cap < need ? need : cap);
}

sotto_err buf_append(sotto_buf *b, view bytes)
{
    TRY(buf_reserve(b, bytes.len));
    if (bytes.len > 0)
        memcpy(b->data + b->len, bytes.data, bytes.len);
    b->len += bytes.len;
    return SOTTO_OK;
}

sotto_err buf_extend(sotto_buf *b, size_t len, uint8_t **ret_place)
{
    TRY(buf_reserve(b, len));
    *ret_place = b->len > 0 ? b->data + b->len : b->data; /* NULL + 0 is undefined */
    b->len += len;
    return SOTTO_OK;
}

void buf_consume(sotto_buf *b, size_t len)
{
    assert(len <= b->len);
    if (len == 0)
        return;
    size_t rest = b->len - len;
    memmove(b->data, b->data + len, rest);
    ct_wipe(b->data + rest, len);
    b->len = rest;
}

void buf_reset(sotto_buf *b)
{
    ct_wipe(b->data, b->len);
    b->len = 0;
}

void buf_clear(sotto_buf *b)
{
    if (b == NULL)
        return;
    ct_wipe(b->data, b->fixed ? b->len : b->cap);
    if (!b->fixed)
        free(b->data);
    *b = (sotto_buf){0};
}

sotto_err buf_set(sotto_buf *b, view bytes)
{
    if (bytes.len > b->cap) {
        if (b->fixed)
            return SOTTO_E_TOO_LARGE;
        TRY(buf_move(b, bytes.len));
    }
    buf_reset(b);
    if (bytes.len > 0)
        memcpy(b->data, bytes.data, bytes.len);
    b->len = bytes.len;
    return SOTTO_OK;
}
