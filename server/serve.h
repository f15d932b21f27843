/* serve.h - the command `serve`. */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "cli/cli.h"
#include "config.h"

#define SERVE_DATABASE "sotto.db" /* in the state directory */

extern const struct cli_option serve_options[];
extern const char serve_text[];
int serve_run(struct cli_call *call);

/* Whether it could listen where the settings say. Errors as listen_open(). */
SOTTO_MUST_USE sotto_err serve_probe(const struct config *config, struct failure *ret_failure);

#endif
