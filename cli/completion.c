/* completion.c - the rows as completion scripts. Each script finds the command's path among the
 * words before the cursor, by a list of all paths and their beginnings, and then offers the next
 * words of longer paths and the options of this one. */
#include "cli/cli.h"

/* A function that prints something for one path: "" or "session" or "session new". */
typedef void path_fn(const struct cli_program *program, const char *path, size_t len, FILE *out);

/* Calls `fn` once for each path that a command has or begins with, the empty one included. */
static void paths_each(const struct cli_program *program, path_fn *fn, FILE *out)
{
    struct cli_walk walk = {0};
    const char *last = "";
    fn(program, "", 0, out);
    for (const struct cli_command *c; (c = cli_command_next(program, &walk)) != NULL;
         last = c->path) {
        size_t first = strcspn(c->path, " ");
        bool seen =
            strncmp(last, c->path, first) == 0 && (last[first] == ' ' || last[first] == '\0');
        if (!seen && c->path[first] == ' ')
            fn(program, c->path, first, out);
        fn(program, c->path, strlen(c->path), out);
    }
}

static bool path_is(const char *path, const char *other, size_t len)
{
    return strncmp(path, other, len) == 0 && path[len] == '\0';
}

/* Prints the words that can follow the path: of longer paths. */
static void next_words(const struct cli_program *program, const char *path, size_t len, FILE *out)
{
    struct cli_walk walk = {0};
    const char *last = "";
    size_t last_len = 0;
    for (const struct cli_command *c; (c = cli_command_next(program, &walk)) != NULL;) {
        if (strncmp(c->path, path, len) != 0 || (len > 0 && c->path[len] != ' '))
            continue;
        const char *word = c->path + len + (len > 0);
        size_t word_len = strcspn(word, " ");
        if (last_len == word_len && strncmp(last, word, word_len) == 0)
            continue;
        fprintf(out, "%s%.*s", last_len > 0 ? " " : "", (int)word_len, word);
        last = word;
        last_len = word_len;
    }
}

static void option_words(const struct cli_option *o, FILE *out)
{
    for (; o != NULL && o->name != NULL; o++)
        fprintf(out, " --%s", o->name);
}

static void path_options(const struct cli_program *program, const char *path, size_t len, FILE *out)
{
    struct cli_walk walk = {0};
    for (const struct cli_command *c; (c = cli_command_next(program, &walk)) != NULL;)
        if (path_is(c->path, path, len))
            option_words(c->options, out);
    option_words(program->options, out);
    option_words(cli_common_options, out);
}

static void choices_print(const char *value, FILE *out)
{
    for (; *value != '\0'; value++)
        if (*value != '[' && *value != ']' && *value != '=')
            fputc(*value == '|' ? ' ' : *value, out);
}

/* Prints what an operand is chosen from, as in "mitm|replay". */
static void operand_words(const struct cli_program *program, const char *path, size_t len,
                          FILE *out)
{
    struct cli_walk walk = {0};
    for (const struct cli_command *c; (c = cli_command_next(program, &walk)) != NULL;)
        if (path_is(c->path, path, len) && c->operands != NULL && strchr(c->operands, '|') != NULL)
            choices_print(c->operands, out);
}

/* A case of the script for one path: what comes next, which options there are. */
static void shell_case(const struct cli_program *program, const char *path, size_t len, FILE *out)
{
    fprintf(out, "    '%.*s') next='", (int)len, path);
    next_words(program, path, len, out);
    operand_words(program, path, len, out);
    fputs("' options='", out);
    path_options(program, path, len, out);
    fputs("' ;;\n", out);
}

static void shell_path(const struct cli_program *program, const char *path, size_t len, FILE *out)
{
    (void)program;
    if (len > 0)
        fprintf(out, "|'%.*s'", (int)len, path);
}

static bool takes_file(const struct cli_option *o)
{
    return o->value != NULL && (strcmp(o->value, "FILE") == 0 || strcmp(o->value, "DIR") == 0);
}

/* What can stand behind an option: choices, files, or nothing that could be known. */
static void value_cases(const struct cli_option *o, FILE *out)
{
    for (; o != NULL && o->name != NULL; o++) {
        if (o->value == NULL || o->value[0] == '[')
            continue;
        fprintf(out, "    --%s", o->name);
        if (o->letter != 0)
            fprintf(out, "|-%c", o->letter);
        fputs(") ", out);
        if (takes_file(o)) {
            fputs("files=1 ;;\n", out);
        } else if (strchr(o->value, '|') != NULL) {
            fputs("next='", out);
            choices_print(o->value, out);
            fputs("' options= ;;\n", out);
        } else {
            fputs("return ;;\n", out);
        }
    }
}

static void all_value_cases(const struct cli_program *program, FILE *out)
{
    struct cli_walk walk = {0};
    for (const struct cli_command *c; (c = cli_command_next(program, &walk)) != NULL;)
        value_cases(c->options, out);
    value_cases(program->options, out);
}

/* The part that bash and zsh have in common: $words holds the words before the cursor, $last the
 * one right before it. */
static void shell_body(const struct cli_program *program, FILE *out)
{
    fputs("  local path= next= options= files= word\n"
          "  for word in \"${before[@]}\"; do\n"
          "    case \"$path${path:+ }$word\" in\n"
          "    ''",
          out);
    paths_each(program, shell_path, out);
    fputs(") path=\"$path${path:+ }$word\" ;;\n"
          "    esac\n"
          "  done\n"
          "  case \"$path\" in\n",
          out);
    paths_each(program, shell_case, out);
    fputs("  esac\n"
          "  case \"$last\" in\n",
          out);
    all_value_cases(program, out);
    fputs("  esac\n", out);
}

static void bash(const struct cli_program *program, FILE *out)
{
    const char *name = program->name;
    fprintf(out, "# bash completion for %s\n_%s() {\n", name, name);
    fputs("  local cur=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]}\n"
          "  local -a before=(\"${COMP_WORDS[@]:1:COMP_CWORD-1}\")\n",
          out);
    shell_body(program, out);
    fputs("  if [[ -n $files ]]; then\n"
          "    COMPREPLY=($(compgen -f -- \"$cur\"))\n"
          "  elif [[ $cur == -* ]]; then\n"
          "    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
          "  else\n"
          "    COMPREPLY=($(compgen -W \"$next\" -- \"$cur\"))\n"
          "  fi\n}\n",
          out);
    fprintf(out, "complete -o default -F _%s %s\n", name, name);
}

static void zsh(const struct cli_program *program, FILE *out)
{
    const char *name = program->name;
    fprintf(out, "#compdef %s\n_%s() {\n", name, name);
    fputs("  local cur=${words[CURRENT]} last=${words[CURRENT-1]}\n"
          "  local -a before=(\"${(@)words[2,CURRENT-1]}\")\n",
          out);
    shell_body(program, out);
    fputs("  if [[ -n $files ]]; then\n"
          "    _files\n"
          "  elif [[ $cur == -* ]]; then\n"
          "    compadd -- ${=options}\n"
          "  else\n"
          "    compadd -- ${=next}\n"
          "  fi\n}\n",
          out);
    fprintf(out, "if [[ $funcstack[1] == _%s ]]; then _%s \"$@\"; else compdef _%s %s; fi\n", name,
            name, name, name);
}

static void fish_quote(const char *text, FILE *out)
{
    fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('\'', out);
}

/* The condition "the words so far are those of this path, and no further one". */
static void fish_condition(const struct cli_program *program, const char *path, size_t len,
                           bool exact, FILE *out)
{
    fputs(" -n '", out);
    if (len == 0) {
        fputs(exact ? "__fish_use_subcommand" : "true", out);
    } else {
        for (const char *word = path; word < path + len; word += strcspn(word, " ") + 1)
            fprintf(out, "%s__fish_seen_subcommand_from %.*s", word > path ? "; and " : "",
                    (int)strcspn(word, " "), word);
        if (exact) {
            fputs("; and not __fish_seen_subcommand_from ", out);
            next_words(program, path, len, out);
        }
    }
    fputc('\'', out);
}

static void fish_options(const struct cli_program *program, const char *path,
                         const struct cli_option *o, FILE *out)
{
    for (; o != NULL && o->name != NULL; o++) {
        fprintf(out, "complete -c %s", program->name);
        fish_condition(program, path, strlen(path), false, out);
        fprintf(out, " -l %s", o->name);
        if (o->letter != 0)
            fprintf(out, " -s %c", o->letter);
        if (o->value != NULL && o->value[0] != '[')
            fputs(takes_file(o) ? " -rF" : " -x", out);
        if (o->value != NULL && strchr(o->value, '|') != NULL) {
            fputs(" -a '", out);
            choices_print(o->value, out);
            fputc('\'', out);
        }
        fputs(" -d ", out);
        fish_quote(o->what, out);
        fputc('\n', out);
    }
}

static void fish_path(const struct cli_program *program, const char *path, size_t len, FILE *out)
{
    struct cli_walk walk = {0};
    for (const struct cli_command *c; (c = cli_command_next(program, &walk)) != NULL;) {
        const char *word = c->path + len + (len > 0);
        if (strncmp(c->path, path, len) != 0 || (len > 0 && c->path[len] != ' ') ||
            strchr(word, ' ') != NULL)
            continue;
        fprintf(out, "complete -c %s", program->name);
        fish_condition(program, path, len, true, out);
        fprintf(out, " -a %s -d ", word);
        fish_quote(c->summary, out);
        fputc('\n', out);
    }
}

/* Behind a command: what its operand is chosen from. */
static void fish_operands(const struct cli_program *program, const struct cli_command *c, FILE *out)
{
    if (c->operands == NULL || strchr(c->operands, '|') == NULL)
        return;
    fprintf(out, "complete -c %s", program->name);
    fish_condition(program, c->path, strlen(c->path), false, out);
    fputs(" -a '", out);
    choices_print(c->operands, out);
    fputs("'\n", out);
}

/* Words such as "lab" that are only the beginning of commands. */
static void fish_beginning(const struct cli_program *program, const char *path, size_t len,
                           FILE *out)
{
    if (len == 0 || path[len] != ' ')
        return;
    fprintf(out, "complete -c %s -n __fish_use_subcommand -a %.*s -d 'several commands'\n",
            program->name, (int)len, path);
}

static void fish(const struct cli_program *program, FILE *out)
{
    struct cli_walk walk = {0};
    fprintf(out, "# fish completion for %s\ncomplete -c %s -f\n", program->name, program->name);
    paths_each(program, fish_path, out);
    paths_each(program, fish_beginning, out);
    for (const struct cli_command *c; (c = cli_command_next(program, &walk)) != NULL;) {
        fish_operands(program, c, out);
        fish_options(program, c->path, c->options, out);
    }
    fish_options(program, "", program->options, out);
    fish_options(program, "", cli_common_options, out);
}

sotto_err cli_completion_print(const struct cli_program *program, const char *shell, FILE *out)
{
    static const struct {
        const char *name;
        void (*print)(const struct cli_program *program, FILE *out);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < COUNT_OF(shells); i++)
        if (strcmp(shells[i].name, shell) == 0) {
            shells[i].print(program, out);
            return SOTTO_OK;
        }
    return SOTTO_E_NOTFOUND;
}
