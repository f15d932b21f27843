#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    TRY(proto_invites_read(body));
    return proto_invites_write(request, out);
}

static void invites_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_INVITES, "021200000007");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invites_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
