#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_state_put message = {0};
    TRY(proto_state_put_read(body, &message));
    return proto_state_put_write(request, &message, out);
}

static void state_put_of_a_snapshot_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_STATE_PUT,
                  "030e00001234a0a1a2a3a4a5a6a7a8a9aaabacadaeaf000000000000000401000000000000000300"
                  "20404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f");
}

static void state_put_of_a_delta_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_STATE_PUT,
                  "030e00001234a0a1a2a3a4a5a6a7a8a9aaabacadaeaf000000000000000402000000000000000302"
                  "646400");
}

static void state_put_of_another_kind_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf000000000000000403000000000000000302646400",
                    SOTTO_E_VALUE);
}

static void state_put_of_nothing_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf00000000000000040100000000000000030000",
                    SOTTO_E_VALUE);
}

static void state_put_with_body_and_blob_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf000000000000000401000000000000000301782040414243"
        "4445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f",
        SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_put_of_a_snapshot_is_read_and_written),
        cmocka_unit_test(state_put_of_a_delta_is_read_and_written),
        cmocka_unit_test(state_put_of_another_kind_is_refused),
        cmocka_unit_test(state_put_of_nothing_is_refused),
        cmocka_unit_test(state_put_with_body_and_blob_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
