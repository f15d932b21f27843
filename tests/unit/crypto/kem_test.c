#include "unit.h"

#include <openssl/evp.h>
#include <openssl/hpke.h>

#include "crypto/hash.h"
#include "crypto/kem.h"
#include "crypto/mlkem.h"

static const enum kem_id all[] = {KEM_P256, KEM_P384, KEM_P521, KEM_X25519, KEM_X448, KEM_XWING};

static int setup(void **state)
{
    return crypto_new((sotto_crypto **)state) == SOTTO_OK ? 0 : -1;
}

static int teardown(void **state)
{
    crypto_free(*state);
    return 0;
}

static void assert_sha256(sotto_crypto *c, view bytes, const char *want)
{
    uint8_t digest[HASH_MAX];
    assert_ok(hash(c, HASH_SHA256, bytes, digest));
    assert_bytes(view_of(digest, 32), want);
}

static struct kem_key *key_of(sotto_crypto *c, enum kem_id id, uint8_t fill)
{
    uint8_t ikm[SECRET_MAX];
    struct kem_key *key = NULL;
    memset(ikm, fill, sizeof ikm);
    assert_ok(kem_key_derive(c, id, VIEW_OF(ikm), &key));
    return key;
}

/* draft-connolly-cfrg-xwing-kem-10 appendix C; public key and ciphertext as their SHA-256 */
static void xwing_matches_its_draft_on_each_curve_back_end(void **state)
{
    static const struct {
        const char *seed, *eseed, *shared, *public_hash, *enc_hash;
    } cases[] = {
        {"7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26",
         "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2"
         "35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2",
         "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384",
         "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb",
         "17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33"},
        {"badfd6dfaac359a5efbb7bcc4b59d538df9a04302e10c8bc1cbf1a0b3a5120ea",
         "17cda7cfad765f5623474d368ccca8af0007cd9f5e4c849f167a580b14aabdef"
         "aee7eef47cb0fca9767be1fda69419dfb927e9df07348b196691abaeb580b32d",
         "f2e86241c64d60f6649fbc6c5b7d17180b780a3f34355e64a85749949c45f150",
         "c42ba5f8430d7d2c83739338203819f090e8303ce9c8b02107c272bfa5376916",
         "1661ea86d608a1924ba30840cb0a65f13ae051e3aec9cf0f064efc0bc92f2154"},
        {"ef58538b8d23f87732ea63b02b4fa0f4873360e2841928cd60dd4cee8cc0d4c9",
         "22a96188d032675c8ac850933c7aff1533b94c834adbb69c6115bad4692d8619"
         "f90b0cdf8a7b9c264029ac185b70b83f2801f2f4b3f70c593ea3aeeb613a7f1b",
         "953f7f4e8c5b5049bdc771d1dffada0dd961477d1a2ae0988baa7ea6898d893f",
         "6b080d6b84f095342092fa7a22423e58bd681397ad0ef00eac92bd254db4fa95",
         "d3ca5578500344b5896cffc4fd740c9311946b82951df155e6fd86a7966b43c6"},
    };
    for (enum curve_backend curve = 0; curve < CURVE_BACKENDS; curve++) {
        if (crypto_use_curve(*state, curve) != SOTTO_OK)
            continue;
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            struct secret seed = secret_unhex(cases[i].seed), sent = {0}, got = {0};
            sotto_buf eseed = unhex(cases[i].eseed);
            struct kem_key *key = NULL;
            uint8_t enc[KEM_ENC_MAX];
            assert_ok(kem_key_import(*state, KEM_XWING, &seed, &key));
            assert_sha256(*state, kem_key_public(key), cases[i].public_hash);
            assert_ok(
                kem_encap(*state, KEM_XWING, kem_key_public(key), buf_view(&eseed), enc, &sent));
            assert_sha256(*state, VIEW_OF(enc), cases[i].enc_hash);
            assert_bytes(secret_view(&sent), cases[i].shared);
            assert_ok(kem_decap(*state, key, VIEW_OF(enc), &got));
            assert_true(secret_equal(&sent, &got));
            buf_clear(&eseed);
            kem_key_free(key);
        }
    }
    assert_ok(crypto_use_curve(*state, curve_backend_default()));
}

/* Its own implementation of DeriveKeyPair. */
static void derived_keys_are_those_of_openssl(void **state)
{
    uint8_t ikm[66], public_key[KEM_PUBLIC_MAX];
    for (size_t i = 0; i < sizeof ikm; i++)
        ikm[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        if (all[i] == KEM_XWING)
            continue;
        const size_t lens[] = {kem_private_size(all[i]), 66};
        for (size_t j = 0; j < COUNT_OF(lens); j++) {
            OSSL_HPKE_SUITE suite = {(uint16_t)all[i], OSSL_HPKE_KDF_ID_HKDF_SHA256,
                                     OSSL_HPKE_AEAD_ID_AES_GCM_128};
            size_t public_len = sizeof public_key;
            EVP_PKEY *pkey = NULL;
            struct kem_key *key = NULL;
            assert_int_equal(
                OSSL_HPKE_keygen(suite, public_key, &public_len, &pkey, ikm, lens[j], NULL, NULL),
                1);
            assert_ok(kem_key_derive(*state, all[i], view_of(ikm, lens[j]), &key));
            assert_true(view_equal(kem_key_public(key), view_of(public_key, public_len)));
            EVP_PKEY_free(pkey);
            kem_key_free(key);
        }
    }
}

/* MLS derives node keys of suite 5 from 64 bytes, which is less than a P-521 scalar. */
static void a_key_derives_from_fewer_bytes_than_it_has(void **state)
{
    uint8_t ikm[64] = {1};
    struct kem_key *key = NULL;
    assert_ok(kem_key_derive(*state, KEM_P521, VIEW_OF(ikm), &key));
    assert_int_equal(kem_key_public(key).len, 133);
    kem_key_free(key);
}

static void sizes_are_those_of_rfc_9180(void **state)
{
    static const struct {
        enum kem_id id;
        size_t shared, enc, public_key, private_key, seed;
    } cases[] = {
        {KEM_P256, 32, 65, 65, 32, 32},     {KEM_P384, 48, 97, 97, 48, 48},
        {KEM_P521, 64, 133, 133, 66, 66},   {KEM_X25519, 32, 32, 32, 32, 32},
        {KEM_X448, 64, 56, 56, 56, 56},     {KEM_XWING, 32, 1120, 1216, 32, 64},
        {(enum kem_id)0x30, 0, 0, 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(kem_shared_size(cases[i].id), cases[i].shared);
        assert_int_equal(kem_enc_size(cases[i].id), cases[i].enc);
        assert_int_equal(kem_public_size(cases[i].id), cases[i].public_key);
        assert_int_equal(kem_private_size(cases[i].id), cases[i].private_key);
        assert_int_equal(kem_seed_size(cases[i].id), cases[i].seed);
    }
}

static void both_sides_get_the_same_secret_and_a_key_survives_export(void **state)
{
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct kem_key *key = key_of(*state, all[i], (uint8_t)i), *again = NULL;
        struct secret sent = {0}, got = {0}, exported = {0};
        uint8_t enc[KEM_ENC_MAX], seed[66];
        memset(seed, 0x33, sizeof seed);
        assert_int_equal(kem_key_id(key), all[i]);
        assert_ok(kem_public_check(*state, all[i], kem_key_public(key)));
        assert_ok(kem_encap(*state, all[i], kem_key_public(key),
                            view_of(seed, kem_seed_size(all[i])), enc, &sent));
        assert_int_equal(sent.len, kem_shared_size(all[i]));
        kem_key_export(key, &exported);
        assert_int_equal(exported.len, kem_private_size(all[i]));
        assert_ok(kem_key_import(*state, all[i], &exported, &again));
        assert_true(view_equal(kem_key_public(key), kem_key_public(again)));
        assert_ok(kem_decap(*state, again, view_of(enc, kem_enc_size(all[i])), &got));
        assert_true(secret_equal(&sent, &got));
        kem_key_free(key);
        kem_key_free(again);
    }
}

static void a_short_scalar_is_padded_on_the_left(void **state)
{
    struct secret one = {.len = 1, .data = {1}}, exported = {0};
    struct kem_key *key = NULL;
    assert_ok(kem_key_import(*state, KEM_P256, &one, &key));
    kem_key_export(key, &exported);
    assert_bytes(secret_view(&exported),
                 "0000000000000000000000000000000000000000000000000000000000000001");
    assert_bytes(kem_key_public(key), /* the generator (SEC 2, 2.4.2) */
                 "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                 "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    kem_key_free(key);
}

static void bad_private_keys_are_refused(void **state)
{
    struct kem_key *none = NULL;
    struct secret zero = {.len = 32}, order = secret_unhex("ffffffff00000000ffffffffffffffff"
                                                           "bce6faada7179e84f3b9cac2fc632551");
    struct secret shorter = {.len = 31}, longer = {.len = 33};
    assert_err(kem_key_import(*state, KEM_P256, &zero, &none), KEY);
    assert_err(kem_key_import(*state, KEM_P256, &order, &none), KEY);
    assert_err(kem_key_import(*state, KEM_X25519, &shorter, &none), KEY);
    assert_err(kem_key_import(*state, KEM_X25519, &longer, &none), KEY);
    assert_err(kem_key_import(*state, KEM_XWING, &shorter, &none), KEY);
    assert_err(kem_key_import(*state, KEM_XWING, &longer, &none), KEY);
    assert_err(kem_key_import(*state, (enum kem_id)0x30, &zero, &none), UNSUPPORTED);
    assert_null(none);
}

static void assert_encap_fails(sotto_crypto *c, enum kem_id id, view public_key, size_t seed_len,
                               sotto_err want)
{
    uint8_t seed[67] = {1}, enc[KEM_ENC_MAX], zeros[KEM_ENC_MAX] = {0};
    struct secret shared = {0};
    memset(enc, 0, sizeof enc);
    assert_int_equal(kem_encap(c, id, public_key, view_of(seed, seed_len), enc, &shared), want);
    assert_memory_equal(enc, zeros, sizeof enc);
    assert_int_equal(shared.len, 0);
}

static void bad_public_keys_and_seeds_are_refused_and_nothing_comes_out(void **state)
{
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct kem_key *key = key_of(*state, all[i], 5);
        uint8_t public_key[KEM_PUBLIC_MAX + 1] = {0};
        size_t len = kem_public_size(all[i]), seed_len = kem_seed_size(all[i]);
        memcpy(public_key, kem_key_public(key).data, len);
        assert_encap_fails(*state, all[i], view_of(public_key, len - 1), seed_len, SOTTO_E_KEY);
        assert_encap_fails(*state, all[i], view_of(public_key, len + 1), seed_len, SOTTO_E_KEY);
        assert_encap_fails(*state, all[i], view_of(public_key, len), seed_len - 1, SOTTO_E_USAGE);
        assert_encap_fails(*state, all[i], view_of(public_key, len), seed_len + 1, SOTTO_E_USAGE);
        assert_err(kem_public_check(*state, all[i], view_of(public_key, len - 1)), KEY);
        memset(public_key + len - 32, 0,
               32); /* no point of the curve; for X25519 and X-Wing one that gives zero */
        if (all[i] != KEM_X448)
            assert_encap_fails(*state, all[i], view_of(public_key, len), seed_len, SOTTO_E_KEY);
        memset(public_key, 0, len);
        assert_encap_fails(*state, all[i], view_of(public_key, len), seed_len, SOTTO_E_KEY);
        if (all[i] != KEM_X448 && all[i] != KEM_X25519 && all[i] != KEM_XWING)
            assert_err(kem_public_check(*state, all[i], view_of(public_key, len)), KEY);
        memset(public_key, 0xff, len); /* for ML-KEM, coefficients over the modulus */
        if (all[i] == KEM_XWING)
            assert_err(kem_public_check(*state, all[i], view_of(public_key, len)), KEY);
        kem_key_free(key);
    }
    assert_encap_fails(*state, (enum kem_id)0x30, (view){0}, 0, SOTTO_E_UNSUPPORTED);
}

static void bad_encapsulations_are_refused(void **state)
{
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct kem_key *key = key_of(*state, all[i], 6);
        uint8_t enc[KEM_ENC_MAX + 1] = {0};
        struct secret shared = {0};
        size_t len = kem_enc_size(all[i]);
        assert_err(kem_decap(*state, key, view_of(enc, len - 1), &shared), VALUE);
        assert_err(kem_decap(*state, key, view_of(enc, len + 1), &shared), VALUE);
        assert_err(kem_decap(*state, key, view_of(enc, len), &shared), KEY); /* all zero */
        assert_int_equal(shared.len, 0);
        kem_key_free(key);
    }
}

/* ML-KEM rejects implicitly: another secret, no error. */
static void a_changed_xwing_encapsulation_gives_another_secret(void **state)
{
    struct kem_key *key = key_of(*state, KEM_XWING, 7);
    uint8_t enc[KEM_ENC_MAX], seed[64] = {8};
    struct secret sent = {0}, got = {0};
    assert_ok(kem_encap(*state, KEM_XWING, kem_key_public(key), VIEW_OF(seed), enc, &sent));
    for (size_t at = 0; at < sizeof enc; at += 37) {
        enc[at] ^= 1;
        assert_ok(kem_decap(*state, key, VIEW_OF(enc), &got));
        assert_false(secret_equal(&sent, &got));
        enc[at] ^= 1;
    }
    kem_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xwing_matches_its_draft_on_each_curve_back_end),
        cmocka_unit_test(derived_keys_are_those_of_openssl),
        cmocka_unit_test(a_key_derives_from_fewer_bytes_than_it_has),
        cmocka_unit_test(sizes_are_those_of_rfc_9180),
        cmocka_unit_test(both_sides_get_the_same_secret_and_a_key_survives_export),
        cmocka_unit_test(a_short_scalar_is_padded_on_the_left),
        cmocka_unit_test(bad_private_keys_are_refused),
        cmocka_unit_test(bad_public_keys_and_seeds_are_refused_and_nothing_comes_out),
        cmocka_unit_test(bad_encapsulations_are_refused),
        cmocka_unit_test(a_changed_xwing_encapsulation_gives_another_secret),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
