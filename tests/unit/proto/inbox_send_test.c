#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_inbox_send message = {0};
    TRY(proto_inbox_send_read(body, &message));
    return proto_inbox_send_write(request, &message, out);
}

static void inbox_send_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_INBOX_SEND,
                  "0311000012340000000000000007606162636465666768696a6b6c6d6e6f70717273747576777879"
                  "7a7b7c7d7e7f808182838485868788898a8b8c8d8e8f0568656c6c6f");
}

static void inbox_send_without_operation_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000000606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
        "808182838485868788898a8b8c8d8e8f0178",
        SOTTO_E_VALUE);
}

static void inbox_send_without_body_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000007606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
        "808182838485868788898a8b8c8d8e8f00",
        SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inbox_send_is_read_and_written),
        cmocka_unit_test(inbox_send_without_operation_is_refused),
        cmocka_unit_test(inbox_send_without_body_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
