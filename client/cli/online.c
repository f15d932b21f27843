#include "online.h"

#include <errno.h>
#include <time.h>

#include "commands.h"
#include "host/known_servers.h"

static int known_fail(const struct cli_call *call, const struct known_servers *known, sotto_err err)
{
    char what[sizeof known->path + 64];
    if (err == SOTTO_E_CONFIG && known->bad_line > 0) {
        snprintf(what, sizeof what, "line %zu of %s is not valid", known->bad_line, known->path);
        return cli_fail(call, &(struct cli_error){.err = err,
                                                  .what = what,
                                                  .why = "the pins of the servers are kept there",
                                                  .todo = "correct that line, or remove it"});
    }
    bool full = known->system == ENOSPC || known->system == EDQUOT;
    snprintf(what, sizeof what, "cannot use %s: %s", known->path,
             known->system != 0 ? strerror(known->system) : sotto_err_text(err));
    return cli_fail(
        call,
        &(struct cli_error){
            .err = err,
            .what = what,
            .why =
                "the pins of the servers are kept there, so that a server can't be replaced unseen",
            .todo = full ? "make room on that disk, or name another folder in XDG_DATA_HOME"
                         : "make it writable, or name another folder in XDG_DATA_HOME"});
}

static sotto_err pin_keep(struct online *o, const uint8_t pin[X509_PIN])
{
    struct known_servers known = {0};
    sotto_err err = known_servers_load(&known);
    if (err == SOTTO_OK)
        err = known_servers_keep(&known, &o->address, pin, (int64_t)time(NULL));
    o->keep_system = known.system;
    known_servers_clear(&known);
    return err;
}

static sotto_err on_ready(void *user, const uint8_t pin[X509_PIN])
{
    struct online *o = user;
    memcpy(o->pin, pin, X509_PIN);
    if (!o->known) {
        o->keep_err = pin_keep(o, pin);
        TRY(o->keep_err);
        o->new_pin = true;
    }
    return o->events->ready(o->user, pin);
}

static void on_frame(void *user, view frame)
{
    struct online *o = user;
    o->events->frame(o->user, frame);
}

static void on_drained(void *user)
{
    struct online *o = user;
    o->events->drained(o->user);
}

static void on_ended(void *user, const struct connection_end *end)
{
    struct online *o = user;
    o->connection = NULL;
    o->events->ended(o->user, end);
}

static const struct connection_events online_events = {on_ready, on_frame, on_drained, on_ended};

/* The pin that this server must have, if we met it before. */
static int pin_find(struct online *o, uint8_t ret_pin[X509_PIN])
{
    struct known_servers known = {0};
    sotto_err err = known_servers_load(&known);
    int status = err != SOTTO_OK ? known_fail(o->call, &known, err) : 0;
    const struct pin_line *line = err == SOTTO_OK ? pins_find(&known.pins, o->address.text) : NULL;
    o->known = line != NULL;
    if (line != NULL)
        memcpy(ret_pin, line->pin, X509_PIN);
    known_servers_clear(&known);
    return status;
}

int online_open(struct online *online, uv_loop_t *loop, sotto_crypto *crypto, struct cli_call *call,
                const struct connection_events *events, void *user)
{
    uint8_t pin[X509_PIN];
    *online = (struct online){.call = call, .events = events, .user = user};
    int status = server_address_get(call, &online->address);
    status = status != 0 ? status : server_timeout_get(call, &online->timeout_ms);
    status = status != 0 ? status : pin_find(online, pin);
    if (status != 0)
        return status;
    sotto_err err =
        connection_open(loop, crypto, &online->address, online->known ? pin : NULL,
                        online->timeout_ms, &online_events, online, &online->connection);
    return err == SOTTO_OK ? 0 : cli_fail(call, &(struct cli_error){.err = err});
}

static int fail_pin(const struct online *o)
{
    return cli_fail(o->call,
                    &(struct cli_error){.err = SOTTO_E_PIN,
                                        .why = "it was set up anew, or someone is in the middle",
                                        .try = "sotto server forget %s",
                                        .try_with = o->address.text,
                                        .todo = "stop, ask the operator whether the server was set "
                                                "up anew; only then forget its pin"});
}

static int fail_unreachable(const struct online *o, const struct connection_end *end)
{
    char port[8];
    bool ours =
        strcmp(o->address.host, "127.0.0.1") == 0 || strcmp(o->address.host, "localhost") == 0;
    struct cli_error error = {.err = SOTTO_E_NET,
                              .todo = "check the address and your network; the server may be down"};
    snprintf(port, sizeof port, "%u", (unsigned)o->address.port);
    if (ours)
        error = (struct cli_error){.err = SOTTO_E_NET,
                                   .try = "sottod serve %s",
                                   .try_with = port,
                                   .todo = "start a relay, or name another server with --server"};
    return cli_failf(o->call, &error, "cannot reach %s (%s)", o->address.text, end->detail);
}

static int fail_timeout(const struct online *o)
{
    struct cli_error error = {.err = SOTTO_E_TIMEOUT,
                              .exit = cli_given(o->call, "timeout") ? 8 : 3,
                              .why =
                                  "a firewall may drop what we send, or the server is overloaded",
                              .todo = "check the address, or allow more time with --timeout"};
    return cli_failf(o->call, &error, "no answer from %s within %llu s", o->address.text,
                     (unsigned long long)(o->timeout_ms / 1000));
}

/* The server refused: full, too fast. */
static int fail_limit(const struct online *o, const struct connection_end *end)
{
    struct cli_error error = {.err = end->err, .todo = "wait, then run the command again"};
    const char *colon = end->detail[0] != '\0' ? ": " : "";
    if (end->retry_ms > 0)
        return cli_failf(o->call, &error, "%s%s%s, retry in %u s", sotto_err_text(end->err), colon,
                         end->detail, (unsigned)((end->retry_ms + 999) / 1000));
    return cli_failf(o->call, &error, "%s%s%s", sotto_err_text(end->err), colon, end->detail);
}

/* It answers, but can't prove who it is: as good as someone in the middle. */
static int fail_proof(const struct online *o, const struct connection_end *end)
{
    struct cli_error error = {.err = end->err,
                              .exit = 3,
                              .why = "its clock or ours is wrong, or someone is in the middle",
                              .todo = "check the clock of this machine, then ask the operator"};
    return cli_failf(o->call, &error, "%s could not prove who it is (%s)", o->address.text,
                     sotto_err_text(end->err));
}

static int fail_foreign(const struct online *o, const struct connection_end *end)
{
    struct cli_error error = {.err = end->err, .exit = 3, .todo = "check the address and the port"};
    const char *detail = end->detail[0] != '\0' ? end->detail : sotto_err_text(end->err);
    return cli_failf(o->call, &error, "%s does not speak as a sotto server does (%s)",
                     o->address.text, detail);
}

static int fail_lost(const struct online *o, const struct connection_end *end)
{
    struct cli_error error = {.err = end->err == SOTTO_E_CLOSED ? SOTTO_E_NET : end->err,
                              .exit = 3,
                              .why = end->detail[0] != '\0' ? end->detail : NULL,
                              .todo = "make a new session when the server is back"};
    return cli_failf(o->call, &error, "the connection to %s broke", o->address.text);
}

static int fail_tls(const struct online *o, const struct connection_end *end)
{
    struct cli_error error = {
        .err = SOTTO_E_TLS,
        .why = "the port may belong to another service, or a proxy stands between",
        .todo = "check the address and the port"};
    return cli_failf(o->call, &error, "no secure connection with %s%s%s%s", o->address.text,
                     end->detail[0] != '\0' ? " (" : "", end->detail,
                     end->detail[0] != '\0' ? ")" : "");
}

static int fail_keep(const struct online *o)
{
    struct known_servers known = {0};
    /* Loaded again for its path and for the line that is not valid. */
    sotto_err err = known_servers_load(&known);
    if (err == SOTTO_OK)
        known.system = o->keep_system;
    int status = known_fail(o->call, &known, err != SOTTO_OK ? err : o->keep_err);
    known_servers_clear(&known);
    return status;
}

int online_fail(const struct online *o, const struct connection_end *end)
{
    if (o->keep_err != SOTTO_OK && o->keep_err != SOTTO_E_PIN)
        return fail_keep(o);
    switch (end->err) {
    case SOTTO_E_PIN:
        return fail_pin(o);
    case SOTTO_E_CERTIFICATE:
    case SOTTO_E_SIGNATURE:
    case SOTTO_E_KEY:
    case SOTTO_E_EXPIRED:
        return fail_proof(o, end);
    case SOTTO_E_RATE:
    case SOTTO_E_FULL:
    case SOTTO_E_SLOW:
        return fail_limit(o, end);
    case SOTTO_E_NOMEM:
    case SOTTO_E_CRYPTO:
        return cli_fail(o->call, &(struct cli_error){.err = end->err});
    default:
        break;
    }
    if (end->was_ready)
        return fail_lost(o, end);
    switch (end->err) {
    case SOTTO_E_NET:
        return fail_unreachable(o, end);
    case SOTTO_E_TIMEOUT:
        return fail_timeout(o);
    case SOTTO_E_TLS:
        return fail_tls(o, end);
    default:
        return fail_foreign(o, end);
    }
}
