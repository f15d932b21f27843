#include "net/pressure.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
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

/* The second number there, in pages. 0: unknown. */
static uint64_t resident(void)
{
    char text[128] = "", *second;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL)
        return 0;
    bool is_read = fgets(text, sizeof text, f) != NULL;
    (void)fclose(f);
    (void)strtoull(text, &second, 10);
    return is_read ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

enum core_pressure pressure_look(uint64_t limit, enum core_pressure before)
{
    enum core_pressure level = pressure_judge(resident(), limit, before);
    if (level == CORE_PRESSURE_NONE)
        return level;
    (void)malloc_trim(0);
    return pressure_judge(resident(), limit, before);
}
