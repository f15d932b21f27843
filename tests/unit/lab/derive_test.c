#include "lab/derive.h"

#include "lab_unit.h"

/* The test vector of TLS 1.2's PRF with SHA-256 that was published on the IETF's TLS list in 2009. */
static void prf_gives_the_published_bytes(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf secret = {0};
    DEFER(buf_clear) sotto_buf seed = {0};
    uint8_t out[100];
    test_hex("9bbe436ba940f017b17652849a71db35", &secret);
    test_hex("a0ba9f936cda311827a6f796ffd5198c", &seed);
    assert_ok(derive_prf(buf_view(&secret), "test label", buf_view(&seed), out, sizeof out));
    test_is_hex(VIEW_OF(out), "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"
                              "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab"
                              "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
                              "87347b66");
}

/* Computed by python3-cryptography's ConcatKDFHash. */
static void one_step_gives_what_the_other_implementation_gives(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf z = {0};
    uint8_t out[80];
    test_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", &z);
    assert_ok(derive_one_step(buf_view(&z), VIEW_LIT("info"), out, sizeof out));
    test_is_hex(VIEW_OF(out), "c3d6e2a35ac18f4771d72ff4a7e577ea7b98ae7fa6b6f165bbd17d7c1a24b91f"
                              "4660044d61757df590f5fbb2b7094ed371f91e6e2f6b04d8a11f77a8ebdd8782"
                              "7fbd204b144870ae55b2375da163abe8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prf_gives_the_published_bytes),
        cmocka_unit_test(one_step_gives_what_the_other_implementation_gives),
    };
    return cmocka_run_group_tests_name("lab/derive", tests, NULL, NULL);
}
