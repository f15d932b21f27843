#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    uint8_t id[PROTO_STREAM_ID];
    TRY(proto_unsubscribe_read(body, id));
    return proto_unsubscribe_write(request, id, out);
}

static void unsubscribe_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_UNSUBSCRIBE, "030d00001234a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsubscribe_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
