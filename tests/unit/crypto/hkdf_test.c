#include "crypto/handle.h"

#include "crypto/hkdf.h"

/* RFC 5869 A.1 */
static void extract_and_expand_match_rfc_5869_a1(void **state)
{
    sotto_buf ikm = unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
    sotto_buf salt = unhex("000102030405060708090a0b0c");
    sotto_buf info = unhex("f0f1f2f3f4f5f6f7f8f9");
    struct secret prk = {0};
    struct secret okm = {0};
    assert_ok(hkdf_extract(*state, KDF_SHA256, buf_view(&salt), buf_view(&ikm), &prk));
    assert_bytes(secret_view(&prk),
                 "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    assert_ok(hkdf_expand(*state, KDF_SHA256, &prk, buf_view(&info), 42, &okm));
    assert_bytes(secret_view(&okm),
                 "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                 "34007208d5b887185865");
    buf_clear(&ikm);
    buf_clear(&salt);
    buf_clear(&info);
}

/* RFC 5869 A.2: three blocks, info in parts */
static void long_outputs_match_rfc_5869_a2(void **state)
{
    uint8_t count[256];
    for (size_t i = 0; i < sizeof count; i++)
        count[i] = (uint8_t)i;
    struct secret prk = {0};
    uint8_t okm[82];
    assert_ok(
        hkdf_extract(*state, KDF_SHA256, view_of(count + 0x60, 80), view_of(count, 80), &prk));
    assert_bytes(secret_view(&prk),
                 "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244");
    const view info[] = {view_of(count + 0xb0, 30), {0}, view_of(count + 0xb0 + 30, 50)};
    assert_ok(hkdf_expand_parts(*state, KDF_SHA256, &prk, info, COUNT_OF(info), okm, sizeof okm));
    assert_bytes(view_of(okm, sizeof okm),
                 "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                 "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
                 "cc30c58179ec3e87c14c01d5c1f3434f1d87");
}

/* RFC 5869 A.3: neither salt nor info */
static void empty_salt_and_info_match_rfc_5869_a3(void **state)
{
    uint8_t ikm[22];
    memset(ikm, 0x0b, sizeof ikm);
    struct secret prk = {0};
    uint8_t okm[42];
    assert_ok(hkdf_extract(*state, KDF_SHA256, (view){0}, view_of(ikm, sizeof ikm), &prk));
    assert_ok(hkdf_expand_parts(*state, KDF_SHA256, &prk, NULL, 0, okm, sizeof okm));
    assert_bytes(view_of(okm, sizeof okm),
                 "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                 "9d201395faa4b61a96c8");
}

static void the_output_may_be_the_key(void **state)
{
    for (enum kdf_id id = KDF_SHA256; id <= KDF_SHA512; id++) {
        struct secret prk = {0};
        struct secret apart = {0};
        assert_ok(hkdf_extract(*state, id, VIEW_LIT("salt"), VIEW_LIT("key"), &prk));
        assert_int_equal(prk.len, kdf_size(id));
        assert_ok(hkdf_expand(*state, id, &prk, VIEW_LIT("info"), SECRET_MAX, &apart));
        assert_ok(hkdf_expand(*state, id, &prk, VIEW_LIT("info"), SECRET_MAX, &prk));
        assert_true(secret_equal(&prk, &apart));
    }
}

static void too_long_outputs_are_refused_and_change_nothing(void **state)
{
    struct secret prk = {0};
    struct secret okm = {.len = 1, .data = {7}};
    static uint8_t out[255 * 32 + 1];
    assert_ok(hkdf_extract(*state, KDF_SHA256, (view){0}, VIEW_LIT("key"), &prk));
    assert_err(hkdf_expand(*state, KDF_SHA256, &prk, (view){0}, SECRET_MAX + 1, &okm), TOO_LARGE);
    assert_int_equal(okm.len, 1);
    assert_int_equal(okm.data[0], 7);
    assert_ok(hkdf_expand_parts(*state, KDF_SHA256, &prk, NULL, 0, out, sizeof out - 1));
    assert_err(hkdf_expand_parts(*state, KDF_SHA256, &prk, NULL, 0, out, sizeof out), TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extract_and_expand_match_rfc_5869_a1),
        cmocka_unit_test(long_outputs_match_rfc_5869_a2),
        cmocka_unit_test(empty_salt_and_info_match_rfc_5869_a3),
        cmocka_unit_test(the_output_may_be_the_key),
        cmocka_unit_test(too_long_outputs_are_refused_and_change_nothing),
    };
    return cmocka_run_group_tests_name("crypto/hkdf", tests, handle_setup, handle_teardown);
}
