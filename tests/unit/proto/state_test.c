#include "message.h"

#include "proto/stream.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_state message = {0};
    TRY(proto_state_read(body, &message));
    return proto_state_write(request, &message, out);
}

static void state_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_STATE,
                  "03100000123400000000000000090000000000000008000000000000000204736e61700036000000"
                  "00000000030264640000000000000000040020404142434445464748494a4b4c4d4e4f5051525354"
                  "55565758595a5b5c5d5e5f01");
}

static void state_of_nothing_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_STATE,
                  "03100000123400000000000000090000000000000008000000000000000000000000");
}

static void state_with_two_snapshots_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "00000000000000090000000000000008000000000000000204736e61702040414243444546474849"
        "4a4b4c4d4e4f505152535455565758595a5b5c5d5e5f0000",
        SOTTO_E_VALUE);
}

static void state_with_an_empty_delta_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "00000000000000090000000000000008000000000000000200000a0000000000000003000000",
                    SOTTO_E_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_is_read_and_written),
        cmocka_unit_test(state_of_nothing_is_read_and_written),
        cmocka_unit_test(state_with_two_snapshots_is_refused),
        cmocka_unit_test(state_with_an_empty_delta_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
