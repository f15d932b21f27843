/* fuzz.h - what fuzz targets share: an oracle that ends the program in every build, and fuzz bytes as choices. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(condition)                                                                   \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

/* Takes one byte; 0 when there are none left. */
static inline uint8_t fuzz_u8(view *input)
{
    if (input->len == 0)
        return 0;
    uint8_t byte = input->data[0];
    *input = view_of(input->data + 1, input->len - 1);
    return byte;
}

/* Takes up to `len` bytes. */
static inline view fuzz_bytes(view *input, size_t len)
{
    view taken = view_of(input->data, size_min(len, input->len));
    *input = view_of(input->data + taken.len, input->len - taken.len);
    return taken;
}

/* A copy that ends where its memory ends, so that a sanitizer sees each byte read too far; to be freed. */
static inline uint8_t *fuzz_copy(view bytes)
{
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    HOLDS(copy != NULL);
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    return copy;
}

#endif
