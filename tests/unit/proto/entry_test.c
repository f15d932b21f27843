#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_entry message = {0};
    TRY(proto_entry_read(body, &message));
    return proto_entry_write(request, &message, out);
}

static void entry_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ENTRY,
                  "030500001234a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000005000001a3185c50000105"
                  "68656c6c6f");
}

static void entry_without_seq_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf00000000000000000000000000000001010178",
                    SOTTO_E_VALUE);
}

static void entry_without_kind_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf00000000000000010000000000000001000178",
                    SOTTO_E_VALUE);
}

/* --- what the server puts into bodies --- */

static sotto_err commit_rewrite(view bytes, uint32_t request, sotto_buf *out)
{
    struct proto_commit_entry message = {0};
    (void)request;
    TRY(proto_commit_entry_read(bytes, &message));
    return proto_commit_entry_write(&message, out);
}

static sotto_err welcome_rewrite(view bytes, uint32_t request, sotto_buf *out)
{
    struct proto_welcome_entry message = {0};
    (void)request;
    TRY(proto_welcome_entry_read(bytes, &message));
    return proto_welcome_entry_write(&message, out);
}

static sotto_err request_rewrite(view bytes, uint32_t request, sotto_buf *out)
{
    struct proto_request_entry message = {0};
    (void)request;
    TRY(proto_request_entry_read(bytes, &message));
    return proto_request_entry_write(&message, out);
}

static sotto_err lost_rewrite(view bytes, uint32_t request, sotto_buf *out)
{
    uint64_t from = 0;
    (void)request;
    TRY(proto_lost_entry_read(bytes, &from));
    return proto_lost_entry_write(from, out);
}

static void body_holds(rewrite_fn *rewrite_body, const char *hex)
{
    DEFER(buf_clear) sotto_buf bytes = unhex(hex);
    DEFER(buf_clear) sotto_buf again = {0};
    assert_ok(rewrite_body(buf_view(&bytes), 1, &again));
    assert_true(view_equal(buf_view(&again), buf_view(&bytes)));
    message_refuses_truncations(rewrite_body, buf_view(&bytes));
    message_refuses_spare_byte(rewrite_body, buf_view(&bytes));
}

static void bodies_are_read_and_written(void **state)
{
    (void)state;
    body_holds(commit_rewrite, "046865616404626f647900");
    body_holds(welcome_rewrite, "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000009002040414243444546"
                                "4748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f");
    body_holds(request_rewrite, "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80"
                                "8182838485868788898a8b8c8d8e8f0568656c6c6f");
    body_holds(lost_rewrite, "0000000000000009");
}

static void bodies_of_nothing_are_refused(void **state)
{
    (void)state;
    message_refuses(commit_rewrite, "04686561640000", SOTTO_E_VALUE);
    message_refuses(welcome_rewrite, "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf00000000000000090000",
                    SOTTO_E_VALUE);
    message_refuses(lost_rewrite, "0000000000000000", SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entry_is_read_and_written),
        cmocka_unit_test(entry_without_seq_is_refused),
        cmocka_unit_test(entry_without_kind_is_refused),
        cmocka_unit_test(bodies_are_read_and_written),
        cmocka_unit_test(bodies_of_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
