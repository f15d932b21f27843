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
    assert_ok(set(&config, "host", "chat.example.org"));
    assert_string_equal(config.server.host, "chat.example.org");
    assert_err(set(&config, "host", "Chat Example"), CONFIG);
    assert_err(set(&config, "dir", ""), CONFIG);
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

static void proxies_come_in_one_line_or_several(void **state)
{
    (void)state;
    struct config config = config_default();
    assert_ok(set(&config, "proxy_from", "192.0.2.7 10.0.0.0/8\t::1"));
    assert_ok(set(&config, "proxy_from", "2001:db8::/32"));
    assert_int_equal(config.server.proxy_count, 4);
    assert_int_equal(config.server.proxies[1].bits, 8);
    assert_err(set(&config, "proxy_from", "192.0.2.8 nonsense"), CONFIG);
    assert_err(set(&config, "proxy_from", "10.0.0.0/33"), CONFIG);
    assert_err(set(&config, "proxy_from", " "), CONFIG);
    assert_int_equal(config.server.proxy_count, 4);
    for (size_t i = config.server.proxy_count; i < SERVER_PROXIES_MAX; i++)
        assert_ok(set(&config, "proxy_from", "192.0.2.9"));
    assert_err(set(&config, "proxy_from", "192.0.2.9"), CONFIG);
}

static void a_choice_is_one_of_its_words(void **state)
{
    (void)state;
    struct config config = config_default();
    assert_int_equal(config.server.rooms, ROOMS_OPEN);
    assert_ok(set(&config, "rooms", "off"));
    assert_int_equal(config.server.rooms, ROOMS_OFF);
    assert_ok(set(&config, "rooms", "members"));
    assert_int_equal(config.server.rooms, ROOMS_MEMBERS);
    static const char *const bad[] = {"", "|", "of", "offs", "open |", "OPEN", "open | members"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_err(set(&config, "rooms", bad[i]), CONFIG);
    assert_int_equal(config.server.rooms, ROOMS_MEMBERS);
}

static void what_needs_a_new_start_is_told(void **state)
{
    (void)state;
    static struct config before, now; /* large */
    now = before = config_default();
    char names[64];
    assert_ok(set(&now, "rooms", "off"));
    assert_ok(set(&now, "limits.rooms", "7"));
    config_restart(&before, &now, names, sizeof names);
    assert_string_equal(names, "");
    assert_ok(set(&now, "host", "a.example"));
    assert_ok(set(&now, "threads", "2"));
    config_restart(&before, &now, names, sizeof names);
    assert_string_equal(names, "host, threads");
    config_restart(&before, &now, names, 7);
    assert_string_equal(names, "host, ");
}

static void a_file_is_read_section_by_section(void **state)
{
    (void)state;
    struct config config = config_default();
    struct failure failure = {0};
    static const char text[] =
        "\xef\xbb\xbf# the server\n\n dir = /srv/sotto \r\nlisten=0.0.0.0:443\n"
        "  listen = [::1]:443\n\t; comment\n[limits]\r\n"
        "\trooms\t=\t50 ; not many\nping_ms = 7";
    assert_ok(config_read(&config, view_str("[limits]\nrooms = 50"), &failure));
    assert_ok(config_read(&config, view_str(text), &failure));
    assert_string_equal(config.dir, "/srv/sotto");
    assert_int_equal(config.server.listen_count, 2);
    assert_int_equal(config.server.limits.rooms, 50);
    assert_int_equal(config.server.limits.ping_ms, 7);
    assert_ok(config_read(&config, (view){0}, &failure));
    assert_ok(config_read(&config, view_str("limits.rooms = 60"), &failure));
    assert_int_equal(config.server.limits.rooms, 60);
}

static void a_wrong_line_is_named_and_nothing_is_set(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"threads = 2\nwhat is this\n", "neither"},
        {"threads = 2\nnonsense = 1\n", "no setting \"nonsense\""},
        {"threads = 2\nlimits.rooms = x", "not a value for limits.rooms"},
        {"threads = 2\n= 3\n", "no setting \"\""},
        {"threads = 2\nthreads = 3\n", "threads stands in line 1 already"},
        {"[limits]\nthreads = 3\n", "no setting \"limits.threads\""},
        {"threads = 2\n[limits\nnonsense = 1\n", "neither"},
        {"threads = 2\nthis\nnonsense = 1\n", "neither"},
        {"dir = x\n   y\n", "neither"},
        {"dir = x\n   threads = 0\n", "not a value for threads"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config config = config_default();
        struct failure failure = {0};
        assert_err(config_read(&config, view_str(rows[i].text), &failure), CONFIG);
        assert_non_null(strstr(failure.what, "line 2: "));
        assert_non_null(strstr(failure.what, rows[i].words));
        assert_int_equal(config.server.threads, 0);
        assert_string_equal(config.dir, "");
    }
}

static void an_unknown_key_comes_with_the_nearest(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"thread = 2", "threads"},
                                          {"[limits]\nroms = 2", "limits.rooms"},
                                          {"limts.rooms = 2", "limits.rooms"},
                                          {"[limits]\nthreads = 2", "threads"},
                                          {"[mail]\nrecipient = x", "backup.recipient"},
                                          {"nonsense = 1", ""}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config config = config_default();
        struct failure failure = {0};
        assert_err(config_read(&config, view_str(rows[i][0]), &failure), CONFIG);
        assert_string_equal(failure.guess, rows[i][1]);
    }
}

static void a_line_is_not_cut(void **state)
{
    (void)state;
    struct config config = config_default();
    struct failure failure = {0};
    char text[400] = "threads = 2\ndir = /";
    size_t begin = strlen("threads = 2\n"), len = strlen(text);
    memset(text + len, 'x', begin + 199 - len);
    assert_ok(config_read(&config, view_of(text, begin + 199), &failure));
    assert_int_equal(strlen(config.dir), 199 - strlen("dir = "));
    config_reset(&config);
    text[begin + 199] = 'x';
    assert_err(config_read(&config, view_of(text, begin + 200), &failure), CONFIG);
    assert_string_equal(failure.what, "line 2: it is longer than 199 bytes");
    assert_err(config_read(&config, view_of("threads = 2\0", 12), &failure), CONFIG);
    assert_string_equal(failure.what, "line 1: it holds a byte that no text has");
}

/* The file that init writes, as somebody edits it who takes away every comment sign before a key. */
static void the_written_file_says_the_defaults(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf text = {0};
    static struct config config, fresh; /* large for a stack */
    config = fresh = config_default();
    struct failure failure = {0};
    static const struct config_given given[] = {
        {"host", "chat.example.org"}, {"limits.rooms", "7"}, {0}};
    assert_ok(config_write(given, &text));
    assert_ok(config_read(&config, buf_view(&text), &failure));
    assert_string_equal(config.server.host, "chat.example.org");
    assert_int_equal(config.server.limits.rooms, 7);
    struct config_key key;
    for (size_t i = 0; config_key(i, &key); i++) {
        char name[CONFIG_KEY_MAX];
        config_key_name(&key, name);
        config_reset(&config);
        if (key.standard[0] != 0)
            assert_ok(set(&config, name, key.standard));
        if (strcmp(name, "listen") != 0)
            assert_memory_equal(&config, &fresh, sizeof config);
        char line[CONFIG_VALUE_MAX];
        snprintf(line, sizeof line, "\n%s%s = ", strncmp(name, "host", 4) == 0 ? "" : "#",
                 key.name);
        assert_ok(buf_append(&text, view_of("", 1)));
        assert_true(strstr((const char *)text.data, line) != NULL ||
                    strcmp(key.name, "rooms") == 0);
        text.len--;
    }
}

static size_t times(const char *text, const char *words)
{
    size_t count = 0;
    for (; (text = strstr(text, words)) != NULL; text++)
        count++;
    return count;
}

/* What stands above the first one belongs to none: there is no line that would say so further down. */
static void the_written_file_has_each_section_once(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf text = {0};
    const char *section = "";
    size_t sections = 0;
    struct config_key key;
    assert_ok(config_write(&(struct config_given){0}, &text));
    assert_ok(buf_append(&text, view_of("", 1)));
    const char *written = (const char *)text.data;
    for (size_t i = 0; config_key(i, &key); i++) {
        char head[CONFIG_KEY_MAX + 4];
        snprintf(head, sizeof head, "\n[%s]\n", key.section);
        assert_int_equal(times(written, head), key.section[0] != 0);
        sections += strcmp(section, key.section) != 0;
        section = key.section;
    }
    assert_int_equal(times(written, "\n["), sections);
}

/* With the comment sign taken away from all that is a default. */
static void the_written_file_is_read_with_all_defaults_spelled_out(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf text = {0};
    static struct config config, fresh; /* large for a stack */
    static struct config_given given[200];
    static char names[200][CONFIG_KEY_MAX], values[200][CONFIG_VALUE_MAX];
    struct failure failure = {0};
    struct config_key key;
    size_t count = 0;
    for (size_t i = 0; config_key(i, &key); i++) {
        assert_true(count + 1 < COUNT_OF(given));
        if (key.standard[0] == 0)
            continue;
        config_key_name(&key, names[count]);
        snprintf(values[count], sizeof values[count], "%s", key.standard);
        given[count] = (struct config_given){names[count], values[count]};
        count++;
    }
    assert_true(count > 30);
    assert_ok(config_write(given, &text));
    config_reset(&config);
    config_reset(&fresh);
    assert_ok(config_read(&config, buf_view(&text), &failure));
    assert_int_equal(config.server.listen_count, 1);
    assert_ok(config_finish(&fresh, &failure)); /* which listens there, too */
    assert_ok(config_finish(&config, &failure));
    assert_memory_equal(&config, &fresh, sizeof config);
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
        cmocka_unit_test(proxies_come_in_one_line_or_several),
        cmocka_unit_test(a_choice_is_one_of_its_words),
        cmocka_unit_test(what_needs_a_new_start_is_told),
        cmocka_unit_test(a_file_is_read_section_by_section),
        cmocka_unit_test(a_wrong_line_is_named_and_nothing_is_set),
        cmocka_unit_test(an_unknown_key_comes_with_the_nearest),
        cmocka_unit_test(a_line_is_not_cut),
        cmocka_unit_test(the_written_file_says_the_defaults),
        cmocka_unit_test(the_written_file_has_each_section_once),
        cmocka_unit_test(the_written_file_is_read_with_all_defaults_spelled_out),
        cmocka_unit_test(without_a_listener_it_is_port_5000_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
