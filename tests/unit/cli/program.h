/* program.h - a small program's tables, for the tests of cli/. */
#ifndef TEST_CLI_PROGRAM_H
#define TEST_CLI_PROGRAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/cli.h"

static int run_nothing(struct cli_call *call)
{
    (void)call;
    return 0;
}

static void print_nothing(FILE *out)
{
    (void)out;
}

static const struct cli_option new_options[] = {
    {"words", 'w', "2|3", "how many words"},
    {"ttl", 0, "TIME", "how long"},
    {"explain", 0, "[=json]", "show the steps"},
    {0},
};

static const struct cli_option set_options[] = {{"set", 0, "KEY=VALUE", "set a value"}, {0}};

static const struct cli_command talk_commands[] = {
    {"session", NULL, 0, 0, "asks what to do", NULL, NULL, run_nothing},
    {"session new", NULL, 0, 0, "makes a room", ".begins with a dot\n\n  an example - with dashes",
     new_options, run_nothing},
    {"session join", "[-]", 0, 1, "enters a room", NULL, NULL, run_nothing},
    {"server forget", "ADDRESS", 1, 1, "forgets a pin", NULL, NULL, run_nothing},
    {"serve", "[PORT]", 0, 1, "serves", NULL, set_options, run_nothing},
    {0},
};

static const struct cli_option program_options[] = {
    {"server", 's', "HOST", "which server"}, {"file", 0, "FILE", "a file"}, {0}};
static const struct cli_group groups[] = {
    {"talk", talk_commands}, {"more", cli_shared_commands}, {0}};
static const struct cli_topic topics[] = {{"codes", "about codes", "A code is a secret."}, {0}};
static const struct cli_line environment[] = {{"NO_COLOR", "no colours"}, {0}};

static const struct cli_program program = {
    .name = "prog",
    .man_section = 1,
    .summary = "a program",
    .text = "It does things.",
    .groups = groups,
    .options = program_options,
    .topics = topics,
    .environment = environment,
    .files = environment,
    .print_version = print_nothing,
};

/* Parses a command line of words. */
#define PARSE(ret_call, ...)                                                      \
    cli_parse(&program, (int)COUNT_OF(((const char *[]){"prog", ##__VA_ARGS__})), \
              (char **)(uintptr_t)(const char *[]){"prog", ##__VA_ARGS__, NULL}, ret_call)

/* What a printing function writes, as a string to be freed. */
#define PRINTED(stream, ret_text, call)                            \
    do {                                                           \
        size_t printed_len_;                                       \
        FILE *stream = open_memstream(&(ret_text), &printed_len_); \
        assert_non_null(stream);                                   \
        call;                                                      \
        fclose(stream);                                            \
    } while (0)

#endif
