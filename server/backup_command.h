/* backup_command.h - the commands `backup`, `verify-backup`, `restore` and `backup-key`. */
#ifndef SERVER_BACKUP_COMMAND_H
#define SERVER_BACKUP_COMMAND_H

#include "cli/cli.h"

extern const struct cli_option backup_options[], verify_options[], restore_options[];
extern const char backup_text[], verify_text[], restore_text[], backup_key_text[];
int backup_run(struct cli_call *call);
int verify_run(struct cli_call *call);
int restore_run(struct cli_call *call);
int backup_key_run(struct cli_call *call);

#endif
