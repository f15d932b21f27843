#include "message.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_room_joined message = {0};
    TRY(proto_room_joined_read(body, &message));
    return proto_room_joined_write(request, &message, out);
}

static void room_joined_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_JOINED, "0103000000030000000700");
}

static void room_joined_carries_a_suite(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_JOINED,
                  "01030000000300000007126d6f6470323034382d61657332353667636d");
}

static void room_joined_with_slot_zero_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0000000000", SOTTO_E_VALUE);
}

static void room_joined_with_a_space_in_the_suite_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0000000703612062", SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_joined_is_read_and_written),
        cmocka_unit_test(room_joined_carries_a_suite),
        cmocka_unit_test(room_joined_with_slot_zero_is_refused),
        cmocka_unit_test(room_joined_with_a_space_in_the_suite_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
