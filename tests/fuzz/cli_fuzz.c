/* Command lines: words parted by NUL. Whatever is accepted names a command that exists, and only
 * its options and operands. Text for a terminal: what comes out of cli_clean() is what goes in
 * again, and holds no control character. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_nothing(struct cli_call *call)
{
    (void)call;
    return 0;
}

static const struct cli_option options[] = {
    {"words", 'w', "2|3", "words"}, {"explain", 0, "[=json]", "steps"}, {0}};
static const struct cli_command commands[] = {
    {"session", NULL, 0, 0, "asks", NULL, NULL, run_nothing},
    {"session new", NULL, 0, 0, "makes", NULL, options, run_nothing},
    {"session join", "[-]", 0, 1, "enters", NULL, NULL, run_nothing},
    {"server forget", "ADDRESS", 1, 1, "forgets", NULL, NULL, run_nothing},
    {0},
};
static const struct cli_group groups[] = {{"talk", commands}, {"more", cli_shared_commands}, {0}};
static const struct cli_program program = {.name = "prog", .groups = groups};

static void check_call(const struct cli_call *call)
{
    if (call->command == NULL || call->help || call->version)
        return;
    if (cli_command_find(&program, call->command->path) != call->command)
        abort();
    if (call->operand_count < call->command->operands_min ||
        call->operand_count > call->command->operands_max)
        abort();
    for (size_t i = 0; i < call->given_count; i++)
        if (call->given[i].option->value == NULL && call->given[i].value != NULL)
            abort();
}

static void check_clean(view text)
{
    DEFER(buf_clear) sotto_buf once = {0}, twice = {0};
    if (cli_clean(text, true, &once) != SOTTO_OK ||
        cli_clean(buf_view(&once), true, &twice) != SOTTO_OK)
        abort();
    if (!view_equal(buf_view(&once), buf_view(&twice)))
        abort();
    for (size_t i = 0; i < once.len; i++)
        if ((once.data[i] < 0x20 && once.data[i] != '\n') || once.data[i] == 0x7f)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char words[512], *argv[100] = {words};
    int argc = 1;
    check_clean(view_of(data, size));
    if (size >= sizeof words)
        return 0;
    if (size > 0)
        memcpy(words, data, size);
    words[size] = '\0';
    for (char *at = words; argc < 99 && at < words + size; at += strlen(at) + 1)
        argv[argc++] = at;
    struct cli_call call;
    FILE *said = stderr, *nowhere = fopen("/dev/null", "w");
    if (nowhere == NULL)
        return 0;
    stderr = nowhere; /* what the parser complains about; glibc lets us */
    sotto_err err = cli_parse(&program, argc, argv, &call);
    stderr = said;
    fclose(nowhere);
    if (err == SOTTO_OK)
        check_call(&call);
    return 0;
}
