/* unit.h - what unit tests share: cmocka, and bytes written as hexadecimal in the source. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/secret.h"

#define assert_ok(expression)         assert_int_equal(expression, SOTTO_OK)
#define assert_err(expression, error) assert_int_equal(expression, SOTTO_E_##error)

/* There all takes some fifty times as long: the same with fewer rounds. tools/test says it. */
static inline bool under_valgrind(void)
{
    return getenv("SOTTO_VALGRIND") != NULL;
}

static inline int unit_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* The bytes of lower-case hexadecimal; blanks between them are left out. Clear with buf_clear(). Not by the library's
 * own reader, which is under test. */
static inline sotto_buf unhex(const char *text)
{
    sotto_buf out = {0};
    while (*text != '\0') {
        if (*text == ' ') {
            text++;
            continue;
        }
        int high = unit_digit(text[0]);
        int low = high >= 0 ? unit_digit(text[1]) : -1;
        assert_true(low >= 0);
        uint8_t byte = (uint8_t)(high << 4 | low);
        assert_ok(buf_append(&out, view_of(&byte, 1)));
        text += 2;
    }
    return out;
}

static inline void assert_bytes(view got, const char *want_hex)
{
    sotto_buf want = unhex(want_hex);
    assert_int_equal(got.len, want.len);
    if (got.len > 0)
        assert_memory_equal(got.data, want.data, got.len);
    buf_clear(&want);
}

static inline struct secret secret_unhex(const char *text)
{
    sotto_buf bytes = unhex(text);
    struct secret secret = {0};
    assert_ok(secret_set(&secret, buf_view(&bytes)));
    buf_clear(&bytes);
    return secret;
}

#endif
