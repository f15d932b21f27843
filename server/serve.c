#include "serve.h"

#include <time.h>
#include <unistd.h>

#include "admin/admin.h"
#include "crypto/rng.h"
#include "gateway/gateway.h"
#include "harden.h"
#include "mail/mail.h"
#include "net/keeper.h"
#include "net/listen.h"
#include "net/log.h"
#include "net/server.h"
#include "net/state.h"
#include "options.h"
#include "store/store.h"

/* clang-format off */
const struct cli_option serve_options[] = {
    {"listen",        'l', "ADDR:PORT", "listen here; an IPv6 address stands in brackets"},
    OPTIONS_DIR,
    OPTIONS_CONFIG,
    {"set",           's', "KEY=VALUE", "a setting, such as limits.rooms=50; see: sottod help settings"},
    {"threads",       't', "N",         "how many threads serve connections; default: cores less one"},
    {"metrics",       0,   "PORT",      "tell /metrics, /healthz and /readyz on this port of 127.0.0.1, in plain HTTP; default none"},
    {"log-addresses", 0,   NULL,        "write the network addresses of clients into the log, as with log.redact=no"},
    {0},
};
/* clang-format on */

const char serve_text[] =
    "Runs the server until it is interrupted; clients are told then. Without any configuration it "
    "listens on 0.0.0.0:5000, "
    "makes its keys in the state directory, and prints the pin by which clients know "
    "it.\n\n" OPTIONS_TEXT "\n\n"
    "The log goes to the standard error output: what connects, joins and leaves. In place of "
    "network addresses stand names that are good for a day, unless addresses are asked for. "
    "--quiet leaves out connections; with --json each line is an object with time, event and text.";

/* ---- the run */

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

/* Whether it could listen, before keys are made for nothing. */
sotto_err serve_probe(const struct config *config, struct failure *ret_failure)
{
    for (size_t i = 0; i < config->server.listen_count; i++) {
        struct endpoint address = config->server.listen[i];
        int fd;
        TRY(listen_open(&address, &fd, ret_failure));
        close(fd);
    }
    return SOTTO_OK;
}

/* What one run has; the hooks of the server find it here. */
struct run {
    struct cli_call *call;
    struct config *config;
    struct state state;
    struct keeper keeper;
    struct log *log;
    struct admin admin;
    struct gateway *gateway; /* NULL: none */
    struct mail *mail;
};

static sotto_err on_start(void *user, struct server *server, uv_loop_t *uv,
                          struct failure *ret_failure)
{
    struct run *run = user;
    uint8_t seed[RNG_SEED];
    TRY(admin_start(&run->admin, uv, server, &run->state, ret_failure));
    random_bytes(seed, sizeof seed);
    sotto_err err = gateway_start(server, uv, seed, &run->gateway, ret_failure);
    if (err == SOTTO_OK) {
        err = mail_start(uv, server, &run->config->mail, &run->mail, ret_failure);
        if (err != SOTTO_OK)
            gateway_stop(run->gateway);
    }
    if (err != SOTTO_OK)
        admin_stop(&run->admin);
    return err;
}

static void on_stop(void *user)
{
    struct run *run = user;
    mail_stop(run->mail);
    gateway_stop(run->gateway);
    admin_stop(&run->admin);
}

static const char *port_of(const struct cli_call *call)
{
    return call->operand_count > 0 ? call->operands[0] : NULL;
}

/* Without its file a server would go on with the defaults, which let more people in, or with the settings of another one. */
static sotto_err file_keep(const char *before, const char *now, struct failure *failure)
{
    if (before[0] == 0 || strcmp(before, now) == 0 || access(before, F_OK) == 0)
        return SOTTO_OK;
    snprintf(failure->todo, sizeof failure->todo, "put it back, even if it is empty");
    return failure_say(failure, SOTTO_E_NOTFOUND, "there is no file %s any more", before);
}

static sotto_err on_reread(void *user, struct server_config *ret_config,
                           char ret_restart[SERVER_RESTART_TEXT], struct failure *ret_failure)
{
    struct run *run = user;
    struct config fresh;
    TRY(options_read(run->call, port_of(run->call), &fresh, ret_failure));
    TRY(file_keep(ret_config->file, fresh.server.file, ret_failure));
    TRY(mail_prepare(run->mail, &fresh.mail, ret_failure));
    config_restart(run->config, &fresh, ret_restart, SERVER_RESTART_TEXT);
    *ret_config = fresh.server;
    return SOTTO_OK;
}

static void on_taken(void *user)
{
    struct run *run = user;
    mail_apply(run->mail);
}

sotto_err serve_store(const char *dir, struct store **ret_store, struct failure *ret_failure)
{
    char path[CONFIG_PATH + sizeof SERVE_DATABASE], why[256] = "";
    snprintf(path, sizeof path, "%s/" SERVE_DATABASE, dir);
    const struct store_options options = {.path = path};
    sotto_err err = store_sqlite_open(&options, ret_store, why);
    if (err == SOTTO_E_IN_USE) /* no server: that one would have the directory */
        snprintf(ret_failure->todo, sizeof ret_failure->todo,
                 "end that one, such as a shell of SQLite or sottod doctor: fuser %.180s names it",
                 path);
    return err != SOTTO_OK && why[0] != 0 ? failure_say(ret_failure, err, "%s", why) : err;
}

static sotto_err serve_stored(struct run *run, struct failure *failure)
{
    const struct server_hooks hooks = {
        .user = run, .start = on_start, .stop = on_stop, .reread = on_reread, .taken = on_taken};
    TRY(log_new(STDERR_FILENO, run->config->server.log_shape, &run->log));
    log_identity(run->log, keeper_identity(&run->keeper), run->config->dir);
    sotto_err err = server_run(&run->config->server, &run->keeper, run->log, &hooks, failure);
    mail_free(run->mail);
    log_free(run->log);
    return err;
}

static sotto_err serve_in(struct run *run, struct failure *failure)
{
    struct config *config = run->config;
    config->server.dir = config->dir;
    TRY(serve_probe(config, failure));
    sotto_err err = keeper_init(&run->keeper, &run->state, config->server.host, &config->server.tls,
                                (int64_t)time(NULL), failure);
    if (err == SOTTO_OK)
        err = serve_store(config->dir, &config->server.store, failure);
    if (err == SOTTO_OK)
        err = serve_stored(run, failure);
    store_free(config->server.store);
    keeper_clear(&run->keeper);
    return err;
}

static sotto_err serve(struct config *config, struct cli_call *call, struct failure *failure)
{
    struct run run = {.call = call, .config = config};
    TRY(state_open(config->dir, identity_files, &run.state, failure));
    sotto_err err = serve_in(&run, failure);
    state_close(&run.state);
    return err;
}

/* What is still to be said: whatever knew more has said it. */
static void serve_hint(sotto_err err, const char *dir, struct failure *failure)
{
    if (failure->todo[0] != 0)
        return;
    if (err == SOTTO_E_IN_USE)
        snprintf(failure->todo, sizeof failure->todo, "%s",
                 failure->network
                     ? "look with ss -ltnp who has it; or give another port"
                     : "stop that one first, or ask it: sottod status, with its --dir");
    if (err == SOTTO_E_PERMISSION) /* inside the directory, such as what root put there with cp */
        snprintf(failure->todo, sizeof failure->todo,
                 "give it to the server's user; as root, in %.150s: chown -R --reference=. .", dir);
}

int serve_run(struct cli_call *call)
{
    struct config config;
    struct failure failure = {0};
    harden();
    sotto_err err = options_read(call, port_of(call), &config, &failure);
    if (err == SOTTO_OK)
        err = serve(&config, call, &failure);
    serve_hint(err, config.dir, &failure);
    return err == SOTTO_OK ? 0
                           : options_fail(call, err, &failure,
                                          err == SOTTO_E_CONFIG ? "sottod help settings" : NULL);
}
