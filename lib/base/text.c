/* Hexadecimal and base64url are libsodium's, whose writers put a NUL behind what they write: so they write into a small
 * block of ours first. Base32 is our own arithmetic without branches or tables. Readers write in place behind the
 * buffer's content and take it back when the text turns out wrong; they stop at the first wrong character, which tells
 * where it is and no more. */
#include "base/text.h"

#include <sodium.h>

#include "base/ct.h"

#define HEX_BLOCK    64 /* bytes a block; 2 * 64 digits */
#define BASE64_BLOCK 48 /* bytes a block: whole groups, 3 bytes as 4 characters */
#define BASE64_KIND  sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* Cuts the buffer back to `len` bytes, wiping what goes. */
static void cut_back(sotto_buf *out, size_t len)
{
    ct_wipe(out->data + len, out->len - len);
    out->len = len;
}

static view block_at(view bytes, size_t at, size_t block)
{
    return view_of(bytes.data + at, size_min(block, bytes.len - at));
}

sotto_err hex_write(view bytes, sotto_buf *out)
{
    if (bytes.len > SIZE_MAX / 2)
        return SOTTO_E_NOMEM;
    TRY(buf_reserve(out, 2 * bytes.len));
    char text[2 * HEX_BLOCK + 1];
    for (size_t at = 0; at < bytes.len; at += HEX_BLOCK) {
        view block = block_at(bytes, at, HEX_BLOCK);
        sodium_bin2hex(text, sizeof text, block.data, block.len);
        TRY(buf_append(out, view_of(text, 2 * block.len)));
    }
    ct_wipe(text, sizeof text);
    return SOTTO_OK;
}

sotto_err hex_read(view text, sotto_buf *out)
{
    if (text.len % 2 != 0)
        return SOTTO_E_VALUE;
    if (text.len == 0)
        return SOTTO_OK;
    size_t start = out->len;
    uint8_t *place = NULL;
    TRY(buf_extend(out, text.len / 2, &place));
    size_t len = 0;
    if (sodium_hex2bin(place, text.len / 2, (const char *)text.data, text.len, NULL, &len, NULL) !=
            0 ||
        len != text.len / 2) {
        cut_back(out, start);
        return SOTTO_E_VALUE;
    }
    return SOTTO_OK;
}

/* 1 character for 6 bits, rounded up; no overflow below SIZE_MAX / 2. */
static size_t base64_size(size_t len)
{
    return len / 3 * 4 + (len % 3 * 8 + 5) / 6;
}

sotto_err base64url_write(view bytes, sotto_buf *out)
{
    if (bytes.len > SIZE_MAX / 2)
        return SOTTO_E_NOMEM;
    TRY(buf_reserve(out, base64_size(bytes.len)));
    char text[BASE64_BLOCK / 3 * 4 + 1];
    for (size_t at = 0; at < bytes.len; at += BASE64_BLOCK) {
        view block = block_at(bytes, at, BASE64_BLOCK);
        sodium_bin2base64(text, sizeof text, block.data, block.len, BASE64_KIND);
        TRY(buf_append(out, view_of(text, base64_size(block.len))));
    }
    ct_wipe(text, sizeof text);
    return SOTTO_OK;
}

/* libsodium 1.0.18 takes some bytes over 127 for '_', where char is signed. */
static bool is_ascii(view text)
{
    uint8_t bits = 0;
    for (size_t i = 0; i < text.len; i++)
        bits |= text.data[i];
    bits &= 0x80;
    CT_PUBLIC(&bits, 1);
    return bits == 0;
}

sotto_err base64url_read(view text, sotto_buf *out)
{
    if (text.len % 4 == 1 || !is_ascii(text))
        return SOTTO_E_VALUE;
    if (text.len == 0)
        return SOTTO_OK;
    size_t start = out->len;
    size_t len = text.len / 4 * 3 + text.len % 4 * 6 / 8;
    uint8_t *place = NULL;
    TRY(buf_extend(out, len, &place));
    size_t read = 0;
    if (sodium_base642bin(place, len, (const char *)text.data, text.len, NULL, &read, NULL,
                          BASE64_KIND) != 0 ||
        read != len) {
        cut_back(out, start);
        return SOTTO_E_VALUE;
    }
    return SOTTO_OK;
}

/* All ones if lo <= x <= hi, else zero; the three are below 2^31. */
static uint32_t ct_between(uint32_t x, uint32_t lo, uint32_t hi)
{
    return (uint32_t)(-(int32_t)((((x - lo) | (hi - x)) >> 31) ^ 1));
}

static uint8_t base32_char(uint32_t five_bits)
{
    uint32_t letter = ct_between(five_bits, 0, 25);
    return (uint8_t)((letter & ('A' + five_bits)) | (~letter & ('2' - 26 + five_bits)));
}

/* 0 to 31, or above 31 for what is no character of base32. */
static uint32_t base32_value(uint32_t character)
{
    uint32_t upper = ct_between(character, 'A', 'Z');
    uint32_t lower = ct_between(character, 'a', 'z');
    uint32_t digit = ct_between(character, '2', '7');
    uint32_t none = ~(upper | lower | digit);
    return (upper & (character - 'A')) | (lower & (character - 'a')) |
           (digit & (character - '2' + 26)) | (none & 0x100);
}

/* 1 character for 5 bits, rounded up; no overflow below SIZE_MAX / 2. */
static size_t base32_size(size_t len)
{
    return len / 5 * 8 + (len % 5 * 8 + 4) / 5;
}

sotto_err base32_write(view bytes, sotto_buf *out)
{
    if (bytes.len > SIZE_MAX / 2)
        return SOTTO_E_NOMEM;
    size_t size = base32_size(bytes.len);
    uint8_t *place = NULL;
    TRY(buf_extend(out, size, &place));
    uint32_t bits = 0; /* those not yet written, at the low end */
    unsigned held = 0; /* how many; at most 4 between two bytes */
    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | bytes.data[i];
        for (held += 8; held >= 5; held -= 5)
            *place++ = base32_char(bits >> (held - 5) & 31);
    }
    if (held > 0)
        *place = base32_char(bits << (5 - held) & 31);
    return SOTTO_OK;
}

/* Fills text.len * 5 / 8 bytes and gives what is wrong with the text: zero if nothing is. */
static uint32_t base32_decode(view text, uint8_t *ret_bytes)
{
    uint32_t wrong = 0;
    uint32_t bits = 0;
    unsigned held = 0; /* at most 7 between two characters */
    for (size_t i = 0; i < text.len; i++) {
        uint32_t value = base32_value(text.data[i]);
        wrong |= value >> 5;
        bits = bits << 5 | (value & 31);
        held += 5;
        if (held >= 8) {
            held -= 8;
            *ret_bytes++ = (uint8_t)(bits >> held);
        }
    }
    return wrong | (bits & ((1U << held) - 1));
}

sotto_err base32_read(view text, sotto_buf *out)
{
    if (text.len % 8 == 1 || text.len % 8 == 3 || text.len % 8 == 6)
        return SOTTO_E_VALUE;
    if (text.len == 0)
        return SOTTO_OK;
    size_t start = out->len;
    uint8_t *place = NULL;
    TRY(buf_extend(out, text.len / 8 * 5 + text.len % 8 * 5 / 8, &place));
    uint32_t wrong = base32_decode(text, place);
    CT_PUBLIC(&wrong, sizeof wrong);
    if (wrong != 0) {
        cut_back(out, start);
        return SOTTO_E_VALUE;
    }
    return SOTTO_OK;
}

/* What may follow a lead byte (RFC 3629 4): how many bytes, and the range of the first of them, which is where overlong
 * forms, surrogates and numbers over 10FFFF show. */
static const struct {
    uint8_t lead_lo, lead_hi, more, lo, hi;
} utf8_rows[] = {
    {0x00, 0x7f, 0, 0x00, 0x00}, {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf},
    {0xe1, 0xec, 2, 0x80, 0xbf}, {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
};

/* Bytes of the character at the front, 0 if it is not well-formed. */
static size_t utf8_char(view text)
{
    size_t row = 0;
    while (row < COUNT_OF(utf8_rows) && text.data[0] > utf8_rows[row].lead_hi)
        row++;
    if (row == COUNT_OF(utf8_rows) || text.data[0] < utf8_rows[row].lead_lo ||
        text.len <= utf8_rows[row].more)
        return 0;
    for (size_t i = 1; i <= utf8_rows[row].more; i++) {
        uint8_t lo = i == 1 ? utf8_rows[row].lo : 0x80;
        uint8_t hi = i == 1 ? utf8_rows[row].hi : 0xbf;
        if (text.data[i] < lo || text.data[i] > hi)
            return 0;
    }
    return 1U + utf8_rows[row].more;
}

bool utf8_valid(view text)
{
    for (size_t at = 0; at < text.len;) {
        size_t len = utf8_char(view_of(text.data + at, text.len - at));
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

void text_lower(uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (uint8_t)(text[i] - 'A' + 'a');
}
