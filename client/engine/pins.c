#include "engine/pins.h"

#include <stdlib.h>

void pins_clear(struct pins *pins)
{
    free(pins->lines);
    *pins = (struct pins){0};
}

const struct pin_line *pins_find(const struct pins *pins, const char *address)
{
    for (size_t i = 0; i < pins->count; i++)
        if (strcmp(pins->lines[i].address, address) == 0)
            return &pins->lines[i];
    return NULL;
}

sotto_err pins_add(struct pins *pins, const struct pin_line *line)
{
    if (pins_find(pins, line->address) != NULL)
        return SOTTO_E_EXISTS;
    if (pins->count == PINS_MAX)
        return SOTTO_E_FULL;
    if (pins->count == pins->cap) {
        size_t cap = pins->cap == 0 ? 8 : pins->cap * 2;
        struct pin_line *grown = reallocarray(pins->lines, cap, sizeof *grown);
        if (grown == NULL)
            return SOTTO_E_NOMEM;
        pins->lines = grown;
        pins->cap = cap;
    }
    pins->lines[pins->count++] = *line;
    return SOTTO_OK;
}

sotto_err pins_remove(struct pins *pins, const char *address)
{
    for (size_t i = 0; i < pins->count; i++)
        if (strcmp(pins->lines[i].address, address) == 0) {
            memmove(&pins->lines[i], &pins->lines[i + 1],
                    (pins->count - i - 1) * sizeof *pins->lines);
            pins->count--;
            return SOTTO_OK;
        }
    return SOTTO_E_NOTFOUND;
}

/* Cuts the next field off: up to `end`, which must be there unless it is the line's last field. */
static view field_cut(view *line, char end)
{
    const uint8_t *at = line->len > 0 ? memchr(line->data, end, line->len) : NULL;
    size_t len = at != NULL ? (size_t)(at - line->data) : line->len;
    view field = view_of(line->data, len);
    size_t used = at != NULL ? len + 1 : len;
    *line = view_of(line->data + used, line->len - used);
    return field;
}

/* An address in the one spelling that address_read() gives. */
static sotto_err address_take(view field, struct pin_line *out)
{
    struct server_address address;
    if (field.len == 0 || field.len >= sizeof out->address)
        return SOTTO_E_CONFIG;
    memcpy(out->address, field.data, field.len);
    out->address[field.len] = '\0';
    if (strlen(out->address) != field.len)
        return SOTTO_E_CONFIG;
    TRY(address_read(out->address, &address));
    return strcmp(address.text, out->address) == 0 ? SOTTO_OK : SOTTO_E_CONFIG;
}

static sotto_err date_take(view field, struct pin_line *out)
{
    if (field.len != PINS_DATE)
        return SOTTO_E_CONFIG;
    for (size_t i = 0; i < PINS_DATE; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? field.data[i] != '-' : field.data[i] < '0' || field.data[i] > '9')
            return SOTTO_E_CONFIG;
    }
    memcpy(out->date, field.data, PINS_DATE);
    out->date[PINS_DATE] = '\0';
    return SOTTO_OK;
}

static sotto_err line_take(view line, struct pins *pins)
{
    struct pin_line out = {0};
    if (line.len == 0 || line.data[0] == '#')
        return SOTTO_OK;
    TRY(address_take(field_cut(&line, ' '), &out));
    if (x509_pin_read(field_cut(&line, ' '), out.pin) != SOTTO_OK)
        return SOTTO_E_CONFIG;
    TRY(date_take(line, &out));
    sotto_err err = pins_add(pins, &out);
    return err == SOTTO_E_EXISTS ? SOTTO_E_CONFIG : err;
}

sotto_err pins_read(view text, struct pins *ret_pins, size_t *ret_line)
{
    DEFER(pins_clear) struct pins pins = {0};
    size_t number = 0;
    if (text.len > PINS_FILE_MAX)
        return SOTTO_E_TOO_LARGE;
    while (text.len > 0) {
        sotto_err err = line_take(field_cut(&text, '\n'), &pins);
        number++;
        if (err == SOTTO_E_CONFIG)
            *ret_line = number;
        TRY(err);
    }
    pins_clear(ret_pins);
    *ret_pins = pins;
    pins = (struct pins){0};
    return SOTTO_OK;
}

static sotto_err line_write(const struct pin_line *line, sotto_buf *out)
{
    char pin[X509_PIN_TEXT];
    x509_pin_write(line->pin, pin);
    const view parts[] = {view_str(line->address), VIEW_LIT(" "),        view_str(pin),
                          VIEW_LIT(" "),           view_str(line->date), VIEW_LIT("\n")};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        TRY(buf_append(out, parts[i]));
    return SOTTO_OK;
}

sotto_err pins_write(const struct pins *pins, sotto_buf *out)
{
    TRY(buf_append(
        out,
        VIEW_LIT("# Servers that sotto has met: address, pin of the root key, first contact.\n")));
    for (size_t i = 0; i < pins->count; i++)
        TRY(line_write(&pins->lines[i], out));
    return SOTTO_OK;
}
