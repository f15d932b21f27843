/* guard.h - what is refused has a number, so that one build, that of the tests which show that each refusal is there for a reason,
 * can switch one of them off. In every other build it costs nothing. The numbers are those of the rows in mls/check.h. */
#ifndef BASE_GUARD_H
#define BASE_GUARD_H

#include <stdbool.h>

/* The reader's own (rd.h). */
enum guard_number {
    GUARD_NONE = 0,
    GUARD_VECTOR_SHORTEST = 36,
    GUARD_VECTOR_PREFIX = 37,
    GUARD_VECTOR_SIZE = 38,
    GUARD_PRESENCE = 39,
    GUARD_LEFTOVERS = 40
};

#ifdef SOTTO_GUARDS
extern unsigned guard_off; /* the one that is off; 0: none */
static inline bool guard_on(unsigned number)
{
    return number != guard_off;
}
#else
static inline bool guard_on(unsigned number)
{
    (void)number;
    return true;
}
#endif

#endif
