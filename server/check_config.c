#include "check_config.h"

#include <unistd.h>

#include "mail/program.h"
#include "net/keeper.h"
#include "options.h"
#include "place.h"

/* clang-format off */
const struct cli_option check_config_options[] = {
    OPTIONS_DIR,
    OPTIONS_CONFIG,
    {0},
};
/* clang-format on */

const char check_config_text[] =
    "Reads the settings as serve would, and tells what is wrong: the line, and the key that was "
    "perhaps meant. Nothing is started or changed.\n\n" OPTIONS_TEXT
    "\n\nTLS has to end in sottod itself, since a client is bound to the connection's own keys: "
    "a proxy in front may pass on TCP (nginx's stream, haproxy's mode tcp), not HTTP.";

static void result_print(const struct cli_call *call, const struct config *config)
{
    if (call->json) {
        struct cli_json j = cli_json_begin(stdout);
        cli_json_number(&j, "v", 1);
        cli_json_bool(&j, "ok", true);
        cli_json_string(&j, "file", config->server.file[0] != 0 ? config->server.file : NULL);
        cli_json_string(&j, "dir", config->dir);
        cli_json_end(&j);
        return;
    }
    if (config->server.file[0] == 0)
        printf("ok: there is no file; the defaults count\n");
    else if (!call->quiet)
        printf("ok: %s has no mistakes\n", config->server.file);
    char path[PATH_MAX];
    if (config->server.proxy_count > 0 && !call->quiet)
        printf("note: TLS has to end here, not in the proxy: it passes on TCP, with the PROXY "
               "header; see %s, and nginx-stream.conf beside it\n",
               place_recipe("haproxy.cfg", path));
}

/* What a mail needs beside its settings. */
static sotto_err mail_check(const struct mail_settings *settings, struct failure *failure)
{
    DEFER(letter_template_clear) struct letter_template t = {0};
    int program;
    TRY(mail_template_load(settings, &t, failure));
    if (settings->server[0] == 0)
        return SOTTO_OK;
    TRY(mail_program_open(&program, failure));
    close(program);
    return SOTTO_OK;
}

int check_config_run(struct cli_call *call)
{
    struct config config = config_default();
    struct failure failure = {0};
    sotto_err err;
    if (call->operand_count > 0) {
        err = options_file(call->operands[0], &config, &failure);
        if (err == SOTTO_OK)
            err = config_finish(&config, &failure);
    } else {
        err = options_read(call, NULL, &config, &failure);
    }
    if (err == SOTTO_OK)
        err = mail_check(&config.mail, &failure);
    if (err == SOTTO_OK)
        err = keeper_files_check(&config.server.tls, &failure);
    if (err != SOTTO_OK)
        return options_fail(call, err, &failure,
                            err == SOTTO_E_CONFIG ? "sottod help settings" : NULL);
    result_print(call, &config);
    return 0;
}
