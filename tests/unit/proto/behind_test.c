#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_behind message = {0};
    (void)request;
    TRY(proto_behind_read(body, &message));
    return proto_behind_write(&message, out);
}

static void behind_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_BEHIND,
                  "030900000000a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000005");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behind_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
