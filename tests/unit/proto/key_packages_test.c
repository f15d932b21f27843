#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_key_packages message = {0};
    TRY(proto_key_packages_read(body, &message));
    return proto_key_packages_write(request, &message, out);
}

static void key_packages_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_KEY_PACKAGES, "020c000000070000002a01");
}

static void key_packages_with_half_a_flag_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0000002a02", SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_packages_is_read_and_written),
        cmocka_unit_test(key_packages_with_half_a_flag_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
