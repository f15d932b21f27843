/* serve.h - the command `serve`. */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "cli/cli.h"

extern const struct cli_option serve_options[];
extern const char serve_text[];
int serve_run(struct cli_call *call);

#endif
