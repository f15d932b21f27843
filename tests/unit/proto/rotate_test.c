#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_rotate message = {0};
    TRY(proto_rotate_read(body, &message));
    return proto_rotate_write(request, &message, out);
}

static void rotate_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROTATE,
                  "02060000000708726f746174696f6e046c69737408036f6e650374776f");
}

static void rotate_without_certificates_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ROTATE, "02060000000708726f746174696f6e046c69737400");
}

static void rotate_without_a_rotation_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "00046c69737404036f6e65", SOTTO_E_VALUE);
}

static void rotate_without_a_list_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "08726f746174696f6e0004036f6e65", SOTTO_E_VALUE);
}

static void rotate_with_too_many_certificates_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0172016c408201630163016301630163016301630163016301630163016301630163016301630163"
        "01630163016301630163016301630163016301630163016301630163016301630163016301630163"
        "01630163016301630163016301630163016301630163016301630163016301630163016301630163"
        "01630163016301630163016301630163",
        SOTTO_E_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rotate_is_read_and_written),
        cmocka_unit_test(rotate_without_certificates_is_read_and_written),
        cmocka_unit_test(rotate_without_a_rotation_is_refused),
        cmocka_unit_test(rotate_without_a_list_is_refused),
        cmocka_unit_test(rotate_with_too_many_certificates_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
