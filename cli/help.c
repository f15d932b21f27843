/* help.c - the rows as help on the screen. */
#include <ctype.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"

#define NAME_COLUMN 28 /* where descriptions begin */

static unsigned width_of(FILE *out)
{
    struct winsize size;
    if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        return size.ws_col < 100 ? size.ws_col : 100;
    return 80;
}

/* Prints words of `text` up to `end`, wrapped; the first line begins at column `at`, the others
 * at `indent`. */
static void words_print(const char *text, const char *end, unsigned at, unsigned indent,
                        unsigned width, FILE *out)
{
    bool first = true;
    while (text < end) {
        size_t len = strcspn(text, " \n");
        len = size_min(len, (size_t)(end - text));
        if (!first && at + 1 + len > width) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first && len > 0) {
            fputc(' ', out);
            at++;
        }
        fwrite(text, 1, len, out);
        at += (unsigned)len;
        first = first && len == 0;
        text += len;
        text += text < end;
    }
    fputc('\n', out);
}

void cli_paragraphs_print(const char *text, unsigned indent, unsigned width, FILE *out)
{
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
        fprintf(out, "%*s", (int)indent, "");
        if (text[0] != ' ') {
            words_print(text, text + len, indent, indent, width, out);
        } else {
            for (size_t i = 0; i < len; i++) {
                fputc(text[i], out);
                if (text[i] == '\n')
                    fprintf(out, "%*s", (int)indent, "");
            }
            fputc('\n', out);
        }
        text += len;
        text += strspn(text, "\n");
        if (*text != '\0')
            fputc('\n', out);
    }
}

static void line_print(const char *name, const char *what, unsigned width, FILE *out)
{
    int len = fprintf(out, "  %s", name);
    if (len + 2 > NAME_COLUMN) {
        fputc('\n', out);
        len = 0;
    }
    fprintf(out, "%*s", NAME_COLUMN - len, "");
    words_print(what, what + strlen(what), NAME_COLUMN, NAME_COLUMN, width, out);
}

static void option_line(const struct cli_option *o, unsigned width, FILE *out)
{
    char name[96];
    const char *gap = o->value == NULL || o->value[0] == '[' ? "" : " ";
    if (o->letter != 0)
        snprintf(name, sizeof name, "-%c, --%s%s%s", o->letter, o->name, gap,
                 o->value != NULL ? o->value : "");
    else
        snprintf(name, sizeof name, "    --%s%s%s", o->name, gap, o->value != NULL ? o->value : "");
    line_print(name, o->what, width, out);
}

static void options_print(const char *title, const struct cli_option *options, unsigned width,
                          FILE *out)
{
    if (options == NULL || options->name == NULL)
        return;
    fprintf(out, "\n%s\n", title);
    for (; options->name != NULL; options++)
        option_line(options, width, out);
}

static void lines_print(const struct cli_line *lines, unsigned width, FILE *out)
{
    for (; lines != NULL && lines->name != NULL; lines++)
        line_print(lines->name, lines->what, width, out);
}

static void command_synopsis(const struct cli_command *c, char *ret_text, size_t size)
{
    snprintf(ret_text, size, "%s%s%s", c->path, c->operands != NULL ? " " : "",
             c->operands != NULL ? c->operands : "");
}

static void groups_print(const struct cli_program *program, unsigned width, FILE *out)
{
    char synopsis[128];
    for (const struct cli_group *g = program->groups; g->title != NULL; g++) {
        if (g->commands->path == NULL)
            continue;
        fprintf(out, "\n%s\n", g->title);
        for (const struct cli_command *c = g->commands; c->path != NULL; c++) {
            command_synopsis(c, synopsis, sizeof synopsis);
            line_print(synopsis, c->summary, width, out);
        }
    }
}

static void command_help(const struct cli_program *program, const struct cli_command *c,
                         unsigned width, FILE *out)
{
    fprintf(out, "%s %s - %s\n\nusage: %s %s%s%s%s\n", program->name, c->path, c->summary,
            program->name, c->path, c->options != NULL ? " [OPTION...]" : "",
            c->operands != NULL ? " " : "", c->operands != NULL ? c->operands : "");
    if (c->text != NULL) {
        fputc('\n', out);
        cli_paragraphs_print(c->text, 0, width, out);
    }
    options_print("options", c->options, width, out);
    options_print("options of all commands", program->options, width, out);
    if (program->options == NULL)
        fputs("\noptions of all commands\n", out);
    for (const struct cli_option *o = cli_common_options; o->name != NULL; o++)
        option_line(o, width, out);
}

void cli_help_print(const struct cli_program *program, const struct cli_command *command, FILE *out)
{
    unsigned width = width_of(out);
    if (command != NULL) {
        command_help(program, command, width, out);
        return;
    }
    fprintf(out, "%s - %s\n\nusage: %s COMMAND [OPTION...]\n\n", program->name, program->summary,
            program->name);
    cli_paragraphs_print(program->text, 0, width, out);
    groups_print(program, width, out);
    options_print("options", program->options, width, out);
    if (program->options == NULL)
        fputs("\noptions\n", out);
    for (const struct cli_option *o = cli_common_options; o->name != NULL; o++)
        option_line(o, width, out);
    fprintf(out, "\nmore: %s help TOPIC   topics: a command,", program->name);
    for (const struct cli_topic *t = program->topics; t != NULL && t->name != NULL; t++)
        fprintf(out, " %s,", t->name);
    fputs(" exit, environment, files\n", out);
}

void cli_usage_print(const struct cli_program *program, FILE *out)
{
    char synopsis[128];
    struct cli_walk walk = {0};
    fprintf(out, "%s - %s\n\nusage: %s COMMAND [OPTION...]\n\n", program->name, program->summary,
            program->name);
    for (const struct cli_command *c; (c = cli_command_next(program, &walk)) != NULL;) {
        command_synopsis(c, synopsis, sizeof synopsis);
        line_print(synopsis, c->summary, width_of(out), out);
    }
    fprintf(out, "\nmore: %s --help\n", program->name);
}

/* `help lab` where only `lab new` and its like exist: all of them, one behind the other. */
static sotto_err help_beginning(const struct cli_program *program, const char *words, FILE *out)
{
    struct cli_walk walk = {0};
    size_t len = strlen(words), found = 0;
    char synopsis[128];
    for (const struct cli_command *c; (c = cli_command_next(program, &walk)) != NULL;) {
        if (strncmp(c->path, words, len) != 0 || c->path[len] != ' ')
            continue;
        command_synopsis(c, synopsis, sizeof synopsis);
        line_print(synopsis, c->summary, width_of(out), out);
        found++;
    }
    return found > 0 ? SOTTO_OK : SOTTO_E_NOTFOUND;
}

sotto_err cli_help_topic(const struct cli_program *program, const char *words, FILE *out)
{
    const struct {
        const char *name;
        const struct cli_line *lines;
    } lists[] = {
        {"exit", cli_exit_lines}, {"environment", program->environment}, {"files", program->files}};
    const struct cli_command *command = cli_command_find(program, words);
    if (command != NULL) {
        cli_help_print(program, command, out);
        return SOTTO_OK;
    }
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        if (strcmp(lists[i].name, words) == 0) {
            lines_print(lists[i].lines, width_of(out), out);
            return SOTTO_OK;
        }
    for (const struct cli_topic *t = program->topics; t != NULL && t->name != NULL; t++)
        if (strcmp(t->name, words) == 0) {
            fprintf(out, "%s\n\n", t->title);
            cli_paragraphs_print(t->text, 0, width_of(out), out);
            return SOTTO_OK;
        }
    return help_beginning(program, words, out);
}
