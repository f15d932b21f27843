/* ct.h - constant time: comparison, and the marks that let valgrind watch where secrets go.
 * With SOTTO_CT defined (the constant-time test build) a marked secret is "undefined memory" to valgrind's
 * memcheck, so a branch or an address that depends on it is reported. Elsewhere the marks cost nothing. */
#ifndef BASE_CT_H
#define BASE_CT_H

#include "base/base.h"

#ifdef SOTTO_CT
#include <valgrind/memcheck.h>
#define CT_SECRET(pointer, len) ((void)VALGRIND_MAKE_MEM_UNDEFINED(pointer, len))
#define CT_PUBLIC(pointer, len) ((void)VALGRIND_MAKE_MEM_DEFINED(pointer, len))
#else
#define CT_SECRET(pointer, len) ((void)(pointer), (void)(len))
#define CT_PUBLIC(pointer, len) ((void)(pointer), (void)(len))
#endif

/* True if both have the same length and bytes. Time depends on the lengths alone, which are public. */
bool ct_equal(view a, view b);

/* True if all bytes are zero; time depends on len alone. */
bool ct_is_zero(const uint8_t *data, size_t len);

/* Overwrites memory so that no compiler leaves it out. data may be NULL when len is 0. */
void ct_wipe(void *data, size_t len);

#endif
