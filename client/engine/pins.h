/* pins.h - which server has which root key: the content of the file known_servers. One line a
 * server: address, pin, date of the first contact, parted by one space; empty lines and lines
 * that begin with '#' mean nothing. Pure; at most PINS_MAX servers. */
#ifndef ENGINE_PINS_H
#define ENGINE_PINS_H

#include "base/buf.h"
#include "crypto/x509.h"
#include "engine/address.h"

#define PINS_MAX      4096
#define PINS_DATE     10               /* characters: 2026-11-20 */
#define PINS_FILE_MAX (PINS_MAX * 320) /* bytes */

struct pin_line {
    char address[ADDRESS_TEXT_MAX];
    uint8_t pin[X509_PIN];
    char date[PINS_DATE + 1];
};

struct pins {
    struct pin_line *lines;
    size_t count, cap;
};
void pins_clear(struct pins *pins);

/* CONFIG: a line is not as above, or an address comes twice: *ret_line is its number, from 1,
 * and *ret_pins stays. TOO_LARGE, NOMEM. */
SOTTO_MUST_USE sotto_err pins_read(view text, struct pins *ret_pins, size_t *ret_line);
/* Appends the file's text. */
SOTTO_MUST_USE sotto_err pins_write(const struct pins *pins, sotto_buf *out);

/* NULL: not known. Borrowed until the next change. */
const struct pin_line *pins_find(const struct pins *pins, const char *address);
/* EXISTS: there is one for this address already, even if it is the same. FULL, NOMEM. */
SOTTO_MUST_USE sotto_err pins_add(struct pins *pins, const struct pin_line *line);
/* NOTFOUND. */
SOTTO_MUST_USE sotto_err pins_remove(struct pins *pins, const char *address);

#endif
