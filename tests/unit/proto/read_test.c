#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_read message = {0};
    TRY(proto_read_read(body, &message));
    return proto_read_write(request, &message, out);
}

static void read_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_READ,
                  "030400001234a0a1a2a3a4a5a6a7a8a9aaabacadaeaf000000000000000500010000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
