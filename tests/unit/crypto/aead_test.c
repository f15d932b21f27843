#include "crypto/handle.h"

#include "crypto/aead.h"

static const enum aead_id aeads[] = {AEAD_AES_128_GCM, AEAD_AES_256_GCM, AEAD_CHACHA20_POLY1305};

struct aead_case {
    enum aead_id id;
    const char *key, *nonce, *aad, *plain, *sealed;
};

/* The specification of GCM (McGrew, Viega), cases 4, 16, 1; RFC 8439 2.8.2 */
static const struct aead_case cases[] = {
    {AEAD_AES_128_GCM, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {AEAD_AES_256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    {AEAD_AES_128_GCM, "00000000000000000000000000000000", "000000000000000000000000", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {AEAD_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
     "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
     "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
     "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
     "637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
     "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
     "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
     "3ff4def08e4b7a9de576d26586cec64b6116"
     "1ae10b594f09e26a7e902ecbd0600691"},
};

static void seal_and_open_match_published_values(void **state)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct aead_case *t = &cases[i];
        struct secret key = secret_unhex(t->key);
        sotto_buf nonce = unhex(t->nonce);
        sotto_buf aad = unhex(t->aad);
        sotto_buf plain = unhex(t->plain);
        sotto_buf sealed = {0};
        uint8_t *place = NULL;
        assert_ok(buf_extend(&sealed, plain.len + AEAD_TAG, &place));
        assert_ok(
            aead_seal(*state, t->id, &key, nonce.data, buf_view(&aad), buf_view(&plain), place));
        assert_bytes(buf_view(&sealed), t->sealed);

        uint8_t opened[256];
        assert_ok(
            aead_open(*state, t->id, &key, nonce.data, buf_view(&aad), buf_view(&sealed), opened));
        assert_bytes(view_of(opened, plain.len), t->plain);
        buf_clear(&nonce);
        buf_clear(&aad);
        buf_clear(&plain);
        buf_clear(&sealed);
    }
}

static void seal_and_open_work_in_place_at_every_length(void **state)
{
    for (size_t a = 0; a < COUNT_OF(aeads); a++) {
        struct secret key = {.len = (uint8_t)aead_key_size(aeads[a]), .data = {1, 2, 3}};
        uint8_t nonce[AEAD_NONCE] = {9};
        for (size_t len = 0; len < 130; len++) {
            uint8_t text[130 + AEAD_TAG];
            memset(text, 0x5a, sizeof text);
            assert_ok(aead_seal(*state, aeads[a], &key, nonce, VIEW_LIT("aad"), view_of(text, len),
                                text));
            assert_ok(aead_open(*state, aeads[a], &key, nonce, VIEW_LIT("aad"),
                                view_of(text, len + AEAD_TAG), text));
            for (size_t i = 0; i < len; i++)
                assert_int_equal(text[i], 0x5a);
        }
    }
}

static void any_changed_bit_is_refused_and_the_output_wiped(void **state)
{
    static const uint8_t zeros[8];
    for (size_t a = 0; a < COUNT_OF(aeads); a++) {
        struct secret key = {.len = (uint8_t)aead_key_size(aeads[a]), .data = {1, 2, 3}};
        uint8_t nonce[AEAD_NONCE] = {9};
        uint8_t sealed[8 + AEAD_TAG];
        uint8_t plain[8];
        assert_ok(
            aead_seal(*state, aeads[a], &key, nonce, VIEW_LIT("x"), VIEW_LIT("8 bytes!"), sealed));
        for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
            sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
            memset(plain, 0xff, sizeof plain);
            assert_err(
                aead_open(*state, aeads[a], &key, nonce, VIEW_LIT("x"), VIEW_OF(sealed), plain),
                DECRYPT);
            assert_memory_equal(plain, zeros, sizeof plain);
            sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_err(aead_open(*state, aeads[a], &key, nonce, VIEW_LIT("y"), VIEW_OF(sealed), plain),
                   DECRYPT);
        nonce[11] ^= 1;
        assert_err(aead_open(*state, aeads[a], &key, nonce, VIEW_LIT("x"), VIEW_OF(sealed), plain),
                   DECRYPT);
        nonce[11] ^= 1;
        key.data[0] ^= 1;
        assert_err(aead_open(*state, aeads[a], &key, nonce, VIEW_LIT("x"), VIEW_OF(sealed), plain),
                   DECRYPT);
        key.data[0] ^= 1;
        assert_ok(aead_open(*state, aeads[a], &key, nonce, VIEW_LIT("x"), VIEW_OF(sealed), plain));
    }
}

static void every_truncation_is_refused(void **state)
{
    for (size_t a = 0; a < COUNT_OF(aeads); a++) {
        struct secret key = {.len = (uint8_t)aead_key_size(aeads[a])};
        uint8_t nonce[AEAD_NONCE] = {0};
        uint8_t sealed[8 + AEAD_TAG];
        uint8_t plain[8];
        assert_ok(
            aead_seal(*state, aeads[a], &key, nonce, (view){0}, VIEW_LIT("8 bytes!"), sealed));
        for (size_t len = 0; len < sizeof sealed; len++)
            assert_err(
                aead_open(*state, aeads[a], &key, nonce, (view){0}, view_of(sealed, len), plain),
                DECRYPT);
    }
}

static void keys_of_another_length_are_refused(void **state)
{
    uint8_t nonce[AEAD_NONCE] = {0};
    uint8_t out[AEAD_TAG];
    struct secret key = {0};
    for (size_t len = 0; len <= SECRET_MAX; len++) {
        secret_resize(&key, len);
        for (size_t a = 0; a < COUNT_OF(aeads); a++)
            assert_int_equal(aead_seal(*state, aeads[a], &key, nonce, (view){0}, (view){0}, out),
                             len == aead_key_size(aeads[a]) ? SOTTO_OK : SOTTO_E_KEY);
    }
    secret_resize(&key, 0);
    assert_int_equal(aead_key_size(AEAD_EXPORT_ONLY), 0);
    assert_err(aead_seal(*state, AEAD_EXPORT_ONLY, &key, nonce, (view){0}, (view){0}, out), KEY);
    assert_err(aead_open(*state, AEAD_EXPORT_ONLY, &key, nonce, (view){0}, VIEW_OF(out), out), KEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seal_and_open_match_published_values),
        cmocka_unit_test(seal_and_open_work_in_place_at_every_length),
        cmocka_unit_test(any_changed_bit_is_refused_and_the_output_wiped),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(keys_of_another_length_are_refused),
    };
    return cmocka_run_group_tests_name("crypto/aead", tests, handle_setup, handle_teardown);
}
