#include "message.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_room_open message = {0};
    TRY(proto_room_open_read(body, &message));
    return proto_room_open_write(request, &message, out);
}

static void room_open_of_a_session_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_OPEN, "0100000000020100");
}

static void room_open_of_a_lab_room_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_OPEN,
                  "01000000000202157832353531392d686b64662d61657332353667636d");
}

static void room_open_takes_a_suite_of_sixty_four_bytes(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROOM_OPEN,
                  "0100000000020240407a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a"
                  "7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a");
}

static void room_open_of_another_kind_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0000", SOTTO_E_VALUE);
}

static void room_open_of_a_third_kind_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "030161", SOTTO_E_VALUE);
}

static void room_open_of_a_session_with_a_suite_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "010161", SOTTO_E_VALUE);
}

static void room_open_of_a_lab_room_without_a_suite_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0200", SOTTO_E_VALUE);
}

static void room_open_with_a_capital_in_the_suite_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "02026142", SOTTO_E_VALUE);
}

static void room_open_with_a_newline_in_the_suite_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0202610a", SOTTO_E_VALUE);
}

static void room_open_with_a_long_suite_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "02404161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161616161616161",
        SOTTO_E_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_open_of_a_session_is_read_and_written),
        cmocka_unit_test(room_open_of_a_lab_room_is_read_and_written),
        cmocka_unit_test(room_open_takes_a_suite_of_sixty_four_bytes),
        cmocka_unit_test(room_open_of_another_kind_is_refused),
        cmocka_unit_test(room_open_of_a_third_kind_is_refused),
        cmocka_unit_test(room_open_of_a_session_with_a_suite_is_refused),
        cmocka_unit_test(room_open_of_a_lab_room_without_a_suite_is_refused),
        cmocka_unit_test(room_open_with_a_capital_in_the_suite_is_refused),
        cmocka_unit_test(room_open_with_a_newline_in_the_suite_is_refused),
        cmocka_unit_test(room_open_with_a_long_suite_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
