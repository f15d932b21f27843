#include "core/limits.h"

#include <stddef.h>
#include <string.h>

static const struct limit_row rows[] = {
#define LIMITS_ROW(name, value, unit, what) {#name, value, unit, what},
    LIMITS(LIMITS_ROW)
#undef LIMITS_ROW
};

static const size_t offsets[] = {
#define LIMITS_OFFSET(name, value, unit, what) offsetof(struct limits, name),
    LIMITS(LIMITS_OFFSET)
#undef LIMITS_OFFSET
};

static const char *const rate_names[RATE_ALL] = {
#define RATE_NAME(name, burst, wait) [RATE_##name] = #burst,
    RATES(RATE_NAME)
#undef RATE_NAME
#define RATE_NAME(name, limit) [RATE_##name] = #limit,
        OWN_RATES(RATE_NAME)
#undef RATE_NAME
};

const char *rate_name(enum rate rate)
{
    return rate_names[rate];
}

static const char *const bound_names[BOUND_ALL] = {
#define BOUND_NAME(name, limit) [BOUND_##name] = #limit,
    BOUNDS(BOUND_NAME)
#undef BOUND_NAME
};

const char *bound_name(enum bound bound)
{
    return bound_names[bound];
}

struct limits limits_default(void)
{
    return (struct limits){
#define LIMITS_DEFAULT(name, value, unit, what) .name = (value),
        LIMITS(LIMITS_DEFAULT)
#undef LIMITS_DEFAULT
    };
}

const struct limit_row *limits_table(unsigned *ret_count)
{
    *ret_count = sizeof rows / sizeof rows[0];
    return rows;
}

uint64_t *limits_find(struct limits *limits, const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0)
            return (uint64_t *)(void *)((unsigned char *)limits + offsets[i]);
    return NULL;
}
