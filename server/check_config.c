#include "check_config.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
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

/* bit: what others need; its twin for the group counts if that isn't root's own. */
static bool is_open(const struct stat *st, mode_t bit)
{
    return st->st_uid != 0 || (st->st_mode & bit) != 0 ||
           (st->st_gid != 0 && (st->st_mode & bit << 3) != 0);
}

/* Whether the file, or a directory above it, is root's and keeps everybody else out. */
static bool is_for_root_alone(const char *path)
{
    char whole[PATH_MAX];
    struct stat st;
    mode_t bit = S_IROTH;
    if (realpath(path, whole) == NULL)
        return false;
    while (whole[0] != 0) {
        if (stat(whole, &st) == 0 && !is_open(&st, bit))
            return true;
        bit = S_IXOTH;
        *strrchr(whole, '/') = 0;
    }
    return false;
}

/* The first one that root can read, but not the service, whose user exists only while it runs; NULL: none. */
static const char *root_file(const struct config *config)
{
    const char *password = config->mail.password_file;
    const char *const paths[] = {config->server.tls.certificate, config->server.tls.key,
                                 strchr(password, '/') != NULL ? password : ""};
    bool service =
        strcmp(config->dir, CONFIG_DIR) == 0 || strcmp(config->server.file, CONFIG_FILE) == 0;
    for (size_t i = 0; service && geteuid() == 0 && i < COUNT_OF(paths); i++)
        if (paths[i][0] != 0 && is_for_root_alone(paths[i]))
            return paths[i];
    return NULL;
}

static void notes_print(const struct config *config)
{
    char path[PATH_MAX];
    const char *file = root_file(config);
    if (config->server.proxy_count > 0)
        printf("note: TLS has to end here, not in the proxy: it passes on TCP, with the PROXY "
               "header; see %s, and nginx-stream.conf beside it\n",
               place_recipe("haproxy.cfg", path));
    if (file != NULL)
        printf("note: %s can be read by root alone, and the service runs as a user of its own: it "
               "needs a group that may read it, and SupplementaryGroups= in its unit; see \"Keys\" "
               "in docs/operations.md\n",
               file);
}

static void result_print(const struct cli_call *call, const struct config *config)
{
    if (call->json) {
        struct cli_json j = cli_json_begin(stdout);
        cli_json_number(&j, "v", 1);
        cli_json_bool(&j, "ok", true);
        cli_json_string(&j, "file", config->server.file[0] != 0 ? config->server.file : NULL);
        cli_json_string(&j, "dir", config->dir);
        cli_json_string(&j, "rootOnly", root_file(config));
        cli_json_end(&j);
        return;
    }
    if (config->server.file[0] == 0)
        printf("ok: there is no file; the defaults count\n");
    else if (!call->quiet)
        printf("ok: %s has no mistakes\n", config->server.file);
    if (!call->quiet)
        notes_print(config);
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
