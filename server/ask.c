#include "ask.h"

#include <time.h>

#include "admin/client.h"

/* clang-format off */
const struct cli_option ask_options[] = {
    OPTIONS_DIR,
    OPTIONS_CONFIG,
    {0},
};
/* clang-format on */

bool ask_dir(const struct cli_call *call, char ret_dir[CONFIG_PATH])
{
    struct failure ignored = {0};
    const char *dir = cli_value(call, "dir");
    if (dir != NULL)
        snprintf(ret_dir, CONFIG_PATH, "%s", dir);
    if (ret_dir[0] != 0)
        return true;
    if (options_dir_default(ret_dir, &ignored) != SOTTO_OK)
        ret_dir[0] = 0;
    return false;
}

/* Those that change nothing. */
static bool only_looks(const char *command)
{
    static const char *const commands[] = {"status", "metrics print", "invite list", "user list",
                                           "device list"};
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(commands[i], command) == 0)
            return true;
    return false;
}

/* Once, for a command that asks page by page. */
static void say_where(const struct cli_call *call, const struct failure *wrong, const char *dir)
{
    static bool said;
    char text[sizeof wrong->what + CONFIG_PATH + 64];
    if (said)
        return;
    said = true;
    snprintf(text, sizeof text, "%s; what follows is of the server in %s", wrong->what, dir);
    if (!call->json) {
        fprintf(stderr, "%s: note: %s\n", call->program->name, text);
        return;
    }
    struct cli_json j = cli_json_begin(stderr);
    cli_json_number(&j, "v", 1);
    cli_json_string(&j, "type", "note");
    cli_json_string(&j, "text", text);
    cli_json_end(&j);
}

static sotto_err settings_dir(const struct cli_call *call, char ret_dir[CONFIG_PATH],
                              struct failure *failure)
{
    struct config config;
    sotto_err err = options_read(call, NULL, &config, failure);
    memcpy(ret_dir, config.dir, CONFIG_PATH);
    return err;
}

/* Without settings nobody knows which server is meant, unless --dir or what could be read of them says so. To look at the one in the
 * usual place does no harm if that is told; to change something there might. */
sotto_err ask(const struct cli_call *call, const char *command, json_t *arguments, int file,
              json_t **ret_result, struct failure *ret_failure)
{
    DEFER(json_freep) json_t *taken = arguments;
    char dir[CONFIG_PATH];
    struct failure nobody = {0};
    sotto_err wrong = settings_dir(call, dir, ret_failure);
    if (wrong == SOTTO_OK)
        return admin_ask(dir, command, taken, file, ret_result, ret_failure);
    bool meant = ask_dir(call, dir);
    if (ret_failure->todo[0] == 0)
        snprintf(ret_failure->todo, sizeof ret_failure->todo,
                 meant ? "mend the settings" : "mend the settings, or name the server with --dir");
    if (!meant && !only_looks(command))
        return wrong;
    sotto_err err = admin_ask(dir, command, taken, file, ret_result, &nobody);
    if (err == SOTTO_E_CLOSED)
        return wrong;
    if (!meant)
        say_where(call, ret_failure, dir);
    *ret_failure = nobody;
    return err;
}

void ask_print_json(const json_t *result)
{
    DEFER(json_freep) json_t *whole = json_pack("{s:i}", "v", 1);
    (void)json_object_update(whole, (json_t *)(uintptr_t)result);
    (void)json_dumpf(whole, stdout, JSON_COMPACT);
    putchar('\n');
}

int ask_named(struct cli_call *call, const char *command, json_t *arguments, ask_print *print,
              const char *list)
{
    DEFER(json_freep) json_t *result = NULL;
    char again[OPTIONS_AGAIN];
    struct failure failure = {0};
    sotto_err err = ask(call, command, arguments, -1, &result, &failure);
    bool unknown = err == SOTTO_E_NOTFOUND && list != NULL;
    if (err != SOTTO_OK)
        return options_fail(call, err, &failure, unknown ? options_again(call, list, again) : NULL);
    if (call->json)
        ask_print_json(result);
    else
        print(call, result);
    return 0;
}

int ask_run(struct cli_call *call, const char *command, json_t *arguments, ask_print *print)
{
    return ask_named(call, command, arguments, print, NULL);
}

const char *ask_time(int64_t time_s, char ret_text[ASK_TIME])
{
    time_t when = (time_t)time_s;
    struct tm tm;
    if (time_s == 0)
        return "never";
    strftime(ret_text, ASK_TIME, "%Y-%m-%d %H:%M UTC", gmtime_r(&when, &tm));
    return ret_text;
}

int64_t ask_number(const json_t *result, const char *name)
{
    return json_integer_value(json_object_get(result, name));
}

const char *ask_text(const json_t *result, const char *name)
{
    const char *text = json_string_value(json_object_get(result, name));
    return text != NULL ? text : "";
}
