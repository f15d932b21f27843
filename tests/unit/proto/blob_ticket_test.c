#include "message.h"

#include "proto/blob.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_blob_ticket message = {0};
    TRY(proto_blob_ticket_read(body, &message));
    return proto_blob_ticket_write(request, &message, out);
}

static void blob_ticket_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_BLOB_TICKET,
                  "0401000000070374636b0000000000001000000000006b49e010");
}

static void ticket_of_no_bytes_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "000000000000001000000000006b49e010", SOTTO_E_VALUE);
}

static void ticket_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[BLOB_TICKET_MAX + 1];
    DEFER(buf_clear) sotto_buf body = {0}, out = {0};
    struct wr w = wr_to(&body);
    wr_opaque(&w, VIEW_OF(bytes));
    wr_u64(&w, 0);
    wr_u64(&w, 0);
    assert_int_equal(wr_end(&w), SOTTO_OK);
    message_refused(rewrite, buf_view(&body), SOTTO_E_TOO_LARGE);
    const struct proto_blob_ticket ticket = {.ticket = VIEW_OF(bytes)};
    assert_int_equal(proto_blob_ticket_write(1, &ticket, &out), SOTTO_E_TOO_LARGE);
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blob_ticket_is_read_and_written),
        cmocka_unit_test(ticket_of_no_bytes_is_refused),
        cmocka_unit_test(ticket_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
