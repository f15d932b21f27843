#include "crypto/handle.h"

#include "crypto/sign.h"

struct sign_case {
    enum sign_id id;
    const char *private_key, *public_key, *message, *signature;
};

/* RFC 8032 7.1 (tests 1, 2, 3) and 7.4 (blank); ECDSA: values of PyCryptodome, RFC 6979 nonces. */
static const struct sign_case cases[] = {
    {SIGN_ED25519, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {SIGN_ED25519, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {SIGN_ED25519, "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {SIGN_ED448,
     "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3"
     "528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b",
     "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778"
     "edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
     "",
     "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f"
     "2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a"
     "9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4db"
     "b61149f05a7363268c71d95808ff2e652600"},
    {SIGN_ECDSA_P256, "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "047a593180860c4037c83c12749845c8ee1424dd297fadcb895e358255d2c7d2b2"
     "a8ca25580f2626fe579062ff1b99ff91c24a0da06fb32b5be20148c9249f5650",
     "73616d706c65",
     "3044022079ad00dc1107952c9abd783e83db9b9beec90461755c6877ccb9af1224eb965c"
     "0220635857a072b5642901d7c58a5a73d40b42efb8d69dbdec1774573af9d597aeb8"},
    {SIGN_ECDSA_P384,
     "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
     "2122232425262728292a2b2c2d2e2f",
     "04e62a3a94e407b16bff82947b56a30380269da64a130371cb641501d9b90b226a"
     "93d2e8c059b26530f025bd8d83d55613cc96e994d700581e2d9785cb2974e5e0"
     "a0937e71f09c7b51178b40cadb28e1444e387b9c2b967add040b087157c39836",
     "73616d706c65",
     "306402301b3d6396ec4de7167e8639e569663ba6fcb6a6b517864263bbba16029cc88920"
     "9814349cd1f6882f89464c4e06f804050230241d2655e4eeb987dd9a332e3df0b427ea9a"
     "19c16d7603c86831c686a77fb13247ca8d69355f334b0facd3eb759bcd9b"},
    {SIGN_ECDSA_P521,
     "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
     "2122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f4041",
     "040126f7e6a6df7087c94b0c1b0b194a85669ee810fda2eae12ca64160ded6b26c"
     "46475ebedcceae4011da8edd5c6394e0b0bd4209a15227f2574656256854a7eb"
     "6e4601b9a248cd4017ddd4c2f6cc27cf0a307a1838ee9237913d8a501760b7a6"
     "38c9573b9a0a08ced30befa7a3c0938bbaaa770a7bc37dd175957cb3a45ebde3"
     "c9826eeb",
     "73616d706c65",
     "308188024201b9459fc41f9e0eb19563ef20cb4f7b147dc5525e52b1e36292b8359eff5a"
     "7742161341858f543f8bdc828d3b17462b9a07ea8effac437c0926c1963b18c251afbd02"
     "420089564f476cb07de017473366cf45e1f21560b234c1d2d82690f1a24b866c6ed35138"
     "ecfcbafb1d57f8d528614025b6f5c3f5c0508e3f9b288decf72cd5f7c22604"},
};

static const enum sign_id ids[] = {SIGN_ED25519, SIGN_ED448, SIGN_ECDSA_P256, SIGN_ECDSA_P384,
                                   SIGN_ECDSA_P521};

static void published(sotto_crypto *c)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct secret private_key = secret_unhex(cases[i].private_key);
        sotto_buf message = unhex(cases[i].message);
        sotto_sign_key *key = NULL;
        sotto_buf signature = {0};
        assert_ok(sign_key_import(c, cases[i].id, &private_key, &key));
        assert_int_equal(sign_key_id(key), cases[i].id);
        assert_bytes(sign_key_public(key), cases[i].public_key);
        assert_ok(sign(c, key, buf_view(&message), &signature));
        assert_bytes(buf_view(&signature), cases[i].signature);
        assert_ok(
            verify(c, cases[i].id, sign_key_public(key), buf_view(&message), buf_view(&signature)));
        buf_clear(&message);
        buf_clear(&signature);
        sign_key_free(key);
    }
}

static void signatures_match_published_values_on_each_back_end(void **state)
{
    on_each_curve(*state, published);
}

static sotto_sign_key *some_key(sotto_crypto *c, enum sign_id id)
{
    uint8_t seed[82];
    memset(seed, 0xa7, sizeof seed);
    sotto_sign_key *key = NULL;
    assert_ok(sign_key_derive(c, id, view_of(seed, sign_seed_size(id)), &key));
    return key;
}

/* Long enough for the heap as well as for the stack of the back-end that copies. */
static void lengths(sotto_crypto *c)
{
    static uint8_t message[5000];
    memset(message, 0x33, sizeof message);
    static const size_t lens[] = {0, 1, 63, 64, 959, 960, 961, 1023, 1024, 1025, 5000};
    sotto_sign_key *key = some_key(c, SIGN_ED25519);
    sotto_buf first[COUNT_OF(lens)] = {0};
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        assert_ok(crypto_use_curve(c, CURVE_OPENSSL));
        assert_ok(sign(c, key, view_of(message, lens[i]), &first[i]));
    }
    for (unsigned backend = 0; backend < CURVE_BACKENDS; backend++) {
        if (crypto_use_curve(c, (enum curve_backend)backend) != SOTTO_OK)
            continue;
        for (size_t i = 0; i < COUNT_OF(lens); i++) {
            sotto_buf signature = {0};
            assert_ok(sign(c, key, view_of(message, lens[i]), &signature));
            assert_true(view_equal(buf_view(&signature), buf_view(&first[i])));
            assert_ok(verify(c, SIGN_ED25519, sign_key_public(key), view_of(message, lens[i]),
                             buf_view(&signature)));
            if (lens[i] > 0)
                assert_err(verify(c, SIGN_ED25519, sign_key_public(key),
                                  view_of(message, lens[i] - 1), buf_view(&signature)),
                           SIGNATURE);
            buf_clear(&signature);
        }
    }
    for (size_t i = 0; i < COUNT_OF(lens); i++)
        buf_clear(&first[i]);
    sign_key_free(key);
}

static void back_ends_agree_on_messages_of_every_size(void **state)
{
    lengths(*state);
    assert_ok(crypto_use_curve(*state, curve_backend_default()));
}

static void a_changed_bit_is_refused(void **state)
{
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        sotto_sign_key *key = some_key(*state, ids[i]);
        sotto_buf signature = {0};
        assert_ok(sign(*state, key, VIEW_LIT("message"), &signature));
        for (size_t bit = 0; bit < 8 * signature.len; bit += 5) {
            signature.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_err(verify(*state, ids[i], sign_key_public(key), VIEW_LIT("message"),
                              buf_view(&signature)),
                       SIGNATURE);
            signature.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t len = 0; len < signature.len; len++)
            assert_err(verify(*state, ids[i], sign_key_public(key), VIEW_LIT("message"),
                              view_of(signature.data, len)),
                       SIGNATURE);
        assert_ok(buf_append(&signature, VIEW_LIT("\0")));
        assert_err(
            verify(*state, ids[i], sign_key_public(key), VIEW_LIT("message"), buf_view(&signature)),
            SIGNATURE);
        buf_clear(&signature);
        sign_key_free(key);
    }
}

static void a_key_comes_back_as_it_was_exported(void **state)
{
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        sotto_sign_key *key = some_key(*state, ids[i]);
        sotto_sign_key *again = NULL;
        struct secret private_key = {0};
        sign_key_export(key, &private_key);
        assert_ok(sign_key_import(*state, ids[i], &private_key, &again));
        assert_true(view_equal(sign_key_public(key), sign_key_public(again)));
        assert_ok(sign_public_check(*state, ids[i], sign_key_public(key)));
        sign_key_free(key);
        sign_key_free(again);
    }
}

static void a_copy_of_a_key_signs_when_the_first_one_is_gone(void **state)
{
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        sotto_sign_key *key = some_key(*state, ids[i]);
        sotto_sign_key *copy = NULL;
        sotto_buf signature = {0};
        assert_ok(sign_key_copy(key, &copy));
        sign_key_free(key);
        assert_ok(sign(*state, copy, VIEW_LIT("said"), &signature));
        assert_ok(
            verify(*state, ids[i], sign_key_public(copy), VIEW_LIT("said"), buf_view(&signature)));
        sign_key_free(copy);
        buf_clear(&signature);
    }
}

static void seeds_and_keys_of_another_length_are_refused(void **state)
{
    static const uint8_t bytes[100] = {0, 1};
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        sotto_sign_key *key = NULL;
        for (size_t len = 0; len <= sizeof bytes; len++)
            if (len != sign_seed_size(ids[i]))
                assert_err(sign_key_derive(*state, ids[i], view_of(bytes, len), &key), USAGE);
        struct secret empty = {0};
        assert_err(sign_key_import(*state, ids[i], &empty, &key), KEY);
        struct secret too_long = {.len = SECRET_MAX};
        memset(too_long.data, 0xff, SECRET_MAX);
        assert_err(sign_key_import(*state, ids[i], &too_long, &key), KEY);
        assert_null(key);

        sotto_sign_key *good = some_key(*state, ids[i]);
        uint8_t public_key[SIGN_PUBLIC_MAX + 1] = {0};
        memcpy(public_key, sign_key_public(good).data, sign_key_public(good).len);
        for (size_t len = 0; len <= sizeof public_key; len++)
            assert_int_equal(sign_public_check(*state, ids[i], view_of(public_key, len)),
                             len == sign_key_public(good).len ? SOTTO_OK : SOTTO_E_KEY);
        sign_key_free(good);
    }
    sotto_sign_key *key = NULL;
    assert_err(sign_key_derive(*state, (enum sign_id)1, (view){0}, &key), USAGE);
    assert_err(verify(*state, (enum sign_id)1, (view){0}, (view){0}, (view){0}), KEY);
    assert_int_equal(sign_seed_size((enum sign_id)1), 0);
}

/* FIPS 186-5 A.2.1: seed mod (n - 1) + 1, checked where the result is known: 0 gives 1, n - 1 gives 1, n - 2 gives n - 1. */
static void ecdsa_seeds_reduce_into_the_allowed_range(void **state)
{
    static const char *const p256_n_1 =
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
    uint8_t seed[48] = {0};
    sotto_buf n_1 = unhex(p256_n_1);
    struct secret private_key = {0};
    sotto_sign_key *key = NULL;
    for (int round = 0; round < 3; round++) {
        if (round > 0)
            memcpy(seed + 16, n_1.data, 32);
        if (round == 2)
            seed[47]--;
        assert_ok(sign_key_derive(*state, SIGN_ECDSA_P256, VIEW_OF(seed), &key));
        sign_key_export(key, &private_key);
        assert_bytes(secret_view(&private_key),
                     round < 2 ? "0000000000000000000000000000000000000000000000000000000000000001"
                               : p256_n_1);
        sign_key_free(key);
    }
    buf_clear(&n_1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_match_published_values_on_each_back_end),
        cmocka_unit_test(back_ends_agree_on_messages_of_every_size),
        cmocka_unit_test(a_changed_bit_is_refused),
        cmocka_unit_test(a_key_comes_back_as_it_was_exported),
        cmocka_unit_test(a_copy_of_a_key_signs_when_the_first_one_is_gone),
        cmocka_unit_test(seeds_and_keys_of_another_length_are_refused),
        cmocka_unit_test(ecdsa_seeds_reduce_into_the_allowed_range),
    };
    return cmocka_run_group_tests_name("crypto/sign", tests, handle_setup, handle_teardown);
}
