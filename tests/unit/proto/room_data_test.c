#include "message.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_room_data message = {0};
    TRY(proto_room_data_read(body, &message));
    return proto_room_send_write(request, &message, out);
}

static void room_send_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_SEND, "010500000004000000070568656c6c6f");
}

static void room_send_carries_any_byte(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_SEND,
                  "010500000000000000074100000102030405060708090a0b0c0d0e0f101112131415161718191a1b"
                  "1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40414243"
                  "4445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b"
                  "6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f90919293"
                  "9495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babb"
                  "bcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3"
                  "e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
}

static void room_send_with_slot_zero_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "000000000161", SOTTO_E_VALUE);
}

static void room_send_without_data_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0000000700", SOTTO_E_VALUE);
}

static void room_send_over_the_limit_is_refused_by_its_length_alone(void **state)
{
    (void)state;
    message_refuses(rewrite, "000000078000f001", SOTTO_E_TOO_LARGE);
}

static sotto_err rewrite_pushed(view body, uint32_t request, sotto_buf *out)
{
    struct proto_room_data message = {0};
    TRY(proto_room_data_read(body, &message));
    (void)request; /* what the server says by itself carries 0 */
    return proto_room_data_write(&message, out);
}

static void room_data_has_the_same_body_under_its_own_kind(void **state)
{
    (void)state;
    message_holds(rewrite_pushed, PROTO_ROOM_DATA, "010600000000000000070568656c6c6f");
}

static void room_send_of_the_largest_size_fits_into_a_frame(void **state)
{
    (void)state;
    static const uint8_t large[PROTO_ROOM_DATA_MAX + 1];
    DEFER(buf_clear) sotto_buf out = {0};
    struct proto_room_data data = {7, {large, PROTO_ROOM_DATA_MAX}};
    assert_int_equal(proto_room_send_write(1, &data, &out), SOTTO_OK);
    assert_true(out.len <= PROTO_FRAME_MAX);
    struct proto_frame frame = {0};
    struct proto_room_data again = {0};
    assert_int_equal(proto_frame_read(buf_view(&out), &frame), SOTTO_OK);
    assert_int_equal(proto_room_data_read(frame.body, &again), SOTTO_OK);
    assert_true(view_equal(again.data, data.data));
    buf_reset(&out);
    data.data.len++;
    assert_int_equal(proto_room_send_write(1, &data, &out), SOTTO_E_TOO_LARGE);
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_send_is_read_and_written),
        cmocka_unit_test(room_send_carries_any_byte),
        cmocka_unit_test(room_send_with_slot_zero_is_refused),
        cmocka_unit_test(room_send_without_data_is_refused),
        cmocka_unit_test(room_send_over_the_limit_is_refused_by_its_length_alone),
        cmocka_unit_test(room_data_has_the_same_body_under_its_own_kind),
        cmocka_unit_test(room_send_of_the_largest_size_fits_into_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
