#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_invite_create message = {0};
    TRY(proto_invite_create_read(body, &message));
    return proto_invite_create_write(request, &message, out);
}

static void invite_create_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_INVITE_CREATE,
                  "021000000007c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf0000"
                  "000300093a8002");
}

static void invite_for_nobody_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf0000000000093a80"
        "02",
        SOTTO_E_VALUE);
}

static void invite_that_is_over_at_once_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf0000000300000000"
        "02",
        SOTTO_E_VALUE);
}

static void invite_of_kind_zero_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf0000000300000009"
        "00",
        SOTTO_E_VALUE);
}

static void invite_of_a_fourth_kind_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf0000000300000009"
        "04",
        SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invite_create_is_read_and_written),
        cmocka_unit_test(invite_for_nobody_is_refused),
        cmocka_unit_test(invite_that_is_over_at_once_is_refused),
        cmocka_unit_test(invite_of_kind_zero_is_refused),
        cmocka_unit_test(invite_of_a_fourth_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
