#include "lab/parse.h"

#include "base/text.h"

#define SLOT_DIGITS 9 /* all such numbers fit 32 bits */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static view trim(view line)
{
    while (line.len > 0 && is_blank(line.data[line.len - 1]))
        line.len--;
    while (line.len > 0 && is_blank(line.data[0]))
        line = view_of(line.data + 1, line.len - 1);
    return line;
}

/* Exactly `len` bytes of digits. */
static sotto_err digits_read(view text, size_t len, sotto_buf *out)
{
    text = trim(text);
    if (text.len != 2 * len)
        return SOTTO_E_VALUE;
    return hex_read(text, out);
}

sotto_err parse_psk(view text, struct secret *ret_psk)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    TRY(digits_read(text, LAB_PSK, &bytes));
    return secret_set(ret_psk, buf_view(&bytes));
}

sotto_err parse_fingerprint(view text, uint8_t ret_fingerprint[LAB_FINGERPRINT])
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    TRY(digits_read(text, LAB_FINGERPRINT, &bytes));
    memcpy(ret_fingerprint, bytes.data, LAB_FINGERPRINT);
    return SOTTO_OK;
}

/* The next line without its end and the blanks around it; false behind the last. */
static bool line_next(view *text, view *ret_line)
{
    if (text->len == 0)
        return false;
    const uint8_t *feed = memchr(text->data, '\n', text->len);
    size_t len = feed != NULL ? (size_t)(feed - text->data) : text->len;
    size_t used = feed != NULL ? len + 1 : len;
    *ret_line = trim(view_of(text->data, len));
    *text = view_of(text->data + used, text->len - used);
    return true;
}

/* Whether the line is "NAME rest"; gives the rest. */
static bool line_is(view line, view name, view *ret_rest)
{
    if (line.len <= name.len || line.data[name.len] != ' ' ||
        !view_equal(view_of(line.data, name.len), name))
        return false;
    *ret_rest = trim(view_of(line.data + name.len, line.len - name.len));
    return true;
}

sotto_err parse_psk_file(view text, struct secret *ret_psk)
{
    view line, digits;
    while (line_next(&text, &line)) {
        if (line.len == 0 || line.data[0] == '#')
            continue;
        if (!line_is(line, VIEW_LIT("psk"), &digits))
            digits = line;
        if (parse_psk(digits, ret_psk) == SOTTO_OK)
            return SOTTO_OK;
    }
    return SOTTO_E_NOTFOUND;
}

sotto_err parse_identity_file(view text, const struct lab_suite *suite, sotto_buf *ret_identity)
{
    view line, rest, digits;
    while (line_next(&text, &line)) {
        if (!line_is(line, VIEW_LIT("identity"), &rest) ||
            !line_is(rest, view_str(lab_suite_name(suite)), &digits))
            continue;
        DEFER(buf_clear) sotto_buf bytes = {0};
        if (digits.len > 0 && hex_read(digits, &bytes) == SOTTO_OK)
            return buf_set(ret_identity, buf_view(&bytes));
    }
    return SOTTO_E_NOTFOUND;
}

sotto_err parse_code(view text, uint32_t *ret_slot, const struct lab_suite **ret_suite)
{
    uint32_t slot = 0;
    size_t at = 0;
    text = trim(text);
    for (; at < text.len && at < SLOT_DIGITS && text.data[at] >= '0' && text.data[at] <= '9'; at++)
        slot = slot * 10 + (uint32_t)(text.data[at] - '0');
    if (slot == 0 || at + 1 >= text.len || text.data[at] != '-')
        return SOTTO_E_VALUE;
    const struct lab_suite *suite = lab_suite_find(view_of(text.data + at + 1, text.len - at - 1));
    if (suite == NULL)
        return SOTTO_E_VALUE;
    *ret_slot = slot;
    *ret_suite = suite;
    return SOTTO_OK;
}
