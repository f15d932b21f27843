#include "mls/with_label.h"

#include "base/wr.h"
#include "unit.h"

static sotto_crypto *crypto;

/* The stack holds WITH_LABEL_STACK bytes; below, at and above it the same signature must come out. */
static void contents_of_any_length_are_signed(void **state)
{
    (void)state;
    const struct mls_suite *suite = mls_suite_find(1);
    static uint8_t content[3 * WITH_LABEL_STACK];
    uint8_t seed[32] = {1};
    sotto_sign_key *key = NULL;
    memset(content, 7, sizeof content);
    assert_ok(sign_key_derive(crypto, suite->sign, VIEW_OF(seed), &key));
    for (size_t len = 0; len < sizeof content; len += 61) {
        sotto_buf signature = {0}, plain = {0}, other = {0};
        const view message = {content, len};
        assert_ok(sign_with_label(crypto, key, VIEW_LIT("Test"), message, &signature));
        assert_ok(verify_with_label(crypto, suite, sign_key_public(key), VIEW_LIT("Test"), message,
                                    buf_view(&signature)));
        assert_err(verify_with_label(crypto, suite, sign_key_public(key), VIEW_LIT("Tess"), message,
                                     buf_view(&signature)),
                   SIGNATURE);
        /* SignContent, by hand */
        struct wr w = wr_to(&plain);
        wr_opaque(&w, VIEW_LIT("MLS 1.0 Test"));
        wr_opaque(&w, message);
        assert_ok(wr_end(&w));
        assert_ok(sign(crypto, key, buf_view(&plain), &other));
        assert_true(view_equal(buf_view(&signature), buf_view(&other)));
        buf_clear(&signature);
        buf_clear(&plain);
        buf_clear(&other);
    }
    sign_key_free(key);
}

static void one_context_serves_many_seals(void **state)
{
    (void)state;
    static const uint16_t suites[] = {1, 2, MLS_SUITE_XWING_AES128};
    for (size_t i = 0; i < COUNT_OF(suites); i++) {
        const struct mls_suite *suite = mls_suite_find(suites[i]);
        DEFER(hpke_info_clear) struct hpke_info info = {0}, other = {0};
        uint8_t ikm[64] = {3}, seed[128] = {4}, output[KEM_ENC_MAX], sealed[5 + AEAD_TAG], plain[5];
        struct kem_key *key = NULL;
        assert_ok(kem_key_derive(crypto, suite->hpke.kem, VIEW_OF(ikm), &key));
        assert_ok(encrypt_context(crypto, suite, VIEW_LIT("Node"), VIEW_LIT("context"), &info));
        assert_ok(encrypt_context(crypto, suite, VIEW_LIT("Node"), VIEW_LIT("contexs"), &other));
        for (uint8_t n = 0; n < 3; n++) {
            seed[1] = n;
            assert_ok(encrypt_with_label(crypto, &info, kem_key_public(key),
                                         view_of(seed, kem_seed_size(suite->hpke.kem)),
                                         VIEW_LIT("plain"), output, sealed));
            const view kem_output = {output, kem_enc_size(suite->hpke.kem)};
            assert_ok(decrypt_with_label(crypto, &info, key, kem_output, VIEW_OF(sealed), plain));
            assert_memory_equal(plain, "plain", 5);
            assert_err(decrypt_with_label(crypto, &other, key, kem_output, VIEW_OF(sealed), plain),
                       DECRYPT);
            assert_err(decrypt_with_label(crypto, &info, key, kem_output,
                                          view_of(sealed, AEAD_TAG - 1), plain),
                       DECRYPT);
        }
        kem_key_free(key);
    }
}

static void references_have_labels_of_their_own(void **state)
{
    (void)state;
    const struct mls_suite *suite = mls_suite_find(1);
    uint8_t package[HASH_MAX], proposal[HASH_MAX], plain[HASH_MAX];
    assert_ok(key_package_ref(crypto, suite, VIEW_LIT("x"), package));
    assert_ok(proposal_ref(crypto, suite, VIEW_LIT("x"), proposal));
    assert_memory_not_equal(package, proposal, suite->hash_len);
    assert_ok(hash(crypto, HASH_SHA256, VIEW_LIT("\x1cMLS 1.0 KeyPackage Reference\001x"), plain));
    assert_memory_equal(package, plain, suite->hash_len);
    assert_ok(hash(crypto, HASH_SHA256, VIEW_LIT("\x1aMLS 1.0 Proposal Reference\001x"), plain));
    assert_memory_equal(proposal, plain, suite->hash_len);
}

static void what_is_too_long_is_refused(void **state)
{
    (void)state;
    const struct mls_suite *suite = mls_suite_find(1);
    static uint8_t out[70000];
    struct secret secret = {.len = 32}, got = {.len = 3};
    assert_ok(expand_with_label(crypto, suite, &secret, VIEW_LIT("l"), (view){0}, out, 255 * 32));
    assert_err(
        expand_with_label(crypto, suite, &secret, VIEW_LIT("l"), (view){0}, out, 255 * 32 + 1),
        TOO_LARGE);
    assert_err(expand_with_label(crypto, suite, &secret, VIEW_LIT("l"), (view){0}, out, 65536 + 32),
               TOO_LARGE);
    assert_err(
        expand_secret(crypto, suite, &secret, VIEW_LIT("l"), (view){0}, SECRET_MAX + 1, &got),
        TOO_LARGE);
    assert_int_equal(got.len, 3);
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
        cmocka_unit_test(contents_of_any_length_are_signed),
        cmocka_unit_test(one_context_serves_many_seals),
        cmocka_unit_test(references_have_labels_of_their_own),
        cmocka_unit_test(what_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
