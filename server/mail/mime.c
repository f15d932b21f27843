#include "mail/mime.h"

#include "base/text.h"

#define LINE_MAX 76 /* characters (RFC 2045 6.7) */
#define WORD_MAX 75 /* characters of an encoded word (RFC 2047 2) */

#define WORD_BEGIN "=?UTF-8?Q?"
#define WORD_END   "?="

static const char digits[] = "0123456789ABCDEF";

static sotto_err hex_put(uint8_t byte, sotto_buf *out)
{
    const uint8_t text[3] = {'=', (uint8_t)digits[byte >> 4], (uint8_t)digits[byte & 15]};
    return buf_append(out, VIEW_OF(text));
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool is_plain(uint8_t c)
{
    return c >= ' ' && c <= '~' && c != '=';
}

/* One line without its end. A blank at the end of a line would be lost on the way. */
static sotto_err line_quote(view line, sotto_buf *out)
{
    size_t column = 0;
    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.data[i];
        bool last = i + 1 == line.len;
        bool plain = is_blank(c) ? !last : is_plain(c);
        size_t width = plain ? 1 : 3;
        if (column + width > (last ? LINE_MAX : LINE_MAX - 1)) {
            TRY(buf_append(out, VIEW_LIT("=\r\n")));
            column = 0;
        }
        TRY(plain ? buf_append(out, view_of(&c, 1)) : hex_put(c, out));
        column += width;
    }
    return buf_append(out, VIEW_LIT("\r\n"));
}

sotto_err mime_quoted(view text, sotto_buf *out)
{
    while (text.len > 0) {
        const uint8_t *feed = memchr(text.data, '\n', text.len);
        view line = {text.data, feed != NULL ? (size_t)(feed - text.data) : text.len};
        size_t used = line.len + (feed != NULL);
        if (line.len > 0 && line.data[line.len - 1] == '\r')
            line.len--;
        TRY(line_quote(line, out));
        text = (view){text.data + used, text.len - used};
    }
    return SOTTO_OK;
}

/* ---- headers */

static bool is_ascii(view text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] > '~')
            return false;
    return true;
}

static bool has_control(view text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < ' ' || text.data[i] == 0x7f)
            return true;
    return false;
}

/* What may stand for itself in an encoded word wherever it stands. */
static bool is_word_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static size_t character_len(view text)
{
    size_t len = 1;
    while (len < text.len && (text.data[len] & 0xc0) == 0x80)
        len++;
    return len;
}

static sotto_err word_put(uint8_t c, sotto_buf *out)
{
    if (c == ' ')
        return buf_append(out, VIEW_LIT("_"));
    return is_word_plain(c) ? buf_append(out, view_of(&c, 1)) : hex_put(c, out);
}

static sotto_err words_write(view text, sotto_buf *out)
{
    size_t begin = out->len;
    TRY(buf_append(out, VIEW_LIT(WORD_BEGIN)));
    while (text.len > 0) {
        size_t len = character_len(text);
        if (out->len - begin + 3 * len + sizeof WORD_END - 1 > WORD_MAX) {
            TRY(buf_append(out, VIEW_LIT(WORD_END "\r\n ")));
            begin = out->len;
            TRY(buf_append(out, VIEW_LIT(WORD_BEGIN)));
        }
        for (size_t i = 0; i < len; i++)
            TRY(word_put(text.data[i], out));
        text = (view){text.data + len, text.len - len};
    }
    return buf_append(out, VIEW_LIT(WORD_END));
}

sotto_err mime_header(view text, sotto_buf *out)
{
    if (!utf8_valid(text) || has_control(text))
        return SOTTO_E_VALUE;
    return is_ascii(text) ? buf_append(out, text) : words_write(text, out);
}
