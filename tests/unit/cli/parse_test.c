#include "program.h"

static void words_are_joined_to_the_longest_command(void **state)
{
    (void)state;
    struct cli_call call;
    assert_int_equal(PARSE(&call, "session"), SOTTO_OK);
    assert_string_equal(call.command->path, "session");
    assert_int_equal(PARSE(&call, "session", "new"), SOTTO_OK);
    assert_string_equal(call.command->path, "session new");
    assert_int_equal(PARSE(&call, "session", "--json", "new"), SOTTO_OK);
    assert_string_equal(call.command->path, "session new");
    assert_true(call.json);
}

static void nothing_is_no_command(void **state)
{
    (void)state;
    struct cli_call call;
    assert_int_equal(PARSE(&call), SOTTO_OK);
    assert_null(call.command);
}

static void a_value_may_stand_behind_the_option_or_after_an_equals_sign(void **state)
{
    (void)state;
    struct cli_call call;
    assert_int_equal(PARSE(&call, "session", "new", "--words", "3", "--server=a:1"), SOTTO_OK);
    assert_string_equal(cli_value(&call, "words"), "3");
    assert_string_equal(cli_value(&call, "server"), "a:1");
    assert_int_equal(PARSE(&call, "-sb", "session", "new", "-w", "2"), SOTTO_OK);
    assert_string_equal(cli_value(&call, "server"), "b");
    assert_string_equal(cli_value(&call, "words"), "2");
    assert_null(cli_value(&call, "ttl"));
}

static void short_flags_cluster(void **state)
{
    (void)state;
    struct cli_call call;
    assert_int_equal(PARSE(&call, "-qvs", "host", "session"), SOTTO_OK);
    assert_true(call.quiet && call.verbose);
    assert_string_equal(cli_value(&call, "server"), "host");
}

static void an_optional_value_stands_only_behind_an_equals_sign(void **state)
{
    (void)state;
    struct cli_call call;
    assert_int_equal(PARSE(&call, "session", "new", "--explain"), SOTTO_OK);
    assert_true(cli_given(&call, "explain"));
    assert_null(cli_value(&call, "explain"));
    assert_int_equal(PARSE(&call, "session", "new", "--explain=json"), SOTTO_OK);
    assert_string_equal(cli_value(&call, "explain"), "json");
    assert_int_equal(PARSE(&call, "session", "new", "--explain=xml"), SOTTO_E_USAGE);
}

static void the_last_value_counts_and_all_can_be_asked_for(void **state)
{
    (void)state;
    struct cli_call call;
    size_t at = 0;
    assert_int_equal(PARSE(&call, "serve", "--set", "a=1", "--set", "b=2", "7000"), SOTTO_OK);
    assert_string_equal(cli_value(&call, "set"), "b=2");
    assert_string_equal(cli_value_next(&call, "set", &at), "a=1");
    assert_string_equal(cli_value_next(&call, "set", &at), "b=2");
    assert_null(cli_value_next(&call, "set", &at));
    assert_int_equal(call.operand_count, 1);
    assert_string_equal(call.operands[0], "7000");
}

static void after_two_dashes_everything_is_an_operand(void **state)
{
    (void)state;
    struct cli_call call;
    assert_int_equal(PARSE(&call, "server", "forget", "--", "--odd"), SOTTO_OK);
    assert_string_equal(call.operands[0], "--odd");
    assert_int_equal(PARSE(&call, "session", "join", "-"), SOTTO_OK);
    assert_string_equal(call.operands[0], "-");
}

static void mistakes_are_usage_errors(void **state)
{
    (void)state;
    struct cli_call call;
    assert_int_equal(PARSE(&call, "sesion"), SOTTO_E_USAGE);
    assert_int_equal(PARSE(&call, "session", "nwe"), SOTTO_E_USAGE);
    assert_int_equal(PARSE(&call, "server"), SOTTO_E_USAGE);
    assert_int_equal(PARSE(&call, "server", "forget"), SOTTO_E_USAGE);
    assert_int_equal(PARSE(&call, "server", "forget", "a", "b"), SOTTO_E_USAGE);
    assert_int_equal(PARSE(&call, "session", "new", "--wrods", "3"), SOTTO_E_USAGE);
    assert_int_equal(PARSE(&call, "session", "new", "--words"), SOTTO_E_USAGE);
    assert_int_equal(PARSE(&call, "session", "new", "--words", "4"), SOTTO_E_USAGE);
    assert_int_equal(PARSE(&call, "session", "--json=yes"), SOTTO_E_USAGE);
    assert_int_equal(PARSE(&call, "-z"), SOTTO_E_USAGE);
    assert_int_equal(PARSE(&call, "session", "new", "--word", "3"), SOTTO_E_USAGE);
}

static void help_needs_no_operands(void **state)
{
    (void)state;
    struct cli_call call;
    assert_int_equal(PARSE(&call, "server", "forget", "--help"), SOTTO_OK);
    assert_true(call.help);
    assert_int_equal(PARSE(&call, "server", "-h"), SOTTO_OK);
}

static void too_many_options_and_words_are_refused(void **state)
{
    (void)state;
    char *argv[200] = {0};
    struct cli_call call;
    char name[] = "prog", flag[] = "-q", command[] = "session";
    argv[0] = name;
    for (size_t i = 1; i < 150; i++)
        argv[i] = flag;
    assert_int_equal(cli_parse(&program, 150, argv, &call), SOTTO_E_USAGE);
    for (size_t i = 1; i < 150; i++)
        argv[i] = command;
    assert_int_equal(cli_parse(&program, 150, argv, &call), SOTTO_E_USAGE);
}

static void numbers_and_durations_are_read_strictly(void **state)
{
    (void)state;
    uint64_t n = 7;
    assert_int_equal(cli_number_read("0", 0, 10, &n), SOTTO_OK);
    assert_int_equal(n, 0);
    assert_int_equal(cli_number_read("18446744073709551615", 0, UINT64_MAX, &n), SOTTO_OK);
    assert_true(n == UINT64_MAX);
    n = 7;
    const char *bad[] = {"", "-1", "+1", "1 ", "0x1", "18446744073709551616", "11"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(cli_number_read(bad[i], 0, 10, &n), SOTTO_E_CONFIG);
    const struct {
        const char *text;
        uint64_t seconds;
    } good[] = {{"90", 90}, {"90s", 90}, {"10m", 600}, {"12h", 43200}, {"7d", 604800}};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_int_equal(cli_duration_read(good[i].text, 1, 1000000, &n), SOTTO_OK);
        assert_int_equal(n, good[i].seconds);
    }
    const char *bad_times[] = {
        "", "m", "s", "10x", "10 m", "1.5h", "0", "99d", "99999999999999999999d", "10mm"};
    n = 7;
    for (size_t i = 0; i < COUNT_OF(bad_times); i++)
        assert_int_equal(cli_duration_read(bad_times[i], 1, 1000000, &n), SOTTO_E_CONFIG);
    assert_int_equal(n, 7);
}

struct words {
    const char **at;
};

static const char *words_next(void *state)
{
    struct words *w = state;
    return *w->at != NULL ? *w->at++ : NULL;
}

static void the_nearest_word_is_suggested(void **state)
{
    (void)state;
    const char *words[] = {"session", "server", "help", NULL};
    assert_string_equal(cli_suggest("sesion", words_next, &(struct words){words}), "session");
    assert_string_equal(cli_suggest("hlep", words_next, &(struct words){words}), "help");
    assert_null(cli_suggest("xyz", words_next, &(struct words){words}));
    assert_int_equal(cli_distance("", ""), 0);
    assert_int_equal(cli_distance("abc", "acb"), 1);
    assert_int_equal(cli_distance("kitten", "sitting"), 3);
    assert_int_equal(cli_distance("", "abc"), 3);
    char longest[200];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_true(cli_distance(longest, "a") > 10);
}

static void each_error_has_its_exit_status(void **state)
{
    (void)state;
    const struct {
        sotto_err err;
        int status;
    } wanted[] = {
        {SOTTO_OK, 0},           {SOTTO_E_USAGE, 2},     {SOTTO_E_NET, 3},
        {SOTTO_E_TLS, 3},        {SOTTO_E_PIN, 3},       {SOTTO_E_CODE, 4},
        {SOTTO_E_RATE, 5},       {SOTTO_E_NOTFOUND, 6},  {SOTTO_E_TAKEN, 6},
        {SOTTO_E_PERMISSION, 7}, {SOTTO_E_TIMEOUT, 8},   {SOTTO_E_INTERRUPTED, 130},
        {SOTTO_E_NOMEM, 1},      {SOTTO_E_TRUNCATED, 3}, {SOTTO_E_MISSING, 4},
        {SOTTO_E_IN_USE, 7},
    };
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        assert_int_equal(cli_exit_status(wanted[i].err), wanted[i].status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_joined_to_the_longest_command),
        cmocka_unit_test(nothing_is_no_command),
        cmocka_unit_test(a_value_may_stand_behind_the_option_or_after_an_equals_sign),
        cmocka_unit_test(short_flags_cluster),
        cmocka_unit_test(an_optional_value_stands_only_behind_an_equals_sign),
        cmocka_unit_test(the_last_value_counts_and_all_can_be_asked_for),
        cmocka_unit_test(after_two_dashes_everything_is_an_operand),
        cmocka_unit_test(mistakes_are_usage_errors),
        cmocka_unit_test(help_needs_no_operands),
        cmocka_unit_test(too_many_options_and_words_are_refused),
        cmocka_unit_test(numbers_and_durations_are_read_strictly),
        cmocka_unit_test(the_nearest_word_is_suggested),
        cmocka_unit_test(each_error_has_its_exit_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
