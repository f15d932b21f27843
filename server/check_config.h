/* check_config.h - the command `check-config`. */
#ifndef SERVER_CHECK_CONFIG_H
#define SERVER_CHECK_CONFIG_H

#include "cli/cli.h"

extern const struct cli_option check_config_options[];
extern const char check_config_text[];
int check_config_run(struct cli_call *call);

#endif
