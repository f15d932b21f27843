#include "message.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_room_end_msg message = {0};
    TRY(proto_room_close_read(body, &message));
    return proto_room_close_write(request, &message, out);
}

static void room_close_for_leaving_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_CLOSE, "0108000000050000000701");
}

static void room_close_for_a_wrong_code_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_CLOSE, "0108000000050000000704");
}

static void room_close_with_slot_zero_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0000000001", SOTTO_E_VALUE);
}

static void room_close_cannot_claim_that_the_room_expired(void **state)
{
    (void)state;
    message_refuses(rewrite, "0000000703", SOTTO_E_VALUE);
}

static void room_close_cannot_speak_for_the_server(void **state)
{
    (void)state;
    message_refuses(rewrite, "0000000705", SOTTO_E_VALUE);
}

static sotto_err rewrite_closed(view body, uint32_t request, sotto_buf *out)
{
    struct proto_room_end_msg message = {0};
    TRY(proto_room_closed_read(body, &message));
    (void)request; /* what the server says by itself carries 0 */
    return proto_room_closed_write(&message, out);
}

static void room_closed_has_six_reasons(void **state)
{
    (void)state;
    for (uint8_t reason = 0; reason < 255; reason++) {
        uint8_t body[5] = {0, 0, 0, 7, reason};
        struct proto_room_end_msg end = {0};
        sotto_err wanted = reason >= 1 && reason <= 6 ? SOTTO_OK : SOTTO_E_VALUE;
        assert_int_equal(proto_room_closed_read(VIEW_OF(body), &end), wanted);
    }
}

static void room_closed_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite_closed, PROTO_ROOM_CLOSED, "0109000000000000000702");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_close_for_leaving_is_read_and_written),
        cmocka_unit_test(room_close_for_a_wrong_code_is_read_and_written),
        cmocka_unit_test(room_close_with_slot_zero_is_refused),
        cmocka_unit_test(room_close_cannot_claim_that_the_room_expired),
        cmocka_unit_test(room_close_cannot_speak_for_the_server),
        cmocka_unit_test(room_closed_is_read_and_written),
        cmocka_unit_test(room_closed_has_six_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
