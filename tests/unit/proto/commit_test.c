#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_commit message = {0};
    TRY(proto_commit_read(body, &message));
    return proto_commit_write(request, &message, out);
}

static void commit_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_COMMIT,
                  "0303000012340000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf016804626f6479000264"
                  "650000000000000000054086606162636465666768696a6b6c6d6e6f707172737475767778797a7b"
                  "7c7d7e7f808182838485868788898a8b8c8d8e8f02686900606162636465666768696a6b6c6d6e6f"
                  "707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f0020404142434445"
                  "464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f30606162636465666768696a6b6c"
                  "6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f1011121314"
                  "15161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f");
}

static void commit_in_a_blob_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_COMMIT,
                  "0303000012340000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf01680020404142434445"
                  "464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f0020404142434445464748494a4b"
                  "4c4d4e4f505152535455565758595a5b5c5d5e5f0000000000000005000010111213141516171819"
                  "1a1b1c1d1e1f202122232425262728292a2b2c2d2e2f");
}

static void commit_without_operation_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000000a0a1a2a3a4a5a6a7a8a9aaabacadaeaf016804626f6479000264650000000000"
        "000000054086606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081"
        "82838485868788898a8b8c8d8e8f02686900606162636465666768696a6b6c6d6e6f707172737475"
        "767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f0020404142434445464748494a4b"
        "4c4d4e4f505152535455565758595a5b5c5d5e5f30606162636465666768696a6b6c6d6e6f707172"
        "737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f101112131415161718191a"
        "1b1c1d1e1f202122232425262728292a2b2c2d2e2f",
        SOTTO_E_VALUE);
}

static void commit_without_header_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0004626f647900026465000000000000"
        "0000054086606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182"
        "838485868788898a8b8c8d8e8f02686900606162636465666768696a6b6c6d6e6f70717273747576"
        "7778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f0020404142434445464748494a4b4c"
        "4d4e4f505152535455565758595a5b5c5d5e5f30606162636465666768696a6b6c6d6e6f70717273"
        "7475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f101112131415161718191a1b"
        "1c1d1e1f202122232425262728292a2b2c2d2e2f",
        SOTTO_E_VALUE);
}

static void commit_with_neither_body_nor_blob_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf01680000026465000000000000000005"
        "4086606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485"
        "868788898a8b8c8d8e8f02686900606162636465666768696a6b6c6d6e6f70717273747576777879"
        "7a7b7c7d7e7f808182838485868788898a8b8c8d8e8f0020404142434445464748494a4b4c4d4e4f"
        "505152535455565758595a5b5c5d5e5f30606162636465666768696a6b6c6d6e6f70717273747576"
        "7778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f101112131415161718191a1b1c1d1e"
        "1f202122232425262728292a2b2c2d2e2f",
        SOTTO_E_VALUE);
}

static void commit_with_body_and_blob_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf016804626f6479204041424344454647"
        "48494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f02646500000000000000000540866061"
        "62636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283848586878889"
        "8a8b8c8d8e8f02686900606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d"
        "7e7f808182838485868788898a8b8c8d8e8f0020404142434445464748494a4b4c4d4e4f50515253"
        "5455565758595a5b5c5d5e5f30606162636465666768696a6b6c6d6e6f707172737475767778797a"
        "7b7c7d7e7f808182838485868788898a8b8c8d8e8f101112131415161718191a1b1c1d1e1f202122"
        "232425262728292a2b2c2d2e2f",
        SOTTO_E_VALUE);
}

static void commit_with_two_deltas_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf016804626f6479000264652040414243"
        "4445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f000000000000000540866061"
        "62636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283848586878889"
        "8a8b8c8d8e8f02686900606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d"
        "7e7f808182838485868788898a8b8c8d8e8f0020404142434445464748494a4b4c4d4e4f50515253"
        "5455565758595a5b5c5d5e5f30606162636465666768696a6b6c6d6e6f707172737475767778797a"
        "7b7c7d7e7f808182838485868788898a8b8c8d8e8f101112131415161718191a1b1c1d1e1f202122"
        "232425262728292a2b2c2d2e2f",
        SOTTO_E_VALUE);
}

static void commit_with_a_short_hash_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0168000573686f727402646500000000"
        "00000000054086606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80"
        "8182838485868788898a8b8c8d8e8f02686900606162636465666768696a6b6c6d6e6f7071727374"
        "75767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f0020404142434445464748494a"
        "4b4c4d4e4f505152535455565758595a5b5c5d5e5f30606162636465666768696a6b6c6d6e6f7071"
        "72737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f10111213141516171819"
        "1a1b1c1d1e1f202122232425262728292a2b2c2d2e2f",
        SOTTO_E_VALUE);
}

static void commit_with_two_welcomes_for_one_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf016804626f6479000264650000000000"
        "000000054054606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081"
        "82838485868788898a8b8c8d8e8f02686920404142434445464748494a4b4c4d4e4f505152535455"
        "565758595a5b5c5d5e5f30606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c"
        "7d7e7f808182838485868788898a8b8c8d8e8f101112131415161718191a1b1c1d1e1f2021222324"
        "25262728292a2b2c2d2e2f",
        SOTTO_E_VALUE);
}

static void commit_with_half_a_removal_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0000000000000007a0a1a2a3a4a5a6a7a8a9aaabacadaeaf016804626f6479000264650000000000"
        "000000054086606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081"
        "82838485868788898a8b8c8d8e8f02686900606162636465666768696a6b6c6d6e6f707172737475"
        "767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f0020404142434445464748494a4b"
        "4c4d4e4f505152535455565758595a5b5c5d5e5f20606162636465666768696a6b6c6d6e6f707172"
        "737475767778797a7b7c7d7e7f101112131415161718191a1b1c1d1e1f202122232425262728292a"
        "2b2c2d2e2f",
        SOTTO_E_TRUNCATED);
}

static void commit_with_65_additions_is_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf out = {0};
    sotto_buf list = {0};
    struct proto_commit commit = {.op = 1, .header = VIEW_LIT("h"), .body = VIEW_LIT("b")};
    for (int i = 0; i <= PROTO_COMMIT_ADDS_MAX; i++)
        assert_ok(
            proto_commit_add_add(&(struct proto_commit_add){.welcome = VIEW_LIT("w")}, &list));
    commit.add = (struct proto_list){buf_view(&list), PROTO_COMMIT_ADDS_MAX + 1};
    assert_err(proto_commit_write(1, &commit, &out), TOO_LARGE);
    assert_int_equal(out.len, 0);
    buf_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commit_is_read_and_written),
        cmocka_unit_test(commit_in_a_blob_is_read_and_written),
        cmocka_unit_test(commit_without_operation_is_refused),
        cmocka_unit_test(commit_without_header_is_refused),
        cmocka_unit_test(commit_with_neither_body_nor_blob_is_refused),
        cmocka_unit_test(commit_with_body_and_blob_is_refused),
        cmocka_unit_test(commit_with_two_deltas_is_refused),
        cmocka_unit_test(commit_with_a_short_hash_is_refused),
        cmocka_unit_test(commit_with_two_welcomes_for_one_is_refused),
        cmocka_unit_test(commit_with_half_a_removal_is_refused),
        cmocka_unit_test(commit_with_65_additions_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
