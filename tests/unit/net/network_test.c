#include "unit.h"

#include "net/network.h"

static bool has(const char *network, const char *address)
{
    struct network n;
    struct endpoint a;
    assert_ok(network_read(network, &n));
    assert_ok(endpoint_read(address, &a));
    return network_has(&n, &a);
}

static void an_address_alone_is_itself(void **state)
{
    (void)state;
    assert_true(has("192.0.2.7", "192.0.2.7:1"));
    assert_false(has("192.0.2.7", "192.0.2.6:1"));
    assert_true(has("2001:db8::1", "[2001:db8::1]:9"));
    assert_false(has("2001:db8::1", "[2001:db8::2]:9"));
}

static void the_bits_that_count_are_compared(void **state)
{
    (void)state;
    assert_true(has("10.0.0.0/8", "10.255.1.2:1"));
    assert_false(has("10.0.0.0/8", "11.0.0.0:1"));
    assert_true(has("192.168.128.0/17", "192.168.255.1:1"));
    assert_false(has("192.168.128.0/17", "192.168.127.1:1"));
    assert_true(has("192.0.2.6/31", "192.0.2.7:1"));
    assert_false(has("192.0.2.6/31", "192.0.2.8:1"));
    assert_true(has("0.0.0.0/0", "1.2.3.4:1"));
    assert_true(has("2001:db8::/33", "[2001:db8:7fff::1]:1"));
    assert_false(has("2001:db8::/33", "[2001:db8:8000::1]:1"));
}

static void the_families_have_nothing_in_common(void **state)
{
    (void)state;
    assert_false(has("0.0.0.0/0", "[::1]:1"));
    assert_false(has("::/0", "127.0.0.1:1"));
}

static void what_is_no_network_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "/8",
                                        "10.0.0.0/",
                                        "10.0.0.0/33",
                                        "10.0.0.0/08",
                                        "10.0.0/8",
                                        "10.0.0.0/8/8",
                                        "host",
                                        "::/129",
                                        "[::1]",
                                        "1.2.3.4:5",
                                        "10.0.0.0/ 8",
                                        "10.0.0.0/-1",
                                        "10.0.0.0/1x",
                                        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct network n = {.bits = 77};
        assert_err(network_read(texts[i], &n), VALUE);
        assert_int_equal(n.bits, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_alone_is_itself),
        cmocka_unit_test(the_bits_that_count_are_compared),
        cmocka_unit_test(the_families_have_nothing_in_common),
        cmocka_unit_test(what_is_no_network_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
