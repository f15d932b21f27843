#include "message.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_error message = {0};
    TRY(proto_error_read(body, &message));
    return proto_error_write(request, &message, out);
}

static void error_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ERROR,
                  "000300000007003c00002ee018736c6f7720646f776e3a20726574727920696e2031322073");
}

static void error_may_carry_a_code_from_the_future(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ERROR, "000300000007ffff0000000000");
}

static void error_may_speak_utf8(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ERROR,
                  "000300000007002800000000116772c3b6c39f657220e282ac20f09d849e");
}

static void error_with_code_zero_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "00000000000000", SOTTO_E_VALUE);
}

static void error_with_broken_utf8_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "00010000000002c080", SOTTO_E_VALUE);
}

static void error_with_a_long_detail_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "00010000000041016161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161",
        SOTTO_E_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_is_read_and_written),
        cmocka_unit_test(error_may_carry_a_code_from_the_future),
        cmocka_unit_test(error_may_speak_utf8),
        cmocka_unit_test(error_with_code_zero_is_refused),
        cmocka_unit_test(error_with_broken_utf8_is_refused),
        cmocka_unit_test(error_with_a_long_detail_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
