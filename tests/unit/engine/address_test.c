#include "unit.h"

#include "engine/address.h"

static void good_addresses_get_one_spelling(void **state)
{
    (void)state;
    const struct {
        const char *text, *host, *spelling;
        uint16_t port;
        bool numeric;
    } good[] = {
        {"127.0.0.1", "127.0.0.1", "127.0.0.1:5000", 5000, true},
        {"127.0.0.1:65535", "127.0.0.1", "127.0.0.1:65535", 65535, true},
        {"Chat.Example.ORG", "chat.example.org", "chat.example.org:5000", 5000, false},
        {"localhost:1", "localhost", "localhost:1", 1, false},
        {"[::1]", "::1", "[::1]:5000", 5000, true},
        {"[FE80::1]:443", "fe80::1", "[fe80::1]:443", 443, true},
        {"2001:db8::7", "2001:db8::7", "[2001:db8::7]:5000", 5000, true},
        {"host:00080", "host", "host:80", 80, false},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct server_address address;
        assert_ok(address_read(good[i].text, &address));
        assert_string_equal(address.host, good[i].host);
        assert_string_equal(address.text, good[i].spelling);
        assert_int_equal(address.port, good[i].port);
        assert_int_equal(address_is_numeric(&address), good[i].numeric);
        assert_ok(address_read(address.text, &address));
        assert_string_equal(address.text, good[i].spelling);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    const char *bad[] = {
        "",     ":",   ":5000", "host:",    "host:0", "host:65536", "host:123456", "host:5x",
        "a b",  "a;b", "$(x)",  "[::1",     "[::1]x", "[::1]:",     "[]",          "-host",
        "höst", "a/b", "a\nb",  "[host]:1", "a:1:x",  "user@host"};
    struct server_address address = {.port = 7};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_err(address_read(bad[i], &address), CONFIG);
    assert_int_equal(address.port, 7);
}

static void names_have_a_longest_length(void **state)
{
    (void)state;
    char text[300];
    struct server_address address;
    memset(text, 'a', sizeof text);
    text[ADDRESS_HOST_MAX] = '\0';
    assert_ok(address_read(text, &address));
    text[ADDRESS_HOST_MAX] = 'a';
    text[ADDRESS_HOST_MAX + 1] = '\0';
    assert_err(address_read(text, &address), CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_get_one_spelling),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(names_have_a_longest_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
