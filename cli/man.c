/* man.c - the rows as a man page, man(7). */
#include <ctype.h>

#include <sotto/version.h>

#include "cli/cli.h"

/* When the pages last changed in what they say; a date of the build would make no two builds
 * alike. */
#define MAN_DATE "2026-11-20"

/* Text in roff: a line must not begin with a control character, and '-' means the ASCII one, so
 * that examples can be copied. */
static void roff(const char *text, size_t len, FILE *out)
{
    bool line_begins = true;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (line_begins && (c == '.' || c == '\''))
            fputs("\\&", out);
        if (c == '\\')
            fputs("\\e", out);
        else if (c == '-')
            fputs("\\-", out);
        else
            fputc(c, out);
        line_begins = c == '\n';
    }
}

static void roff_str(const char *text, FILE *out)
{
    roff(text, strlen(text), out);
}

static void heading(const char *title, FILE *out)
{
    fputs(".SH ", out);
    for (; *title != '\0'; title++)
        fputc(toupper((unsigned char)*title), out);
    fputc('\n', out);
}

/* `first`: right below a heading, where a paragraph needs no beginning. */
static void paragraphs(const char *text, bool first, FILE *out)
{
    for (; *text != '\0'; first = false) {
        const char *end = strstr(text, "\n\n");
        size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
        bool example = text[0] == ' ';
        fputs(first ? "" : ".PP\n", out);
        fputs(example ? ".nf\n" : "", out);
        roff(text, len, out);
        fputs(example ? "\n.fi\n" : "\n", out);
        text += len;
        text += strspn(text, "\n");
    }
}

static void lines(const char *title, const struct cli_line *list, FILE *out)
{
    if (list == NULL || list->name == NULL)
        return;
    heading(title, out);
    for (; list->name != NULL; list++) {
        fputs(".TP\n.B ", out);
        roff_str(list->name, out);
        fputc('\n', out);
        roff_str(list->what, out);
        fputc('\n', out);
    }
}

static void options(const struct cli_option *list, FILE *out)
{
    for (; list != NULL && list->name != NULL; list++) {
        fputs(".TP\n\\fB", out);
        if (list->letter != 0)
            fprintf(out, "\\-%c\\fR, \\fB", list->letter);
        fputs("\\-\\-", out);
        roff_str(list->name, out);
        fputs("\\fR", out);
        if (list->value != NULL) {
            fputs(list->value[0] == '[' ? "\\fI" : " \\fI", out);
            roff_str(list->value, out);
            fputs("\\fR", out);
        }
        fputc('\n', out);
        roff_str(list->what, out);
        fputc('\n', out);
    }
}

static void command(const struct cli_program *program, const struct cli_command *c, FILE *out)
{
    fputs(".SS ", out);
    roff_str(program->name, out);
    fputc(' ', out);
    roff_str(c->path, out);
    if (c->operands != NULL) {
        fputc(' ', out);
        roff_str(c->operands, out);
    }
    fputc('\n', out);
    roff_str(c->summary, out);
    fputs(".\n", out);
    if (c->text != NULL)
        paragraphs(c->text, false, out);
    options(c->options, out);
}

static void title(const char *name, int section, const char *summary, FILE *out)
{
    fputs(".TH ", out);
    for (const char *c = name; *c != '\0'; c++)
        fputc(toupper((unsigned char)*c), out);
    fprintf(out, " %d " MAN_DATE " \"sotto %s\"\n.nh\n.ad l\n", section, SOTTO_VERSION);
    heading("name", out);
    fprintf(out, "%s \\- ", name);
    roff_str(summary, out);
    fputc('\n', out);
}

static void see_also(const char *pages, FILE *out)
{
    if (pages == NULL)
        return;
    heading("see also", out);
    roff_str(pages, out);
    fputc('\n', out);
}

void cli_page_print(const struct cli_page *page, FILE *out)
{
    title(page->name, page->section, page->summary, out);
    heading("description", out);
    paragraphs(page->text, true, out);
    lines(page->title, page->lines, out);
    see_also(page->see_also, out);
}

void cli_man_print(const struct cli_program *program, FILE *out)
{
    title(program->name, program->man_section, program->summary, out);
    heading("synopsis", out);
    fprintf(out, ".B %s\n.I COMMAND\n[\\fIOPTION\\fR...]\n", program->name);
    heading("description", out);
    paragraphs(program->text, true, out);
    for (const struct cli_group *g = program->groups; g->title != NULL; g++) {
        if (g->commands->path == NULL)
            continue;
        heading(g->title, out);
        for (const struct cli_command *c = g->commands; c->path != NULL; c++)
            command(program, c, out);
    }
    heading("options of all commands", out);
    options(program->options, out);
    options(cli_common_options, out);
    for (const struct cli_topic *t = program->topics; t != NULL && t->name != NULL; t++) {
        heading(t->title, out);
        paragraphs(t->text, true, out);
    }
    lines("exit status", cli_exit_lines, out);
    lines("environment", program->environment, out);
    lines("files", program->files, out);
    see_also(program->see_also, out);
}
