/* lab_test.h - what the lab's unit tests share: cmocka, and bytes from hexadecimal. */
#ifndef TESTS_LAB_TEST_H
#define TESTS_LAB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/secret.h"

#define assert_ok(expression) assert_int_equal((expression), SOTTO_OK)

static inline uint8_t test_digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Replaces what `out` held by the bytes of lower-case digits. */
static inline view test_hex(const char *digits, struct buf *out)
{
    buf_reset(out);
    for (; digits[0] != '\0'; digits += 2) {
        uint8_t byte = (uint8_t)(test_digit(digits[0]) << 4 | test_digit(digits[1]));
        assert_ok(buf_append(out, view_of(&byte, 1)));
    }
    return buf_view(out);
}

static inline void test_equal(view a, view b)
{
    assert_int_equal(a.len, b.len);
    if (a.len > 0)
        assert_memory_equal(a.data, b.data, a.len);
}

static inline void test_is_hex(view bytes, const char *digits)
{
    DEFER(buf_clear) struct buf wanted = {0};
    test_equal(bytes, test_hex(digits, &wanted));
}

#endif
