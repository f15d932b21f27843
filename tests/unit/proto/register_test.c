#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_register message = {0};
    TRY(proto_register_read(body, &message));
    return proto_register_write(request, &message, out);
}

static void register_with_a_link_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_REGISTER,
                  "0203000000070120c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
                  "000767656e657369730772657175657374046c6973740b6365727469666963617465");
}

static void register_with_a_password_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_REGISTER,
                  "020300000007020a41424344454647483233036140620767656e657369730772657175657374046c"
                  "6973740b6365727469666963617465");
}

static void register_without_invite_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_REGISTER,
                  "0203000000070000000767656e657369730772657175657374046c6973740b636572746966696361"
                  "7465");
}

static void register_by_a_fourth_way_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "0300000767656e657369730772657175657374046c6973740b6365727469666963617465",
                    SOTTO_E_VALUE);
}

static void register_with_a_short_token_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "011fc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcddde000767656e6573"
        "69730772657175657374046c6973740b6365727469666963617465",
        SOTTO_E_VALUE);
}

static void register_with_a_link_and_a_mail_address_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0120c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf036140620767"
        "656e657369730772657175657374046c6973740b6365727469666963617465",
        SOTTO_E_VALUE);
}

static void register_with_a_long_password_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "020b4142434445464748323334036140620767656e657369730772657175657374046c6973740b63"
        "65727469666963617465",
        SOTTO_E_VALUE);
}

static void register_with_a_password_for_nobody_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "020a41424344454647483233000767656e657369730772657175657374046c6973740b6365727469"
        "666963617465",
        SOTTO_E_VALUE);
}

static void register_with_a_needless_secret_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "000178000767656e657369730772657175657374046c6973740b6365727469666963617465",
                    SOTTO_E_VALUE);
}

static void register_without_a_certificate_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0000000767656e657369730772657175657374046c69737400", SOTTO_E_VALUE);
}

static void register_with_an_endless_secret_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "01404178787878787878787878787878787878787878787878787878787878787878787878787878"
        "78787878787878787878787878787878787878787878787878787878000767656e65736973077265"
        "7175657374046c6973740b6365727469666963617465",
        SOTTO_E_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(register_with_a_link_is_read_and_written),
        cmocka_unit_test(register_with_a_password_is_read_and_written),
        cmocka_unit_test(register_without_invite_is_read_and_written),
        cmocka_unit_test(register_by_a_fourth_way_is_refused),
        cmocka_unit_test(register_with_a_short_token_is_refused),
        cmocka_unit_test(register_with_a_link_and_a_mail_address_is_refused),
        cmocka_unit_test(register_with_a_long_password_is_refused),
        cmocka_unit_test(register_with_a_password_for_nobody_is_refused),
        cmocka_unit_test(register_with_a_needless_secret_is_refused),
        cmocka_unit_test(register_without_a_certificate_is_refused),
        cmocka_unit_test(register_with_an_endless_secret_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
