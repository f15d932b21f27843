/* invite_command.h - the commands `invite create`, `invite list` and `invite revoke`. */
#ifndef SERVER_INVITE_COMMAND_H
#define SERVER_INVITE_COMMAND_H

#include "cli/cli.h"

extern const struct cli_option invite_create_options[];
extern const char invite_create_text[], invite_list_text[], invite_revoke_text[];
int invite_create_run(struct cli_call *call);
int invite_list_run(struct cli_call *call);
int invite_revoke_run(struct cli_call *call);

#endif
