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

void ask_dir(const struct cli_call *call, struct config *config)
{
    struct failure ignored = {0};
    const char *dir = cli_value(call, "dir");
    if (dir != NULL)
        snprintf(config->dir, sizeof config->dir, "%s", dir);
    if (config->dir[0] == 0 && options_dir_default(config->dir, &ignored) != SOTTO_OK)
        config->dir[0] = 0;
}

/* A mistake in the settings is no reason not to ask a server that runs with older ones. */
sotto_err ask(const struct cli_call *call, const char *command, json_t *arguments, int file,
              json_t **ret_result, struct failure *ret_failure)
{
    DEFER(json_freep) json_t *taken = arguments;
    struct config config;
    struct failure nobody = {0};
    sotto_err wrong = options_read(call, NULL, &config, ret_failure);
    if (wrong == SOTTO_OK)
        return admin_ask(config.dir, command, taken, file, ret_result, ret_failure);
    ask_dir(call, &config);
    sotto_err err = admin_ask(config.dir, command, taken, file, ret_result, &nobody);
    if (err == SOTTO_E_CLOSED)
        return wrong;
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

int ask_run(struct cli_call *call, const char *command, json_t *arguments, int file,
            ask_print *print)
{
    DEFER(json_freep) json_t *result = NULL;
    struct failure failure = {0};
    sotto_err err = ask(call, command, arguments, file, &result, &failure);
    if (err != SOTTO_OK)
        return options_fail(call, err, &failure, NULL);
    if (call->json)
        ask_print_json(result);
    else
        print(call, result);
    return 0;
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
