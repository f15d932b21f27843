#include "message.h"

#include "proto/account.h"

static sotto_err rewrite(view body, uint32_t request, sotto_buf *out)
{
    struct proto_auth message = {0};
    TRY(proto_auth_read(body, &message));
    return proto_auth_write(request, &message, out);
}

static void auth_is_read_and_written(void **state)
{
    (void)state;
    message_holds(rewrite, PROTO_AUTH,
                  "020000000007101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f4041"
                  "42434445464748494a4b4c4d4e4f606162636465666768696a6b6c6d6e6f70717273747576777879"
                  "7a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1"
                  "a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auth_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
