#include "message.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_hello message = {0};
    TRY(proto_hello_read(body, &message));
    return proto_hello_write(request, &message, out);
}

static void hello_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_HELLO,
                  "000100000001020001000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e"
                  "1f0b736f74746f20302e312e30");
}

static void hello_may_name_sixteen_versions_and_no_software(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_HELLO,
                  "0001ffffffff200000000100020003000400050006000700080009000a000b000c000d000e000f00"
                  "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00");
}

static void hello_without_a_version_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite, "00000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00",
                    SOTTO_E_VALUE);
}

static void hello_with_half_a_version_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "03000100000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00",
                    SOTTO_E_TRUNCATED);
}

static void hello_with_seventeen_versions_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "22000100010001000100010001000100010001000100010001000100010001000100010001020304"
        "05060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00",
        SOTTO_E_TOO_LARGE);
}

static void hello_with_a_control_character_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite, "020001000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f03611b62",
        SOTTO_E_VALUE);
}

static void hello_with_a_byte_over_ascii_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "020001000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f02617f",
                    SOTTO_E_VALUE);
}

static void hello_with_a_long_software_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "020001000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f4041616161"
        "61616161616161616161616161616161616161616161616161616161616161616161616161616161"
        "61616161616161616161616161616161616161616161",
        SOTTO_E_TOO_LARGE);
}

static void hello_with_a_long_form_of_a_length_is_refused(void **state)
{
    (void)state;
    message_refuses(rewrite,
                    "40020001000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00",
                    SOTTO_E_VARINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_is_read_and_written),
        cmocka_unit_test(hello_may_name_sixteen_versions_and_no_software),
        cmocka_unit_test(hello_without_a_version_is_refused),
        cmocka_unit_test(hello_with_half_a_version_is_refused),
        cmocka_unit_test(hello_with_seventeen_versions_is_refused),
        cmocka_unit_test(hello_with_a_control_character_is_refused),
        cmocka_unit_test(hello_with_a_byte_over_ascii_is_refused),
        cmocka_unit_test(hello_with_a_long_software_is_refused),
        cmocka_unit_test(hello_with_a_long_form_of_a_length_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
