#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    uint8_t id[PROTO_STREAM_ID];
    TRY(proto_streams_read(body, id));
    return proto_streams_write(request, id, out);
}

static void streams_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_STREAMS, "030a00001234a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
