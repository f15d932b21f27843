/* config.h - the settings of `serve`: one row a key, for --set KEY=VALUE and for the file alike. The command line counts more than
 * the file, the file more than the defaults. */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <limits.h>

#include "net/server.h"

#define CONFIG_FILE     "/etc/sottod/sottod.conf"
#define CONFIG_LINE_MAX 1024 /* bytes */

struct config {
    struct server_config server;
    char dir[PATH_MAX]; /* "": not set */
    bool no_limits;
};

struct config config_default(void);

/* One setting. CONFIG: no such key, or not a value for it; ret_failure has the words. */
SOTTO_MUST_USE sotto_err config_set(struct config *config, view key, view value,
                                    struct failure *ret_failure);

/* The text of a file: lines `key = value`, empty lines, and comments behind '#' at a line's start. CONFIG as above, with the line. */
SOTTO_MUST_USE sotto_err config_read(struct config *config, view text, struct failure *ret_failure);

/* What can only be judged once everything is set; fills in the default listener. CONFIG. */
SOTTO_MUST_USE sotto_err config_finish(struct config *config, struct failure *ret_failure);

/* All keys with their meaning, for the manual; an index past the end gives NULL. */
struct config_key {
    const char *name, *value, *what;
};
const struct config_key *config_keys(size_t index);

#endif
