#include "message.h"

#include "proto/blob.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_blob_get message = {0};
    TRY(proto_blob_get_read(body, &message));
    return proto_blob_get_write(request, &message, out);
}

static void blob_get_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_BLOB_GET,
                  "040200000007"
                  "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blob_get_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
