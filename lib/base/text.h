/* text.h - bytes as text and back: hexadecimal, base64url without padding, base32 (RFC 4648). Constant time in the
 * bytes, since keys pass through here; the text must be canonical. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"

/* Appends 2 * bytes.len lower-case digits to `out`. NOMEM, TOO_LARGE: unchanged. */
SOTTO_MUST_USE sotto_err hex_write(view bytes, sotto_buf *out);

/* Appends the bytes of an even number of digits, either case. VALUE: another character, or an odd number; unchanged. */
SOTTO_MUST_USE sotto_err hex_read(view text, sotto_buf *out);

/* base64url without padding (RFC 4648 5). Reading refuses padding, white space and spare bits that are not zero: VALUE. */
SOTTO_MUST_USE sotto_err base64url_write(view bytes, sotto_buf *out);
SOTTO_MUST_USE sotto_err base64url_read(view text, sotto_buf *out);

/* base32, upper case, without padding (RFC 4648 6). Reading takes either case; else as base64url. */
SOTTO_MUST_USE sotto_err base32_write(view bytes, sotto_buf *out);
SOTTO_MUST_USE sotto_err base32_read(view text, sotto_buf *out);

/* ASCII capitals become small letters; for what is public. */
void text_lower(uint8_t *text, size_t len);

/* Whether the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool utf8_valid(view text);

#endif
