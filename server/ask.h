/* ask.h - what all commands have in common that ask a running server: they find its state directory, ask over its admin socket, and
 * print what it says: as it is with --json, else by a function of theirs. */
#ifndef SERVER_ASK_H
#define SERVER_ASK_H

#include <jansson.h>

#include "cli/cli.h"
#include "options.h"

typedef void ask_print(const struct cli_call *call, const json_t *result);

/* `arguments` is taken, may be NULL. Gives the exit status. */
int ask_run(struct cli_call *call, const char *command, json_t *arguments, ask_print *print);
/* `list`: the command that shows what there is, if the server knows nothing of that name. */
int ask_named(struct cli_call *call, const char *command, json_t *arguments, ask_print *print,
              const char *list);
/* The same up to the answer, for who has more to do with it. `file` goes along, or -1, and is borrowed. */
SOTTO_MUST_USE sotto_err ask(const struct cli_call *call, const char *command, json_t *arguments,
                             int file, json_t **ret_result, struct failure *ret_failure);
/* Where the server is although options_read() failed: what it left in `ret_dir`, --dir, or (then it gives false) the usual place,
 * which may be another server's; "" if there is none. */
bool ask_dir(const struct cli_call *call, char ret_dir[CONFIG_PATH]);
/* What --json prints of a result. */
void ask_print_json(const json_t *result);

/* Options of a command that has no others. */
extern const struct cli_option ask_options[];

/* "2026-11-21 14:30 UTC"; "never" for 0. */
#define ASK_TIME 32
const char *ask_time(int64_t time_s, char ret_text[ASK_TIME]);
/* A member of a result, or what stands for its absence. */
int64_t ask_number(const json_t *result, const char *name);
const char *ask_text(const json_t *result, const char *name);

#endif
