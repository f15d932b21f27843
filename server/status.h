/* status.h - the commands `status`, `reload` and `metrics print`. */
#ifndef SERVER_STATUS_H
#define SERVER_STATUS_H

#include "cli/cli.h"

extern const char status_text[], reload_text[], metrics_text[];
int status_run(struct cli_call *call);
int reload_run(struct cli_call *call);
int metrics_run(struct cli_call *call);

#endif
