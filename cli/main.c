/* main.c - what both programs do with a parsed command line. `help`, `completion` and the hidden
 * --man need no rows of their own in a program's tables: cli_shared_commands has them. */
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "cli/cli.h"

static int run_help(struct cli_call *call)
{
    char words[128] = "";
    for (size_t i = 0; i < call->operand_count; i++) {
        size_t len = strlen(words);
        snprintf(words + len, sizeof words - len, "%s%.60s", i > 0 ? " " : "", call->operands[i]);
    }
    if (words[0] == '\0') {
        cli_help_print(call->program, NULL, stdout);
        return 0;
    }
    if (cli_help_topic(call->program, words, stdout) == SOTTO_OK)
        return 0;
    char help[64];
    snprintf(help, sizeof help, "%s help", call->program->name);
    return cli_failf(call, &(struct cli_error){.err = SOTTO_E_NOTFOUND, .try = help},
                     "no help about \"%s\"", words);
}

static int run_completion(struct cli_call *call)
{
    if (cli_completion_print(call->program, call->operands[0], stdout) == SOTTO_OK)
        return 0;
    return cli_failf(call,
                     &(struct cli_error){.err = SOTTO_E_USAGE, .todo = "name bash, zsh or fish"},
                     "no completion for \"%s\"", call->operands[0]);
}

const struct cli_command cli_shared_commands[] = {
    {"help", "[TOPIC]", 0, 4, "show help about a command or a topic", NULL, NULL, run_help},
    {"completion", "bash|zsh|fish", 1, 1, "print a completion script for a shell",
     "Load it from the shell's start-up file, or put it where the shell looks for completions.",
     NULL, run_completion},
    {0},
};

/* Without a UTF-8 locale in the environment we take the one that each Debian has, so that text
 * can be edited and measured. */
static void locale_set(void)
{
    setlocale(LC_ALL, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    setlocale(LC_NUMERIC, "C");
}

static int call_run(struct cli_call *call)
{
    if (call->version) {
        call->program->print_version(stdout);
        return 0;
    }
    if (call->help && call->beginning[0] != '\0')
        return cli_exit_status(cli_help_topic(call->program, call->beginning, stdout));
    if (call->help) {
        cli_help_print(call->program, call->command, stdout);
        return 0;
    }
    if (call->command != NULL)
        return call->command->run(call);
    if (call->program->run_bare != NULL)
        return call->program->run_bare(call);
    cli_usage_print(call->program, stderr);
    return cli_exit_status(SOTTO_E_USAGE);
}

/* A standard descriptor that is closed would become that of a key file or a socket, and take what
 * is printed. Standard output stays one that can't be written, so that nobody takes it for done. */
static bool descriptors_open(void)
{
    static const int modes[] = {O_RDONLY, O_RDONLY, O_WRONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
            return false;
    return true;
}

/* `--man` prints the program's page, `--man NAME` another one. */
static int run_man(const struct cli_program *program, const char *name)
{
    const struct cli_page *page = program->pages;
    if (name == NULL)
        cli_man_print(program, stdout);
    while (name != NULL && page != NULL && page->name != NULL && strcmp(page->name, name) != 0)
        page++;
    if (name != NULL && (page == NULL || page->name == NULL))
        return cli_exit_status(SOTTO_E_NOTFOUND);
    if (name != NULL)
        cli_page_print(page, stdout);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

/* Such as head, which has had enough: it wants no words about it. */
static bool reader_is_gone(void)
{
    struct pollfd p = {.fd = STDOUT_FILENO};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLERR) != 0;
}

int cli_main(const struct cli_program *program, int argc, char **argv)
{
    struct cli_call call;
    if (!descriptors_open())
        return cli_exit_status(SOTTO_E_IO);
    locale_set();
    signal(SIGPIPE, SIG_IGN);
    if ((argc == 2 || argc == 3) && strcmp(argv[1], "--man") == 0)
        return run_man(program, argc == 3 ? argv[2] : NULL);
    sotto_err err = cli_parse(program, argc, argv, &call);
    if (err != SOTTO_OK)
        return cli_exit_status(err);
    int status = call_run(&call);
    /* What was printed must have arrived, or a full disk would look like success. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == 0)
        return reader_is_gone()
                   ? cli_exit_status(SOTTO_E_IO)
                   : cli_fail(&call, &(struct cli_error){.err = SOTTO_E_IO,
                                                         .what = "cannot write the output"});
    return status;
}
