#include "engine/complete.h"

#include "room/code.h"

/* Splits the code at its last separator; *ret_parts is how many parts stand before it, the slot
 * included. */
static view last_part(view typed, unsigned *ret_parts)
{
    size_t begin = 0;
    *ret_parts = 0;
    for (size_t i = 0; i < typed.len; i++)
        if (typed.data[i] == '-' || typed.data[i] == ' ') {
            begin = i + 1;
            (*ret_parts)++;
        }
    return view_of(typed.data + begin, typed.len - begin);
}

static bool all_digits(view text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.len > 0;
}

static size_t shared_len(const char *a, const char *b)
{
    size_t len = 0;
    while (a[len] != '\0' && a[len] == b[len])
        len++;
    return len;
}

static sotto_err word_complete(view prefix, unsigned parts, sotto_buf *ret_insert,
                               unsigned *ret_first, unsigned *ret_last)
{
    unsigned first, last;
    if (prefix.len == 0 || !code_word_range(prefix, &first, &last))
        return SOTTO_OK;
    const char *word = code_word(first);
    size_t shared = first == last ? strlen(word) : shared_len(word, code_word(last));
    TRY(buf_append(ret_insert, view_of(word + prefix.len, shared - prefix.len)));
    if (first == last)
        return parts < CODE_WORDS_MIN ? buf_append(ret_insert, VIEW_LIT("-")) : SOTTO_OK;
    if (shared == prefix.len) {
        *ret_first = first;
        *ret_last = last;
    }
    return SOTTO_OK;
}

sotto_err code_complete(view typed, sotto_buf *ret_insert, unsigned *ret_first, unsigned *ret_last)
{
    uint8_t lower[CODE_WORD_MAX];
    unsigned parts;
    view part = last_part(typed, &parts);
    *ret_first = 1;
    *ret_last = 0;
    buf_reset(ret_insert);
    if (parts == 0)
        return all_digits(part) ? buf_append(ret_insert, VIEW_LIT("-")) : SOTTO_OK;
    if (part.len > sizeof lower)
        return SOTTO_OK;
    for (size_t i = 0; i < part.len; i++) {
        uint8_t c = part.data[i] | 0x20;
        if (c < 'a' || c > 'z')
            return SOTTO_OK;
        lower[i] = c;
    }
    return word_complete(view_of(lower, part.len), parts, ret_insert, ret_first, ret_last);
}

size_t text_cut(view text, size_t max)
{
    size_t len = size_min(text.len, max);
    /* At most three continuation bytes follow a lead byte; what is not UTF-8 is cut anywhere. */
    for (size_t back = 0; len < text.len && back < 4 && back < len; back++)
        if ((text.data[len - back] & 0xc0) != 0x80)
            return len - back;
    return len;
}
