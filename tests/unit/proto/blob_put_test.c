#include "message.h"

#include "proto/blob.h"

#define HASH_HEX "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_blob_put message = {0};
    TRY(proto_blob_put_read(body, &message));
    return proto_blob_put_write(request, &message, out);
}

static void blob_put_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_BLOB_PUT, "040000000007" HASH_HEX "0000000006400000");
    message_holds(rewrite, PROTO_BLOB_PUT, "040000000007" HASH_HEX "0001000000000000");
}

static void blob_of_no_bytes_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, HASH_HEX "0000000000000000", SOTTO_E_VALUE);
}

static void blob_whose_size_might_overflow_sums_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, HASH_HEX "0001000000000001", SOTTO_E_VALUE);
    message_refuses(rewrite, HASH_HEX "ffffffffffffffff", SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blob_put_is_read_and_written),
        cmocka_unit_test(blob_of_no_bytes_is_refused),
        cmocka_unit_test(blob_whose_size_might_overflow_sums_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
