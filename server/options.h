/* options.h - the settings of one call: the defaults, then the file, then the command line. */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "cli/cli.h"
#include "config.h"

/* Rows that every command has which needs the settings. */
#define OPTIONS_DIR                              \
    {                                            \
        "dir", 'd', "DIR", "the state directory" \
    }
#define OPTIONS_CONFIG                                                                 \
    {                                                                                  \
        "config", 'c', "FILE", "the settings; default " CONFIG_FILE ", if it is there" \
    }

/* How the two are found, for the texts of commands. */
#define OPTIONS_TEXT                                                                           \
    "The settings come from the file given by --config, else " CONFIG_NAME                     \
    " in the directory given by --dir, else " CONFIG_FILE ", else " CONFIG_NAME                \
    " in the state directory. The state directory is the one given by --dir, else the dir of " \
    "that "                                                                                    \
    "file, else $STATE_DIRECTORY, else $XDG_STATE_HOME/sottod, else ~/.local/state/sottod."

/* All of them; `dir` is set in any case. `port`: one to listen on, as a word of the command line, or NULL. CONFIG, PERMISSION, IO,
 * NOTFOUND: ret_failure has the words. */
SOTTO_MUST_USE sotto_err options_read(const struct cli_call *call, const char *port,
                                      struct config *ret_config, struct failure *ret_failure);

/* One file into settings, whatever the call says. */
SOTTO_MUST_USE sotto_err options_file(const char *path, struct config *config,
                                      struct failure *ret_failure);

/* The state directory if nothing names one. CONFIG: there is no home. */
SOTTO_MUST_USE sotto_err options_dir_default(char ret_dir[CONFIG_PATH],
                                             struct failure *ret_failure);

/* A command as it has to be typed to mean the same server: with the --dir and --config of this call. */
#define OPTIONS_AGAIN (2 * CONFIG_PATH + 128)
const char *options_again(const struct cli_call *call, const char *command,
                          char ret_text[OPTIONS_AGAIN]);

/* Prints a failure and gives the exit status. `try` may be NULL. */
int options_fail(struct cli_call *call, sotto_err err, const struct failure *failure,
                 const char *try);

#endif
