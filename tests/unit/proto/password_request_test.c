#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    view message = {0};
    TRY(proto_password_request_read(body, &message));
    return proto_password_request_write(request, message, out);
}

static void password_request_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_PASSWORD_REQUEST,
                  "02020000000711616c696365406578616d706c652e6f7267");
}

static void password_request_takes_a_long_address(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_PASSWORD_REQUEST,
                  "020200000007413e6161616161616161616161616161616161616161616161616161616161616161"
                  "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
                  "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
                  "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
                  "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
                  "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
                  "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
                  "61616161616161616161616161616161616161616161616161616161616161616161406578616d70"
                  "6c652e6f7267");
}

static void password_request_without_an_at_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "05616c696365", SOTTO_E_VALUE);
}

static void password_request_with_two_ats_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "056140624063", SOTTO_E_VALUE);
}

static void password_request_with_a_blank_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "056120624063", SOTTO_E_VALUE);
}

static void password_request_with_a_newline_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "096140620a4263633a63", SOTTO_E_VALUE);
}

static void password_request_to_nobody_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0c406578616d706c652e6f7267", SOTTO_E_VALUE);
}

static void password_request_to_nowhere_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "06616c69636540", SOTTO_E_VALUE);
}

static void password_request_that_is_too_long_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "413f6161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
        "6161616161616161616161616161616161616161616161616161616161406578616d706c652e6f72"
        "67",
        SOTTO_E_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(password_request_is_read_and_written),
        cmocka_unit_test(password_request_takes_a_long_address),
        cmocka_unit_test(password_request_without_an_at_is_refused),
        cmocka_unit_test(password_request_with_two_ats_is_refused),
        cmocka_unit_test(password_request_with_a_blank_is_refused),
        cmocka_unit_test(password_request_with_a_newline_is_refused),
        cmocka_unit_test(password_request_to_nobody_is_refused),
        cmocka_unit_test(password_request_to_nowhere_is_refused),
        cmocka_unit_test(password_request_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
