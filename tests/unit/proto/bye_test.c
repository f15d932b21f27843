#include "message.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_error message = {0};
    TRY(proto_bye_read(body, &message));
    (void)request; /* what the server says by itself carries 0 */
    return proto_bye_write(&message, out);
}

static void bye_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_BYE,
                  "000500000000003c00002ee018736c6f7720646f776e3a20726574727920696e2031322073");
}

static void bye_may_carry_a_code_from_the_future(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_BYE, "000500000000ffff0000000000");
}

static void bye_may_speak_utf8(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_BYE,
                  "000500000000002800000000116772c3b6c39f657220e282ac20f09d849e");
}

static void bye_with_code_zero_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "00000000000000", SOTTO_E_VALUE);
}

static void bye_with_broken_utf8_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "00010000000002c080", SOTTO_E_VALUE);
}

static void bye_with_a_long_detail_is_refused(void **state)
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
        cmocka_unit_test(bye_is_read_and_written),
        cmocka_unit_test(bye_may_carry_a_code_from_the_future),
        cmocka_unit_test(bye_may_speak_utf8),
        cmocka_unit_test(bye_with_code_zero_is_refused),
        cmocka_unit_test(bye_with_broken_utf8_is_refused),
        cmocka_unit_test(bye_with_a_long_detail_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
