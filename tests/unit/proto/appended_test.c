#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_appended message = {0};
    TRY(proto_appended_read(body, &message));
    return proto_appended_write(request, &message, out);
}

static void appended_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_APPENDED,
                  "03020000123400000000000000070000000000000009000001a3185c5000");
}

static void appended_without_operation_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "000000000000000000000000000000090000000000000001", SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_is_read_and_written),
        cmocka_unit_test(appended_without_operation_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
