#include "crypto/handle.h"

#include "crypto/dh.h"

static struct dh_key *key_unhex(sotto_crypto *c, enum dh_id id, const char *text)
{
    struct secret private_key = secret_unhex(text);
    struct dh_key *key = NULL;
    assert_ok(dh_key_import(c, id, &private_key, &key));
    assert_int_equal(dh_key_id(key), id);
    return key;
}

struct dh_case {
    enum dh_id id;
    const char *private_key, *public_key, *peer, *shared;
};

/* RFC 7748 6.1 and 6.2, RFC 5903 8.1; for P-384 and P-521 values of PyCryptodome. The private keys of the last two are a
 * byte short, so that padding is tried too. */
static const struct dh_case cases[] = {
    {DH_X25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
     "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
     "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
     "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
    {DH_X448,
     "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d"
     "d9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
     "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c"
     "22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
     "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b430"
     "27d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
     "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282b"
     "b60c0b56fd2464c335543936521c24403085d59a449a5037514a879d"},
    {DH_P256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
     "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
     "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
     "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
     "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
     "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"},
    {DH_P384,
     "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
     "2122232425262728292a2b2c2d2e2f",
     "04e62a3a94e407b16bff82947b56a30380269da64a130371cb641501d9b90b226a"
     "93d2e8c059b26530f025bd8d83d55613cc96e994d700581e2d9785cb2974e5e0"
     "a0937e71f09c7b51178b40cadb28e1444e387b9c2b967add040b087157c39836",
     "04a9299f9471948b671b354251078669fd8cf1353f8d3b406a46d36b4a2f421458"
     "469cf9a9f4813a60332d89a204726f7f62890a873a6cc2558513d1a42fe477dd"
     "2d4026629f39d579cfecced8f50ca4441c5a0632e3a3a7760b8a59d66414933d",
     "cce5b4516a8511f903101ed1fffbb866483812a781c87286f690b09189dd00f2"
     "07212ba82b7df80ec61ca23f00c940f4"},
    {DH_P521,
     "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
     "2122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40"
     "41",
     "040126f7e6a6df7087c94b0c1b0b194a85669ee810fda2eae12ca64160ded6b26c"
     "46475ebedcceae4011da8edd5c6394e0b0bd4209a15227f2574656256854a7eb"
     "6e4601b9a248cd4017ddd4c2f6cc27cf0a307a1838ee9237913d8a501760b7a6"
     "38c9573b9a0a08ced30befa7a3c0938bbaaa770a7bc37dd175957cb3a45ebde3"
     "c9826eeb",
     "0401a085985a036eff749dd98403b43cb2da1ce2ea5c88f3c46f9f5177a009b032"
     "2523f636a0ab13b28e85482dba907b4ba0e7105a7fb76ae06eb613bf063a8513"
     "6b1d002889060b04dcacade5c0493be697b2b4bd8641878c9154f98e5d5a324f"
     "859020b02c5264a2312d947eede97dbcdf8fbfda85b06a63bd07a06b1733d19d"
     "8da40410",
     "01ab29f6a6ef78eee2c6dddcbe1ba01e4d5f8c3d648658563b97a228a81b8530"
     "cac2999039e8760cf2f2b39dc6b2f2ad1c238aa2ed2db93dc7cc31d6b4fe5c8a"
     "cfaa"},
};

static void agreement_matches(sotto_crypto *c)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct dh_key *key = key_unhex(c, cases[i].id, cases[i].private_key);
        sotto_buf peer = unhex(cases[i].peer);
        struct secret shared = {0};
        assert_bytes(dh_key_public(key), cases[i].public_key);
        assert_ok(dh(c, key, buf_view(&peer), &shared));
        assert_bytes(secret_view(&shared), cases[i].shared);
        buf_clear(&peer);
        dh_key_free(key);
    }
}

static void agreement_matches_published_values_on_each_back_end(void **state)
{
    on_each_curve(*state, agreement_matches);
}

/* RFC 7748 5.2: one thousand rounds, each with the result of the last as scalar, and its scalar as point. */
static void thousand_rounds(sotto_crypto *c)
{
    struct secret k =
        secret_unhex("0900000000000000000000000000000000000000000000000000000000000000");
    struct secret u = k;
    for (int i = 0; i < 1000; i++) {
        struct dh_key *key = NULL;
        struct secret result = {0};
        assert_ok(dh_key_import(c, DH_X25519, &k, &key));
        assert_ok(dh(c, key, secret_view(&u), &result));
        dh_key_free(key);
        u = k;
        k = result;
    }
    assert_bytes(secret_view(&k),
                 "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

static void x25519_iterated_matches_rfc_7748(void **state)
{
    on_each_curve(*state, thousand_rounds);
}

static const char *const small_order_points[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

static void zero_results_refused(sotto_crypto *c)
{
    struct dh_key *key =
        key_unhex(c, DH_X25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    for (size_t i = 0; i < COUNT_OF(small_order_points); i++) {
        sotto_buf peer = unhex(small_order_points[i]);
        struct secret shared = {.len = 1, .data = {7}};
        assert_err(dh(c, key, buf_view(&peer), &shared), KEY);
        assert_int_equal(shared.len, 1);
        assert_int_equal(shared.data[0], 7);
        buf_clear(&peer);
    }
    dh_key_free(key);
}

static void all_zero_x25519_results_are_refused_on_each_back_end(void **state)
{
    on_each_curve(*state, zero_results_refused);
}

static void all_zero_x448_results_are_refused(void **state)
{
    struct secret private_key = {.len = 56, .data = {1}};
    struct dh_key *key = NULL;
    struct secret shared = {0};
    assert_ok(dh_key_import(*state, DH_X448, &private_key, &key));
    for (uint8_t u = 0; u <= 1; u++) {
        const uint8_t peer[56] = {u};
        assert_err(dh(*state, key, VIEW_OF(peer), &shared), KEY);
    }
    dh_key_free(key);
}

static void both_sides_agree(void **state)
{
    for (enum dh_id id = DH_X25519; id <= DH_P521; id++) {
        struct secret one = {.len = (uint8_t)dh_private_size(id), .data = {0, 1, 2, 3}};
        struct secret two = {.len = (uint8_t)dh_private_size(id), .data = {0, 9, 8, 7}};
        struct dh_key *a = NULL;
        struct dh_key *b = NULL;
        struct secret ab = {0};
        struct secret ba = {0};
        assert_ok(dh_key_import(*state, id, &one, &a));
        assert_ok(dh_key_import(*state, id, &two, &b));
        assert_int_equal(dh_key_public(a).len, dh_public_size(id));
        assert_ok(dh(*state, a, dh_key_public(b), &ab));
        assert_ok(dh(*state, b, dh_key_public(a), &ba));
        assert_int_equal(ab.len, dh_shared_size(id));
        assert_true(secret_equal(&ab, &ba));
        struct secret exported = {0};
        dh_key_export(a, &exported);
        assert_true(secret_equal(&exported, &one));
        dh_key_free(a);
        dh_key_free(b);
    }
}

static const char *const orders[] = {
    [DH_P256] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    [DH_P384] = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
                "581a0db248b0a77aecec196accc52973",
    [DH_P521] = "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
                "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
};

static void scalars_outside_one_to_n_are_refused(void **state)
{
    for (enum dh_id id = DH_P256; id <= DH_P521; id++) {
        struct secret scalar = secret_unhex(orders[id]);
        struct dh_key *key = NULL;
        assert_err(dh_key_import(*state, id, &scalar, &key), KEY);
        scalar.data[scalar.len - 1]--;
        assert_ok(dh_key_import(*state, id, &scalar, &key));
        dh_key_free(key);
        key = NULL;
        memset(scalar.data, 0xff, scalar.len);
        assert_err(dh_key_import(*state, id, &scalar, &key), KEY);
        secret_resize(&scalar, dh_private_size(id));
        assert_err(dh_key_import(*state, id, &scalar, &key), KEY);
        secret_resize(&scalar, 0);
        assert_err(dh_key_import(*state, id, &scalar, &key), KEY);
        assert_null(key);
    }
}

static void leading_zeros_of_a_scalar_do_not_matter(void **state)
{
    struct secret bare = {.len = 1, .data = {5}};
    struct secret padded = {.len = 60};
    padded.data[59] = 5;
    struct dh_key *a = NULL;
    struct dh_key *b = NULL;
    assert_ok(dh_key_import(*state, DH_P256, &bare, &a));
    assert_ok(dh_key_import(*state, DH_P256, &padded, &b));
    assert_true(view_equal(dh_key_public(a), dh_key_public(b)));
    struct secret exported = {0};
    dh_key_export(b, &exported);
    assert_int_equal(exported.len, 32);
    dh_key_free(a);
    dh_key_free(b);
    padded.data[0] = 1;
    b = NULL;
    assert_err(dh_key_import(*state, DH_P256, &padded, &b), KEY);
}

/* Wrong length, off the curve, compressed, hybrid, at infinity, coordinate not below p. */
static void points_that_are_none_are_refused(void **state)
{
    for (enum dh_id id = DH_P256; id <= DH_P521; id++) {
        struct secret one = {.len = 1, .data = {1}};
        struct dh_key *key = NULL;
        assert_ok(dh_key_import(*state, id, &one, &key));
        uint8_t point[DH_PUBLIC_MAX + 1];
        size_t size = dh_public_size(id);
        memcpy(point, dh_key_public(key).data, size);
        struct secret shared = {0};
        for (size_t len = 0; len <= size + 1; len++)
            assert_int_equal(dh(*state, key, view_of(point, len), &shared),
                             len == size ? SOTTO_OK : SOTTO_E_KEY);
        for (unsigned first = 0; first < 256; first++) {
            point[0] = (uint8_t)first;
            assert_int_equal(dh(*state, key, view_of(point, size), &shared),
                             first == 4 ? SOTTO_OK : SOTTO_E_KEY);
        }
        point[0] = 4;
        point[size - 1] ^= 1;
        assert_err(dh(*state, key, view_of(point, size), &shared), KEY);
        memset(point + 1, 0, size - 1);
        assert_err(dh(*state, key, view_of(point, size), &shared), KEY);
        memset(point + 1, 0xff, size - 1);
        assert_err(dh(*state, key, view_of(point, size), &shared), KEY);
        dh_key_free(key);
    }
}

static void keys_of_another_length_are_refused(void **state)
{
    for (enum dh_id id = DH_X25519; id <= DH_X448; id++)
        for (size_t len = 0; len <= SECRET_MAX; len++) {
            struct secret bytes = {.len = (uint8_t)len, .data = {1}};
            struct dh_key *key = NULL;
            assert_int_equal(dh_key_import(*state, id, &bytes, &key),
                             len == dh_private_size(id) ? SOTTO_OK : SOTTO_E_KEY);
            dh_key_free(key);
        }
}

static void keys_outlive_their_handle(void **state)
{
    sotto_crypto *c = NULL;
    assert_ok(crypto_new(&c));
    struct secret private_key = {.len = 1, .data = {3}};
    struct dh_key *key = NULL;
    assert_ok(dh_key_import(c, DH_P256, &private_key, &key));
    crypto_free(c);
    struct secret shared = {0};
    assert_ok(dh(*state, key, dh_key_public(key), &shared));
    dh_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agreement_matches_published_values_on_each_back_end),
        cmocka_unit_test(x25519_iterated_matches_rfc_7748),
        cmocka_unit_test(all_zero_x25519_results_are_refused_on_each_back_end),
        cmocka_unit_test(all_zero_x448_results_are_refused),
        cmocka_unit_test(both_sides_agree),
        cmocka_unit_test(scalars_outside_one_to_n_are_refused),
        cmocka_unit_test(leading_zeros_of_a_scalar_do_not_matter),
        cmocka_unit_test(points_that_are_none_are_refused),
        cmocka_unit_test(keys_of_another_length_are_refused),
        cmocka_unit_test(keys_outlive_their_handle),
    };
    return cmocka_run_group_tests_name("crypto/dh", tests, handle_setup, handle_teardown);
}
