/* commands.h - the commands of sotto: each group of rows has a file of its own, named after it. */
#ifndef CLIENT_COMMANDS_H
#define CLIENT_COMMANDS_H

#include "cli/cli.h"
#include "engine/address.h"

extern const struct cli_command session_commands[]; /* session.c */
extern const struct cli_command server_commands[];  /* server.c */
extern const struct cli_command lab_commands[];     /* client/lab/commands.c */

/* Options that say which server: --server and --timeout; rows of a command that talks to one
 * begin with them. */
extern const struct cli_option server_options[]; /* server.c */

/* The server that was asked for: --server, else $SOTTO_SERVER, else the relay on this machine.
 * An error was printed; the result is its exit status, or 0. */
int server_address_get(const struct cli_call *call, struct server_address *ret_address);
/* --timeout in milliseconds, else the default. Like server_address_get(). */
int server_timeout_get(const struct cli_call *call, uint64_t *ret_ms);

#endif
