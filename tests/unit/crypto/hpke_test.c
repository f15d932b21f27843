#include "unit.h"

#include <openssl/evp.h>
#include <openssl/hpke.h>

#include "crypto/hash.h"
#include "crypto/hpke.h"
#include "hpke_vectors.h"

#define PSK "a pre-shared key of 32 bytes or more"

static int setup(void **state)
{
    return crypto_new((sotto_crypto **)state) == SOTTO_OK ? 0 : -1;
}

static int teardown(void **state)
{
    crypto_free(*state);
    return 0;
}

/* ---- published values ---- */

static void assert_sha256(sotto_crypto *c, view bytes, const char *want)
{
    uint8_t digest[HASH_MAX];
    assert_ok(hash(c, HASH_SHA256, bytes, digest));
    assert_bytes(view_of(digest, 32), want);
}

static struct hpke_info vector_info(sotto_crypto *c, const struct hpke_vector *v)
{
    sotto_buf info = unhex(v->info), psk = unhex(v->psk), psk_id = unhex(v->psk_id);
    struct hpke_info made = {0};
    if (v->mode == 0)
        assert_ok(hpke_info_base(c, v->suite, buf_view(&info), &made));
    else
        assert_ok(
            hpke_info_psk(c, v->suite, buf_view(&info), buf_view(&psk), buf_view(&psk_id), &made));
    buf_clear(&info);
    buf_clear(&psk);
    buf_clear(&psk_id);
    return made;
}

static struct kem_key *vector_key(sotto_crypto *c, const struct hpke_vector *v)
{
    struct kem_key *key = NULL;
    sotto_buf ikm = unhex(v->ikm_r);
    struct secret exported = {0};
    assert_ok(kem_key_derive(c, v->suite.kem, buf_view(&ikm), &key));
    assert_sha256(c, kem_key_public(key), v->public_r_hash);
    kem_key_export(key, &exported);
    assert_bytes(secret_view(&exported), v->private_r);
    buf_clear(&ikm);
    return key;
}

static void vector_messages(sotto_crypto *c, const struct hpke_vector *v,
                            struct hpke_context *sender, struct hpke_context *receiver)
{
    for (size_t i = 0; i < 2 && v->plain != NULL; i++) {
        sotto_buf aad = unhex(v->aad[i]), plain = unhex(v->plain), sealed = {0}, opened = {0};
        assert_ok(hpke_context_seal(c, sender, buf_view(&aad), buf_view(&plain), &sealed));
        assert_bytes(buf_view(&sealed), v->sealed[i]);
        assert_ok(hpke_context_open(c, receiver, buf_view(&aad), buf_view(&sealed), &opened));
        assert_bytes(buf_view(&opened), v->plain);
        buf_clear(&aad);
        buf_clear(&plain);
        buf_clear(&sealed);
        buf_clear(&opened);
    }
}

static void vector_export(sotto_crypto *c, const struct hpke_vector *v,
                          const struct hpke_context *x)
{
    uint8_t exported[64];
    sotto_buf context = unhex(v->exporter_context);
    size_t len = strlen(v->exported) / 2;
    assert_ok(hpke_context_export(c, x, buf_view(&context), len, exported));
    assert_bytes(view_of(exported, len), v->exported);
    buf_clear(&context);
}

static void the_published_entries_come_out_on_both_sides(void **state)
{
    for (size_t i = 0; i < COUNT_OF(hpke_vectors); i++) {
        const struct hpke_vector *v = &hpke_vectors[i];
        struct hpke_info info = vector_info(*state, v);
        struct hpke_context sender = {0}, receiver = {0};
        struct kem_key *key = vector_key(*state, v);
        sotto_buf seed = unhex(v->ikm_e);
        uint8_t enc[KEM_ENC_MAX];
        view enc_view = {enc, kem_enc_size(v->suite.kem)};
        assert_ok(
            hpke_setup_sender(*state, &info, kem_key_public(key), buf_view(&seed), enc, &sender));
        assert_sha256(*state, enc_view, v->enc_hash);
        assert_ok(hpke_setup_receiver(*state, &info, key, enc_view, &receiver));
        vector_messages(*state, v, &sender, &receiver);
        vector_export(*state, v, &sender);
        vector_export(*state, v, &receiver);
        buf_clear(&seed);
        hpke_info_clear(&info);
        hpke_context_clear(&sender);
        hpke_context_clear(&receiver);
        kem_key_free(key);
    }
}

/* ---- OpenSSL's HPKE on the other side ---- */

static const view aad = VIEW_LIT("associated data");
static const view plain = VIEW_LIT("what is said");
static const view info_text = VIEW_LIT("info");
static const view psk_id = VIEW_LIT("psk id");

static struct hpke_info info_of(sotto_crypto *c, struct hpke_suite suite, uint8_t mode)
{
    struct hpke_info made = {0};
    if (mode == 0)
        assert_ok(hpke_info_base(c, suite, info_text, &made));
    else
        assert_ok(hpke_info_psk(c, suite, info_text, VIEW_LIT(PSK), psk_id, &made));
    return made;
}

static OSSL_HPKE_CTX *openssl_ctx(struct hpke_suite suite, uint8_t mode, int role)
{
    OSSL_HPKE_SUITE s = {(uint16_t)suite.kem, (uint16_t)suite.kdf, (uint16_t)suite.aead};
    OSSL_HPKE_CTX *ctx = OSSL_HPKE_CTX_new(mode == 0 ? OSSL_HPKE_MODE_BASE : OSSL_HPKE_MODE_PSK, s,
                                           role, NULL, NULL);
    assert_non_null(ctx);
    if (mode != 0)
        assert_int_equal(
            OSSL_HPKE_CTX_set1_psk(ctx, "psk id", (const uint8_t *)PSK, sizeof PSK - 1), 1);
    return ctx;
}

/* Keys of both libraries from the same bytes. */
static void keys_of(sotto_crypto *c, struct hpke_suite suite, struct kem_key **ours,
                    EVP_PKEY **theirs)
{
    uint8_t ikm[SECRET_MAX], public_key[KEM_PUBLIC_MAX];
    size_t public_len = sizeof public_key;
    OSSL_HPKE_SUITE s = {(uint16_t)suite.kem, (uint16_t)suite.kdf, (uint16_t)suite.aead};
    memset(ikm, 0x42, sizeof ikm);
    assert_int_equal(OSSL_HPKE_keygen(s, public_key, &public_len, theirs, ikm,
                                      kem_private_size(suite.kem), NULL, NULL),
                     1);
    assert_ok(kem_key_derive(c, suite.kem, view_of(ikm, kem_private_size(suite.kem)), ours));
    assert_true(view_equal(kem_key_public(*ours), view_of(public_key, public_len)));
}

/* From the same ephemeral key material both give the same bytes: encapsulation, two messages, an export. */
static void same_bytes(sotto_crypto *c, struct hpke_suite suite, uint8_t mode,
                       const struct kem_key *ours)
{
    uint8_t enc[2][KEM_ENC_MAX], seed[SECRET_MAX] = {1}, theirs[64], exported[2][40];
    size_t enc_len = sizeof enc[1], seed_len = kem_seed_size(suite.kem);
    view public_key = kem_key_public(ours);
    struct hpke_info info = info_of(c, suite, mode);
    struct hpke_context x = {0};
    OSSL_HPKE_CTX *ctx = openssl_ctx(suite, mode, OSSL_HPKE_ROLE_SENDER);
    assert_ok(hpke_setup_sender(c, &info, public_key, view_of(seed, seed_len), enc[0], &x));
    assert_int_equal(OSSL_HPKE_CTX_set1_ikme(ctx, seed, seed_len), 1);
    assert_int_equal(OSSL_HPKE_encap(ctx, enc[1], &enc_len, public_key.data, public_key.len,
                                     info_text.data, info_text.len),
                     1);
    assert_true(view_equal(view_of(enc[1], enc_len), view_of(enc[0], kem_enc_size(suite.kem))));
    for (int i = 0; i < 2; i++) {
        sotto_buf sealed = {0};
        size_t len = sizeof theirs;
        assert_ok(hpke_context_seal(c, &x, aad, plain, &sealed));
        assert_int_equal(
            OSSL_HPKE_seal(ctx, theirs, &len, aad.data, aad.len, plain.data, plain.len), 1);
        assert_true(view_equal(buf_view(&sealed), view_of(theirs, len)));
        buf_clear(&sealed);
    }
    assert_ok(hpke_context_export(c, &x, aad, sizeof exported[0], exported[0]));
    assert_int_equal(OSSL_HPKE_export(ctx, exported[1], sizeof exported[1], aad.data, aad.len), 1);
    assert_memory_equal(exported[0], exported[1], sizeof exported[0]);
    OSSL_HPKE_CTX_free(ctx);
    hpke_info_clear(&info);
    hpke_context_clear(&x);
}

static void theirs_to_ours(sotto_crypto *c, struct hpke_suite suite, uint8_t mode,
                           const struct kem_key *ours)
{
    uint8_t enc[KEM_ENC_MAX], sealed[64];
    size_t enc_len = sizeof enc, sealed_len = sizeof sealed;
    view public_key = kem_key_public(ours);
    struct hpke_info info = info_of(c, suite, mode);
    struct hpke_context x = {0};
    sotto_buf opened = {0};
    OSSL_HPKE_CTX *ctx = openssl_ctx(suite, mode, OSSL_HPKE_ROLE_SENDER);
    assert_int_equal(OSSL_HPKE_encap(ctx, enc, &enc_len, public_key.data, public_key.len,
                                     info_text.data, info_text.len),
                     1);
    assert_int_equal(
        OSSL_HPKE_seal(ctx, sealed, &sealed_len, aad.data, aad.len, plain.data, plain.len), 1);
    assert_ok(hpke_setup_receiver(c, &info, ours, view_of(enc, enc_len), &x));
    assert_ok(hpke_context_open(c, &x, aad, view_of(sealed, sealed_len), &opened));
    assert_true(view_equal(buf_view(&opened), plain));
    OSSL_HPKE_CTX_free(ctx);
    hpke_info_clear(&info);
    hpke_context_clear(&x);
    buf_clear(&opened);
}

static void openssl_seals_the_same_bytes_and_we_open_what_it_sealed_in_every_suite(void **state)
{
    static const enum kem_id kems[] = {KEM_P256, KEM_P384, KEM_P521, KEM_X25519, KEM_X448};
    static const enum aead_id aeads[] = {AEAD_AES_128_GCM, AEAD_AES_256_GCM,
                                         AEAD_CHACHA20_POLY1305};
    for (size_t i = 0; i < COUNT_OF(kems); i++)
        for (unsigned kdf = KDF_SHA256; kdf <= KDF_SHA512; kdf++)
            for (size_t j = 0; j < COUNT_OF(aeads); j++)
                for (uint8_t mode = 0; mode < 2; mode++) {
                    struct hpke_suite suite = {kems[i], (enum kdf_id)kdf, aeads[j]};
                    struct kem_key *ours = NULL;
                    EVP_PKEY *theirs = NULL;
                    keys_of(*state, suite, &ours, &theirs);
                    same_bytes(*state, suite, mode, ours);
                    theirs_to_ours(*state, suite, mode, ours);
                    EVP_PKEY_free(theirs);
                    kem_key_free(ours);
                }
}

/* ---- our own rules ---- */

/* One conversation over X-Wing, as MLS will have it. */
struct pair {
    struct hpke_info info;
    struct kem_key *key;
    struct hpke_context sender, receiver;
    uint8_t seed[64], enc[KEM_ENC_MAX];
};

static const struct hpke_suite xwing = {KEM_XWING, KDF_SHA256, AEAD_AES_128_GCM};

static struct pair pair_new(sotto_crypto *c, struct hpke_suite suite)
{
    struct pair p = {.info = info_of(c, suite, 0), .seed = {9}};
    assert_ok(kem_key_derive(c, suite.kem, VIEW_LIT("thirty-two bytes of key material"), &p.key));
    assert_ok(hpke_setup_sender(c, &p.info, kem_key_public(p.key),
                                view_of(p.seed, kem_seed_size(suite.kem)), p.enc, &p.sender));
    assert_ok(hpke_setup_receiver(c, &p.info, p.key, view_of(p.enc, kem_enc_size(suite.kem)),
                                  &p.receiver));
    return p;
}

static void pair_clear(struct pair *p)
{
    hpke_info_clear(&p->info);
    kem_key_free(p->key);
    hpke_context_clear(&p->sender);
    hpke_context_clear(&p->receiver);
}

static void a_single_shot_is_the_first_message_of_a_context(void **state)
{
    struct pair p = pair_new(*state, xwing);
    sotto_buf first = {0};
    uint8_t enc[KEM_ENC_MAX], sealed[64], opened[64];
    size_t sealed_len = plain.len + AEAD_TAG;
    assert_ok(hpke_context_seal(*state, &p.sender, aad, plain, &first));
    assert_ok(hpke_seal(*state, &p.info, kem_key_public(p.key), VIEW_OF(p.seed), aad, plain, enc,
                        sealed));
    assert_memory_equal(enc, p.enc, sizeof enc);
    assert_true(view_equal(buf_view(&first), view_of(sealed, sealed_len)));
    assert_ok(
        hpke_open(*state, &p.info, p.key, VIEW_OF(enc), aad, view_of(sealed, sealed_len), opened));
    assert_true(view_equal(view_of(opened, plain.len), plain));
    buf_clear(&first);
    pair_clear(&p);
}

static void whatever_was_changed_does_not_open(void **state)
{
    struct pair p = pair_new(*state, xwing);
    uint8_t enc[KEM_ENC_MAX], sealed[64], opened[64];
    size_t len = plain.len + AEAD_TAG;
    assert_ok(hpke_seal(*state, &p.info, kem_key_public(p.key), VIEW_OF(p.seed), aad, plain, enc,
                        sealed));
    for (size_t at = 0; at < sizeof enc; at += 31) {
        enc[at] ^= 0x10;
        assert_err(
            hpke_open(*state, &p.info, p.key, VIEW_OF(enc), aad, view_of(sealed, len), opened),
            DECRYPT);
        enc[at] ^= 0x10;
    }
    for (size_t at = 0; at < len; at++) {
        sealed[at] ^= 0x10;
        assert_err(
            hpke_open(*state, &p.info, p.key, VIEW_OF(enc), aad, view_of(sealed, len), opened),
            DECRYPT);
        sealed[at] ^= 0x10;
        assert_err(
            hpke_open(*state, &p.info, p.key, VIEW_OF(enc), aad, view_of(sealed, at), opened),
            DECRYPT);
    }
    assert_err(
        hpke_open(*state, &p.info, p.key, VIEW_OF(enc), info_text, view_of(sealed, len), opened),
        DECRYPT);
    assert_err(
        hpke_open(*state, &p.info, p.key, view_of(enc, 32), aad, view_of(sealed, len), opened),
        VALUE);
    struct hpke_info psk = info_of(*state, xwing, 1); /* another mode */
    assert_err(hpke_open(*state, &psk, p.key, VIEW_OF(enc), aad, view_of(sealed, len), opened),
               DECRYPT);
    hpke_info_clear(&psk);
    pair_clear(&p);
}

static void a_context_stands_where_it_stood_after_a_message_that_does_not_open(void **state)
{
    struct pair p = pair_new(*state, xwing);
    sotto_buf first = {0}, second = {0}, out = {0};
    assert_ok(hpke_context_seal(*state, &p.sender, aad, plain, &first));
    assert_ok(hpke_context_seal(*state, &p.sender, aad, plain, &second));
    assert_false(view_equal(buf_view(&first), buf_view(&second)));
    assert_err(hpke_context_open(*state, &p.receiver, aad, buf_view(&second), &out), DECRYPT);
    assert_err(hpke_context_open(*state, &p.receiver, aad, view_of(first.data, AEAD_TAG - 1), &out),
               DECRYPT);
    assert_int_equal(out.len, 0);
    assert_ok(hpke_context_open(*state, &p.receiver, aad, buf_view(&first), &out));
    assert_err(hpke_context_open(*state, &p.receiver, aad, buf_view(&first), &out), DECRYPT);
    assert_ok(hpke_context_open(*state, &p.receiver, aad, buf_view(&second), &out));
    assert_int_equal(out.len, 2 * plain.len); /* appended */
    buf_clear(&first);
    buf_clear(&second);
    buf_clear(&out);
    pair_clear(&p);
}

static void an_empty_message_is_a_message(void **state)
{
    struct pair p = pair_new(*state, xwing);
    sotto_buf sealed = {0}, out = {0};
    assert_ok(hpke_context_seal(*state, &p.sender, (view){0}, (view){0}, &sealed));
    assert_int_equal(sealed.len, AEAD_TAG);
    assert_ok(hpke_context_open(*state, &p.receiver, (view){0}, buf_view(&sealed), &out));
    assert_int_equal(out.len, 0);
    buf_clear(&sealed);
    buf_clear(&out);
    pair_clear(&p);
}

static void the_count_of_messages_never_starts_again(void **state)
{
    struct pair p = pair_new(*state, xwing);
    sotto_buf sealed = {0}, out = {0};
    p.sender.seq = p.receiver.seq = UINT64_MAX - 1;
    assert_ok(hpke_context_seal(*state, &p.sender, aad, plain, &sealed));
    assert_ok(hpke_context_open(*state, &p.receiver, aad, buf_view(&sealed), &out));
    assert_err(hpke_context_seal(*state, &p.sender, aad, plain, &out), TOO_LARGE);
    assert_err(hpke_context_open(*state, &p.receiver, aad, buf_view(&sealed), &out), TOO_LARGE);
    assert_int_equal(out.len, plain.len);
    buf_clear(&sealed);
    buf_clear(&out);
    pair_clear(&p);
}

static void an_export_only_suite_exports_and_seals_nothing(void **state)
{
    struct pair p = pair_new(*state, (struct hpke_suite){KEM_X25519, KDF_SHA256, AEAD_EXPORT_ONLY});
    sotto_buf out = {0};
    uint8_t exported[32], enc[32] = {0}, zeros[32] = {0}, sealed[64];
    assert_ok(hpke_context_export(*state, &p.sender, aad, sizeof exported, exported));
    assert_err(hpke_context_export(*state, &p.sender, aad, 255 * 32 + 1, exported), TOO_LARGE);
    assert_err(hpke_context_seal(*state, &p.sender, aad, plain, &out), UNSUPPORTED);
    assert_err(hpke_context_open(*state, &p.receiver, aad, VIEW_OF(sealed), &out), UNSUPPORTED);
    assert_err(hpke_seal(*state, &p.info, kem_key_public(p.key), view_of(p.seed, 32), aad, plain,
                         enc, sealed),
               UNSUPPORTED);
    assert_memory_equal(enc, zeros, sizeof enc);
    assert_int_equal(out.len, 0);
    buf_clear(&out);
    pair_clear(&p);
}

static void a_weak_psk_and_unknown_suites_are_refused(void **state)
{
    struct hpke_info made = {0};
    view psk = VIEW_LIT(PSK);
    assert_err(hpke_info_psk(*state, xwing, info_text, view_of(psk.data, 31), psk_id, &made),
               USAGE);
    assert_err(hpke_info_psk(*state, xwing, info_text, psk, (view){0}, &made), USAGE);
    assert_err(hpke_info_base(*state,
                              (struct hpke_suite){(enum kem_id)0x30, KDF_SHA256, AEAD_AES_128_GCM},
                              info_text, &made),
               UNSUPPORTED);
    assert_err(hpke_info_base(*state,
                              (struct hpke_suite){KEM_XWING, (enum kdf_id)0x10, AEAD_AES_128_GCM},
                              info_text, &made),
               UNSUPPORTED);
    assert_err(hpke_info_base(*state, (struct hpke_suite){KEM_XWING, KDF_SHA256, (enum aead_id)9},
                              info_text, &made),
               UNSUPPORTED);
    assert_int_equal(made.context_len, 0);
}

static void a_key_of_another_kem_is_refused(void **state)
{
    struct pair p = pair_new(*state, xwing);
    struct kem_key *other = NULL;
    struct hpke_context x = {0};
    assert_ok(
        kem_key_derive(*state, KEM_X25519, VIEW_LIT("thirty-two bytes of key material"), &other));
    assert_err(hpke_setup_receiver(*state, &p.info, other, view_of(p.enc, 32), &x), USAGE);
    kem_key_free(other);
    pair_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_entries_come_out_on_both_sides),
        cmocka_unit_test(openssl_seals_the_same_bytes_and_we_open_what_it_sealed_in_every_suite),
        cmocka_unit_test(a_single_shot_is_the_first_message_of_a_context),
        cmocka_unit_test(whatever_was_changed_does_not_open),
        cmocka_unit_test(a_context_stands_where_it_stood_after_a_message_that_does_not_open),
        cmocka_unit_test(an_empty_message_is_a_message),
        cmocka_unit_test(the_count_of_messages_never_starts_again),
        cmocka_unit_test(an_export_only_suite_exports_and_seals_nothing),
        cmocka_unit_test(a_weak_psk_and_unknown_suites_are_refused),
        cmocka_unit_test(a_key_of_another_kem_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
