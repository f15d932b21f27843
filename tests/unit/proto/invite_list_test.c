#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_list message = {0};
    TRY(proto_invite_list_read(body, &message));
    return proto_invite_list_write(request, &message, out);
}

static void invite_list_is_read_and_written(void **state)
{
    (void)state;
    message_holds(
        rewrite, PROTO_INVITE_LIST,
        "0213000000074070c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
        "000000020000000300000000000003e800000000000007d0c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
        "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf000000020000000300000000000003e800000000000007d0");
}

static void invite_list_of_none_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_INVITE_LIST, "02130000000700");
}

static void invite_with_more_uses_left_than_it_had_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "38c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf00000004000000"
        "0300000000000003e800000000000007d0",
        SOTTO_E_VALUE);
}

static void invite_that_never_had_a_use_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "38c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf00000000000000"
        "0000000000000003e800000000000007d0",
        SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invite_list_is_read_and_written),
        cmocka_unit_test(invite_list_of_none_is_read_and_written),
        cmocka_unit_test(invite_with_more_uses_left_than_it_had_is_refused),
        cmocka_unit_test(invite_that_never_had_a_use_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
