/* user_command.h - the commands about accounts (`user ...`) and their devices (`device ...`). */
#ifndef SERVER_USER_COMMAND_H
#define SERVER_USER_COMMAND_H

#include "cli/cli.h"

extern const struct cli_option user_delete_options[];
extern const char user_list_text[], user_disable_text[], user_enable_text[], user_delete_text[],
    user_quota_text[], user_rename_text[], device_list_text[], device_revoke_text[];
int user_list_run(struct cli_call *call);
int user_disable_run(struct cli_call *call);
int user_enable_run(struct cli_call *call);
int user_delete_run(struct cli_call *call);
int user_quota_run(struct cli_call *call);
int user_rename_run(struct cli_call *call);
int device_list_run(struct cli_call *call);
int device_revoke_run(struct cli_call *call);

#endif
