/* buf.h - bytes that we own: a growing buffer on the heap, or a fixed one over the caller's storage.
 * What a buf held is wiped when it moves or is cleared, so nobody needs to remember which one held a secret.
 * {0} is an empty heap buffer. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <sotto/buf.h>

#include "base/base.h"

/* An empty buffer over an array; writing past it gives TOO_LARGE. */
#define BUF_ON(array) ((sotto_buf){.data = (array), .cap = sizeof(array), .fixed = true})

/* Makes room for `more` bytes behind those in use. NOMEM, TOO_LARGE (fixed): unchanged.
 * Any view into a heap buffer is void afterwards. */
SOTTO_MUST_USE sotto_err buf_reserve(sotto_buf *b, size_t more);

/* Appends a copy. Errors as buf_reserve. `bytes` must not lie in this buffer. */
SOTTO_MUST_USE sotto_err buf_append(sotto_buf *b, view bytes);

/* Appends `len` bytes of undefined content and gives the place to fill. Errors as buf_reserve. */
SOTTO_MUST_USE sotto_err buf_extend(sotto_buf *b, size_t len, uint8_t **ret_place);

/* Drops the first `len` bytes (at most b->len); the rest moves to the front. */
void buf_consume(sotto_buf *b, size_t len);

/* Wipes what it holds and empties it, but keeps the memory for the next use. */
void buf_reset(sotto_buf *b);

/* Wipes, frees, leaves {0}. For DEFER too. */
void buf_clear(sotto_buf *b);

/* Replaces the content by a copy of `bytes`. NOMEM, TOO_LARGE: unchanged. */
SOTTO_MUST_USE sotto_err buf_set(sotto_buf *b, view bytes);

/* Borrowed until the buffer changes. */
static inline view buf_view(const sotto_buf *b)
{
    return (view){b->data, b->len};
}

#endif
