#include "unit.h"

#include <ctype.h>

static const sotto_err codes[] = {
#define CODE(name, code, class, sentence) SOTTO_E_##name,
    SOTTO_ERRORS(CODE)
#undef CODE
};

static void names_and_codes_are_unique_and_fit_the_wire(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        assert_in_range(codes[i], 1, UINT16_MAX);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(codes[i], codes[j]);
            assert_string_not_equal(sotto_err_name(codes[i]), sotto_err_name(codes[j]));
        }
    }
}

static void sentences_are_lower_case_without_full_stop(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        const char *text = sotto_err_text(codes[i]);
        assert_true(strlen(text) > 0);
        assert_int_not_equal(text[strlen(text) - 1], '.');
        assert_true(islower((unsigned char)text[0]) || isupper((unsigned char)text[1]) ||
                    text[1] == ' ' || strncmp(text, "HTTP", 4) == 0 ||
                    strncmp(text, "WebSocket", 9) == 0);
        assert_memory_equal(sotto_err_name(codes[i]), "E_", 2);
        assert_int_not_equal(sotto_err_class_of(codes[i]), SOTTO_CLASS_NONE);
    }
}

static void known_and_unknown_codes(void **state)
{
    (void)state;
    assert_string_equal(sotto_err_name(SOTTO_OK), "OK");
    assert_string_equal(sotto_err_name(SOTTO_E_RATE), "E_RATE");
    assert_string_equal(sotto_err_name((sotto_err)9999), "E_UNKNOWN");
    assert_string_equal(sotto_err_text(SOTTO_E_RATE), "slow down");
    assert_non_null(sotto_err_text((sotto_err)9999));
    assert_int_equal(sotto_err_class_of(SOTTO_OK), SOTTO_CLASS_NONE);
    assert_int_equal(sotto_err_class_of(SOTTO_E_RATE), SOTTO_CLASS_LIMIT);
    assert_int_equal(sotto_err_class_of((sotto_err)9999), SOTTO_CLASS_WIRE);
}

/* A peer of another version relies on these numbers. */
static void numbers_on_the_wire_stay(void **state)
{
    (void)state;
    assert_int_equal(SOTTO_E_TRUNCATED, 1);
    assert_int_equal(SOTTO_E_DECRYPT, 20);
    assert_int_equal(SOTTO_E_CLOSED, 40);
    assert_int_equal(SOTTO_E_RATE, 60);
    assert_int_equal(SOTTO_E_USAGE, 80);
    assert_int_equal(SOTTO_E_NET, 100);
    assert_int_equal(SOTTO_E_NOMEM, 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_codes_are_unique_and_fit_the_wire),
        cmocka_unit_test(sentences_are_lower_case_without_full_stop),
        cmocka_unit_test(known_and_unknown_codes),
        cmocka_unit_test(numbers_on_the_wire_stay),
    };
    return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
