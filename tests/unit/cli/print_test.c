#include "program.h"

#include <sys/wait.h>
#include <unistd.h>

/* Runs a shell command with `input`; gives its exit status. */
static int shell(const char *command, const char *input)
{
    FILE *pipe = popen(command, "w");
    assert_non_null(pipe);
    fputs(input, pipe);
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void help_lists_every_command_and_option(void **state)
{
    (void)state;
    char *text = NULL;
    PRINTED(out, text, cli_help_print(&program, NULL, out));
    struct cli_walk walk = {0};
    for (const struct cli_command *c; (c = cli_command_next(&program, &walk)) != NULL;)
        assert_non_null(strstr(text, c->path));
    assert_non_null(strstr(text, "--server HOST"));
    assert_non_null(strstr(text, "--no-color"));
    free(text);
}

static void help_of_a_command_shows_its_options_and_text(void **state)
{
    (void)state;
    char *text = NULL;
    PRINTED(out, text, cli_help_print(&program, cli_command_find(&program, "session new"), out));
    assert_non_null(strstr(text, "usage: prog session new [OPTION...]"));
    assert_non_null(strstr(text, "-w, --words 2|3"));
    assert_non_null(strstr(text, "--explain[=json]"));
    assert_non_null(strstr(text, "  an example - with dashes"));
    free(text);
}

static void topics_are_found_by_name(void **state)
{
    (void)state;
    const char *names[] = {"session new", "exit", "environment", "files", "codes", "server"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char *text = NULL;
        PRINTED(out, text, assert_int_equal(cli_help_topic(&program, names[i], out), SOTTO_OK));
        assert_true(strlen(text) > 10);
        free(text);
    }
    char *text = NULL;
    PRINTED(out, text,
            assert_int_equal(cli_help_topic(&program, "nothing", out), SOTTO_E_NOTFOUND));
    free(text);
}

static void paragraphs_are_wrapped_and_examples_kept(void **state)
{
    (void)state;
    char *text = NULL;
    PRINTED(out, text,
            cli_paragraphs_print("one two three four\n\n  keep   this as it is, however long", 2,
                                 12, out));
    assert_string_equal(text,
                        "  one two\n  three four\n\n    keep   this as it is, however long\n");
    free(text);
}

static void the_man_page_passes_the_linter(void **state)
{
    (void)state;
    char *text = NULL;
    PRINTED(out, text, cli_man_print(&program, out));
    assert_non_null(strstr(text, "\\&.begins with a dot"));
    assert_non_null(strstr(text, "\\-\\-words"));
    assert_non_null(strstr(text, ".SH EXIT STATUS"));
    if (shell("command -v mandoc >/dev/null", "") == 0)
        assert_int_equal(shell("mandoc -T lint -W warning >&2", text), 0);
    free(text);
}

/* Feeds the script and an assertion to a shell, where it is installed. */
static void completes(const char *shell_name, const char *check)
{
    char *script = NULL, *whole = NULL;
    char probe[64];
    snprintf(probe, sizeof probe, "command -v %s >/dev/null", shell_name);
    PRINTED(out, script,
            assert_int_equal(cli_completion_print(&program, shell_name, out), SOTTO_OK));
    if (shell(probe, "") == 0) {
        assert_true(asprintf(&whole, "%s\n%s\n", script, check) > 0);
        assert_int_equal(shell(shell_name, whole), 0);
        free(whole);
    }
    free(script);
}

static void bash_completes_commands_options_and_values(void **state)
{
    (void)state;
    completes("bash", "t() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($#-1)); COMPREPLY=(); _prog; "
                      "r=${COMPREPLY[*]}; }\n"
                      "t prog ''; [[ $r == 'session server serve help completion' ]] || exit 1\n"
                      "t prog session ''; [[ $r == 'new join' ]] || exit 2\n"
                      "t prog session n; [[ $r == new ]] || exit 3\n"
                      "t prog session new --wo; [[ $r == --words ]] || exit 4\n"
                      "t prog session new --words ''; [[ $r == '2 3' ]] || exit 5\n"
                      "t prog session new --server ''; [[ -z $r ]] || exit 6\n"
                      "t prog server ''; [[ $r == forget ]] || exit 7\n"
                      "t prog session new -w ''; [[ $r == '2 3' ]] || exit 8\n"
                      "t prog completion z; [[ $r == zsh ]] || exit 9\n");
}

static void the_other_shells_accept_their_scripts(void **state)
{
    (void)state;
    completes("zsh", "exit 0");
    completes("fish", "exit 0");
    char *text = NULL;
    PRINTED(out, text,
            assert_int_equal(cli_completion_print(&program, "tcsh", out), SOTTO_E_NOTFOUND));
    free(text);
}

static void json_escapes_what_json_must(void **state)
{
    (void)state;
    char *text = NULL;
    PRINTED(out, text, {
        struct cli_json j = cli_json_begin(out);
        cli_json_number(&j, "n", UINT64_MAX);
        cli_json_text(&j, "t", VIEW_LIT("a\"\\\n\033\xff\u202e"));
        cli_json_string(&j, "none", NULL);
        cli_json_bool(&j, "b", true);
        cli_json_end(&j);
    });
    assert_string_equal(
        text,
        "{\"n\":18446744073709551615,\"t\":\"a\\\"\\\\\\n\\u001b\ufffd\u202e\",\"b\":true}\n");
    free(text);
}

/* What goes to stderr while `call` runs. */
#define STDERR_OF(ret_text, size, call)                         \
    do {                                                        \
        fflush(stderr);                                         \
        int old_ = dup(2);                                      \
        FILE *file_ = tmpfile();                                \
        assert_non_null(file_);                                 \
        dup2(fileno(file_), 2);                                 \
        call;                                                   \
        fflush(stderr);                                         \
        dup2(old_, 2);                                          \
        close(old_);                                            \
        rewind(file_);                                          \
        (ret_text)[fread(ret_text, 1, (size)-1, file_)] = '\0'; \
        fclose(file_);                                          \
    } while (0)

static const struct cli_error error = {
    .err = SOTTO_E_PIN,
    .why = "the key is \033[31manother",
    .try = "prog server forget %s",
    .try_with = "host:5000",
    .todo = "ask the operator",
};

static void an_error_says_what_why_and_what_to_do(void **state)
{
    (void)state;
    char text[1024];
    struct cli_call call = {.program = &program};
    STDERR_OF(text, sizeof text, assert_int_equal(cli_fail(&call, &error), 3));
    assert_string_equal(
        text, "prog: error: this server is not the one you joined: its key does not match your pin"
              "  [E_PIN, exit 3]\n"
              "  why: the key is [31manother\n"
              "  do: ask the operator\n"
              "  try: prog server forget host:5000\n");
}

static void an_error_as_json_is_one_object(void **state)
{
    (void)state;
    char text[1024];
    struct cli_call call = {.program = &program, .json = true};
    STDERR_OF(text, sizeof text, assert_int_equal(cli_failf(&call, &error, "bad %d", 7), 3));
    assert_string_equal(
        text, "{\"v\":1,\"type\":\"error\",\"code\":\"E_PIN\",\"exit\":3,\"error\":\"bad 7\","
              "\"why\":\"the key is \\u001b[31manother\",\"try\":\"prog server forget host:5000\","
              "\"do\":\"ask the operator\"}\n");
}

static void usage_errors_suggest_what_was_meant(void **state)
{
    (void)state;
    char text[1024];
    struct cli_call call;
    STDERR_OF(text, sizeof text, assert_int_equal(PARSE(&call, "session", "nwe"), SOTTO_E_USAGE));
    assert_non_null(strstr(text, "unknown command \"session nwe\"  [E_USAGE, exit 2]"));
    assert_non_null(strstr(text, "did you mean session new?"));
    assert_non_null(strstr(text, "try: prog session --help"));
    STDERR_OF(text, sizeof text,
              assert_int_equal(PARSE(&call, "session", "new", "--wrods=3"), SOTTO_E_USAGE));
    assert_non_null(strstr(text, "did you mean --words?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_lists_every_command_and_option),
        cmocka_unit_test(help_of_a_command_shows_its_options_and_text),
        cmocka_unit_test(topics_are_found_by_name),
        cmocka_unit_test(paragraphs_are_wrapped_and_examples_kept),
        cmocka_unit_test(the_man_page_passes_the_linter),
        cmocka_unit_test(bash_completes_commands_options_and_values),
        cmocka_unit_test(the_other_shells_accept_their_scripts),
        cmocka_unit_test(json_escapes_what_json_must),
        cmocka_unit_test(an_error_says_what_why_and_what_to_do),
        cmocka_unit_test(an_error_as_json_is_one_object),
        cmocka_unit_test(usage_errors_suggest_what_was_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
