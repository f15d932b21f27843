#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_stream_create message = {0};
    TRY(proto_stream_create_read(body, &message));
    return proto_stream_create_write(request, &message, out);
}

static void stream_create_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_STREAM_CREATE,
                  "0300000012340000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf10111213141516171819"
                  "1a1b1c1d1e1f202122232425262728292a2b2c2d2e2f");
}

static void stream_create_without_operation_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000000a0a1a2a3a4a5a6a7a8a9aaabacadaeaf101112131415161718191a1b1c1d1e1f"
        "202122232425262728292a2b2c2d2e2f",
        SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_create_is_read_and_written),
        cmocka_unit_test(stream_create_without_operation_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
