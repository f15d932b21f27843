/* mls_reference.h - which bytes are structures of MLS: a second decoder, which knows nothing of lib/. It walks over the grammar of
 * RFC 9420 and draft-ietf-mls-extensions as text, slowly, a byte at a time. */
#ifndef TESTS_FUZZ_MLS_REFERENCE_H
#define TESTS_FUZZ_MLS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether all of the bytes are one structure of this name, as tests/unit/mls/structures.h has it. Ends the program if there is no
 * such name. */
bool mls_reference_is(const char *name, const uint8_t *bytes, size_t len);

#endif
