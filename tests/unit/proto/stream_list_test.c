#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_stream_list message = {0};
    TRY(proto_stream_list_read(body, &message));
    return proto_stream_list_write(request, &message, out);
}

static void stream_list_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_STREAM_LIST,
                  "030b00001234014064a0a1a2a3a4a5a6a7a8a9aaabacadaeaf010000000000000001000000000000"
                  "00020000000000000003000000000000000401a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0100000000"
                  "0000000100000000000000020000000000000003000000000000000401");
}

static void stream_list_may_be_empty(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_STREAM_LIST, "030b000012340000");
}

static void stream_list_with_another_kind_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0032a0a1a2a3a4a5a6a7a8a9aaabacadaeaf03000000000000000100000000000000020000000000"
        "000003000000000000000401",
        SOTTO_E_VALUE);
}

static void stream_list_with_more_than_more_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0200", SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_list_is_read_and_written),
        cmocka_unit_test(stream_list_may_be_empty),
        cmocka_unit_test(stream_list_with_another_kind_is_refused),
        cmocka_unit_test(stream_list_with_more_than_more_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
