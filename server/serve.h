/* serve.h - the command `serve`. */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "cli/cli.h"
#include "config.h"

struct store;

#define SERVE_DATABASE "sotto.db" /* in the state directory */

extern const struct cli_option serve_options[];
extern const char serve_text[];
int serve_run(struct cli_call *call);

/* Whether it could listen where the settings say. Errors as listen_open(). */
SOTTO_MUST_USE sotto_err serve_probe(const struct config *config, struct failure *ret_failure);

/* The database of a state directory that this process has locked. Errors as store_sqlite_open(), in words, and IN_USE with what can be
 * done. */
SOTTO_MUST_USE sotto_err serve_store(const char *dir, struct store **ret_store,
                                     struct failure *ret_failure);

#endif
