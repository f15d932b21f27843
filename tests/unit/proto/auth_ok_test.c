#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_auth_ok message = {0};
    TRY(proto_auth_ok_read(body, &message));
    return proto_auth_ok_write(request, &message, out);
}

static void auth_ok_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_AUTH_OK,
                  "0201000000070000000000000005404142434445464748494a4b4c4d4e4f0000000000000003c0c1"
                  "c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf00000063010000000065"
                  "00000000000100");
}

static void auth_ok_with_half_a_flag_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000005404142434445464748494a4b4c4d4e4f0000000000000003c0c1c2c3c4c5c6c7"
        "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf00000063020000000065000000000001"
        "00",
        SOTTO_E_VALUE);
}

static void auth_ok_that_allows_no_operation_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000005404142434445464748494a4b4c4d4e4f0000000000000003c0c1c2c3c4c5c6c7"
        "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf00000063010000000065000000000000"
        "00",
        SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auth_ok_is_read_and_written),
        cmocka_unit_test(auth_ok_with_half_a_flag_is_refused),
        cmocka_unit_test(auth_ok_that_allows_no_operation_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
