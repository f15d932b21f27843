#include "message.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_room_opened message = {0};
    TRY(proto_room_opened_read(body, &message));
    return proto_room_opened_write(request, &message, out);
}

static void room_opened_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_OPENED, "0101000000020000000700000258");
}

static void room_opened_with_slot_zero_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0000000000000258", SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_opened_is_read_and_written),
        cmocka_unit_test(room_opened_with_slot_zero_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
