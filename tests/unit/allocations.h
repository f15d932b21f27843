/* allocations.h - for tests that let memory run out: linked with --wrap=malloc,--wrap=calloc,--wrap=realloc (tests/meson.build), so that
 * allocations come through the functions below. One file of a program includes it. */
#ifndef TESTS_UNIT_ALLOCATIONS_H
#define TESTS_UNIT_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* How many allocations still succeed before one fails; SIZE_MAX: all do. */
static size_t allocations_left = SIZE_MAX;
static bool allocation_failed; /* one did, since the test last said false */

static bool allocation_fails(void)
{
    if (allocations_left == SIZE_MAX || allocations_left-- > 0)
        return false;
    allocations_left = SIZE_MAX; /* just this one */
    allocation_failed = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return allocation_fails() ? NULL : __real_realloc(old, size);
}

#endif
