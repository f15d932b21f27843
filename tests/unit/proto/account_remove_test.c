#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_account_remove message = {0};
    TRY(proto_account_remove_read(body, &message));
    return proto_account_remove_write(request, &message, out);
}

static void account_remove_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_ACCOUNT_REMOVE,
                  "020f00000007808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1"
                  "a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf");
}

static void account_remove_signs_label_version_server_account_and_nonce(void **state)
{
    (void)state;
    uint8_t server_pin[X509_PIN], account_id[X509_ACCOUNT_ID], nonce[HELLO_NONCE];
    memset(server_pin, 3, sizeof server_pin);
    memset(account_id, 1, sizeof account_id);
    memset(nonce, 2, sizeof nonce);
    DEFER(buf_clear) sotto_buf out = {0};
    assert_ok(proto_account_remove_signed(server_pin, account_id, nonce, &out));
    assert_bytes(buf_view(&out),
                 "14736f74746f206163636f756e742072656d6f766501030303030303030303030303030303010101"
                 "01010101010101010101010101010101010101010101010101010101010202020202020202020202"
                 "020202020202020202020202020202020202020202");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(account_remove_is_read_and_written),
        cmocka_unit_test(account_remove_signs_label_version_server_account_and_nonce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
