/* restore.h - states go through storage after each call that touched them. */
#ifndef RESTORE_H
#define RESTORE_H

#include "thing.h"

sotto_err restore_touched(struct harness *h, struct call *c);

#endif
