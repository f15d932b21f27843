#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_list message = {0};
    TRY(proto_ack_read(body, &message));
    return proto_ack_write(request, &message, out);
}

static void ack_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ACK,
                  "03070000123430a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000009a0a1a2a3a4a5a6a7a8"
                  "a9aaabacadaeaf0000000000000009");
}

static void ack_of_nothing_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "00", SOTTO_E_VALUE);
}

static void ack_of_half_an_item_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "28a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000009a0a1a2a3a4a5a6a7a8a9aaabacadae"
        "af",
        SOTTO_E_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ack_is_read_and_written),
        cmocka_unit_test(ack_of_nothing_is_refused),
        cmocka_unit_test(ack_of_half_an_item_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
