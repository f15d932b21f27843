#include "message.h"

static void frame_is_kind_request_and_body(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x01, 0x05, 0xaa, 0xbb, 0xcc, 0xdd, 'b', 'o', 'd', 'y'};
    struct proto_frame frame = {0};
    assert_int_equal(proto_frame_read(VIEW_OF(bytes), &frame), SOTTO_OK);
    assert_int_equal(frame.kind, PROTO_ROOM_SEND);
    assert_int_equal(frame.request, 0xaabbccdd);
    assert_true(view_equal(frame.body, VIEW_LIT("body")));
}

static void frame_shorter_than_its_header_is_refused(void **state)
{
    (void)state;
    const uint8_t bytes[PROTO_HEADER] = {0};
    struct proto_frame frame = {.kind = 77};
    for (size_t len = 0; len < PROTO_HEADER; len++)
        assert_int_equal(proto_frame_read(view_of(bytes, len), &frame), SOTTO_E_TRUNCATED);
    assert_int_equal(frame.kind, 77);
}

static void frame_may_have_an_empty_body(void **state)
{
    (void)state;
    const uint8_t bytes[PROTO_HEADER] = {0xff, 0xff};
    struct proto_frame frame = {0};
    assert_int_equal(proto_frame_read(VIEW_OF(bytes), &frame), SOTTO_OK);
    assert_int_equal(frame.kind, 0xffff);
    assert_int_equal(frame.body.len, 0);
}

static void frame_over_the_limit_is_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[PROTO_FRAME_MAX + 1];
    struct proto_frame frame = {0};
    assert_int_equal(proto_frame_read(view_of(bytes, PROTO_FRAME_MAX), &frame), SOTTO_OK);
    assert_int_equal(proto_frame_read(VIEW_OF(bytes), &frame), SOTTO_E_TOO_LARGE);
}

static void kind_name_is_known_for_each_kind_and_no_other(void **state)
{
    (void)state;
    assert_string_equal(proto_kind_name(0x0001), "hello");
    assert_string_equal(proto_kind_name(0x0109), "room_closed");
    assert_null(proto_kind_name(0));
    assert_null(proto_kind_name(0x010a));
    assert_null(proto_kind_name(0xffff));
}

static void frame_that_does_not_fit_leaves_a_fixed_buffer_as_it_was(void **state)
{
    (void)state;
    uint8_t room[9] = "abc";
    sotto_buf out = BUF_ON(room);
    out.len = 3;
    assert_int_equal(proto_room_peer_write(7, &out), SOTTO_E_TOO_LARGE);
    assert_int_equal(out.len, 3);
    assert_memory_equal(room, "abc", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_is_kind_request_and_body),
        cmocka_unit_test(frame_shorter_than_its_header_is_refused),
        cmocka_unit_test(frame_may_have_an_empty_body),
        cmocka_unit_test(frame_over_the_limit_is_refused),
        cmocka_unit_test(kind_name_is_known_for_each_kind_and_no_other),
        cmocka_unit_test(frame_that_does_not_fit_leaves_a_fixed_buffer_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
