#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_headers message = {0};
    TRY(proto_headers_read(body, &message));
    return proto_headers_write(request, &message, out);
}

static void headers_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_HEADERS,
                  "031200001234a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000005");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
