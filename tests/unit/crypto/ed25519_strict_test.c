/* Signatures that no honest signer makes, built from what is known of the curve, and the verdict on each, which must be the
 * same on all back-ends. With A = aG + T, R = rG + T', T and T' of small order, and S = r + ka, the cofactorless equation
 * SG = R + kA holds exactly if T' + kT = 0; multiplied by the cofactor it holds always, so these cases tell the two equations apart.
 * See also: Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs" (2020). */
#include "crypto/handle.h"

#include <sodium.h>

#include "crypto/crypto_local.h"
#include "crypto/ed25519_strict.h"
#include "crypto/sign.h"

/* The eight points whose order divides 8: T[0] the neutral element, T[1] of order 2, T[2], T[3] of order 4, then 8. */
static const char *const torsion_hex[8] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
};

/* What is not canonical (y >= p, or x = 0 with the sign bit) and is taken for one of the above by who reduces or ignores. */
static const char *const odd_hex[] = {
    "0100000000000000000000000000000000000000000000000000000000000080", /* 1, -0 */
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", /* p - 1, -0 */
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* p */
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", /* p, sign */
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* p + 1 */
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", /* p + 1, -0 */
};

static const char *const L_hex = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

static void point_unhex(const char *text, uint8_t ret_point[32])
{
    sotto_buf bytes = unhex(text);
    assert_int_equal(bytes.len, 32);
    memcpy(ret_point, bytes.data, 32);
    buf_clear(&bytes);
}

struct forged {
    uint8_t public_key[32], signature[64];
    char message[32];
    uint8_t k[32]; /* modulo L */
};

/* k = SHA-512(R || A || M) mod L */
static void challenge(struct forged *f)
{
    crypto_hash_sha512_state state;
    uint8_t digest[64];
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, f->signature, 32);
    crypto_hash_sha512_update(&state, f->public_key, 32);
    crypto_hash_sha512_update(&state, (const uint8_t *)f->message, strlen(f->message));
    crypto_hash_sha512_final(&state, digest);
    crypto_core_ed25519_scalar_reduce(f->k, digest);
}

/* a G + T; a = 0 gives T itself. */
static void point_make(uint8_t a, const uint8_t torsion[32], uint8_t ret_point[32])
{
    const uint8_t scalar[32] = {a};
    uint8_t point[32];
    if (a == 0) {
        memcpy(ret_point, torsion, 32);
        return;
    }
    assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(point, scalar), 0);
    assert_int_equal(crypto_core_ed25519_add(ret_point, point, torsion), 0);
}

/* S = r + ka, so that the equation holds but for the parts of small order. */
static void complete(struct forged *f, uint8_t a, uint8_t r)
{
    const uint8_t a_scalar[32] = {a};
    const uint8_t r_scalar[32] = {r};
    crypto_core_ed25519_scalar_mul(f->signature + 32, f->k, a_scalar);
    crypto_core_ed25519_scalar_add(f->signature + 32, f->signature + 32, r_scalar);
}

/* T' + kT = 0, the point with k times itself added one by one. */
static bool cancels(const struct forged *f, const uint8_t T[32], const uint8_t T2[32])
{
    uint8_t sum[32];
    memcpy(sum, T2, 32);
    for (unsigned i = 0; i < (f->k[0] & 7); i++)
        assert_int_equal(crypto_core_ed25519_add(sum, sum, T), 0);
    uint8_t neutral[32];
    point_unhex(torsion_hex[0], neutral);
    return memcmp(sum, neutral, 32) == 0;
}

/* Makes the forgery with the first message whose challenge does, or does not, cancel. False: there is none. */
static bool forge(struct forged *f, uint8_t a, const uint8_t T[32], uint8_t r, const uint8_t T2[32],
                  bool cancel)
{
    point_make(a, T, f->public_key);
    point_make(r, T2, f->signature);
    for (unsigned i = 0; i < 200; i++) {
        snprintf(f->message, sizeof f->message, "message %u", i);
        challenge(f);
        if (cancels(f, T, T2) == cancel) {
            complete(f, a, r);
            return true;
        }
    }
    return false;
}

static sotto_err verdict(sotto_crypto *c, const struct forged *f)
{
    return verify(c, SIGN_ED25519, VIEW_OF(f->public_key), view_str(f->message),
                  VIEW_OF(f->signature));
}

/* All pairs of T and T', with and without the large part in A and in R. */
static void verdicts_on_small_and_mixed_orders(sotto_crypto *c)
{
    unsigned held = 0;
    unsigned failed = 0;
    for (unsigned i = 0; i < 8 * 8 * 2 * 2 * 2; i++) {
        uint8_t a = (i & 1) != 0 ? 5 : 0;
        uint8_t r = (i & 2) != 0 ? 9 : 0;
        bool cancel = (i & 4) != 0;
        uint8_t T[32];
        uint8_t T2[32];
        point_unhex(torsion_hex[i >> 3 & 7], T);
        point_unhex(torsion_hex[i >> 6 & 7], T2);
        struct forged f = {0};
        if (!forge(&f, a, T, r, T2, cancel))
            continue;
        sotto_err want = a == 0 ? SOTTO_E_KEY : r == 0 || !cancel ? SOTTO_E_SIGNATURE : SOTTO_OK;
        assert_int_equal(verdict(c, &f), want);
        held += want == SOTTO_OK;
        failed += want == SOTTO_E_SIGNATURE && r != 0;
    }
    assert_true(held >= 20); /* or the cases would prove nothing */
    assert_true(failed >= 56);
}

static void small_and_mixed_orders_get_one_verdict(void **state)
{
    on_each_curve(*state, verdicts_on_small_and_mixed_orders);
}

static void verdicts_on_odd_encodings(sotto_crypto *c)
{
    uint8_t neutral[32];
    point_unhex(torsion_hex[0], neutral);
    for (size_t i = 0; i < COUNT_OF(odd_hex); i++) {
        /* as A: with R = rG and S = r the equation holds for a neutral A */
        struct forged f = {0};
        point_unhex(odd_hex[i], f.public_key);
        point_make(9, neutral, f.signature);
        challenge(&f);
        complete(&f, 0, 9);
        assert_int_equal(verdict(c, &f), SOTTO_E_KEY);
        assert_err(sign_public_check(c, SIGN_ED25519, VIEW_OF(f.public_key)), KEY);

        /* as R: with S = ka it holds for a neutral R */
        point_make(5, neutral, f.public_key);
        point_unhex(odd_hex[i], f.signature);
        challenge(&f);
        complete(&f, 5, 0);
        assert_int_equal(verdict(c, &f), SOTTO_E_SIGNATURE);
    }
}

static void encodings_that_are_not_canonical_get_one_verdict(void **state)
{
    on_each_curve(*state, verdicts_on_odd_encodings);
}

/* y = p + 2 .. p + 18 with either sign, and p - 2 .. as the neighbour that is allowed if it is on the curve. */
static void verdicts_on_large_y(sotto_crypto *c)
{
    unsigned points = 0;
    for (unsigned low = 0xe0; low < 0x200; low++) {
        struct forged f = {0};
        memset(f.public_key, 0xff, 32);
        f.public_key[0] = (uint8_t)low;
        f.public_key[31] = low < 0x100 ? 0x7f : 0xff;
        bool canonical = (low & 0xff) < 0xed;
        sotto_err check = sign_public_check(c, SIGN_ED25519, VIEW_OF(f.public_key));
        assert_int_equal(verdict(c, &f), SOTTO_E_KEY == check ? SOTTO_E_KEY : SOTTO_E_SIGNATURE);
        if (!canonical)
            assert_int_equal(check, SOTTO_E_KEY);
        points += check == SOTTO_OK;
    }
    assert_true(points > 10);
}

static void y_of_p_and_more_is_no_key(void **state)
{
    on_each_curve(*state, verdicts_on_large_y);
}

/* S + iL up to 2^256: the same number for who reduces it. */
static void verdicts_on_large_s(sotto_crypto *c)
{
    uint8_t neutral[32];
    uint8_t L[32];
    point_unhex(torsion_hex[0], neutral);
    point_unhex(L_hex, L);
    struct forged f = {0};
    assert_true(forge(&f, 5, neutral, 9, neutral, true));
    assert_int_equal(verdict(c, &f), SOTTO_OK);
    for (unsigned i = 1; i <= 15; i++) {
        unsigned carry = 0;
        for (size_t byte = 0; byte < 32; byte++) {
            carry += (unsigned)f.signature[32 + byte] + L[byte];
            f.signature[32 + byte] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry != 0)
            break;
        assert_int_equal(verdict(c, &f), SOTTO_E_SIGNATURE);
    }
}

static void s_of_l_and_more_gets_one_verdict(void **state)
{
    on_each_curve(*state, verdicts_on_large_s);
}

static void verdicts_on_no_points(sotto_crypto *c)
{
    unsigned none = 0;
    for (uint8_t low = 2; low < 100; low++) {
        struct forged f = {.public_key = {low}};
        sotto_err check = sign_public_check(c, SIGN_ED25519, VIEW_OF(f.public_key));
        uint8_t sum[32];
        uint8_t neutral[32];
        point_unhex(torsion_hex[0], neutral);
        bool decodes = crypto_core_ed25519_add(sum, f.public_key, neutral) == 0;
        assert_int_equal(check, decodes ? SOTTO_OK : SOTTO_E_KEY);
        f.signature[0] = 0x58; /* R of another kind: no small order, canonical */
        f.signature[1] = 0x66;
        assert_int_equal(verdict(c, &f), decodes ? SOTTO_E_SIGNATURE : SOTTO_E_KEY);
        none += !decodes;
    }
    assert_in_range(none, 30, 70); /* about half of all y */
}

static void keys_off_the_curve_are_no_keys(void **state)
{
    on_each_curve(*state, verdicts_on_no_points);
}

/* The reason for the rule: a key of small order and a signature that fits it, asked of the bare back-ends. */
static void without_the_rule_the_back_ends_differ(void **state)
{
    uint8_t order_8[32];
    uint8_t neutral[32];
    point_unhex(torsion_hex[4], order_8);
    point_unhex(torsion_hex[0], neutral);
    struct forged f = {0};
    assert_true(forge(&f, 0, order_8, 9, neutral, true));
    view message = view_str(f.message);
    assert_int_equal(curve25519_sodium.ed25519_verify(*state, f.public_key, message, f.signature),
                     SOTTO_E_SIGNATURE);
    assert_int_equal(curve25519_openssl.ed25519_verify(*state, f.public_key, message, f.signature),
                     SOTTO_OK);
}

static void the_rule_looks_at_bytes_alone(void **state)
{
    (void)state;
    uint8_t point[32];
    for (size_t i = 0; i < COUNT_OF(torsion_hex); i++) {
        point_unhex(torsion_hex[i], point);
        assert_false(ed25519_point_strict(point));
    }
    for (size_t i = 0; i < COUNT_OF(odd_hex); i++) {
        point_unhex(odd_hex[i], point);
        assert_false(ed25519_point_strict(point));
    }
    uint8_t signature[64] = {2};
    point_unhex(L_hex, signature + 32);
    assert_false(ed25519_signature_strict(signature));
    signature[32]--;
    assert_true(ed25519_signature_strict(signature));
    signature[0] = 1;
    assert_false(ed25519_signature_strict(signature));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_and_mixed_orders_get_one_verdict),
        cmocka_unit_test(encodings_that_are_not_canonical_get_one_verdict),
        cmocka_unit_test(y_of_p_and_more_is_no_key),
        cmocka_unit_test(s_of_l_and_more_gets_one_verdict),
        cmocka_unit_test(keys_off_the_curve_are_no_keys),
        cmocka_unit_test(without_the_rule_the_back_ends_differ),
        cmocka_unit_test(the_rule_looks_at_bytes_alone),
    };
    return cmocka_run_group_tests_name("crypto/ed25519_strict", tests, handle_setup,
                                       handle_teardown);
}
