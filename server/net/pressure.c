#include "net/pressure.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#define RELIEF 5 /* per cent below where a level began */

static const unsigned begins[] = {
    [CORE_PRESSURE_STRANGERS] = 80,
    [CORE_PRESSURE_SESSIONS] = 85,
    [CORE_PRESSURE_SENDS] = 90,
};

enum core_pressure pressure_judge(uint64_t used, uint64_t limit, enum core_pressure before)
{
    enum core_pressure level = CORE_PRESSURE_NONE;
    if (limit == 0)
        return level;
    for (unsigned i = CORE_PRESSURE_STRANGERS; i < COUNT_OF(begins); i++)
        if (used / 100 >= limit / 10000 * (begins[i] - (i <= before ? RELIEF : 0)))
            level = (enum core_pressure)i;
    return level;
}

/* 0: unknown. */
static uint64_t resident(void)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%*u %llu", &pages) != 1)
        pages = 0;
    (void)fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

enum core_pressure pressure_look(uint64_t limit, enum core_pressure before)
{
    enum core_pressure level = pressure_judge(resident(), limit, before);
    if (level == CORE_PRESSURE_NONE)
        return level;
    (void)malloc_trim(0);
    return pressure_judge(resident(), limit, before);
}
