/* options.h - what the lab's commands have in common: which suite, with which keys. */
#ifndef LAB_OPTIONS_H
#define LAB_OPTIONS_H

#include "cli/cli.h"
#include "lab/lab.h"

struct talk;

/* --suite, else `usual`, else (NULL) the one that explains itself best. Gives 0, or the status of an error that was printed. */
int options_suite(const struct cli_call *call, const char *usual,
                  const struct lab_suite **ret_suite);
int options_suite_unknown(const struct cli_call *call, const char *name);

/* --explain[=json] */
int options_explain(struct talk *t);

/* All that depends on the suite: --psk-file, --key-file, --peer, --sha1. */
int options_keys(struct talk *t);

#endif
