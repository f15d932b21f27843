#include "message.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_hello_ok message = {0};
    TRY(proto_hello_ok_read(body, &message));
    return proto_hello_ok_write(request, &message, out);
}

static void hello_ok_with_two_certificates_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_HELLO_OK,
                  "0002000000010001404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
                  "404c0330010240463030303030303030303030303030303030303030303030303030303030303030"
                  "30303030303030303030303030303030303030303030303030303030303030303030303030300001"
                  "02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829"
                  "2a2b2c2d2e2f303132333435363738393a3b3c3d3e3f000100000c736f74746f6420302e312e30");
}

static void hello_ok_with_three_certificates_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_HELLO_OK,
                  "0002000000090001404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
                  "06016101620163000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
                  "2122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f0000000600");
}

static void hello_ok_with_one_certificate_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0001404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f020161000102"
        "030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a"
        "2b2c2d2e2f303132333435363738393a3b3c3d3e3f000100000c736f74746f6420302e312e30",
        SOTTO_E_VALUE);
}

static void hello_ok_with_four_certificates_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0001404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f080161016101"
        "610161000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324"
        "25262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f000100000c736f74746f642030"
        "2e312e30",
        SOTTO_E_TOO_LARGE);
}

static void hello_ok_with_an_empty_certificate_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0001404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f030161000001"
        "02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829"
        "2a2b2c2d2e2f303132333435363738393a3b3c3d3e3f000100000c736f74746f6420302e312e30",
        SOTTO_E_VALUE);
}

static void hello_ok_with_a_frame_smaller_than_its_header_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0001404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f040161016200"
        "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728"
        "292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f000000050c736f74746f6420302e312e30",
        SOTTO_E_VALUE);
}

static void hello_ok_with_a_newline_in_software_is_refused(void **state)
{
    (void)state;
    message_refuses(
        rewrite,
        "0001404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f040161016200"
        "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728"
        "292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f0000000602780a",
        SOTTO_E_VALUE);
}

static void hello_ok_with_a_large_certificate_is_refused(void **state)
{
    (void)state;
    static const uint8_t large[HELLO_CERTIFICATE_MAX + 1];
    struct proto_hello_ok ok = {
        .chain = {VIEW_LIT("a"), VIEW_OF(large)}, .chain_count = 2, .frame_max = 65536};
    DEFER(buf_clear) sotto_buf out = {0};
    assert_int_equal(proto_hello_ok_write(1, &ok, &out), SOTTO_E_TOO_LARGE);
    assert_int_equal(out.len, 0);
    ok.chain[1].len--;
    assert_int_equal(proto_hello_ok_write(1, &ok, &out), SOTTO_OK);
}

static void hello_signed_is_label_nonce_exporter_challenge(void **state)
{
    (void)state;
    uint8_t nonce[HELLO_NONCE], exporter[HELLO_EXPORTER], challenge[HELLO_CHALLENGE];
    memset(nonce, 1, sizeof nonce);
    memset(exporter, 2, sizeof exporter);
    memset(challenge, 3, sizeof challenge);
    DEFER(buf_clear) sotto_buf out = {0};
    DEFER(buf_clear)
    sotto_buf wanted =
        unhex("0d736f74746f2068656c6c6f20310101010101010101010101010101010101010101010101010101"
              "01010101010102020202020202020202020202020202020202020202020202020202020202020303"
              "030303030303030303030303030303030303030303030303030303030303");
    assert_int_equal(buf_append(&out, VIEW_LIT("what was there")), SOTTO_OK);
    assert_int_equal(proto_hello_signed(nonce, exporter, challenge, &out), SOTTO_OK);
    assert_true(view_equal(buf_view(&out), buf_view(&wanted)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_ok_with_two_certificates_is_read_and_written),
        cmocka_unit_test(hello_ok_with_three_certificates_is_read_and_written),
        cmocka_unit_test(hello_ok_with_one_certificate_is_refused),
        cmocka_unit_test(hello_ok_with_four_certificates_is_refused),
        cmocka_unit_test(hello_ok_with_an_empty_certificate_is_refused),
        cmocka_unit_test(hello_ok_with_a_frame_smaller_than_its_header_is_refused),
        cmocka_unit_test(hello_ok_with_a_newline_in_software_is_refused),
        cmocka_unit_test(hello_ok_with_a_large_certificate_is_refused),
        cmocka_unit_test(hello_signed_is_label_nonce_exporter_challenge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
