/* The bytes that are signed, and that HPKE gets as its info, are put together here by hand from the draft and RFC 9420 5.1. */
#include "mls/safe_with_label.h"

#include "unit.h"

static sotto_crypto *crypto;

/* "MLS Component", 0x8001, "l"; below with "MLS 1.0 " in front, and "content" behind. */
#define LABEL    "0d 4d4c5320436f6d706f6e656e74 8001 01 6c"
#define LABELLED "1a 4d4c5320312e3020" LABEL "07 636f6e74656e74"

static void a_label_names_its_component(void **state)
{
    (void)state;
    sotto_buf label = {0};
    assert_ok(component_operation_label(0x8001, VIEW_LIT("l"), &label));
    assert_bytes(buf_view(&label), LABEL);
    buf_reset(&label);
    assert_ok(component_operation_label(1, (view){0}, &label));
    assert_bytes(buf_view(&label), "0d 4d4c5320436f6d706f6e656e74 0001 00");
    buf_clear(&label);
}

static sotto_sign_key *signer(void)
{
    const uint8_t seed[32] = {3};
    sotto_sign_key *key = NULL;
    assert_ok(sign_key_derive(crypto, SIGN_ED25519, VIEW_OF(seed), &key));
    return key;
}

static void a_signature_covers_component_label_and_content(void **state)
{
    (void)state;
    sotto_sign_key *key = signer();
    sotto_buf signature = {0}, message = unhex(LABELLED);
    assert_ok(
        safe_sign_with_label(crypto, key, 0x8001, VIEW_LIT("l"), VIEW_LIT("content"), &signature));
    assert_ok(verify(crypto, SIGN_ED25519, sign_key_public(key), buf_view(&message),
                     buf_view(&signature)));
    buf_clear(&signature);
    buf_clear(&message);
    sign_key_free(key);
}

static void a_signature_is_good_for_one_component_and_label(void **state)
{
    (void)state;
    const struct mls_suite *suite = mls_suite_find(1);
    const view content = VIEW_LIT("content"), label = VIEW_LIT("l");
    sotto_sign_key *key = signer();
    view public_key = sign_key_public(key);
    sotto_buf s = {0}, plain = {0};
    assert_ok(safe_sign_with_label(crypto, key, 0x8001, label, content, &s));
    assert_ok(sign_with_label(crypto, key, label, content, &plain));
    view signature = buf_view(&s);
    assert_ok(safe_verify_with_label(crypto, suite, public_key, 0x8001, label, content, signature));
    assert_err(safe_verify_with_label(crypto, suite, public_key, 0x8002, label, content, signature),
               SIGNATURE);
    assert_err(safe_verify_with_label(crypto, suite, public_key, 0x8001, VIEW_LIT("m"), content,
                                      signature),
               SIGNATURE);
    assert_err(verify_with_label(crypto, suite, public_key, label, content, signature), SIGNATURE);
    assert_err(
        safe_verify_with_label(crypto, suite, public_key, 0x8001, label, content, buf_view(&plain)),
        SIGNATURE);
    buf_clear(&s);
    buf_clear(&plain);
    sign_key_free(key);
}

#define PLAIN_LEN 5

struct sealed {
    uint8_t kem_output[KEM_ENC_MAX];
    uint8_t ciphertext[PLAIN_LEN + AEAD_TAG];
};

static struct kem_key *receiver(const struct mls_suite *suite)
{
    const uint8_t secret[32] = {4};
    struct kem_key *key = NULL;
    assert_ok(kem_key_derive(crypto, suite->hpke.kem, VIEW_OF(secret), &key));
    return key;
}

static void seal(const struct mls_suite *suite, const struct kem_key *key, struct sealed *out)
{
    const uint8_t seed[128] = {5};
    assert_ok(safe_encrypt_with_label(crypto, suite, kem_key_public(key), 0x8001, VIEW_LIT("l"),
                                      VIEW_LIT("content"),
                                      view_of(seed, kem_seed_size(suite->hpke.kem)),
                                      VIEW_LIT("hello"), out->kem_output, out->ciphertext));
}

static void what_is_sealed_has_component_label_and_context_in_its_info(void **state)
{
    (void)state;
    const struct mls_suite *suite = mls_suite_find(1);
    DEFER(hpke_info_clear) struct hpke_info info = {0};
    struct kem_key *key = receiver(suite);
    struct sealed sealed;
    sotto_buf bytes = unhex(LABELLED);
    uint8_t plain[PLAIN_LEN];
    seal(suite, key, &sealed);
    assert_ok(hpke_info_base(crypto, suite->hpke, buf_view(&bytes), &info));
    assert_ok(hpke_open(crypto, &info, key,
                        view_of(sealed.kem_output, kem_enc_size(suite->hpke.kem)), (view){0},
                        VIEW_OF(sealed.ciphertext), plain));
    assert_memory_equal(plain, "hello", PLAIN_LEN);
    buf_clear(&bytes);
    kem_key_free(key);
}

static void what_is_sealed_is_opened_by_its_component_alone(void **state)
{
    (void)state;
    static const uint16_t suites[] = {1, 7, MLS_SUITE_XWING_AES128};
    const view label = VIEW_LIT("l"), context = VIEW_LIT("content");
    for (size_t i = 0; i < COUNT_OF(suites); i++) {
        const struct mls_suite *suite = mls_suite_find(suites[i]);
        struct kem_key *key = receiver(suite);
        struct sealed sealed;
        uint8_t plain[PLAIN_LEN];
        seal(suite, key, &sealed);
        const view enc = {sealed.kem_output, kem_enc_size(suite->hpke.kem)};
        const view ciphertext = VIEW_OF(sealed.ciphertext);
        assert_ok(safe_decrypt_with_label(crypto, suite, key, 0x8001, label, context, enc,
                                          ciphertext, plain));
        assert_memory_equal(plain, "hello", PLAIN_LEN);
        assert_err(safe_decrypt_with_label(crypto, suite, key, 0x8002, label, context, enc,
                                           ciphertext, plain),
                   DECRYPT);
        assert_err(safe_decrypt_with_label(crypto, suite, key, 0x8001, VIEW_LIT("m"), context, enc,
                                           ciphertext, plain),
                   DECRYPT);
        assert_err(safe_decrypt_with_label(crypto, suite, key, 0x8001, label, (view){0}, enc,
                                           ciphertext, plain),
                   DECRYPT);
        kem_key_free(key);
    }
}

static int setup(void **state)
{
    (void)state;
    return crypto_new(&crypto) == SOTTO_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    crypto_freep(&crypto);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_names_its_component),
        cmocka_unit_test(a_signature_covers_component_label_and_content),
        cmocka_unit_test(a_signature_is_good_for_one_component_and_label),
        cmocka_unit_test(what_is_sealed_has_component_label_and_context_in_its_info),
        cmocka_unit_test(what_is_sealed_is_opened_by_its_component_alone),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
