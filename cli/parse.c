/* parse.c - argv into a struct cli_call. Words are joined to a command's path as long as some
 * command begins like that; the first one that no command begins with is an operand. Options may
 * stand anywhere before "--". */
#include <ctype.h>

#include "cli/cli.h"

const struct cli_option cli_common_options[] = {
    {"json", 0, NULL, "print one JSON object a line, for programs"},
    {"quiet", 'q', NULL, "print only what was asked for"},
    {"verbose", 'v', NULL, "print more about what happens"},
    {"no-color", 0, NULL, "print without colours, as with NO_COLOR"},
    {"no-input", 0, NULL, "never ask; fail instead"},
    {"help", 'h', NULL, "show help for the command"},
    {"version", 0, NULL, "show versions"},
    {0},
};

struct parser {
    struct cli_call *call;
    int argc, at;
    char **argv;
    char path[CLI_PATH_MAX]; /* the command's words so far */
    bool only_operands;      /* "--" was seen */
};

const struct cli_command *cli_command_next(const struct cli_program *program, struct cli_walk *walk)
{
    while (program->groups[walk->group].title != NULL) {
        const struct cli_command *command = &program->groups[walk->group].commands[walk->command];
        if (command->path != NULL) {
            walk->command++;
            return command;
        }
        *walk = (struct cli_walk){.group = walk->group + 1};
    }
    return NULL;
}

const struct cli_command *cli_command_find(const struct cli_program *program, const char *path)
{
    struct cli_walk walk = {0};
    for (const struct cli_command *c; (c = cli_command_next(program, &walk)) != NULL;)
        if (strcmp(c->path, path) == 0)
            return c;
    return NULL;
}

static bool path_begins_command(const struct cli_program *program, const char *path)
{
    struct cli_walk walk = {0};
    size_t len = strlen(path);
    for (const struct cli_command *c; (c = cli_command_next(program, &walk)) != NULL;)
        if (strncmp(c->path, path, len) == 0 && (c->path[len] == '\0' || c->path[len] == ' '))
            return true;
    return false;
}

/* The tables that an option is looked up in: the command's, the program's, everybody's. */
static const struct cli_option *option_table(const struct cli_call *call, unsigned i)
{
    static const struct cli_option none[] = {{0}};
    const struct cli_option *table = i == 0
                                         ? (call->command != NULL ? call->command->options : NULL)
                                     : i == 1 ? call->program->options
                                              : cli_common_options;
    return table != NULL ? table : none;
}

static const struct cli_option *option_find(const struct cli_call *call, const char *name,
                                            size_t len, char letter)
{
    for (unsigned i = 0; i < 3; i++)
        for (const struct cli_option *o = option_table(call, i); o->name != NULL; o++)
            if (letter != 0 ? o->letter == letter
                            : strncmp(o->name, name, len) == 0 && o->name[len] == '\0')
                return o;
    return NULL;
}

struct option_names {
    const struct cli_call *call;
    unsigned table;
    size_t row;
};

static const char *option_names_next(void *state)
{
    struct option_names *n = state;
    for (; n->table < 3; n->table++, n->row = 0) {
        const struct cli_option *o = &option_table(n->call, n->table)[n->row];
        if (o->name != NULL) {
            n->row++;
            return o->name;
        }
    }
    return NULL;
}

struct command_names {
    const struct cli_program *program;
    struct cli_walk walk;
};

static const char *command_names_next(void *state)
{
    struct command_names *n = state;
    const struct cli_command *c = cli_command_next(n->program, &n->walk);
    return c != NULL ? c->path : NULL;
}

static sotto_err fail_usage(const struct cli_call *call, const char *format, const char *subject,
                            size_t len, const char *guess)
{
    char what[256], help[CLI_PATH_MAX + 32];
    int cut = (int)size_min(len, 100);
    /* The formats are literals of this file with one %.*s. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(what, sizeof what, format, cut, subject);
#pragma GCC diagnostic pop
    snprintf(help, sizeof help, "%s %s%s--help", call->program->name,
             call->command != NULL ? call->command->path : "", call->command != NULL ? " " : "");
    cli_fail(call,
             &(struct cli_error){.err = SOTTO_E_USAGE, .what = what, .guess = guess, .try = help});
    return SOTTO_E_USAGE;
}

/* Whether `value` is one of "a|b|c", or the option takes anything. */
static bool value_allowed(const struct cli_option *option, const char *value)
{
    const char *choices = option->value;
    if (choices[0] == '[')
        choices += 2;
    if (strchr(choices, '|') == NULL && !islower((unsigned char)choices[0]))
        return true;
    size_t len = strlen(value);
    for (const char *at = choices; *at != '\0';) {
        size_t choice_len = strcspn(at, "|]");
        if (choice_len == len && strncmp(at, value, len) == 0)
            return true;
        at += choice_len;
        at += *at != '\0';
    }
    return false;
}

static sotto_err option_take(struct parser *p, const struct cli_option *option, const char *value)
{
    struct cli_call *call = p->call;
    if (value != NULL && !value_allowed(option, value)) {
        char format[128];
        snprintf(format, sizeof format, "--%s takes %s, not \"%%.*s\"", option->name,
                 option->value);
        return fail_usage(call, format, value, strlen(value), NULL);
    }
    if (call->given_count == CLI_GIVEN_MAX)
        return fail_usage(call, "too many options: no room for \"--%.*s\"", option->name,
                          strlen(option->name), NULL);
    call->given[call->given_count++] = (struct cli_given){option, value};
    return SOTTO_OK;
}

/* What follows an option of this kind: `attached` is the value in the same word, or NULL. */
static sotto_err option_value(struct parser *p, const struct cli_option *option,
                              const char *attached)
{
    if (option->value == NULL && attached != NULL)
        return fail_usage(p->call, "--%.*s takes no value", option->name, strlen(option->name),
                          NULL);
    if (option->value == NULL || option->value[0] == '[' || attached != NULL)
        return option_take(p, option, attached);
    if (p->at == p->argc)
        return fail_usage(p->call, "--%.*s needs a value", option->name, strlen(option->name),
                          NULL);
    return option_take(p, option, p->argv[p->at++]);
}

static sotto_err fail_beginning(const struct parser *p)
{
    char help[CLI_PATH_MAX + 32];
    snprintf(help, sizeof help, "%s help %s", p->call->program->name, p->path);
    cli_failf(p->call, &(struct cli_error){.err = SOTTO_E_USAGE, .try = help},
              "\"%s\" is only the beginning of a command", p->path);
    return SOTTO_E_USAGE;
}

/* More words are needed to make a command of what has come. */
static bool is_beginning(const struct parser *p)
{
    return p->path[0] != '\0' &&
           (p->call->command == NULL || strcmp(p->call->command->path, p->path) != 0);
}

static bool some_command_has(const struct cli_program *program, const char *name, size_t len)
{
    struct cli_walk walk = {0};
    for (const struct cli_command *c; (c = cli_command_next(program, &walk)) != NULL;)
        for (const struct cli_option *o = c->options; o != NULL && o->name != NULL; o++)
            if (strncmp(o->name, name, len) == 0 && o->name[len] == '\0')
                return true;
    return false;
}

static sotto_err option_long(struct parser *p, const char *word)
{
    size_t len = strcspn(word, "=");
    const struct cli_option *option = option_find(p->call, word, len, 0);
    if (option != NULL)
        return option_value(p, option, word[len] == '=' ? word + len + 1 : NULL);
    if (is_beginning(p))
        return fail_beginning(p);
    if (p->call->command == NULL && some_command_has(p->call->program, word, len))
        return fail_usage(p->call, "--%.*s comes after the command", word, len, NULL);
    char name[64], guess[68];
    snprintf(name, sizeof name, "%.*s", (int)size_min(len, 63), word);
    struct option_names names = {.call = p->call};
    const char *near = cli_suggest(name, option_names_next, &names);
    snprintf(guess, sizeof guess, "--%s", near != NULL ? near : "");
    return fail_usage(p->call, "unknown option \"--%.*s\"", word, len, near != NULL ? guess : NULL);
}

/* "-qv", "-p NAME", "-pNAME". */
static sotto_err option_short(struct parser *p, const char *word)
{
    for (; *word != '\0'; word++) {
        const struct cli_option *option = option_find(p->call, NULL, 0, *word);
        if (option == NULL && is_beginning(p))
            return fail_beginning(p);
        if (option == NULL)
            return fail_usage(p->call, "unknown option \"-%.*s\"", word, 1, NULL);
        if (option->value != NULL && option->value[0] != '[')
            return option_value(p, option, word[1] != '\0' ? word + 1 : NULL);
        TRY(option_take(p, option, NULL));
    }
    return SOTTO_OK;
}

static sotto_err fail_unknown_command(struct parser *p, const char *path)
{
    struct command_names names = {.program = p->call->program};
    return fail_usage(p->call, "unknown command \"%.*s\"", path, strlen(path),
                      cli_suggest(path, command_names_next, &names));
}

static sotto_err word_take(struct parser *p, const char *word)
{
    struct cli_call *call = p->call;
    char longer[CLI_PATH_MAX * 2];
    snprintf(longer, sizeof longer, "%s%s%.60s", p->path, p->path[0] != '\0' ? " " : "", word);
    bool may_extend =
        !p->only_operands && call->operand_count == 0 && strlen(longer) < sizeof p->path;
    if (may_extend && path_begins_command(call->program, longer)) {
        memcpy(p->path, longer, strlen(longer) + 1);
        const struct cli_command *command = cli_command_find(call->program, longer);
        call->command = command != NULL ? command : call->command;
        return SOTTO_OK;
    }
    bool takes = call->command != NULL && strcmp(call->command->path, p->path) == 0 &&
                 call->command->operands_max > 0;
    if (!takes && (call->command == NULL || path_begins_command(call->program, p->path)) &&
        may_extend)
        return fail_unknown_command(p, longer);
    if (!takes || call->operand_count == size_min(call->command->operands_max, CLI_OPERANDS_MAX))
        return fail_usage(call, "one word too many: \"%.*s\"", word, strlen(word), NULL);
    call->operands[call->operand_count++] = word;
    return SOTTO_OK;
}

static sotto_err argument_take(struct parser *p, const char *word)
{
    if (p->only_operands || word[0] != '-' || word[1] == '\0')
        return word_take(p, word);
    if (word[1] != '-')
        return option_short(p, word + 1);
    if (word[2] != '\0')
        return option_long(p, word + 2);
    p->only_operands = true;
    return SOTTO_OK;
}

static bool json_asked(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
    return false;
}

/* The first of them, as the synopsis calls it. */
static sotto_err fail_missing(const struct cli_call *call)
{
    const char *name = call->command->operands;
    for (size_t i = 0; i < call->operand_count; i++) {
        name += strcspn(name, " ");
        name += strspn(name, " ");
    }
    return fail_usage(call, "%.*s is missing", name, strcspn(name, " "), NULL);
}

/* Enough operands, and a whole command: what can be judged only at the end. */
static sotto_err parser_finish(struct parser *p)
{
    struct cli_call *call = p->call;
    if (call->command == NULL)
        memcpy(call->beginning, p->path, sizeof call->beginning);
    if (call->help || call->version)
        return SOTTO_OK;
    if (is_beginning(p))
        return fail_beginning(p);
    if (call->command != NULL && call->operand_count < call->command->operands_min)
        return fail_missing(call);
    return SOTTO_OK;
}

sotto_err cli_parse(const struct cli_program *program, int argc, char **argv,
                    struct cli_call *ret_call)
{
    *ret_call = (struct cli_call){.program = program, .json = json_asked(argc, argv)};
    struct parser p = {.call = ret_call, .argc = argc, .argv = argv, .at = 1};
    while (p.at < argc) {
        const char *word = argv[p.at++];
        TRY(argument_take(&p, word));
    }
    ret_call->quiet = cli_given(ret_call, "quiet");
    ret_call->verbose = cli_given(ret_call, "verbose");
    ret_call->no_color = cli_given(ret_call, "no-color");
    ret_call->no_input = cli_given(ret_call, "no-input");
    ret_call->help = cli_given(ret_call, "help");
    ret_call->version = cli_given(ret_call, "version");
    return parser_finish(&p);
}

const char *cli_value_next(const struct cli_call *call, const char *name, size_t *at)
{
    while (*at < call->given_count) {
        const struct cli_given *given = &call->given[(*at)++];
        if (strcmp(given->option->name, name) == 0)
            return given->value;
    }
    return NULL;
}

const char *cli_value(const struct cli_call *call, const char *name)
{
    for (size_t i = call->given_count; i > 0; i--)
        if (strcmp(call->given[i - 1].option->name, name) == 0)
            return call->given[i - 1].value;
    return NULL;
}

bool cli_given(const struct cli_call *call, const char *name)
{
    for (size_t i = 0; i < call->given_count; i++)
        if (strcmp(call->given[i].option->name, name) == 0)
            return true;
    return false;
}

sotto_err cli_number_read(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (*text == '\0')
        return SOTTO_E_CONFIG;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return SOTTO_E_CONFIG;
        unsigned digit = (unsigned)(*text - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return SOTTO_E_CONFIG;
        number = number * 10 + digit;
    }
    if (number < min || number > max)
        return SOTTO_E_CONFIG;
    *ret_number = number;
    return SOTTO_OK;
}

sotto_err cli_duration_read(const char *text, uint64_t min_s, uint64_t max_s, uint64_t *ret_s)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char digits[24];
    uint64_t number, factor = 1;
    size_t len = strlen(text);
    for (size_t i = 0; len > 0 && i < COUNT_OF(units); i++)
        if (text[len - 1] == units[i].unit)
            factor = units[i].seconds;
    len -= len > 0 && text[len - 1] >= 'a' && text[len - 1] <= 'z' &&
           (factor > 1 || text[len - 1] == 's');
    if (len == 0 || len >= sizeof digits)
        return SOTTO_E_CONFIG;
    memcpy(digits, text, len);
    digits[len] = '\0';
    TRY(cli_number_read(digits, 0, UINT64_MAX / 86400, &number));
    if (number * factor < min_s || number * factor > max_s)
        return SOTTO_E_CONFIG;
    *ret_s = number * factor;
    return SOTTO_OK;
}
