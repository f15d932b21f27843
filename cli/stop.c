#include "cli/stop.h"

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "handlers use it");

atomic_ullong stop_first_ms;
