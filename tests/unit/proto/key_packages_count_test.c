#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    TRY(proto_key_packages_count_read(body));
    return proto_key_packages_count_write(request, out);
}

static void key_packages_count_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_KEY_PACKAGES_COUNT, "020b00000007");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_packages_count_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
