/* pressure.h - how short of memory the server is, by what of it is resident. A limit on each thing bounds what it takes; this bounds
 * what all of them take together, before the kernel ends the server. */
#ifndef NET_PRESSURE_H
#define NET_PRESSURE_H

#include "core/core.h"

/* A level is left only some way below where it began, so that nobody is refused and let in by turns. `limit` 0: none. Pure. */
enum core_pressure pressure_judge(uint64_t used, uint64_t limit, enum core_pressure before);
/* The level now. Gives memory that is free back to the kernel, if it is short. One thread. */
enum core_pressure pressure_look(uint64_t limit, enum core_pressure before);

#endif
