#include "unit.h"

#include "mail/address.h"

static bool valid(const char *text)
{
    return mail_address_valid(view_str(text));
}

static void an_everyday_address_is_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "alice@example.org",
        "a@b",
        "Alice.Liddell+sotto@mail.example.org",
        "!#$%&'*+-/=?^_`{|}~@example.org",
        "1@1.2",
        "a@xn--bcher-kva.example",
        "alice@127.0.0.1",
    };
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(valid(good[i]));
}

static void what_could_say_more_than_an_address_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "@",
        "alice",
        "alice@",
        "@example.org",
        "alice@@example.org",
        "alice@example@org",
        "alice@example.org\r\nRCPT TO:<bob@example.org>",
        "alice@example.org\n",
        "alice@example.org\r",
        "alice\r\n@example.org",
        "alice@exam\nple.org",
        "alice @example.org",
        "alice@example.org ",
        " alice@example.org",
        "<alice@example.org>",
        "alice@example.org>",
        "alice@example.org,bob@example.org",
        "alice,bob@example.org",
        "\"alice\"@example.org",
        "alice(comment)@example.org",
        "alice@[127.0.0.1]",
        "alice@example.org SIZE=1",
        "alice:bob@example.org",
        "alice;bob@example.org",
        "al\\ice@example.org",
        ".alice@example.org",
        "alice.@example.org",
        "al..ice@example.org",
        "alice@.example.org",
        "alice@example.org.",
        "alice@example..org",
        "alice@-example.org",
        "alice@example-.org",
        "alice@example.-org",
        "alice@exam_ple.org",
        "\xc3\xa4lice@example.org",
        "alice@ex\xc3\xa4mple.org",
        "alice\t@example.org",
        "alice\x7f@example.org",
        "alice%\x01@example.org",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(valid(bad[i]));
    assert_false(mail_address_valid(VIEW_LIT("alice\0@example.org")));
    assert_false(mail_address_valid(VIEW_LIT("alice@example.org\0")));
    assert_false(mail_address_valid((view){0}));
}

static void a_part_has_its_greatest_length(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'a', sizeof text);
    memcpy(text + 64, "@b", 3);
    assert_true(valid(text));
    assert_false(mail_address_valid(
        view_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b", 67)));
    memset(text, 'a', sizeof text);
    text[1] = '@';
    for (size_t i = 65; i < 253; i += 64)
        text[i] = '.';
    text[254] = 0;
    assert_true(valid(text));
    text[254] = 'a';
    text[255] = 0;
    assert_false(valid(text));
    text[65] = 'a';
    text[200] = 0;
    assert_false(valid(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_everyday_address_is_taken),
        cmocka_unit_test(what_could_say_more_than_an_address_is_refused),
        cmocka_unit_test(a_part_has_its_greatest_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
