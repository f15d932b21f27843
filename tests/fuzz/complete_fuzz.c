/* Tab on a code being typed: what it adds are letters and hyphens, and makes the code the
 * beginning of a valid one or leaves it. A cut text is never longer than asked for and ends in a
 * whole character if it is UTF-8. */
#include <stdlib.h>

#include "base/text.h"
#include "engine/complete.h"
#include "room/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_added(view typed, view added)
{
    for (size_t i = 0; i < added.len; i++)
        if ((added.data[i] < 'a' || added.data[i] > 'z') && added.data[i] != '-')
            abort();
    if (added.len > CODE_WORD_MAX + 1 || (added.len > 0 && typed.len == 0))
        abort();
}

static void check_cut(view text, size_t max)
{
    size_t len = text_cut(text, max);
    if (len > max || len > text.len || (text.len > 0 && len == 0))
        abort();
    if (utf8_valid(text) && !utf8_valid(view_of(text.data, len)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    DEFER(buf_clear) sotto_buf added = {0};
    unsigned first, last;
    view typed = view_of(data, size);
    if (code_complete(typed, &added, &first, &last) != SOTTO_OK)
        abort();
    check_added(typed, buf_view(&added));
    if (first <= last && (last >= CODE_WORDS || added.len > 0))
        abort();
    check_cut(typed, 4);
    check_cut(typed, 4 + size % 13);
    return 0;
}
