#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_append message = {0};
    TRY(proto_append_read(body, &message));
    return proto_append_write(request, &message, out);
}

static void append_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_APPEND,
                  "0301000012340000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf00000000000000030105"
                  "68656c6c6f");
}

static void append_of_a_readd_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_APPEND,
                  "0301000012340000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf00000000000000030402"
                  "6b70");
}

static void append_without_operation_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "0000000000000000a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000003010178",
                    SOTTO_E_VALUE);
}

static void append_of_a_commit_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000003020178",
                    SOTTO_E_VALUE);
}

static void append_of_a_notice_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000003070178",
                    SOTTO_E_VALUE);
}

static void append_of_kind_zero_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000003000178",
                    SOTTO_E_VALUE);
}

static void append_without_body_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf00000000000000030100",
                    SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_is_read_and_written),
        cmocka_unit_test(append_of_a_readd_is_read_and_written),
        cmocka_unit_test(append_without_operation_is_refused),
        cmocka_unit_test(append_of_a_commit_is_refused),
        cmocka_unit_test(append_of_a_notice_is_refused),
        cmocka_unit_test(append_of_kind_zero_is_refused),
        cmocka_unit_test(append_without_body_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
