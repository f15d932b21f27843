#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_list message = {0};
    TRY(proto_claimed_read(body, &message));
    return proto_claimed_write(request, &message, out);
}

static void claimed_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_CLAIMED,
                  "020e000000074041404142434445464748494a4b4c4d4e4f01077061636b61676540414243444546"
                  "4748494a4b4c4d4e4f0000404142434445464748494a4b4c4d4e4f02046c617374");
}

static void claimed_of_no_device_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_CLAIMED, "020e0000000700");
}

static void claimed_without_a_package_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "12404142434445464748494a4b4c4d4e4f0100", SOTTO_E_VALUE);
}

static void claimed_none_with_a_package_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "13404142434445464748494a4b4c4d4e4f000170", SOTTO_E_VALUE);
}

static void claimed_with_a_fourth_status_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "13404142434445464748494a4b4c4d4e4f030170", SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claimed_is_read_and_written),
        cmocka_unit_test(claimed_of_no_device_is_read_and_written),
        cmocka_unit_test(claimed_without_a_package_is_refused),
        cmocka_unit_test(claimed_none_with_a_package_is_refused),
        cmocka_unit_test(claimed_with_a_fourth_status_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
