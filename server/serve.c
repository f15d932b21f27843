#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "config.h"
#include "net/keeper.h"
#include "net/log.h"
#include "net/server.h"
#include "net/state.h"

#define FILE_MAX     65536 /* bytes of the configuration file */
#define HOST         "localhost"
#define EXIT_NETWORK 3

/* clang-format off */
const struct cli_option serve_options[] = {
    {"listen",        'l', "ADDR:PORT", "listen here; an IPv6 address stands in brackets"},
    {"dir",           'd', "DIR",       "the state directory"},
    {"set",           's', "KEY=VALUE", "a setting, such as limits.rooms=50; see: sottod help settings"},
    {"threads",       't', "N",         "how many threads serve connections; default one a core"},
    {"metrics",       0,   "PORT",      "tell /metrics and /healthz on this port of 127.0.0.1, in plain HTTP; default none"},
    {"log-addresses", 0,   NULL,        "write the network addresses of clients into the log"},
    {"no-limits",     0,   NULL,        "switch all limits off, for benches; every listener must be on loopback"},
    {0},
};
/* clang-format on */

const char serve_text[] =
    "Runs the server until it is interrupted; clients are told then. Without any configuration it "
    "listens on 0.0.0.0:5000, "
    "makes its keys in the state directory, and prints the pin by which clients know it.\n\n"
    "The state directory is the one given by --dir, else the dir of " CONFIG_FILE
    ", else $STATE_DIRECTORY, else "
    "$XDG_STATE_HOME/sottod, else ~/.local/state/sottod.\n\n"
    "The log goes to the standard error output: what connects, joins and leaves, without network "
    "addresses unless asked for. "
    "--quiet leaves out connections; with --json each line is an object with time, event and text.";

/* ---- the settings */

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

static sotto_err file_apply(struct config *config, struct failure *failure)
{
    DEFER(buf_clear) sotto_buf text = {0};
    struct failure why = {0};
    int fd = open(CONFIG_FILE, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return SOTTO_OK;
    sotto_err err = fd < 0 ? SOTTO_E_PERMISSION : fd_text(fd, &text);
    if (fd >= 0)
        close(fd);
    if (err != SOTTO_OK)
        return failure_say(failure, err, "cannot read " CONFIG_FILE);
    err = config_read(config, buf_view(&text), &why);
    return err == SOTTO_OK ? err : failure_say(failure, err, CONFIG_FILE ", %s", why.what);
}

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
                               struct failure *failure)
{
    size_t at = 0;
    if (call->operand_count > 0 || cli_given(call, "listen"))
        config->server.listen_count = 0;
    for (const char *address; (address = cli_value_next(call, "listen", &at)) != NULL;)
        TRY(config_set(config, VIEW_LIT("listen"), view_str(address), failure));
    if (call->operand_count == 0)
        return SOTTO_OK;
    uint16_t port;
    char text[ENDPOINT_TEXT];
    if (port_read(call->operands[0], &port) != SOTTO_OK) {
        snprintf(failure->todo, sizeof failure->todo, "give a number from 0 to 65535");
        return failure_say(failure, SOTTO_E_CONFIG, "\"%s\" is not a port", call->operands[0]);
    }
    snprintf(text, sizeof text, "0.0.0.0:%u", (unsigned)port);
    return config_set(config, VIEW_LIT("listen"), view_str(text), failure);
}

static sotto_err dir_default(struct config *config, struct failure *failure)
{
    const char *service = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"),
               *home = getenv("HOME");
    int len = -1;
    if (service != NULL && service[0] == '/')
        len = snprintf(config->dir, sizeof config->dir, "%s", service);
    else if (xdg != NULL && xdg[0] == '/')
        len = snprintf(config->dir, sizeof config->dir, "%s/sottod", xdg);
    else if (home != NULL && home[0] == '/')
        len = snprintf(config->dir, sizeof config->dir, "%s/.local/state/sottod", home);
    if (len > 0 && (size_t)len < sizeof config->dir)
        return SOTTO_OK;
    snprintf(failure->todo, sizeof failure->todo, "name one with --dir");
    return failure_say(failure, SOTTO_E_CONFIG,
                       "no state directory: neither $XDG_STATE_HOME nor $HOME is set");
}

static sotto_err config_of(const struct cli_call *call, struct config *config,
                           struct failure *failure)
{
    *config = config_default();
    TRY(file_apply(config, failure));
    TRY(sets_apply(config, call, failure));
    TRY(listens_apply(config, call, failure));
    TRY(set_text(config, "dir", cli_value(call, "dir"), failure));
    TRY(set_text(config, "threads", cli_value(call, "threads"), failure));
    TRY(set_text(config, "metrics", cli_value(call, "metrics"), failure));
    config->no_limits = cli_given(call, "no-limits");
    config->server.log_addresses = cli_given(call, "log-addresses");
    config->server.quiet = call->quiet;
    TRY(config_finish(config, failure));
    return config->dir[0] != 0 ? SOTTO_OK : dir_default(config, failure);
}

/* ---- the run */

/* No copy of the keys leaves this process: no core dump, no debugger, no file that others can read. */
static void harden(void)
{
    const struct rlimit none = {0, 0};
    umask(077);
    (void)setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) /* their own checks at the end need it */
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

static void log_identity(struct log *log, const struct identity *id, const char *dir)
{
    char pin[X509_PIN_TEXT];
    x509_pin_write(id->pin, pin);
    if (id->fresh)
        log_line(log, "keys", "new keys in %s", dir);
    else if (id->renewed)
        log_line(log, "renewed", "the server's certificate was renewed");
    log_line(log, "pin", "pin %s", pin);
}

static sotto_err serve(const struct config *config, bool json, struct failure *failure)
{
    struct state state;
    struct keeper keeper;
    struct log *log;
    TRY(state_open(config->dir, identity_files, &state, failure));
    sotto_err err = keeper_init(&keeper, &state, HOST, (int64_t)time(NULL), failure);
    if (err == SOTTO_OK)
        err = log_new(STDERR_FILENO, json, &log);
    if (err == SOTTO_OK) {
        log_identity(log, keeper_identity(&keeper), config->dir);
        err = server_run(&config->server, &keeper, log, failure);
        log_free(log);
    }
    keeper_clear(&keeper);
    state_close(&state);
    return err;
}

/* The command that would do instead, or NULL. */
static const char *try_instead(sotto_err err, const struct config *config)
{
    switch (err) {
    case SOTTO_E_CONFIG:
        return "sottod help settings";
    case SOTTO_E_IN_USE:
        return config->server.listen_count == 1 ? "sottod serve 0 --dir \"$(mktemp -d)\"" : NULL;
    case SOTTO_E_PERMISSION:
        return "sottod serve --dir \"$(mktemp -d)\"";
    default:
        return NULL;
    }
}

int serve_run(struct cli_call *call)
{
    struct config config;
    struct failure failure = {0};
    harden();
    sotto_err err = config_of(call, &config, &failure);
    if (err == SOTTO_OK)
        err = serve(&config, call->json, &failure);
    if (err == SOTTO_OK)
        return 0;
    const struct cli_error error = {
        .err = err,
        .exit = failure.network && err == SOTTO_E_IN_USE ? EXIT_NETWORK : 0,
        .what = failure.what[0] != 0 ? failure.what : NULL,
        .todo = failure.todo[0] != 0 ? failure.todo : NULL,
        .try = failure.todo[0] == 0 ? try_instead(err, &config) : NULL,
    };
    return cli_fail(call, &error);
}
