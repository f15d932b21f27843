#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_state_get message = {0};
    TRY(proto_state_get_read(body, &message));
    return proto_state_get_write(request, &message, out);
}

static void state_get_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_STATE_GET,
                  "030f00001234a0a1a2a3a4a5a6a7a8a9aaabacadaeaf000000000000000000");
}

static void state_get_by_token_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_STATE_GET,
                  "030f00001234a0a1a2a3a4a5a6a7a8a9aaabacadaeaf20404142434445464748494a4b4c4d4e4f50"
                  "5152535455565758595a5b5c5d5e5f0000000000000005");
}

static void state_get_with_a_long_token_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf404178787878787878787878787878787878787878787878"
        "78787878787878787878787878787878787878787878787878787878787878787878787878787878"
        "7878780000000000000000",
        SOTTO_E_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_get_is_read_and_written),
        cmocka_unit_test(state_get_by_token_is_read_and_written),
        cmocka_unit_test(state_get_with_a_long_token_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
