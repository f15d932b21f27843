/* attacks.h - `sotto lab attack`. */
#ifndef LAB_ATTACKS_H
#define LAB_ATTACKS_H

#include "cli/cli.h"

int attacks_run(struct cli_call *call);

#endif
