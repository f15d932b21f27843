/* config.h - the settings of the server: one row a key, for --set KEY=VALUE and for the file alike. The command line counts more than
 * the file, the file more than the defaults. The file is INI, read by inih: a key of section `limits` is called limits.KEY everywhere
 * else. What the file that `init` writes says, the manual and the help are made from the same rows. */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "crypto/x509.h"
#include "mail/settings.h"
#include "net/server.h"

#define CONFIG_FILE      "/etc/sottod/sottod.conf"
#define CONFIG_NAME      "sottod.conf" /* in a state directory */
#define CONFIG_DIR       "/var/lib/sottod"
#define CONFIG_HOST      "localhost" /* without a setting */
#define CONFIG_PATH      SERVER_PATH
#define CONFIG_VALUE_MAX 1024 /* bytes of a value with its NUL; a line of the file is shorter */
#define CONFIG_KEY_MAX   64   /* bytes of a key's full name with its NUL */

struct config {
    struct server_config server;
    struct mail_settings mail;
    char dir[CONFIG_PATH]; /* "": not set */
};

struct config config_default(void);
/* The same in place: a struct config is large for a stack that holds one already. */
void config_reset(struct config *config);

/* One setting; a later one counts, or adds to those before it where a key may come more than once. CONFIG: no such key, or not a
 * value for it; ret_failure has the words. */
SOTTO_MUST_USE sotto_err config_set(struct config *config, view key, view value,
                                    struct failure *ret_failure);

/* The text of a file. CONFIG: the words name the line and, of a key that is unknown, the nearest one; nothing is set then. */
SOTTO_MUST_USE sotto_err config_read(struct config *config, view text, struct failure *ret_failure);

/* What can only be judged once everything is set; fills in the default listener. CONFIG. */
SOTTO_MUST_USE sotto_err config_finish(struct config *config, struct failure *ret_failure);

/* The settings, with a comma between two, that differ and count only from the next start on; "" if none does. */
void config_restart(const struct config *before, const struct config *now, char *ret_names,
                    size_t size);

/* A key with its meaning. */
struct config_key {
    const char *section, *name; /* section: "" for those before the first one */
    const char *value;          /* what it takes, as in a synopsis */
    const char *what;           /* lower case, no full stop */
    const char *unit;
    char standard[24]; /* the value if it isn't set, or "": see `what` */
    bool many;         /* may come more than once */
};
/* All keys, section by section; false past the end. */
bool config_key(size_t index, struct config_key *ret_key);
/* "section.name", or the name alone. */
void config_key_name(const struct config_key *key, char ret_name[CONFIG_KEY_MAX]);

/* A commented file: all keys, commented out with their defaults but for those given here. `given` ends with a key of NULL; a key may
 * stand there more than once. NOMEM. */
struct config_given {
    const char *key, *value;
};
SOTTO_MUST_USE sotto_err config_write(const struct config_given *given, sotto_buf *out);

#endif
