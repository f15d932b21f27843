/* error.c - how errors look: what, why, and what to do next. */
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

const struct cli_line cli_exit_lines[] = {
    {"0", "done"},
    {"1", "something unexpected failed"},
    {"2", "called wrongly, or a setting is not valid"},
    {"3", "the network or the server failed, or the server is not the one it was"},
    {"4", "the other side can't be trusted, or the code did not match"},
    {"5", "over a limit; try again later"},
    {"6", "not found, used up, or its time is over"},
    {"7", "locked, in use, or no permission"},
    {"8", "timed out while waiting"},
    {"130", "interrupted before anything was achieved"},
    {0},
};

static const struct {
    sotto_err err;
    int status;
} statuses[] = {
    {SOTTO_OK, 0},        {SOTTO_E_PIN, 3},           {SOTTO_E_CLOSED, 3},
    {SOTTO_E_TAKEN, 6},   {SOTTO_E_EXPIRED, 6},       {SOTTO_E_NOTFOUND, 6},
    {SOTTO_E_TIMEOUT, 8}, {SOTTO_E_INTERRUPTED, 130}, {SOTTO_E_PERMISSION, 7},
    {SOTTO_E_IN_USE, 7},  {SOTTO_E_INVITE, 6},        {SOTTO_E_SIGN_IN, 7},
    {SOTTO_E_DENIED, 7},
};

static const int class_statuses[] = {
    [SOTTO_CLASS_NONE] = 0,  [SOTTO_CLASS_WIRE] = 3,  [SOTTO_CLASS_AUTH] = 4,
    [SOTTO_CLASS_STATE] = 1, [SOTTO_CLASS_LIMIT] = 5, [SOTTO_CLASS_USE] = 2,
    [SOTTO_CLASS_NET] = 3,   [SOTTO_CLASS_HOST] = 1,
};

int cli_exit_status(sotto_err err)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (statuses[i].err == err)
            return statuses[i].status;
    return class_statuses[sotto_err_class_of(err)];
}

bool cli_color(const struct cli_call *call, FILE *out)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (call == NULL || call->no_color || call->json || (no_color != NULL && *no_color != '\0'))
        return false;
    return isatty(fileno(out)) && term != NULL && strcmp(term, "dumb") != 0;
}

/* Names and texts in an error may come from the command line, a file or the server. */
static void put_clean(const char *text, FILE *out)
{
    DEFER(buf_clear) sotto_buf clean = {0};
    if (cli_clean(view_str(text), false, &clean) == SOTTO_OK)
        fwrite(clean.data, 1, clean.len, out);
}

static void put_line(const char *label, const char *text, const char *end, FILE *out)
{
    if (text == NULL)
        return;
    fprintf(out, "  %s ", label);
    put_clean(text, out);
    fprintf(out, "%s\n", end);
}

static void error_print(const struct cli_call *call, const struct cli_error *e, const char *what,
                        const char *try, int status)
{
    bool color = cli_color(call, stderr);
    fprintf(stderr, "%s: %serror:%s ", call != NULL ? call->program->name : "sotto",
            color ? "\033[31m" : "", color ? "\033[0m" : "");
    put_clean(what, stderr);
    fprintf(stderr, "  [%s, exit %d]\n", sotto_err_name(e->err), status);
    put_line("why:", e->why, "", stderr);
    put_line("did you mean", e->guess, "?", stderr);
    put_line("do:", e->todo, "", stderr); /* first: it may say when not to run the command */
    put_line("try:", try, "", stderr);
}

static void error_print_json(const struct cli_error *e, const char *what, const char *try,
                             int status)
{
    struct cli_json j = cli_json_begin(stderr);
    cli_json_number(&j, "v", 1);
    cli_json_string(&j, "type", "error");
    cli_json_string(&j, "code", sotto_err_name(e->err));
    cli_json_number(&j, "exit", (uint64_t)status);
    cli_json_string(&j, "error", what);
    cli_json_string(&j, "why", e->why);
    cli_json_string(&j, "guess", e->guess);
    cli_json_string(&j, "try", try);
    cli_json_string(&j, "do", e->todo);
    cli_json_end(&j);
}

/* Fills the one %s of `try`, if there is one. */
static const char *try_fill(const struct cli_error *e, char *place, size_t size)
{
    const char *hole = e->try != NULL ? strstr(e->try, "%s") : NULL;
    if (hole == NULL || e->try_with == NULL)
        return e->try;
    int len =
        snprintf(place, size, "%.*s%s%s", (int)(hole - e->try), e->try, e->try_with, hole + 2);
    return len > 0 && (size_t)len < size ? place : NULL;
}

int cli_fail(const struct cli_call *call, const struct cli_error *error)
{
    char place[512];
    int status = error->exit != 0 ? error->exit : cli_exit_status(error->err);
    const char *what = error->what != NULL ? error->what : sotto_err_text(error->err);
    const char *try = try_fill(error, place, sizeof place);
    if (call != NULL && call->error_begins != NULL)
        call->error_begins(call->error_user);
    fflush(stdout);
    if (call != NULL && call->json)
        error_print_json(error, what, try, status);
    else
        error_print(call, error, what, try, status);
    return status;
}

int cli_failf(const struct cli_call *call, const struct cli_error *error, const char *format, ...)
{
    struct cli_error filled = *error;
    char *what = NULL;
    va_list arguments;
    va_start(arguments, format);
    int len = vasprintf(&what, format, arguments);
    va_end(arguments);
    filled.what = len < 0 ? NULL : what;
    int status = cli_fail(call, &filled);
    if (len >= 0)
        free(what);
    return status;
}
