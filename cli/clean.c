/* clean.c - text from elsewhere, made harmless for a terminal. One pass over the code points:
 * each is kept, replaced or dropped. */
#include "cli/cli.h"

#define NO_CODE_POINT UINT32_MAX

struct range {
    uint32_t first, last;
};

/* Dropped: they draw nothing themselves, but change what the text around them looks like, or
 * hide in it. The joiners U+200C and U+200D stay, since Persian and emoji need them. */
static const struct range dropped[] = {
    {0x0000, 0x001f},   /* C0 controls */
    {0x007f, 0x009f},   /* DEL, C1 controls */
    {0x061c, 0x061c},   /* Arabic letter mark */
    {0x200b, 0x200b},   /* zero width space */
    {0x200e, 0x200f},   /* left-to-right and right-to-left mark */
    {0x2028, 0x202e},   /* line and paragraph separator, bidi embeddings and overrides */
    {0x2060, 0x206f},   /* word joiner, bidi isolates, deprecated controls */
    {0xfeff, 0xfeff},   /* byte order mark */
    {0xfff9, 0xfffb},   /* interlinear annotation */
    {0xe0000, 0xe0fff}, /* tags and more variation selectors */
};

static bool is_dropped(uint32_t point)
{
    for (size_t i = 0; i < COUNT_OF(dropped); i++)
        if (point >= dropped[i].first && point <= dropped[i].last)
            return true;
    return false;
}

/* Decodes one code point (RFC 3629 4) and gives its bytes. What is not UTF-8 gives NO_CODE_POINT
 * and one byte. */
static size_t point_read(view text, uint32_t *ret_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800,
                                     0x10000}; /* by length: below it, the form is overlong */
    uint8_t lead = text.data[0];
    size_t len = lead < 0x80                   ? 1
                 : lead >= 0xc2 && lead < 0xe0 ? 2
                 : lead >= 0xe0 && lead < 0xf0 ? 3
                 : lead >= 0xf0 && lead < 0xf5 ? 4
                                               : 0;
    *ret_point = NO_CODE_POINT;
    if (len == 0 || len > text.len)
        return 1;
    uint32_t point = len == 1 ? lead : lead & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            return 1;
        point = point << 6 | (text.data[i] & 0x3f);
    }
    if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 1;
    *ret_point = point;
    return len;
}

enum keep { KEEP_ALL, KEEP_LINES, KEEP_PLAIN };

static sotto_err text_pass(view text, enum keep keep, sotto_buf *out)
{
    size_t len;
    /* One bad byte becomes three: the room for the worst case makes every append below succeed. */
    TRY(buf_reserve(out, text.len * 3));
    for (size_t at = 0; at < text.len; at += len) {
        uint32_t point;
        len = point_read(view_of(text.data + at, text.len - at), &point);
        view kept = view_of(text.data + at, len);
        if (point == NO_CODE_POINT)
            kept = VIEW_LIT("\xef\xbf\xbd");
        else if (keep != KEEP_ALL && point == '\t')
            kept = VIEW_LIT(" ");
        else if (keep != KEEP_ALL && is_dropped(point) && !(keep == KEEP_LINES && point == '\n'))
            continue;
        TRY(buf_append(out, kept));
    }
    return SOTTO_OK;
}

sotto_err cli_clean(view text, bool lines, sotto_buf *out)
{
    return text_pass(text, lines ? KEEP_LINES : KEEP_PLAIN, out);
}

sotto_err cli_mend(view text, sotto_buf *out)
{
    return text_pass(text, KEEP_ALL, out);
}
