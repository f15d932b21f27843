#include "unit.h"

#include "net/endpoint.h"

static void an_address_is_written_as_it_was_read(void **state)
{
    (void)state;
    static const char *const texts[] = {"1.2.3.4:5000", "0.0.0.0:0", "255.255.255.255:65535",
                                        "[::]:1", "[2001:db8::1]:5000"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct endpoint a;
        char text[ENDPOINT_TEXT];
        assert_ok(endpoint_read(texts[i], &a));
        endpoint_write(&a, text);
        assert_string_equal(text, texts[i]);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",           ":",          ":5000",       "1.2.3.4",    "1.2.3.4:",      "1.2.3.4:65536",
        "1.2.3.4:-1", "1.2.3.4: 1", "1.2.3:5000",  "host:5000",  "::1:5000",      "[::1]5000",
        "[::1:5000",  "[]:5000",    "[1.2.3.4]:1", "1.2.3.4:0x", "1.2.3.4:000000"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct endpoint a = {.len = 77};
        assert_err(endpoint_read(texts[i], &a), VALUE);
        assert_int_equal(a.len, 77);
    }
}

static void loopback_is_all_of_127_and_one_of_ipv6(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool loopback;
    } cases[] = {{"127.0.0.1:1", true},          {"127.9.9.9:1", true},  {"[::1]:1", true},
                 {"0.0.0.0:1", false},           {"128.0.0.1:1", false}, {"[::]:1", false},
                 {"[::ffff:127.0.0.1]:1", false}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct endpoint a;
        assert_ok(endpoint_read(cases[i].text, &a));
        assert_int_equal(endpoint_is_loopback(&a), cases[i].loopback);
    }
}

static struct core_address person(const char *text)
{
    struct endpoint a;
    assert_ok(endpoint_read(text, &a));
    return endpoint_person(&a);
}

static bool same(struct core_address a, struct core_address b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void a_person_is_an_ipv4_address_or_a_56_of_ipv6(void **state)
{
    (void)state;
    assert_true(same(person("1.2.3.4:1"), person("1.2.3.4:2")));
    assert_false(same(person("1.2.3.4:1"), person("1.2.3.5:1")));
    assert_true(same(person("[2001:db8:0:1::1]:1"), person("[2001:db8:0:ff:1234::9]:1")));
    assert_false(same(person("[2001:db8:0:1::1]:1"), person("[2001:db8:0:100::1]:1")));
}

static void an_ipv6_prefix_cannot_pose_as_an_ipv4_address(void **state)
{
    (void)state;
    assert_false(same(person("32.1.13.184:1"), person("[2001:db8::]:1")));
}

static void an_ipv4_address_that_is_mapped_into_ipv6_is_the_same_person(void **state)
{
    (void)state;
    assert_true(same(person("[::ffff:203.0.113.7]:1"), person("203.0.113.7:1")));
    assert_false(same(person("[::ffff:203.0.113.7]:1"), person("[::ffff:203.0.113.8]:1")));
    assert_true(same(person("[::203.0.113.7]:1"), person("[::203.0.113.8]:1"))); /* it is none */
}

static void a_network_is_a_24_or_the_same_56(void **state)
{
    (void)state;
    struct core_address a = person("1.2.3.4:1"), b = person("1.2.3.200:1"), c = person("1.2.4.4:1"),
                        d = person("[2001:db8::1]:1");
    assert_true(same(endpoint_network(&a), endpoint_network(&b)));
    assert_false(same(endpoint_network(&a), endpoint_network(&c)));
    assert_true(same(endpoint_network(&d), d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_written_as_it_was_read),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(loopback_is_all_of_127_and_one_of_ipv6),
        cmocka_unit_test(a_person_is_an_ipv4_address_or_a_56_of_ipv6),
        cmocka_unit_test(an_ipv6_prefix_cannot_pose_as_an_ipv4_address),
        cmocka_unit_test(an_ipv4_address_that_is_mapped_into_ipv6_is_the_same_person),
        cmocka_unit_test(a_network_is_a_24_or_the_same_56),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
