#include "message.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    TRY(proto_ok_read(body));
    return proto_ok_write(request, out);
}

static void ok_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_OK, "000401020304");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ok_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
