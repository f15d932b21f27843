#include "crypto/handle.h"

#include "crypto/crypto_local.h"
#include "crypto/ecdsa.h"

/* RFC 6979 A.2.5 and A.2.6: P-256 and P-384 with each hash, message "sample" */
static const struct {
    enum ec_id id;
    enum hash_id hash;
    const char *private_key, *rs;
} cases[] = {
    {EC_P256, HASH_SHA256, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {EC_P256, HASH_SHA512, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
     "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00"
     "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe"},
};

static sotto_buf public_of(sotto_crypto *c, enum ec_id id, const char *scalar, EVP_PKEY **ret_key)
{
    struct secret private_key = secret_unhex(scalar);
    struct secret full = {0};
    sotto_buf point = {0};
    uint8_t *place = NULL;
    assert_ok(buf_extend(&point, ec_point_size(id), &place));
    assert_ok(ec_private_import(c, id, secret_view(&private_key), &full, place, ret_key));
    return point;
}

static void signatures_match_rfc_6979(void **state)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        EVP_PKEY *key = NULL;
        sotto_buf point = public_of(*state, cases[i].id, cases[i].private_key, &key);
        sotto_buf der = {0};
        sotto_buf rs = {0};
        assert_ok(ecdsa_sign(key, cases[i].hash, VIEW_LIT("sample"), &der));
        assert_ok(ecdsa_rs_from_der(cases[i].id, buf_view(&der), &rs));
        assert_bytes(buf_view(&rs), cases[i].rs);
        assert_ok(ecdsa_verify(*state, cases[i].id, cases[i].hash, buf_view(&point),
                               VIEW_LIT("sample"), buf_view(&der)));
        assert_err(ecdsa_verify(*state, cases[i].id, cases[i].hash, buf_view(&point),
                                VIEW_LIT("Sample"), buf_view(&der)),
                   SIGNATURE);
        buf_clear(&point);
        buf_clear(&der);
        buf_clear(&rs);
        EVP_PKEY_free(key);
    }
}

static void every_curve_works_with_every_sha2(void **state)
{
    for (enum ec_id id = 0; id < EC_COUNT; id++)
        for (enum hash_id hash = HASH_SHA256; hash <= HASH_SHA512; hash++) {
            EVP_PKEY *key = NULL;
            sotto_buf point = public_of(*state, id, "0123456789", &key);
            sotto_buf der = {0};
            assert_ok(ecdsa_sign(key, hash, VIEW_LIT("message"), &der));
            assert_ok(ecdsa_verify(*state, id, hash, buf_view(&point), VIEW_LIT("message"),
                                   buf_view(&der)));
            assert_err(ecdsa_verify(*state, id, (hash + 1) % 3, buf_view(&point),
                                    VIEW_LIT("message"), buf_view(&der)),
                       SIGNATURE);
            buf_clear(&point);
            buf_clear(&der);
            EVP_PKEY_free(key);
        }
}

/* Signatures that shrink and grow with their leading zeros and high bits, each way and back. */
static void r_and_s_turn_into_der_and_back(void **state)
{
    (void)state;
    for (enum ec_id id = 0; id < EC_COUNT; id++) {
        size_t size = ec_scalar_size(id);
        uint8_t rs[ECDSA_RS_MAX];
        for (size_t zeros_r = 0; zeros_r < size; zeros_r++)
            for (unsigned high = 0; high < 2; high++) {
                memset(rs, 0, sizeof rs);
                memset(rs + zeros_r, high != 0 ? 0x80 : 0x7f, size - zeros_r);
                rs[2 * size - 1] = 1;
                sotto_buf der = {0};
                sotto_buf back = {0};
                assert_ok(ecdsa_der_from_rs(id, view_of(rs, 2 * size), &der));
                assert_true(der.len <= ECDSA_DER_MAX);
                assert_ok(ecdsa_rs_from_der(id, buf_view(&der), &back));
                assert_true(view_equal(buf_view(&back), view_of(rs, 2 * size)));
                buf_clear(&der);
                buf_clear(&back);
            }
    }
}

static void zero_and_wrong_lengths_are_no_signature(void **state)
{
    (void)state;
    uint8_t rs[ECDSA_RS_MAX] = {0};
    sotto_buf out = {0};
    for (enum ec_id id = 0; id < EC_COUNT; id++) {
        size_t size = ec_scalar_size(id);
        rs[0] = 1;
        assert_err(ecdsa_der_from_rs(id, view_of(rs, 2 * size), &out), SIGNATURE);
        rs[size] = 1;
        for (size_t len = 0; len <= sizeof rs; len++)
            assert_int_equal(ecdsa_der_from_rs(id, view_of(rs, len), &out),
                             len == 2 * size ? SOTTO_OK : SOTTO_E_SIGNATURE);
        memset(rs, 0, sizeof rs);
    }
    buf_clear(&out);
}

/* r = 1, s = 2, written in ways that BER allows or that careless readers take. */
static const char *const not_der[] = {
    "",
    "30",
    "3006",
    "30060201010201",             /* cut short */
    "300602010102010200",         /* a spare byte behind */
    "300702010102010200",         /* a spare byte within */
    "30810602010102 0102",        /* a long length where a short one does */
    "3082000602010102 0102",      /* a longer one */
    "30800201010201020000",       /* an indefinite one */
    "3007028101010201 02",        /* the same for an integer */
    "300702020001020102",         /* a zero in front that nothing needs */
    "300702010102020002",         /* */
    "3006020181020102",           /* negative */
    "3006020101020180",           /* */
    "3006020100020102",           /* zero */
    "300502000201 02",            /* empty */
    "3106020101020102",           /* another tag */
    "3006030101020102",           /* */
    "3006020101030102",           /* */
    "300a0201010201020201030500", /* more numbers */
    "3003020101",                 /* fewer */
    "3006020101020202",           /* a length past the end */
};

static void anything_but_strict_der_is_refused(void **state)
{
    (void)state;
    sotto_buf rs = {0};
    sotto_buf good = unhex("3006020101020102");
    assert_ok(ecdsa_rs_from_der(EC_P256, buf_view(&good), &rs));
    assert_int_equal(rs.data[31], 1);
    assert_int_equal(rs.data[63], 2);
    for (size_t i = 0; i < COUNT_OF(not_der); i++) {
        sotto_buf der = unhex(not_der[i]);
        assert_err(ecdsa_rs_from_der(EC_P256, buf_view(&der), &rs), SIGNATURE);
        buf_clear(&der);
    }
    assert_int_equal(rs.data[63], 2); /* unchanged */
    buf_clear(&good);
    buf_clear(&rs);
}

static void numbers_longer_than_the_order_are_refused(void **state)
{
    (void)state;
    sotto_buf rs = {0};
    uint8_t der[4 + 33 + 3] = {0x30, 38, 2, 33, 1};
    der[37] = 2, der[38] = 1, der[39] = 1;
    assert_err(ecdsa_rs_from_der(EC_P256, VIEW_OF(der), &rs), SIGNATURE);
    assert_ok(ecdsa_rs_from_der(EC_P384, VIEW_OF(der), &rs));
    buf_clear(&rs);
}

static void every_truncation_and_a_spare_byte_are_refused(void **state)
{
    EVP_PKEY *key = NULL;
    sotto_buf point = public_of(*state, EC_P521, "05", &key);
    sotto_buf der = {0};
    assert_ok(ecdsa_sign(key, HASH_SHA512, VIEW_LIT("m"), &der));
    assert_ok(buf_append(&der, VIEW_LIT("\0")));
    for (size_t len = 0; len <= der.len; len++)
        assert_int_equal(ecdsa_verify(*state, EC_P521, HASH_SHA512, buf_view(&point), VIEW_LIT("m"),
                                      view_of(der.data, len)),
                         len == der.len - 1 ? SOTTO_OK : SOTTO_E_SIGNATURE);
    buf_clear(&point);
    buf_clear(&der);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_match_rfc_6979),
        cmocka_unit_test(every_curve_works_with_every_sha2),
        cmocka_unit_test(r_and_s_turn_into_der_and_back),
        cmocka_unit_test(zero_and_wrong_lengths_are_no_signature),
        cmocka_unit_test(anything_but_strict_der_is_refused),
        cmocka_unit_test(numbers_longer_than_the_order_are_refused),
        cmocka_unit_test(every_truncation_and_a_spare_byte_are_refused),
    };
    return cmocka_run_group_tests_name("crypto/ecdsa", tests, handle_setup, handle_teardown);
}
