/* cli.h - what sotto and sottod share of their command line. A command is a row: parser, --help,
 * man page and completions are all read from the same rows, so that none of them can know
 * something that the others don't. Rows are constant and static; one thread; the call borrows
 * from argv and lives as long as the program runs. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdio.h>

#include "base/base.h"
#include "base/buf.h"

struct cli_call;

/* An option. `value` says what it takes: NULL nothing, "FILE" something, "2|3" one of these,
 * "[=json]" something or nothing, and then only behind '='. A name of NULL ends a table. */
struct cli_option {
    const char *name; /* without the dashes */
    char letter;      /* short form, or 0 */
    const char *value;
    const char *what; /* lower case, no full stop */
};

/* A line of a list in help and man page: an exit status, a variable, a file. A name of NULL ends
 * a table. */
struct cli_line {
    const char *name, *what;
};

/* Texts are paragraphs, parted by an empty line; a paragraph whose lines begin with two spaces
 * is an example, kept as it is. */
struct cli_command {
    const char *path;     /* "session new"; NULL ends a table */
    const char *operands; /* as in the synopsis: "[PORT]"; NULL: none */
    unsigned operands_min, operands_max;
    const char *summary;               /* lower case, no full stop */
    const char *text;                  /* or NULL */
    const struct cli_option *options;  /* or NULL */
    int (*run)(struct cli_call *call); /* gives the exit status */
};

struct cli_group {
    const char *title;                  /* NULL ends a table */
    const struct cli_command *commands; /* ended by a path of NULL */
};

/* A topic of `help` that is no command; also a section of the man page. */
struct cli_topic {
    const char *name, *title, *text; /* a name of NULL ends a table */
};

/* A man page beside the program's own: a text and one list. A name of NULL ends a table. */
struct cli_page {
    const char *name;
    int section;
    const char *summary, *text;
    const char *title; /* of the list */
    const struct cli_line *lines;
    const char *see_also;
};

struct cli_program {
    const char *name;
    int man_section;
    const char *summary, *text;
    const struct cli_group *groups;
    const struct cli_option *options; /* for all commands, beside those of cli_common_options */
    const struct cli_topic *topics;
    const struct cli_line *environment, *files;
    const struct cli_page *pages; /* or NULL */
    const char *see_also;
    void (*print_version)(FILE *out);
    int (*run_bare)(struct cli_call *call); /* no arguments at all; NULL: short help, exit 2 */
};

/* --json, --quiet, --verbose, --no-color, --no-input, --help, --version: every program and
 * command has them. */
extern const struct cli_option cli_common_options[];

/* help and completion: one group of every program's tables. */
extern const struct cli_command cli_shared_commands[];

#define CLI_GIVEN_MAX    64
#define CLI_OPERANDS_MAX 64
#define CLI_PATH_MAX     64 /* bytes of a command's words */

struct cli_call {
    const struct cli_program *program;
    const struct cli_command *command; /* NULL: none was named */
    char beginning[CLI_PATH_MAX];      /* with --help: words that several commands begin with */
    bool json, quiet, verbose, no_color, no_input, help, version;
    struct cli_given {
        const struct cli_option *option;
        const char *value; /* NULL: without one */
    } given[CLI_GIVEN_MAX];
    size_t given_count;
    const char *operands[CLI_OPERANDS_MAX];
    size_t operand_count;
    /* Before an error is printed, to take off the screen what is being typed. NULL: nothing is. */
    void (*error_begins)(void *user);
    void *error_user;
};

/* Runs the program; gives main()'s exit status. Sets the locale (UTF-8 if there is one) and
 * ignores SIGPIPE. */
int cli_main(const struct cli_program *program, int argc, char **argv);

/* Whether an option was given; its last value, or NULL; the next of its values, from *at = 0 on,
 * or NULL at their end. */
bool cli_given(const struct cli_call *call, const char *name);
const char *cli_value(const struct cli_call *call, const char *name);
const char *cli_value_next(const struct cli_call *call, const char *name, size_t *at);

/* A whole number from min to max, in decimal digits. CONFIG: something else; *ret untouched. */
SOTTO_MUST_USE sotto_err cli_number_read(const char *text, uint64_t min, uint64_t max,
                                         uint64_t *ret_number);
/* A time such as 90, 90s, 10m, 12h, 7d, in seconds. Errors as cli_number_read(). */
SOTTO_MUST_USE sotto_err cli_duration_read(const char *text, uint64_t min_s, uint64_t max_s,
                                           uint64_t *ret_s);

/* What went wrong, for people: lower case, no full stop. `try` is one command that can be run as
 * it stands, or with the place %s filled by try_with; `todo` is something that a person does. */
struct cli_error {
    sotto_err err;
    int exit;         /* 0: the one that belongs to err */
    const char *what; /* NULL: the sentence of err */
    const char *why, *guess, *try, *try_with,
        *todo; /* each or NULL; guess: "did you mean GUESS?" */
};
/* Prints it to stderr, as one JSON object with --json, and gives the exit status. `call` may be
 * NULL. */
int cli_fail(const struct cli_call *call, const struct cli_error *error);
/* The same with a formatted `what`. */
int cli_failf(const struct cli_call *call, const struct cli_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 0, or what ux calls for: 2 usage, 3 network, 4 not trusted, 5 slow down, 6 not found, 7 no
 * permission, 8 no answer, 130. */
int cli_exit_status(sotto_err err);

/* Colour only on a terminal that can do it, without NO_COLOR and --no-color. */
bool cli_color(const struct cli_call *call, FILE *out);

/* One JSON object a line, flushed at its end. Text that is not UTF-8 is mended as by cli_mend();
 * control characters are kept, escaped. */
struct cli_json {
    FILE *out; /* private */
    bool more;
};
struct cli_json cli_json_begin(FILE *out);
void cli_json_text(struct cli_json *j, const char *key, view text);
void cli_json_string(struct cli_json *j, const char *key, const char *text); /* left out if NULL */
void cli_json_number(struct cli_json *j, const char *key, uint64_t number);
void cli_json_bool(struct cli_json *j, const char *key, bool value);
void cli_json_end(struct cli_json *j);

/* Appends text that came from elsewhere in a form that can't play tricks on a terminal: control
 * characters, bidi overrides and other invisible format characters go, tabs become spaces, what
 * is not UTF-8 becomes U+FFFD. Line feeds stay only with `lines`. NOMEM, TOO_LARGE: unchanged. */
SOTTO_MUST_USE sotto_err cli_clean(view text, bool lines, sotto_buf *out);
/* Appends the text with what is not UTF-8 replaced by U+FFFD, and nothing else changed. Errors
 * as cli_clean(). */
SOTTO_MUST_USE sotto_err cli_mend(view text, sotto_buf *out);

/* What cli_main() is made of; for the tests. */

/* Parses argv[1..]. USAGE: printed what is wrong; *ret_call holds what was read so far. */
SOTTO_MUST_USE sotto_err cli_parse(const struct cli_program *program, int argc, char **argv,
                                   struct cli_call *ret_call);
void cli_help_print(const struct cli_program *program, const struct cli_command *command,
                    FILE *out);
/* `words`: the topic, "session new" or "environment". NOTFOUND. */
SOTTO_MUST_USE sotto_err cli_help_topic(const struct cli_program *program, const char *words,
                                        FILE *out);
void cli_usage_print(const struct cli_program *program, FILE *out);
/* The man page in roff (man(7)). */
void cli_man_print(const struct cli_program *program, FILE *out);
void cli_page_print(const struct cli_page *page, FILE *out);
/* shell: "bash", "zsh", "fish". NOTFOUND. */
SOTTO_MUST_USE sotto_err cli_completion_print(const struct cli_program *program, const char *shell,
                                              FILE *out);
/* The nearest candidate that could be meant by `word`; NULL: none is near. Candidates come from
 * next(state) until NULL. */
const char *cli_suggest(const char *word, const char *(*next)(void *state), void *state);
/* Edits (insert, delete, replace, swap neighbours) between two short words; words over 63 bytes
 * count as far apart. */
unsigned cli_distance(const char *a, const char *b);
/* Prints a text of paragraphs, wrapped at `width` columns and indented. */
void cli_paragraphs_print(const char *text, unsigned indent, unsigned width, FILE *out);

/* Each of the program's commands in the order of the tables, from {0}; NULL at the end. */
struct cli_walk {
    size_t group, command;
};
const struct cli_command *cli_command_next(const struct cli_program *program,
                                           struct cli_walk *walk);
const struct cli_command *cli_command_find(const struct cli_program *program, const char *path);

/* Exit statuses, the same for both programs. */
extern const struct cli_line cli_exit_lines[];

#endif
