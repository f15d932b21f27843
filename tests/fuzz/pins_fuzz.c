/* The file known_servers: what can be read is written so that it reads as the same, and no
 * address is there twice. */
#include <stdlib.h>

#include "engine/pins.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pins(const struct pins *pins)
{
    struct server_address address;
    for (size_t i = 0; i < pins->count; i++) {
        const struct pin_line *line = &pins->lines[i];
        if (address_read(line->address, &address) != SOTTO_OK ||
            pins_find(pins, line->address) != line)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    DEFER(pins_clear) struct pins pins = {0}, again = {0};
    DEFER(buf_clear) sotto_buf text = {0};
    size_t line = 0;
    sotto_err err = pins_read(view_of(data, size), &pins, &line);
    if ((err == SOTTO_E_CONFIG) != (line > 0))
        abort();
    if (err != SOTTO_OK)
        return 0;
    check_pins(&pins);
    if (pins_write(&pins, &text) != SOTTO_OK ||
        pins_read(buf_view(&text), &again, &line) != SOTTO_OK)
        abort();
    if (again.count != pins.count ||
        (pins.count > 0 && memcmp(again.lines, pins.lines, pins.count * sizeof *pins.lines) != 0))
        abort();
    return 0;
}
