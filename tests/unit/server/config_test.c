#include "unit.h"

#include "config.h"

static sotto_err set(struct config *config, const char *key, const char *value)
{
    struct failure failure = {0};
    sotto_err err = config_set(config, view_str(key), view_str(value), &failure);
    assert_int_equal(err != SOTTO_OK, failure.what[0] != 0);
    return err;
}

static void each_limit_is_a_key(void **state)
{
    (void)state;
    struct config config = config_default();
    unsigned count;
    const struct limit_row *table = limits_table(&count);
    for (unsigned i = 0; i < count; i++) {
        char key[64];
        snprintf(key, sizeof key, "limits.%s", table[i].name);
        assert_int_equal(*limits_find(&config.server.limits, table[i].name), table[i].value);
        assert_ok(set(&config, key, "77"));
        assert_int_equal(*limits_find(&config.server.limits, table[i].name), 77);
        assert_err(set(&config, key, "0"), CONFIG);
        assert_err(set(&config, key, "-1"), CONFIG);
        assert_err(set(&config, key, "1x"), CONFIG);
        assert_err(set(&config, key, ""), CONFIG);
        assert_err(set(&config, key, "99999999999999999999"), CONFIG);
        assert_int_equal(*limits_find(&config.server.limits, table[i].name), 77);
    }
}

static void a_limit_cannot_be_more_than_the_code_takes(void **state)
{
    (void)state;
    struct config config = config_default();
    assert_ok(set(&config, "limits.frame_bytes", "65536"));
    assert_err(set(&config, "limits.frame_bytes", "65537"), CONFIG);
    assert_err(set(&config, "limits.frame_bytes", "63"), CONFIG);
    assert_ok(set(&config, "limits.head_bytes", "8192"));
    assert_err(set(&config, "limits.head_bytes", "8193"), CONFIG);
}

static void every_key_of_the_table_can_be_set(void **state)
{
    (void)state;
    struct config config = config_default();
    assert_ok(set(&config, "dir", "/var/lib/sottod"));
    assert_ok(set(&config, "listen", "127.0.0.1:5000"));
    assert_ok(set(&config, "listen", "[::1]:5000"));
    assert_ok(set(&config, "threads", "3"));
    assert_ok(set(&config, "metrics", "9000"));
    assert_string_equal(config.dir, "/var/lib/sottod");
    assert_int_equal(config.server.listen_count, 2);
    assert_int_equal(config.server.threads, 3);
    assert_int_equal(config.server.metrics_port, 9000);
    assert_err(set(&config, "nonsense", "1"), CONFIG);
    assert_err(set(&config, "limits.", "1"), CONFIG);
    assert_err(set(&config, "limits.nonsense", "1"), CONFIG);
    assert_err(set(&config, "threads", "65"), CONFIG);
    assert_err(set(&config, "metrics", "0"), CONFIG);
    for (size_t i = config.server.listen_count; i < SERVER_LISTEN_MAX; i++)
        assert_ok(set(&config, "listen", "127.0.0.1:1"));
    assert_err(set(&config, "listen", "127.0.0.1:1"), CONFIG);
}

static void a_file_is_read_line_by_line(void **state)
{
    (void)state;
    struct config config = config_default();
    struct failure failure = {0};
    static const char text[] =
        "# the server\n\n dir = /srv/sotto \r\nlisten=0.0.0.0:443\n\t# limits\nlimits.rooms\t=\t50";
    assert_ok(config_read(&config, view_str(text), &failure));
    assert_string_equal(config.dir, "/srv/sotto");
    assert_int_equal(config.server.listen_count, 1);
    assert_int_equal(config.server.limits.rooms, 50);
}

static void a_wrong_line_is_named_and_nothing_is_set(void **state)
{
    (void)state;
    static const char *const texts[] = {"threads = 2\nwhat is this\n",
                                        "threads = 2\nnonsense = 1\n",
                                        "threads = 2\nlimits.rooms = x", "threads = 2\n= 3\n"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct config config = config_default();
        struct failure failure = {0};
        assert_err(config_read(&config, view_str(texts[i]), &failure), CONFIG);
        assert_non_null(strstr(failure.what, "line 2: "));
        assert_int_equal(config.server.threads, 0);
    }
}

static void limits_go_off_only_on_loopback(void **state)
{
    (void)state;
    struct failure failure = {0};
    struct config config = config_default();
    config.no_limits = true;
    assert_err(config_finish(&config, &failure), CONFIG); /* the default is every address */
    config = config_default();
    config.no_limits = true;
    assert_ok(set(&config, "listen", "127.0.0.1:5000"));
    assert_ok(set(&config, "listen", "[::1]:5000"));
    assert_ok(config_finish(&config, &failure));
    unsigned count;
    const struct limit_row *table = limits_table(&count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(*limits_find(&config.server.limits, table[i].name), 0);
    config = config_default();
    config.no_limits = true;
    assert_ok(set(&config, "listen", "127.0.0.1:5000"));
    assert_ok(set(&config, "listen", "192.0.2.1:5000"));
    assert_err(config_finish(&config, &failure), CONFIG);
}

static void without_a_listener_it_is_port_5000_everywhere(void **state)
{
    (void)state;
    struct failure failure = {0};
    struct config config = config_default();
    char text[ENDPOINT_TEXT];
    assert_ok(config_finish(&config, &failure));
    assert_int_equal(config.server.listen_count, 1);
    endpoint_write(&config.server.listen[0], text);
    assert_string_equal(text, "0.0.0.0:5000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_limit_is_a_key),
        cmocka_unit_test(a_limit_cannot_be_more_than_the_code_takes),
        cmocka_unit_test(every_key_of_the_table_can_be_set),
        cmocka_unit_test(a_file_is_read_line_by_line),
        cmocka_unit_test(a_wrong_line_is_named_and_nothing_is_set),
        cmocka_unit_test(limits_go_off_only_on_loopback),
        cmocka_unit_test(without_a_listener_it_is_port_5000_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
