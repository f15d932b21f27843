/* complete.h - Tab while a code is typed, and where a text may be cut. Pure. */
#ifndef ENGINE_COMPLETE_H
#define ENGINE_COMPLETE_H

#include "base/buf.h"

/* What Tab adds to a code of which `typed` stands before the cursor: the rest of the only word
 * that begins so and a hyphen if another word must follow, or as much as all such words share.
 * Nothing to add and several words: their range goes to *ret_first and *ret_last, for showing;
 * else *ret_first is above *ret_last. */
SOTTO_MUST_USE sotto_err code_complete(view typed, sotto_buf *ret_insert, unsigned *ret_first,
                                       unsigned *ret_last);

/* The longest beginning of `text` of at most `max` bytes that doesn't end within a UTF-8
 * character; max is at least 4. */
size_t text_cut(view text, size_t max);

#endif
