#include "message.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    uint32_t slot = 0;
    TRY(proto_room_peer_read(body, &slot));
    (void)request; /* what the server says by itself carries 0 */
    return proto_room_peer_write(slot, out);
}

static void room_peer_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_PEER, "01040000000000000007");
}

static void room_peer_with_slot_zero_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "00000000", SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_peer_is_read_and_written),
        cmocka_unit_test(room_peer_with_slot_zero_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
