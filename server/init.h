/* init.h - the command `init`. */
#ifndef SERVER_INIT_H
#define SERVER_INIT_H

#include "cli/cli.h"

extern const struct cli_option init_options[];
extern const char init_text[];
int init_run(struct cli_call *call);

#endif
