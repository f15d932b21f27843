#include "unit.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/hash.h"
#include "crypto/mlkem.h"

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

static struct mlkem_key *key_of(sotto_crypto *c, enum mlkem_id id, uint8_t fill)
{
    struct secret seed = {.len = MLKEM_SEED};
    struct mlkem_key *key = NULL;
    memset(seed.data, fill, MLKEM_SEED);
    assert_ok(mlkem_key_derive(c, id, &seed, &key));
    return key;
}

/* NIST ACVP ML-KEM-keyGen-FIPS203, the first case of each set at hand; keys as their SHA-256 */
static void key_generation_matches_nist(void **state)
{
    static const struct {
        enum mlkem_id id;
        const char *seed, *public_hash, *expanded_hash;
    } cases[] = {
        {MLKEM_768,
         "e34a701c4c87582f42264ee422d3c684d97611f2523efe0c998af05056d693dc"
         "a85768f3486bd32a01bf9a8f21ea938e648eae4e5448c34c3eb88820b159eedd",
         "7799c9d8eef172aa78c073514f2f039c240de8c5cb61bca82ba0bc46041ce279",
         "104b3444c3de2b81143788d27e17648f45c80f617f906156db2258da96dead40"},
        {MLKEM_1024,
         "49ac8b99bb1e6a8ea818261f8be68bdeaa52897e7ec6c40b530bc760ab77dce3"
         "99e3246884181f8e1dd44e0c7629093330221fd67d9b7d6e1510b2dbad8762f7",
         "62fccf5fdf805b110670b39cd5e25b1811172961ea4047bfbd589e323ce7cfbc",
         "2f8af73000bd5247a74312ac70386444290bc4b80da6fae05aeb1196dbd8912e"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct secret seed = secret_unhex(cases[i].seed);
        struct mlkem_key *key = NULL;
        sotto_buf expanded = {0};
        assert_ok(mlkem_key_derive(*state, cases[i].id, &seed, &key));
        assert_ok(mlkem_key_expanded(key, &expanded));
        assert_int_equal(expanded.len, mlkem_expanded_size(cases[i].id));
        assert_sha256(*state, mlkem_key_public(key), cases[i].public_hash);
        assert_sha256(*state, buf_view(&expanded), cases[i].expanded_hash);
        buf_clear(&expanded);
        mlkem_key_free(key);
    }
}

/* FIPS 203 algorithm 17: the secret is the first half of SHA3-512(m || SHA3-256(ek)) */
static void encapsulation_gives_the_secret_of_the_standard_in_all_sizes(void **state)
{
    for (enum mlkem_id id = MLKEM_512; id < MLKEM_COUNT; id++) {
        struct mlkem_key *key = key_of(*state, id, (uint8_t)(0x40 + id));
        uint8_t in[64], digest[64], ciphertext[MLKEM_CIPHERTEXT_MAX];
        struct secret sent = {0}, got = {0};
        memset(in, 0x17, MLKEM_ENTROPY);
        assert_ok(hash(*state, HASH_SHA3_256, mlkem_key_public(key), in + MLKEM_ENTROPY));
        assert_int_equal(EVP_Digest(in, sizeof in, digest, NULL, EVP_sha3_512(), NULL), 1);

        assert_int_equal(mlkem_key_id(key), id);
        assert_int_equal(mlkem_key_public(key).len, mlkem_public_size(id));
        assert_ok(mlkem_public_check(*state, id, mlkem_key_public(key)));
        assert_ok(mlkem_encap(*state, id, mlkem_key_public(key), in, ciphertext, &sent));
        assert_memory_equal(sent.data, digest, MLKEM_SHARED);
        assert_ok(mlkem_decap(*state, key, view_of(ciphertext, mlkem_ciphertext_size(id)), &got));
        assert_true(secret_equal(&sent, &got));
        mlkem_key_free(key);
    }
}

/* FIPS 203 algorithm 18: SHAKE256(z || c) in place of an error */
static void a_wrong_ciphertext_gives_the_implicit_rejection_secret(void **state)
{
    for (enum mlkem_id id = MLKEM_512; id < MLKEM_COUNT; id++) {
        struct mlkem_key *key = key_of(*state, id, 0x5a);
        uint8_t entropy[MLKEM_ENTROPY] = {1}, z[32], ciphertext[MLKEM_CIPHERTEXT_MAX], want[32];
        struct secret sent = {0}, got = {0};
        size_t len = mlkem_ciphertext_size(id);
        memset(z, 0x5a, sizeof z);
        assert_ok(mlkem_encap(*state, id, mlkem_key_public(key), entropy, ciphertext, &sent));
        for (size_t at = 0; at < len; at += len / 4) {
            ciphertext[at] ^= 0x04;
            const view parts[] = {VIEW_OF(z), {ciphertext, len}};
            assert_ok(shake256(*state, parts, COUNT_OF(parts), want, sizeof want));
            assert_ok(mlkem_decap(*state, key, view_of(ciphertext, len), &got));
            assert_memory_equal(got.data, want, sizeof want);
            ciphertext[at] ^= 0x04;
        }
        mlkem_key_free(key);
    }
}

static void an_expanded_key_comes_back_the_same_and_a_damaged_one_is_refused(void **state)
{
    for (enum mlkem_id id = MLKEM_512; id < MLKEM_COUNT; id++) {
        struct mlkem_key *key = key_of(*state, id, 9), *again = NULL, *none = NULL;
        sotto_buf expanded = {0};
        assert_ok(mlkem_key_expanded(key, &expanded));
        assert_ok(mlkem_key_import(*state, id, buf_view(&expanded), &again));
        assert_true(view_equal(mlkem_key_public(key), mlkem_key_public(again)));
        expanded.data[expanded.len - 64] ^= 1; /* the hash of the public key in it */
        assert_err(mlkem_key_import(*state, id, buf_view(&expanded), &none), KEY);
        expanded.data[expanded.len - 64] ^= 1;
        assert_err(mlkem_key_import(*state, id, view_of(expanded.data, expanded.len - 1), &none),
                   KEY);
        assert_null(none);
        buf_clear(&expanded);
        mlkem_key_free(key);
        mlkem_key_free(again);
    }
}

static void wrong_sizes_and_coefficients_over_the_modulus_are_refused(void **state)
{
    for (enum mlkem_id id = MLKEM_512; id < MLKEM_COUNT; id++) {
        struct mlkem_key *key = key_of(*state, id, 3), *none = NULL;
        uint8_t entropy[MLKEM_ENTROPY] = {2}, public_key[MLKEM_PUBLIC_MAX + 1] = {0};
        uint8_t ciphertext[MLKEM_CIPHERTEXT_MAX + 1] = {0};
        struct secret shared = {0}, seed = {.len = MLKEM_SEED - 1};
        size_t len = mlkem_public_size(id);
        memcpy(public_key, mlkem_key_public(key).data, len);
        for (size_t wrong = len - 1; wrong <= len + 1; wrong += 2) {
            assert_err(
                mlkem_encap(*state, id, view_of(public_key, wrong), entropy, ciphertext, &shared),
                KEY);
            assert_err(mlkem_public_check(*state, id, view_of(public_key, wrong)), KEY);
        }
        public_key[0] = 0x01; /* the first coefficient: 3329, the modulus itself */
        public_key[1] = (uint8_t)((public_key[1] & 0xf0) | 0x0d);
        assert_err(mlkem_encap(*state, id, view_of(public_key, len), entropy, ciphertext, &shared),
                   KEY);
        assert_int_equal(ERR_peek_error(), 0);
        public_key[0] = 0x00; /* 3328, the largest */
        assert_ok(mlkem_encap(*state, id, view_of(public_key, len), entropy, ciphertext, &shared));
        len = mlkem_ciphertext_size(id);
        assert_err(mlkem_decap(*state, key, view_of(ciphertext, len - 1), &shared), VALUE);
        assert_err(mlkem_decap(*state, key, view_of(ciphertext, len + 1), &shared), VALUE);
        assert_err(mlkem_key_derive(*state, id, &seed, &none), KEY);
        mlkem_key_free(key);
    }
}

/* The check of a public key is our own; what encapsulates is OpenSSL: they must agree on every coefficient. */
static void the_check_of_a_key_and_its_use_agree(void **state)
{
    static const unsigned edges[] = {0, 3328, 3329, 4095};
    for (enum mlkem_id id = MLKEM_512; id < MLKEM_COUNT; id++) {
        struct mlkem_key *key = key_of(*state, id, 4);
        uint8_t entropy[MLKEM_ENTROPY] = {2}, public_key[MLKEM_PUBLIC_MAX];
        uint8_t ciphertext[MLKEM_CIPHERTEXT_MAX];
        struct secret shared = {0};
        size_t len = mlkem_public_size(id);
        for (size_t i = 0; i < (len - 32) * 2 / 3 * COUNT_OF(edges); i++) {
            unsigned value = edges[i % COUNT_OF(edges)];
            size_t coefficient = i / COUNT_OF(edges);
            uint8_t *at = public_key + coefficient / 2 * 3;
            memcpy(public_key, mlkem_key_public(key).data, len);
            if (coefficient % 2 == 0) {
                at[0] = (uint8_t)value;
                at[1] = (uint8_t)((at[1] & 0xf0) | value >> 8);
            } else {
                at[1] = (uint8_t)((at[1] & 0x0f) | (value & 0x0f) << 4);
                at[2] = (uint8_t)(value >> 4);
            }
            sotto_err err = mlkem_public_check(*state, id, view_of(public_key, len));
            assert_int_equal(err, value < 3329 ? SOTTO_OK : SOTTO_E_KEY);
            if (coefficient % 7 == 0)
                assert_int_equal(err, mlkem_encap(*state, id, view_of(public_key, len), entropy,
                                                  ciphertext, &shared));
        }
        mlkem_key_free(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_generation_matches_nist),
        cmocka_unit_test(encapsulation_gives_the_secret_of_the_standard_in_all_sizes),
        cmocka_unit_test(a_wrong_ciphertext_gives_the_implicit_rejection_secret),
        cmocka_unit_test(an_expanded_key_comes_back_the_same_and_a_damaged_one_is_refused),
        cmocka_unit_test(wrong_sizes_and_coefficients_over_the_modulus_are_refused),
        cmocka_unit_test(the_check_of_a_key_and_its_use_agree),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
