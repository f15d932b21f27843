#include "unit.h"

#include <unistd.h>

#include "mail/settings.h"

static void a_server_is_read_with_its_port(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        bool tls_first;
        uint16_t port;
    } good[] = {
        {"smtps://mail.example.org", "mail.example.org", true, 465},
        {"smtp://mail.example.org", "mail.example.org", false, 587},
        {"smtp://localhost:25", "localhost", false, 25},
        {"smtps://127.0.0.1:65535", "127.0.0.1", true, 65535},
        {"smtps://[::1]", "[::1]", true, 465},
        {"smtp://[2001:db8::1]:2525", "[2001:db8::1]", false, 2525},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct mail_server s;
        assert_ok(mail_server_read(good[i].text, &s));
        assert_string_equal(s.host, good[i].host);
        assert_int_equal(s.tls_first, good[i].tls_first);
        assert_int_equal(s.port, good[i].port);
    }
}

static void what_is_no_server_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "mail.example.org",
        "http://mail.example.org",
        "smtp:/mail.example.org",
        "smtps://",
        "smtps://:465",
        "smtps://mail.example.org:",
        "smtps://mail.example.org:0",
        "smtps://mail.example.org:65536",
        "smtps://mail.example.org:465x",
        "smtps://mail.example.org/",
        "smtps://mail.example.org/x",
        "smtps://user@mail.example.org",
        "smtps://user:secret@mail.example.org",
        "smtps://mail example.org",
        "smtps://mail.example.org\n",
        "smtps://[::1",
        "smtps://[]",
        "smtps://[::1]x",
        "smtps://[::1%eth0]",
        "smtps://-mail.example.org",
        "smtps://%6dail.example.org",
    };
    struct mail_server s;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_err(mail_server_read(bad[i], &s), VALUE);
}

static void what_goes_together_is_set_together(void **state)
{
    (void)state;
    struct failure failure = {0};
    struct mail_settings s = {0};
    assert_ok(mail_settings_check(&s, &failure));
    strcpy(s.server, "smtps://mail.example.org");
    assert_err(mail_settings_check(&s, &failure), CONFIG);
    assert_non_null(strstr(failure.what, "mail.from"));
    strcpy(s.from, "sotto@example.org");
    assert_ok(mail_settings_check(&s, &failure));
    strcpy(s.user, "sotto");
    assert_err(mail_settings_check(&s, &failure), CONFIG);
    assert_non_null(strstr(failure.what, "mail.password_file"));
    strcpy(s.password_file, "/etc/sottod/password");
    assert_ok(mail_settings_check(&s, &failure));
}

static void a_name_without_a_slash_is_a_credential(void **state)
{
    (void)state;
    char path[2 * MAIL_PATH];
    struct failure failure = {0};
    struct mail_settings s = {0};
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_ok(mail_password_path(&s, path, &failure));
    assert_string_equal(path, "");
    strcpy(s.password_file, "/etc/sottod/password");
    assert_ok(mail_password_path(&s, path, &failure));
    assert_string_equal(path, "/etc/sottod/password");
    strcpy(s.password_file, "smtp");
    assert_err(mail_password_path(&s, path, &failure), CONFIG);
    assert_non_null(strstr(failure.todo, "LoadCredential=smtp:"));
    setenv("CREDENTIALS_DIRECTORY", "/run/credentials/sottod.service", 1);
    assert_ok(mail_password_path(&s, path, &failure));
    assert_string_equal(path, "/run/credentials/sottod.service/smtp");
}

static void a_template_comes_from_its_file(void **state)
{
    (void)state;
    char path[] = "/tmp/sotto-template-XXXXXX";
    struct failure failure = {0};
    struct mail_settings s = {0};
    DEFER(letter_template_clear) struct letter_template t = {0};
    int fd = mkstemp(path);
    const char text[] = "Subject: mine\n\n@PASSWORD@\n@HOSTS@\n";
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    snprintf(s.template, sizeof s.template, "%s", path);
    assert_err(mail_template_load(&s, &t, &failure), CONFIG);
    assert_non_null(strstr(failure.what, path));
    assert_non_null(strstr(failure.what, "line 4"));
    assert_string_equal(failure.guess, "HOST");
    assert_int_equal(ftruncate(fd, sizeof text - 1 - 8), 0);
    assert_ok(mail_template_load(&s, &t, &failure));
    assert_true(view_equal(buf_view(&t.subject), VIEW_LIT("mine")));
    close(fd);
    unlink(path);
    assert_err(mail_template_load(&s, &t, &failure), CONFIG);
    assert_non_null(strstr(failure.what, "cannot read mail.template"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_read_with_its_port),
        cmocka_unit_test(what_is_no_server_is_refused),
        cmocka_unit_test(what_goes_together_is_set_together),
        cmocka_unit_test(a_name_without_a_slash_is_a_credential),
        cmocka_unit_test(a_template_comes_from_its_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
