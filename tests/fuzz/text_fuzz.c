/* Each reader of text against a second, slow one that looks characters up in the alphabet and moves bits one at a time:
 * same verdict, same bytes; and the bytes write to the text that was read, but for its case. The input as bytes is written
 * and read back. UTF-8 against a decoder that works with code points. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(truth)   \
    do {              \
        if (!(truth)) \
            abort();  \
    } while (0)

static const struct encoding {
    sotto_err (*write)(view, sotto_buf *);
    sotto_err (*read)(view, sotto_buf *);
    const char *alphabet; /* 2^bits characters */
    unsigned bits;
    bool any_case;
} encodings[] = {
    {hex_write, hex_read, "0123456789abcdef", 4, true},
    {base64url_write, base64url_read,
     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6, false},
    {base32_write, base32_read, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5, true},
};

static int same_case(const struct encoding *e, int character)
{
    return !e->any_case ? character : e->bits == 4 ? tolower(character) : toupper(character);
}

/* The bytes of the text into `out`, which is as long as the text; their count, or -1. */
static long slow_read(const struct encoding *e, view text, uint8_t *out)
{
    size_t bit = 0;
    memset(out, 0, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        int character = same_case(e, text.data[i]);
        const char *at = character != 0 ? strchr(e->alphabet, character) : NULL;
        if (at == NULL)
            return -1;
        for (unsigned b = e->bits; b-- > 0; bit++)
            if (((size_t)(at - e->alphabet) >> b & 1) != 0)
                out[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    }
    if (bit % 8 >= e->bits || (bit % 8 != 0 && out[bit / 8] != 0))
        return -1; /* a character too many, or spare bits that are set */
    return (long)(bit / 8);
}

static void check_encoding(const struct encoding *e, view in)
{
    sotto_buf bytes = {0};
    sotto_buf text = {0};
    uint8_t *want = malloc(in.len + 1);
    MUST(want != NULL);
    long len = slow_read(e, in, want);
    sotto_err err = e->read(in, &bytes);
    MUST(err == (len >= 0 ? SOTTO_OK : SOTTO_E_VALUE));
    if (err == SOTTO_OK) {
        MUST(view_equal(buf_view(&bytes), view_of(want, (size_t)len)));
        MUST(e->write(buf_view(&bytes), &text) == SOTTO_OK && text.len == in.len);
        for (size_t i = 0; i < in.len; i++)
            MUST(text.data[i] == same_case(e, in.data[i]));
    }
    MUST(err == SOTTO_OK || bytes.len == 0);
    free(want);

    buf_reset(&bytes);
    buf_reset(&text);
    MUST(e->write(in, &text) == SOTTO_OK);
    MUST(e->read(buf_view(&text), &bytes) == SOTTO_OK && view_equal(buf_view(&bytes), in));
    buf_clear(&bytes);
    buf_clear(&text);
}

/* Bytes of the character at the front, by its code point; 0 if there is none. */
static size_t slow_utf8_char(view text)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = text.data[0];
    size_t len = lead < 0x80       ? 1
                 : lead >> 5 == 6  ? 2
                 : lead >> 4 == 14 ? 3
                 : lead >> 3 == 30 ? 4
                                   : 0;
    if (len < 2 || len > text.len)
        return len <= text.len ? len : 0;
    uint32_t point = lead & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if (text.data[i] >> 6 != 2)
            return 0;
        point = point << 6 | (text.data[i] & 0x3f);
    }
    return point >= least[len] && point <= 0x10ffff && point >> 11 != 0x1b ? len : 0;
}

static bool slow_utf8_valid(view text)
{
    while (text.len > 0) {
        size_t len = slow_utf8_char(text);
        if (len == 0)
            return false;
        text = view_of(text.data + len, text.len - len);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    view in = view_of(data, size);
    for (size_t i = 0; i < COUNT_OF(encodings); i++)
        check_encoding(&encodings[i], in);
    MUST(utf8_valid(in) == slow_utf8_valid(in));
    return 0;
}
