/* lab_unit.h - what the lab's unit tests share beyond unit.h. */
#ifndef TESTS_LAB_UNIT_H
#define TESTS_LAB_UNIT_H

#include "unit.h"

/* Replaces what `out` held by the bytes of lower-case digits. */
static inline view test_hex(const char *digits, sotto_buf *out)
{
    buf_clear(out);
    *out = unhex(digits);
    return buf_view(out);
}

static inline void test_equal(view a, view b)
{
    assert_int_equal(a.len, b.len);
    if (a.len > 0)
        assert_memory_equal(a.data, b.data, a.len);
}

#define test_is_hex(bytes, digits) assert_bytes(bytes, digits)

#endif
