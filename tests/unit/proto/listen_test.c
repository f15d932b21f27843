#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    uint32_t message = 0;
    TRY(proto_listen_read(body, &message));
    return proto_listen_write(request, message, out);
}

static void listen_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_LISTEN, "030800001234000f4240");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listen_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
