/* identity_reference.h - which bytes are records of Sotto, and which texts are invite links: a second decoder, which knows nothing of
 * lib/ and was written from docs/protocol.md. */
#ifndef TESTS_FUZZ_IDENTITY_REFERENCE_H
#define TESTS_FUZZ_IDENTITY_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether all of the bytes are one record of this name, or, for "link", a link. Ends the program if there is no such name. */
bool identity_reference_is(const char *name, const uint8_t *bytes, size_t len);

#endif
