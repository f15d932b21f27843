#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_registered message = {0};
    TRY(proto_registered_read(body, &message));
    return proto_registered_write(request, &message, out);
}

static void registered_under_the_root_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_REGISTERED, "0204000000070d076163636f756e7404726f6f74");
}

static void registered_under_an_intermediate_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_REGISTERED,
                  "02040000000714076163636f756e74066d6964646c6504726f6f74");
}

static void registered_with_one_certificate_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "08076163636f756e74", SOTTO_E_VALUE);
}

static void registered_with_four_certificates_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "080161016101610161", SOTTO_E_TOO_LARGE);
}

static void registered_with_an_empty_certificate_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "03016100", SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registered_under_the_root_is_read_and_written),
        cmocka_unit_test(registered_under_an_intermediate_is_read_and_written),
        cmocka_unit_test(registered_with_one_certificate_is_refused),
        cmocka_unit_test(registered_with_four_certificates_is_refused),
        cmocka_unit_test(registered_with_an_empty_certificate_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
