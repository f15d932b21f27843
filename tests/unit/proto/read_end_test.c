#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_read_end message = {0};
    TRY(proto_read_end_read(body, &message));
    return proto_read_end_write(request, &message, out);
}

static void read_end_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_READ_END,
                  "030600001234a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000005000000000000000601");
}

static void read_end_that_is_neither_live_nor_not_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000005000000000000000602",
                    SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_end_is_read_and_written),
        cmocka_unit_test(read_end_that_is_neither_live_nor_not_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
