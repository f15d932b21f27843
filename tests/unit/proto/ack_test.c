#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_list message = {0};
    TRY(proto_ack_read(body, &message));
    return proto_ack_write(request, &message, out);
}

static void ack_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ACK,
                  "03070000123430a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000009a0a1a2a3a4a5a6a7a8"
                  "a9aaabacadaeaf0000000000000009");
}

static void ack_of_nothing_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "00", SOTTO_E_VALUE);
}

static void ack_of_half_an_item_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "28a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000000000009a0a1a2a3a4a5a6a7a8a9aaabacadae"
        "af",
        SOTTO_E_TRUNCATED);
}

static void ack_of_too_many_items_is_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf items = {0}, body = {0}, frame = {0};
    const struct proto_ack_item item = {.seq = 1};
    for (size_t count = 1; count <= PROTO_ACKS_MAX + 1; count++)
        assert_ok(proto_ack_add(&item, &items));
    struct wr w = wr_to(&body);
    wr_opaque(&w, buf_view(&items));
    assert_ok(wr_end(&w));
    struct proto_list acks = {0};
    assert_err(proto_ack_read(buf_view(&body), &acks), TOO_LARGE);
    acks = (struct proto_list){buf_view(&items), PROTO_ACKS_MAX + 1};
    assert_err(proto_ack_write(1, &acks, &frame), TOO_LARGE);
    acks = (struct proto_list){view_of(items.data, items.len / acks.count * PROTO_ACKS_MAX),
                               PROTO_ACKS_MAX};
    assert_ok(proto_ack_write(1, &acks, &frame));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ack_is_read_and_written),
        cmocka_unit_test(ack_of_nothing_is_refused),
        cmocka_unit_test(ack_of_half_an_item_is_refused),
        cmocka_unit_test(ack_of_too_many_items_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
