#include "message.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_room_join message = {0};
    TRY(proto_room_join_read(body, &message));
    return proto_room_join_write(request, &message, out);
}

static void room_join_of_a_session_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_JOIN, "0102000000030100000007");
}

static void room_join_of_a_lab_room_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_JOIN, "01020000000302ffffffff");
}

static void room_join_with_slot_zero_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0100000000", SOTTO_E_VALUE);
}

static void room_join_of_another_kind_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0300000007", SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_join_of_a_session_is_read_and_written),
        cmocka_unit_test(room_join_of_a_lab_room_is_read_and_written),
        cmocka_unit_test(room_join_with_slot_zero_is_refused),
        cmocka_unit_test(room_join_of_another_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
