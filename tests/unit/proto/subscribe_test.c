#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_subscribe message = {0};
    TRY(proto_subscribe_read(body, &message));
    return proto_subscribe_write(request, &message, out);
}

static void subscribe_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_SUBSCRIBE,
                  "030c000012340000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf20404142434445464748"
                  "494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f");
}

static void subscribe_without_operation_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000000a0a1a2a3a4a5a6a7a8a9aaabacadaeaf20404142434445464748494a4b4c4d4e"
        "4f505152535455565758595a5b5c5d5e5f",
        SOTTO_E_VALUE);
}

static void subscribe_without_token_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf00", SOTTO_E_VALUE);
}

static void subscribe_with_a_long_token_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf40417878787878787878787878787878"
        "78787878787878787878787878787878787878787878787878787878787878787878787878787878"
        "7878787878787878787878",
        SOTTO_E_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subscribe_is_read_and_written),
        cmocka_unit_test(subscribe_without_operation_is_refused),
        cmocka_unit_test(subscribe_without_token_is_refused),
        cmocka_unit_test(subscribe_with_a_long_token_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
