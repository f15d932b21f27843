#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_found message = {0};
    TRY(proto_found_read(body, &message));
    return proto_found_write(request, &message, out);
}

static void found_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_FOUND,
                  "020900000007003d00030107616c69636540680767656e657369730a04726f743104726f7432046c"
                  "6973740504646576310a046163637404726f6f7403e700000000000000");
}

static void found_of_nobody_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_FOUND, "0209000000070100");
}

static void found_nobody_with_a_name_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "000a00030001610000000000", SOTTO_E_VALUE);
}

static void found_without_a_genesis_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0014000301036140680000046c697374000401610172", SOTTO_E_VALUE);
}

static void found_with_a_third_status_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0009000302000000000000", SOTTO_E_VALUE);
}

static void found_at_an_index_of_a_thousand_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "000903e800000000000000", SOTTO_E_VALUE);
}

static void found_with_half_a_flag_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "0200", SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_is_read_and_written),
        cmocka_unit_test(found_of_nobody_is_read_and_written),
        cmocka_unit_test(found_nobody_with_a_name_is_refused),
        cmocka_unit_test(found_without_a_genesis_is_refused),
        cmocka_unit_test(found_with_a_third_status_is_refused),
        cmocka_unit_test(found_at_an_index_of_a_thousand_is_refused),
        cmocka_unit_test(found_with_half_a_flag_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
