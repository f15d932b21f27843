#include "unit.h"

#include "admin/wire.h"

static sotto_err read_text(const char *text, struct admin_request *ret_request)
{
    return admin_request_read(view_str(text), ret_request);
}

static void a_request_is_read_as_it_was_written(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf line = {0};
    DEFER(json_freep)
    json_t *arguments =
        json_pack("{s:s, s:i, s:b}", "name", "Gr\xc3\xbc\xc3\x9f", "uses", 3, "all", 1);
    struct admin_request r;
    assert_ok(admin_request_write("invite create", arguments, &line));
    assert_int_equal(line.data[line.len - 1], '\n');
    assert_ok(admin_request_read((view){line.data, line.len - 1}, &r));
    assert_string_equal(r.command, "invite create");
    assert_string_equal(admin_text(r.arguments, "name"), "Gr\xc3\xbc\xc3\x9f");
    assert_int_equal(admin_number(r.arguments, "uses", 9), 3);
    assert_int_equal(admin_number(r.arguments, "none", 9), 9);
    assert_true(admin_flag(r.arguments, "all"));
    assert_false(admin_flag(r.arguments, "none"));
    json_decref(r.json);
    buf_reset(&line);
    assert_ok(admin_request_write("status", NULL, &line));
    assert_true(view_equal(buf_view(&line), VIEW_LIT("{\"v\":1,\"command\":\"status\"}\n")));
    assert_ok(admin_request_read((view){line.data, line.len - 1}, &r));
    assert_null(admin_text(r.arguments, "name"));
    json_decref(r.json);
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "1",
        "null",
        "{}",
        "{\"v\":1}",
        "{\"command\":\"status\"}",
        "{\"v\":2,\"command\":\"status\"}",
        "{\"v\":1,\"command\":7}",
        "{\"v\":1,\"command\":\"status\",\"arguments\":[]}",
        "{\"v\":1,\"command\":\"a\",\"command\":\"b\"}",
        "{\"v\":1,\"command\":\"status\"} x",
        "{\"v\":1,\"command\":\"\\u0000\"}",
        "{\"v\":1,\"command\":\"\xff\"}",
        "{\"v\":1,\"command\":\"a\",\"arguments\":{\"x\":[[[[[[[]]]]]]]}}",
    };
    struct admin_request r;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_err(read_text(bad[i], &r), VALUE);
    assert_ok(read_text("{\"v\":1,\"command\":\"a\",\"arguments\":{\"x\":[[[[[[]]]]]]}}", &r));
    json_decref(r.json);
    /* what stands in a text opens nothing */
    assert_ok(read_text("{\"v\":1,\"command\":\"[[[[[[[[[[[[\\\"{{{{{{{{{{\"}", &r));
    json_decref(r.json);
}

static void a_request_of_64_kib_is_too_large(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf line = {0};
    struct admin_request r;
    uint8_t *place;
    assert_ok(buf_append(&line, VIEW_LIT("{\"v\":1,\"command\":\"")));
    size_t begin = line.len, len = ADMIN_REQUEST_MAX - 1 - begin - 2;
    assert_ok(buf_extend(&line, len, &place));
    memset(place, 'x', len);
    assert_ok(buf_append(&line, VIEW_LIT("\"}")));
    assert_ok(admin_request_read(buf_view(&line), &r));
    json_decref(r.json);
    assert_ok(buf_append(&line, VIEW_LIT(" ")));
    assert_err(admin_request_read(buf_view(&line), &r), TOO_LARGE);
}

static void arguments_are_what_the_table_says(void **state)
{
    (void)state;
    static const struct admin_argument table[] = {{"name", ARGUMENT_TEXT, true},
                                                  {"uses", ARGUMENT_NUMBER, false},
                                                  {"all", ARGUMENT_FLAG, false},
                                                  {0}};
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"{\"name\":\"a\"}", NULL},
        {"{\"name\":\"a\",\"uses\":3,\"all\":false}", NULL},
        {"{\"name\":\"a\",\"uses\":null}", NULL},
        {"{}", "name is missing"},
        {"{\"name\":null}", "name is missing"},
        {"{\"name\":1}", "not a value for name"},
        {"{\"name\":\"a\",\"uses\":\"3\"}", "not a value for uses"},
        {"{\"name\":\"a\",\"uses\":-3}", "not a value for uses"},
        {"{\"name\":\"a\",\"uses\":3.5}", "not a value for uses"},
        {"{\"name\":\"a\",\"all\":1}", "not a value for all"},
        {"{\"name\":\"a\",\"more\":1}", "no argument is called \"more\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct failure failure = {0};
        DEFER(json_freep) json_t *arguments = json_loads(rows[i].text, 0, NULL);
        sotto_err err = admin_arguments_check(arguments, table, &failure);
        assert_int_equal(err, rows[i].words == NULL ? SOTTO_OK : SOTTO_E_USAGE);
        assert_string_equal(failure.what, rows[i].words == NULL ? "" : rows[i].words);
    }
    struct failure failure = {0};
    assert_ok(admin_arguments_check(NULL, NULL, &failure));
    assert_err(admin_arguments_check(NULL, table, &failure), USAGE);
}

static void an_answer_says_what_was_found_or_what_is_wrong(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf line = {0};
    DEFER(json_freep) json_t *result = json_pack("{s:i}", "rooms", 7), *read = NULL;
    struct failure failure = {0},
                   told = {.what = "no user \"alcie\"", .guess = "alice", .todo = "x"};
    assert_ok(admin_answer_write(result, &line));
    assert_ok(admin_answer_read((view){line.data, line.len - 1}, &read, &failure));
    assert_int_equal(admin_number(read, "rooms", 0), 7);
    json_decref(read);
    read = NULL;
    buf_reset(&line);
    assert_ok(admin_answer_write(NULL, &line));
    assert_ok(admin_answer_read((view){line.data, line.len - 1}, &read, &failure));
    buf_reset(&line);
    assert_ok(admin_refusal_write(SOTTO_E_NOTFOUND, &told, &line));
    assert_err(admin_answer_read((view){line.data, line.len - 1}, &read, &failure), NOTFOUND);
    assert_memory_equal(&failure, &told, sizeof failure);
    buf_reset(&line);
    assert_ok(admin_refusal_write(SOTTO_E_IO, &(struct failure){0}, &line));
    assert_err(admin_answer_read((view){line.data, line.len - 1}, &read, &failure), IO);
    assert_string_equal(failure.what, sotto_err_text(SOTTO_E_IO));
    buf_reset(&line);
    assert_ok(admin_refusal_write(SOTTO_E_IO, &(struct failure){.what = "not UTF-8: \xff"}, &line));
    assert_err(admin_answer_read((view){line.data, line.len - 1}, &read, &failure), IO);
}

static void what_is_no_answer_is_not_taken(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "{}",
                                      "{\"v\":1,\"ok\":true}",
                                      "{\"v\":1,\"ok\":true,\"result\":[]}",
                                      "{\"v\":1,\"ok\":false}",
                                      "{\"v\":1,\"ok\":1,\"result\":{}}",
                                      "{\"v\":0,\"ok\":true,\"result\":{}}",
                                      "{\"v\":1,\"ok\":false,\"code\":\"E_NONSENSE\"}"};
    json_t *result = NULL;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct failure failure = {0};
        assert_err(admin_answer_read(view_str(bad[i]), &result, &failure), VALUE);
        assert_null(result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_as_it_was_written),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(a_request_of_64_kib_is_too_large),
        cmocka_unit_test(arguments_are_what_the_table_says),
        cmocka_unit_test(an_answer_says_what_was_found_or_what_is_wrong),
        cmocka_unit_test(what_is_no_answer_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
