#include "form.h"

/* By another program. */
#define NUMBER "13285 84466 50119 38589 68277 74540 32664 32218 90961 27777 50530 16280"

static void both_sides_see_the_same_number(void **state)
{
    uint8_t alice[ACCOUNT_ID], bob[ACCOUNT_ID];
    char text[SAFETY_NUMBER_TEXT];
    memset(alice, 0xaa, sizeof alice);
    memset(bob, 0xbb, sizeof bob);
    assert_ok(safety_number(*state, alice, bob, text));
    assert_string_equal(text, NUMBER);
    assert_ok(safety_number(*state, bob, alice, text));
    assert_string_equal(text, NUMBER);
    assert_int_equal(sizeof NUMBER, SAFETY_NUMBER_TEXT);
}

static void another_account_has_another_number(void **state)
{
    uint8_t alice[ACCOUNT_ID], bob[ACCOUNT_ID];
    char text[SAFETY_NUMBER_TEXT];
    memset(alice, 0xaa, sizeof alice);
    memset(bob, 0xbb, sizeof bob);
    bob[31] ^= 1;
    assert_ok(safety_number(*state, alice, bob, text));
    assert_string_not_equal(text, NUMBER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_see_the_same_number),
        cmocka_unit_test(another_account_has_another_number),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
