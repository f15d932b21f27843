#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

#define FILE_MAX     65536 /* bytes of the configuration file */
#define EXIT_NETWORK 3

/* ---- the file */

static sotto_err fd_text(int fd, sotto_buf *out)
{
    uint8_t *place;
    for (;;) {
        size_t len = out->len;
        TRY(buf_extend(out, 4096, &place));
        ssize_t n = read(fd, place, 4096);
        out->len = n > 0 ? len + (size_t)n : len;
        if (n <= 0)
            return n == 0 ? SOTTO_OK : SOTTO_E_IO;
        if (out->len > FILE_MAX)
            return SOTTO_E_TOO_LARGE;
    }
}

static sotto_err open_error(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return SOTTO_E_NOTFOUND;
    case EACCES:
    case EPERM:
        return SOTTO_E_PERMISSION;
    default:
        return SOTTO_E_IO;
    }
}

sotto_err options_file(const char *path, struct config *config, struct failure *ret_failure)
{
    DEFER(buf_clear) sotto_buf text = {0};
    struct failure why = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    sotto_err err = fd < 0 ? open_error(errno) : fd_text(fd, &text);
    int number = errno;
    if (fd >= 0)
        close(fd);
    if (err == SOTTO_E_NOTFOUND) {
        snprintf(ret_failure->todo, sizeof ret_failure->todo,
                 "name another one, or have sottod init write one");
        return failure_say(ret_failure, err, "there is no file %s", path);
    }
    if (err == SOTTO_E_TOO_LARGE)
        return failure_say(ret_failure, SOTTO_E_CONFIG, "%s is larger than %d bytes", path,
                           FILE_MAX);
    if (err == SOTTO_E_PERMISSION)
        snprintf(ret_failure->todo, sizeof ret_failure->todo,
                 "ask as root, or as the server's user");
    if (err != SOTTO_OK)
        return failure_say(ret_failure, err, "cannot read %s: %s", path, strerror(number));
    err = config_read(config, buf_view(&text), &why);
    if (err != SOTTO_OK) {
        memcpy(ret_failure->guess, why.guess, sizeof ret_failure->guess);
        memcpy(ret_failure->todo, why.todo, sizeof ret_failure->todo);
        return failure_say(ret_failure, err, "%.300s, %s", path, why.what);
    }
    snprintf(config->server.file, sizeof config->server.file, "%s", path);
    return SOTTO_OK;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0 || errno == EACCES;
}

static sotto_err file_in_dir(const char *dir, char ret_path[CONFIG_PATH])
{
    int len = snprintf(ret_path, CONFIG_PATH, "%s/" CONFIG_NAME, dir);
    return len > 0 && len < CONFIG_PATH ? SOTTO_OK : SOTTO_E_CONFIG;
}

/* The file that counts, or "". */
static sotto_err file_choose(const struct cli_call *call, char ret_path[CONFIG_PATH],
                             struct failure *failure)
{
    const char *named = cli_value(call, "config"), *dir = cli_value(call, "dir");
    char home[CONFIG_PATH];
    struct failure ignored = {0};
    if (named != NULL) {
        if (snprintf(ret_path, CONFIG_PATH, "%s", named) < CONFIG_PATH)
            return SOTTO_OK;
        return failure_say(failure, SOTTO_E_CONFIG, "the path of --config is too long");
    }
    if (dir != NULL && file_in_dir(dir, ret_path) == SOTTO_OK && is_there(ret_path))
        return SOTTO_OK;
    snprintf(ret_path, CONFIG_PATH, CONFIG_FILE);
    if (is_there(ret_path))
        return SOTTO_OK;
    if (dir == NULL && options_dir_default(home, &ignored) == SOTTO_OK &&
        file_in_dir(home, ret_path) == SOTTO_OK && is_there(ret_path))
        return SOTTO_OK;
    ret_path[0] = 0;
    return SOTTO_OK;
}

/* ---- the command line */

static sotto_err set_text(struct config *config, const char *key, const char *value,
                          struct failure *failure)
{
    return value == NULL ? SOTTO_OK : config_set(config, view_str(key), view_str(value), failure);
}

static sotto_err sets_apply(struct config *config, const struct cli_call *call,
                            struct failure *failure)
{
    size_t at = 0;
    for (const char *set; (set = cli_value_next(call, "set", &at)) != NULL;) {
        const char *equals = strchr(set, '=');
        if (equals == NULL)
            return failure_say(failure, SOTTO_E_CONFIG, "--set takes KEY=VALUE, not \"%s\"", set);
        TRY(config_set(config, view_of(set, (size_t)(equals - set)), view_str(equals + 1),
                       failure));
    }
    return SOTTO_OK;
}

/* Addresses given here stand in place of those in the file. */
static sotto_err listens_apply(struct config *config, const struct cli_call *call,
                               const char *port_text, struct failure *failure)
{
    size_t at = 0;
    if (port_text != NULL || cli_given(call, "listen"))
        config->server.listen_count = 0;
    for (const char *address; (address = cli_value_next(call, "listen", &at)) != NULL;)
        TRY(config_set(config, VIEW_LIT("listen"), view_str(address), failure));
    if (port_text == NULL)
        return SOTTO_OK;
    uint16_t port;
    char text[ENDPOINT_TEXT];
    if (port_read(port_text, &port) != SOTTO_OK) {
        snprintf(failure->todo, sizeof failure->todo, "give a number from 0 to 65535");
        return failure_say(failure, SOTTO_E_CONFIG, "\"%s\" is not a port", port_text);
    }
    snprintf(text, sizeof text, "0.0.0.0:%u", (unsigned)port);
    return config_set(config, VIEW_LIT("listen"), view_str(text), failure);
}

sotto_err options_dir_default(char ret_dir[CONFIG_PATH], struct failure *ret_failure)
{
    const char *service = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"),
               *home = getenv("HOME");
    int len = -1;
    if (service != NULL && service[0] == '/')
        len = snprintf(ret_dir, CONFIG_PATH, "%s", service);
    else if (xdg != NULL && xdg[0] == '/')
        len = snprintf(ret_dir, CONFIG_PATH, "%s/sottod", xdg);
    else if (home != NULL && home[0] == '/')
        len = snprintf(ret_dir, CONFIG_PATH, "%s/.local/state/sottod", home);
    if (len > 0 && len < CONFIG_PATH)
        return SOTTO_OK;
    snprintf(ret_failure->todo, sizeof ret_failure->todo, "name one with --dir");
    return failure_say(ret_failure, SOTTO_E_CONFIG,
                       "no state directory: neither $XDG_STATE_HOME nor $HOME is set");
}

sotto_err options_read(const struct cli_call *call, const char *port, struct config *ret_config,
                       struct failure *ret_failure)
{
    char file[CONFIG_PATH];
    config_reset(ret_config);
    TRY(file_choose(call, file, ret_failure));
    if (file[0] != 0)
        TRY(options_file(file, ret_config, ret_failure));
    TRY(sets_apply(ret_config, call, ret_failure));
    TRY(listens_apply(ret_config, call, port, ret_failure));
    TRY(set_text(ret_config, "dir", cli_value(call, "dir"), ret_failure));
    TRY(set_text(ret_config, "threads", cli_value(call, "threads"), ret_failure));
    TRY(set_text(ret_config, "metrics", cli_value(call, "metrics"), ret_failure));
    if (cli_given(call, "log-addresses"))
        ret_config->server.log_addresses = true;
    if (call->json)
        ret_config->server.log_shape = LOG_JSON;
    ret_config->server.quiet = call->quiet;
    TRY(config_finish(ret_config, ret_failure));
    return ret_config->dir[0] != 0 ? SOTTO_OK : options_dir_default(ret_config->dir, ret_failure);
}

/* In quotation marks if a shell would not take it back otherwise. */
static void word_add(const char *word, char *text, size_t size)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@";
    bool quoted = word[0] == 0 || word[strspn(word, plain)] != 0;
    size_t len = strlen(text);
    if (quoted)
        text[len++] = '\'';
    for (; *word != 0 && len + 6 < size; word++) {
        text[len++] = *word;
        if (*word != '\'')
            continue;
        memcpy(text + len, "\\''", 3); /* a'b is 'a'\''b' */
        len += 3;
    }
    if (quoted)
        text[len++] = '\'';
    text[len] = 0;
}

const char *options_again(const struct cli_call *call, const char *command,
                          char ret_text[OPTIONS_AGAIN])
{
    static const char *const names[] = {"dir", "config"};
    snprintf(ret_text, OPTIONS_AGAIN, "%s", command);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *value = cli_value(call, names[i]);
        size_t len = strlen(ret_text);
        if (value == NULL)
            continue;
        snprintf(ret_text + len, OPTIONS_AGAIN - len, " --%s ", names[i]);
        word_add(value, ret_text, OPTIONS_AGAIN);
    }
    return ret_text;
}

int options_fail(struct cli_call *call, sotto_err err, const struct failure *failure,
                 const char *try)
{
    const struct cli_error error = {
        .err = err,
        .exit = failure->network && err == SOTTO_E_IN_USE ? EXIT_NETWORK : 0,
        .what = failure->what[0] != 0 ? failure->what : NULL,
        .guess = failure->guess[0] != 0 ? failure->guess : NULL,
        .todo = failure->todo[0] != 0 ? failure->todo : NULL,
        .try = failure->todo[0] == 0 ? try : NULL,
    };
    return cli_fail(call, &error);
}
