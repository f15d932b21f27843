/* What the vectors don't have: one extra, forgotten or swapped input must give something else, and refusals. */
#include "mls/key_schedule.h"

#include "mls/transcript_hash.h"
#include "unit.h"

static sotto_crypto *crypto;

static struct secret filled(const struct mls_suite *suite, int fill)
{
    struct secret secret = {.len = suite->hash_len};
    memset(secret.data, fill, secret.len);
    return secret;
}

static void without_psks_the_psk_secret_is_zero(void **state)
{
    (void)state;
    size_t count = 0;
    const struct mls_suite *all = mls_suite_all(&count);
    for (size_t i = 0; i < count; i++) {
        struct secret got = {0};
        assert_ok(key_schedule_psk_secret(crypto, &all[i], NULL, 0, &got));
        assert_int_equal(got.len, all[i].hash_len);
        for (size_t at = 0; at < got.len; at++)
            assert_int_equal(got.data[at], 0);
    }
}

static void psks_of_each_type_order_and_nonce_give_another_secret(void **state)
{
    (void)state;
    const struct mls_suite *suite = mls_suite_find(1);
    const struct pre_shared_key external = {
        {.psktype = PSK_EXTERNAL, .psk_id = VIEW_LIT("a"), .psk_nonce = VIEW_LIT("n")},
        VIEW_LIT("key")};
    struct pre_shared_key nonce = external, resumption = external, application = external;
    nonce.id.psk_nonce = VIEW_LIT("m");
    resumption.id = (struct pre_shared_key_id){.psktype = PSK_RESUMPTION,
                                               .usage = PSK_USAGE_BRANCH,
                                               .psk_group_id = VIEW_LIT("a"),
                                               .psk_nonce = VIEW_LIT("n")};
    application.id.psktype = PSK_APPLICATION;
    const struct pre_shared_key lists[][2] = {{external, nonce},       {nonce, external},
                                              {external, external},    {external, resumption},
                                              {external, application}, {application, external}};
    struct secret got[COUNT_OF(lists) + 1];
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        assert_ok(key_schedule_psk_secret(crypto, suite, lists[i], 2, &got[i]));
    assert_ok(key_schedule_psk_secret(crypto, suite, &external, 1, &got[COUNT_OF(lists)]));
    for (size_t i = 0; i < COUNT_OF(got); i++)
        for (size_t j = 0; j < i; j++)
            assert_false(secret_equal(&got[i], &got[j]));
}

static void more_psks_than_can_be_counted_are_refused(void **state)
{
    (void)state;
    const struct pre_shared_key psk = {0};
    struct secret got = {.len = 9};
    assert_err(key_schedule_psk_secret(crypto, mls_suite_find(1), &psk, 65536, &got), TOO_LARGE);
    assert_int_equal(got.len, 9);
}

/* The members' side of an external initialization with the wrong key, or a kem_output that is none. */
static void an_external_init_needs_the_right_key(void **state)
{
    (void)state;
    static const uint16_t suites[] = {1, 2, MLS_SUITE_XWING_AES128};
    for (size_t i = 0; i < COUNT_OF(suites); i++) {
        const struct mls_suite *suite = mls_suite_find(suites[i]);
        struct secret external = filled(suite, 1), other = filled(suite, 2), sent = {0}, got = {0};
        struct kem_key *key = NULL, *wrong = NULL;
        uint8_t seed[128] = {5}, output[KEM_ENC_MAX];
        const view kem_output = {output, kem_enc_size(suite->hpke.kem)};
        assert_ok(key_schedule_external_key(crypto, suite, &external, &key));
        assert_ok(key_schedule_external_key(crypto, suite, &other, &wrong));
        assert_ok(key_schedule_external_init_send(crypto, suite, kem_key_public(key),
                                                  view_of(seed, kem_seed_size(suite->hpke.kem)),
                                                  output, &sent));
        assert_ok(key_schedule_external_init_recv(crypto, suite, key, kem_output, &got));
        assert_true(secret_equal(&sent, &got));
        assert_ok(key_schedule_external_init_recv(crypto, suite, wrong, kem_output, &got));
        assert_false(secret_equal(&sent, &got));
        assert_int_not_equal(key_schedule_external_init_recv(
                                 crypto, suite, key, view_of(output, kem_output.len - 1), &got),
                             SOTTO_OK);
        kem_key_free(key);
        kem_key_free(wrong);
    }
}

static void an_export_depends_on_label_context_and_length(void **state)
{
    (void)state;
    const struct mls_suite *suite = mls_suite_find(1);
    const struct secret exporter = filled(suite, 1);
    uint8_t a[32], b[32], c[32], d[31];
    assert_ok(key_schedule_export(crypto, suite, &exporter, VIEW_LIT("l"), VIEW_LIT("c"), a, 32));
    assert_ok(key_schedule_export(crypto, suite, &exporter, VIEW_LIT("m"), VIEW_LIT("c"), b, 32));
    assert_ok(key_schedule_export(crypto, suite, &exporter, VIEW_LIT("l"), VIEW_LIT("d"), c, 32));
    assert_ok(key_schedule_export(crypto, suite, &exporter, VIEW_LIT("l"), VIEW_LIT("c"), d, 31));
    assert_memory_not_equal(a, b, 32);
    assert_memory_not_equal(a, c, 32);
    assert_memory_not_equal(a, d, 31);
    assert_err(key_schedule_export(crypto, suite, &exporter, VIEW_LIT("l"), VIEW_LIT("c"), a,
                                   255 * 32 + 1),
               TOO_LARGE);
}

/* A tag that is a shorter beginning of the right one, or empty, is none. */
static void a_confirmation_tag_has_its_whole_length(void **state)
{
    (void)state;
    const struct mls_suite *suite = mls_suite_find(7);
    const struct secret key = filled(suite, 1);
    uint8_t tag[HASH_MAX + 1] = {0};
    assert_ok(confirmation_tag_make(crypto, suite, &key, VIEW_LIT("hash"), tag));
    for (size_t len = 0; len <= HASH_MAX; len++)
        assert_int_equal(
            confirmation_tag_check(crypto, suite, &key, VIEW_LIT("hash"), view_of(tag, len)),
            len == suite->hash_len ? SOTTO_OK : SOTTO_E_MAC);
    tag[suite->hash_len - 1] ^= 1;
    assert_err(confirmation_tag_check(crypto, suite, &key, VIEW_LIT("hash"),
                                      view_of(tag, suite->hash_len)),
               MAC);
}

/* The draft has no vector; this was computed with Python's hmac: HMAC-SHA256 with the key 00 01 ... 1f of the KDFLabel
 * 0020 1a "MLS 1.0 application_export" 00, and a byte 01. */
static void an_epoch_has_the_secret_of_the_safe_exporter(void **state)
{
    (void)state;
    DEFER(epoch_secrets_clear) struct epoch_secrets secrets = {0};
    struct secret epoch_secret =
        secret_unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    assert_ok(key_schedule_epoch_of(crypto, mls_suite_find(1), &epoch_secret, &secrets));
    assert_bytes(secret_view(&secrets.application_export_secret),
                 "8acd4378709da79e351e8c50b39dc0af64aba5143849d745d3d33b271b1085c8");
}

static void only_commits_enter_the_transcript(void **state)
{
    (void)state;
    uint8_t digest[HASH_MAX];
    const struct authenticated_content proposal = {
        .wire_format = WIRE_PUBLIC_MESSAGE,
        .content = {.content_type = CONTENT_PROPOSAL,
                    .proposal = {.proposal_type = PROPOSAL_SELF_REMOVE}}};
    assert_err(transcript_hash_confirmed(crypto, mls_suite_find(1), (view){0}, &proposal, digest),
               USAGE);
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
        cmocka_unit_test(without_psks_the_psk_secret_is_zero),
        cmocka_unit_test(psks_of_each_type_order_and_nonce_give_another_secret),
        cmocka_unit_test(more_psks_than_can_be_counted_are_refused),
        cmocka_unit_test(an_external_init_needs_the_right_key),
        cmocka_unit_test(an_export_depends_on_label_context_and_length),
        cmocka_unit_test(a_confirmation_tag_has_its_whole_length),
        cmocka_unit_test(an_epoch_has_the_secret_of_the_safe_exporter),
        cmocka_unit_test(only_commits_enter_the_transcript),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
