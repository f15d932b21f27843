/* base.h - what every file starts with: errors, views, and the three words that keep the good path straight. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sotto/error.h>
#include <sotto/view.h>

typedef sotto_view view;

/* Runs fn(&variable) when the variable goes out of scope; the variable must be initialised where it is declared. */
#define DEFER(fn) __attribute__((cleanup(fn)))

/* Returns the error of an expression to our caller, if it is one. */
#define TRY(expression)                    \
    do {                                   \
        sotto_err try_err_ = (expression); \
        if (try_err_ != SOTTO_OK)          \
            return try_err_;               \
    } while (0)

/* Hands a pointer over: gives its value and leaves NULL behind, so that DEFER finds nothing to free. */
#define MOVE(pointer)                           \
    __extension__({                             \
        __typeof__(pointer) moved_ = (pointer); \
        (pointer) = NULL;                       \
        moved_;                                 \
    })

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The view over an array whose size the compiler knows. */
#define VIEW_OF(array) ((view){(const uint8_t *)(array), sizeof(array)})
/* The view over a string literal, without its NUL. */
#define VIEW_LIT(literal) ((view){(const uint8_t *)("" literal), sizeof(literal) - 1})

static inline view view_of(const void *data, size_t len)
{
    return (view){data, len};
}

static inline view view_str(const char *s)
{
    return (view){(const uint8_t *)s, strlen(s)};
}

/* For public values only: secrets are compared with ct_equal(). */
static inline bool view_equal(view a, view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

#endif
