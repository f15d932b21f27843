#include "unit.h"

#include "net/redact.h"

#define DAY INT64_C(86400)
#define NOW (INT64_C(20000) * DAY)

static void a_name_is_good_for_a_day_and_one_address(void **state)
{
    (void)state;
    struct redact r, other;
    sotto_crypto *c;
    const struct core_address a = {.bytes = {192, 0, 2, 1, [15] = 4}},
                              b = {.bytes = {192, 0, 2, 2, [15] = 4}};
    char first[REDACT_TEXT], text[REDACT_TEXT];
    assert_ok(crypto_new(&c));
    assert_ok(redact_init(&r));
    assert_ok(redact_init(&other));
    redact_address(&r, c, &a, NOW, first);
    assert_int_equal(strlen(first), REDACT_TEXT - 1);
    assert_int_equal(first[0], '#');
    redact_address(&r, c, &a, NOW + DAY - 1, text);
    assert_string_equal(first, text);
    redact_address(&r, c, &b, NOW, text);
    assert_string_not_equal(first, text);
    redact_address(&other, c, &a, NOW, text);
    assert_string_not_equal(first, text);
    redact_address(&r, c, &a, NOW + DAY, text);
    assert_string_not_equal(first, text);
    redact_clear(&r);
    redact_clear(&other);
    crypto_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_name_is_good_for_a_day_and_one_address)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
