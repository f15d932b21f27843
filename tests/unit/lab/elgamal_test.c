#include "lab/elgamal.h"

#include "lab_unit.h"

/* A key x, y and the signatures r, s over "meet at noon" with the nonce k: made by pycryptodome's ElGamal, s brought
 * below q. FORGED_S goes with r = (p - 1) / 2, computed without x: the textbook's check takes it. */
#define X                                                                              \
    "24abd4448c49562d9df92880296b6bd0301c216f14d7842f6433173e95553d51c030479120416b4c" \
    "87dd444c60d28de0bc55ca6a52e6c6f7ed0218195beb7446fcbb398dd5a0750a903e3b1608f08d87" \
    "1859314002299be272b48fe76085c794ca19f0e69086690ad932b68069c7005c8f8c241b4311bae6" \
    "a4175ef404691edfd83eb0297e1e6c604df5f5fcbb8d653ad0cca422e6f3bbccea82c497ca467a2d" \
    "f1cb9260857feda6fcfc2de2028e444d3b66213fd477d7c76bcf6e2d3dff9744b2dc98ae8042132b" \
    "b4ed53ffc41bfba2b79ca3bc9d9f6933099e58478fdd17ffa46b8225c880836b2599357cdb6f8dc7" \
    "a9671016f42d935105179d50551afe65"
#define Y                                                                              \
    "65b82c354a5a6a2681e9c77cc775abe1bab9dce92d1adb11ade4e2367f51ca76c94c48aa82cdd2ba" \
    "64a6f1d2834c2bc3aa60e513ac27e914b919550e654077f1bc93c6abeb961d81bd3a69c387b53819" \
    "f75ae491037e9215b88fe0d87294f8140be3091c001525a2874f1c5950ec1a807f26bf2a6dc22689" \
    "5865a8d0719eaa23063ee6362731be8ec44afed5c01c6e4fbe752c3814a3f2b6745db54d77c7d4b9" \
    "367fadd78dc0daf7c93acbbf940ce1f76e12c422f39e0344b8db105f4fc5411ad8f77f3f7ae38bb2" \
    "0ce5e7a3cafbf24694cd0dfcf34685879e17d73e8ad521196fadbe3eb9d60a3917c5b01852746cde" \
    "91d78343e52774e9c95d3778d24c548e"
#define K                                                                              \
    "2af8a9104b3f64ed640d8c7e298d2d480f03a3610cbc2b33474321ec59024a48592ea8545e41e09d" \
    "5d1108759df48ede0054f225df39d4f0f312450e0aa9dd252af8a9104b3f64ed640d8c7e298d2d48" \
    "0f03a3610cbc2b33474321ec59024a48592ea8545e41e09d5d1108759df48ede0054f225df39d4f0" \
    "f312450e0aa9dd252af8a9104b3f64ed640d8c7e298d2d480f03a3610cbc2b33474321ec59024a48" \
    "592ea8545e41e09d5d1108759df48ede0054f225df39d4f0f312450e0aa9dd252af8a9104b3f64ed" \
    "640d8c7e298d2d480f03a3610cbc2b33474321ec59024a48592ea8545e41e09d5d1108759df48ede" \
    "0054f225df39d4f0f312450e0aa9dd26"
#define R                                                                              \
    "14c7db4bc76faa15d16fc60aebd8e49be3f6683f238bb00208171b132015394939ee0bb281760af8" \
    "71a56a1d1190c78fb394312474a532878874706e9cd6d58015c627355df44ee1f291dfa5f9ecc11c" \
    "0f2d2fe19732f4f5f5e11d797e119c0ff186de45295b4582e8c36b1b6cc873c04b7abd4f45d7303e" \
    "390a794266cc9b7387e4d0b9d6d790f95d264e1e08dcf7c3dc52290f8caac386cab39fece108d568" \
    "0bd4fd17767ca824a3e82eeddcf8580b3a611e55ac0a1038489bc12c0a0630a28997e774fc6e8522" \
    "562023f4c22e4269582b80760a564029fefce2da8ce6d7827148088b5c9b0f400b9bb2578d2bcf9a" \
    "e0ebb0af17ba426d61f82443ee698156"
#define S_SHA256                                                                       \
    "3a277368cb64979ca3f0b6d7b7df23189723c4311698f7a5c4fe2a72de1061cc5d54f61077509f49" \
    "79315034fad8385e6f4cb2f4dfd088700068aaf9a22d5b9e0680a7270514b18d02ec0000a650f361" \
    "1e879922f2b2458758c1885b2b4f05f5551eed1947018fa6f7311d13dda3d7eacb2b267602effe8f" \
    "fa41ea518dce4113483bababe7bfbc6d8bf39f537dffbcdaed8ef5c2bac6f7466a8b0757c09e98cc" \
    "45913e063a025a3e4e6a1513bb708e6f2d21718516678502262e26fabd9fa0b96c7d84e455aaedf3" \
    "680082c56d19a43195fde05628a0faf3533c2cfc01dfa082f3693b8370dae078aca7561750a06e75" \
    "71add2d920d5ef3b7199be53e6f88a81"
#define S_SHA1                                                                         \
    "75e487ed6311b8ddbc5d80e7b24da2e946c1a320bd0d77b65935de5f1e513b989f5d23862b1f7a2d" \
    "8c83bbf68d4179a95065fa1e2bc652faedb8e543d7f76f46f72b6ce5ec44b203472bd67d9daddfc7" \
    "6b646bb4244a555a433ce6915c095334024ba922acaa45dedbd0a97369f9ef07ce9fb091c1a947d5" \
    "f0763e28ae3bb35cdd14f2aed144acd535aa23e9256d8aa8ede262f090d48d038940664f5da0882d" \
    "8c04e0c6f3a98e3efb6a5f5fa1f053808710055025bfd1eebca7af422acbe8168f8fde51b9e35841" \
    "ead5a9aacb95f4f45db9b6d28abfd6f3e36ff96914bb83a16d089f333171b18c924dacd69dedc4ea" \
    "106b0ba59e44f3e0cc0c1a2dd61c4347"
#define FORGED_S                                                                       \
    "7fffffffffffffffe487ed5110b4611a62633145c06e0e68948127044533e63a0105df531d89cd91" \
    "28a5043cc71a026ef7ca8cd9e69d218d98158536f92f8a1ba7f09ab6b6a8e122f242dabb312f3f63" \
    "7a262174d31bf6b585ffae5b7a035bf6f71c35fdad44cfd2d74f9208be258ff324943328f6722d9e" \
    "e1003e5c50b1df82cc6d241b0e2ae9cd348b1fd47e9267afc1b2ae91ee51d6cb0e3179ab1042a95d" \
    "cf6a9483b84b4b36b3861aa7255e4c0278ba3604650c10be19482f23171b671df1cf3b960c074301" \
    "cd93c1d17603d147dae2aef837a62964ef15e5fb4aac0b8bcc21d2ede1afafca8f885fbefccb7a82" \
    "68ea6ec5d1e872feb8f6a5fc4282e3da"
#define TEXT VIEW_LIT("meet at noon")

static void key_read(struct elgamal_key **ret_key)
{
    DEFER(buf_clear) sotto_buf x = {0};
    assert_ok(elgamal_key_read(test_hex(X, &x), ret_key));
}

/* The seed that gives the nonce k: k - 1, in 16 bytes more. */
static void seed_of_k(uint8_t ret_seed[ELGAMAL_SEED])
{
    DEFER(buf_clear) sotto_buf k = {0};
    test_hex(K, &k);
    memset(ret_seed, 0, ELGAMAL_SEED);
    memcpy(ret_seed + ELGAMAL_SEED - MODP_SIZE, k.data, MODP_SIZE);
    ret_seed[ELGAMAL_SEED - 1]--;
}

static void signature_of(const char *r, const char *s, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf half = {0};
    buf_reset(out);
    assert_ok(buf_append(out, test_hex(r, &half)));
    assert_ok(buf_append(out, test_hex(s, &half)));
}

static void it_signs_as_the_other_implementation_does(void **state)
{
    (void)state;
    DEFER(elgamal_key_freep) struct elgamal_key *key = NULL;
    key_read(&key);
    test_is_hex(elgamal_key_public(key), Y);
    uint8_t seed[ELGAMAL_SEED], signature[ELGAMAL_SIGNATURE];
    seed_of_k(seed);
    DEFER(buf_clear) sotto_buf wanted = {0};
    assert_ok(elgamal_sign(key, ELGAMAL_SHA256, TEXT, seed, signature));
    signature_of(R, S_SHA256, &wanted);
    test_equal(VIEW_OF(signature), buf_view(&wanted));
    assert_ok(elgamal_sign(key, ELGAMAL_SHA1, TEXT, seed, signature));
    signature_of(R, S_SHA1, &wanted);
    test_equal(VIEW_OF(signature), buf_view(&wanted));
}

static void it_verifies_what_the_other_implementation_signed(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf y = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    test_hex(Y, &y);
    signature_of(R, S_SHA256, &signature);
    assert_ok(elgamal_verify(buf_view(&y), ELGAMAL_SHA256, TEXT, buf_view(&signature)));
    assert_int_equal(elgamal_verify(buf_view(&y), ELGAMAL_SHA1, TEXT, buf_view(&signature)),
                     SOTTO_E_SIGNATURE);
    assert_int_equal(
        elgamal_verify(buf_view(&y), ELGAMAL_SHA256, VIEW_LIT("meet at six"), buf_view(&signature)),
        SOTTO_E_SIGNATURE);
}

static void the_forgery_that_the_textbook_takes_is_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf y = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    test_hex(Y, &y);
    signature_of("7fffffffffffffffe487ed5110b4611a62633145c06e0e68948127044533e63a0105df531d89cd91"
                 "28a5043cc71a026ef7ca8cd9e69d218d98158536f92f8a1ba7f09ab6b6a8e122f242dabb312f3f63"
                 "7a262174d31bf6b585ffae5b7a035bf6f71c35fdad44cfd2d74f9208be258ff324943328f6722d9e"
                 "e1003e5c50b1df82cc6d241b0e2ae9cd348b1fd47e9267afc1b2ae91ee51d6cb0e3179ab1042a95d"
                 "cf6a9483b84b4b36b3861aa7255e4c0278ba3604650c10be19482f23171b671df1cf3b960c074301"
                 "cd93c1d17603d147dae2aef837a62964ef15e5fb4aac0b8c1ccaa4be754ab5728ae9130c4c7d0288"
                 "0ab9472d455655347fffffffffffffff",
                 FORGED_S, &signature);
    assert_int_equal(elgamal_verify(buf_view(&y), ELGAMAL_SHA256, TEXT, buf_view(&signature)),
                     SOTTO_E_SIGNATURE);
}

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf y = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    test_hex(Y, &y);
    signature_of(R, S_SHA256, &signature);
    view good = buf_view(&signature);
    for (size_t len = 0; len < good.len; len += 37)
        assert_int_equal(
            elgamal_verify(buf_view(&y), ELGAMAL_SHA256, TEXT, view_of(good.data, len)),
            SOTTO_E_SIGNATURE);
    memset(signature.data + MODP_SIZE, 0, MODP_SIZE); /* s = 0 */
    assert_int_equal(elgamal_verify(buf_view(&y), ELGAMAL_SHA256, TEXT, good), SOTTO_E_SIGNATURE);
    memset(signature.data + MODP_SIZE, 0xff, MODP_SIZE); /* s over q */
    assert_int_equal(elgamal_verify(buf_view(&y), ELGAMAL_SHA256, TEXT, good), SOTTO_E_SIGNATURE);
    signature_of(R, S_SHA256, &signature);
    memset(y.data, 0, MODP_SIZE);
    y.data[MODP_SIZE - 1] = 1; /* y = 1 would verify for x = 0 */
    assert_int_equal(elgamal_verify(buf_view(&y), ELGAMAL_SHA256, TEXT, buf_view(&signature)),
                     SOTTO_E_KEY);
}

static void a_key_comes_back_from_its_bytes(void **state)
{
    (void)state;
    uint8_t seed[ELGAMAL_SEED];
    memset(seed, 0x5a, sizeof seed);
    DEFER(elgamal_key_freep) struct elgamal_key *key = NULL;
    DEFER(elgamal_key_freep) struct elgamal_key *again = NULL;
    DEFER(buf_clear) sotto_buf bytes = {0};
    assert_ok(elgamal_key_derive(seed, &key));
    assert_ok(elgamal_key_write(key, &bytes));
    assert_int_equal(bytes.len, MODP_SIZE);
    assert_ok(elgamal_key_read(buf_view(&bytes), &again));
    test_equal(elgamal_key_public(key), elgamal_key_public(again));
    memset(bytes.data, 0xff, bytes.len); /* over q */
    struct elgamal_key *none = NULL;
    assert_int_equal(elgamal_key_read(buf_view(&bytes), &none), SOTTO_E_KEY);
    memset(bytes.data, 0, bytes.len);
    assert_int_equal(elgamal_key_read(buf_view(&bytes), &none), SOTTO_E_KEY);
}

static void what_it_signs_it_verifies(void **state)
{
    (void)state;
    for (uint8_t round = 0; round < 8; round++) {
        uint8_t seed[ELGAMAL_SEED], signature[ELGAMAL_SIGNATURE];
        for (size_t i = 0; i < sizeof seed; i++)
            seed[i] = (uint8_t)(i * 7 + round * 31U);
        DEFER(elgamal_key_freep) struct elgamal_key *key = NULL;
        assert_ok(elgamal_key_derive(seed, &key));
        seed[0] ^= 0x80;
        assert_ok(elgamal_sign(key, ELGAMAL_SHA256, view_of(seed, round), seed, signature));
        assert_ok(elgamal_verify(elgamal_key_public(key), ELGAMAL_SHA256, view_of(seed, round),
                                 VIEW_OF(signature)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_signs_as_the_other_implementation_does),
        cmocka_unit_test(it_verifies_what_the_other_implementation_signed),
        cmocka_unit_test(the_forgery_that_the_textbook_takes_is_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(a_key_comes_back_from_its_bytes),
        cmocka_unit_test(what_it_signs_it_verifies),
    };
    return cmocka_run_group_tests_name("lab/elgamal", tests, NULL, NULL);
}
