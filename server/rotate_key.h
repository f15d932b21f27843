/* rotate_key.h - the command `rotate-key`. */
#ifndef SERVER_ROTATE_KEY_H
#define SERVER_ROTATE_KEY_H

#include "cli/cli.h"

extern const struct cli_option rotate_key_options[];
extern const char rotate_key_text[];
int rotate_key_run(struct cli_call *call);

#endif
