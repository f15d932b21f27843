#include "lab/modp.h"

#include "lab_unit.h"

/* Computed with Python's integers: exponents 0102..20 and 2122..40, values A = 2^a, B = 2^b, S = 2^(ab) mod p. */
#define MODP_A                                                                         \
    "ce8736a3ad7c8260e0c5e5a457931ad19966d693e5c32414496b73d7f4e8bdaf51763d49d07a56b0" \
    "a188048d61d52bd2a06e706a7a46664113e794057474d04c96b5bb151a50b27818a513cd8d6ecf03" \
    "7fc638b3b2f1084c58d4419735ba12c9a4391e2b3133bd660785e468569be85c7ad4f904d98a13f5" \
    "e8695ff8cc5e22834228a8ea2c082ff49a07607e8e5c1278ce8091725678fde112491091bf4cf3b1" \
    "759ccb32c1de0b90a074b1e3ffe179d71a292ff29ce9580c3a978793598c0e008289e7ab7783b2b7" \
    "5caf9152267e8c981dbb28fde07f2e11ffe1e3984097d1602c61ffd0714d9523455377c177df3be6" \
    "b3c81e69f762c04be910a225f323882d"
#define MODP_B                                                                         \
    "71f59a5d74d46d0a4ebb64d53255410ba69c8dbbd9a5cc8c152ebbd6c5881126463d4a2598e56aad" \
    "581678038a87dd1708ce6c6164f149a0526f8673dd642a3e2fb92964939a1ab8af636a0395e0d99d" \
    "471f9a433a0717ca179af6906491731727e350437138efd091e971299a06c80d1fabb14b3a2f3d35" \
    "a80e13e292b550789e30e034dcca6fe0319a8593e5d41b231d1b0f14746ab47f4116687336dbebf1" \
    "fb5e1480e704d58a869a1a50e022550021b20fc262c2d12e3e767bb5fc71b44310334eeda725a5f2" \
    "fc50c0d7b6626c58c82619952b539e5a8526d370d4700199f74d4c66a88c6b8e2fe9e1fdbf670f7b" \
    "3791a21cc84c12d22a81cffa2719333d"
#define MODP_S                                                                         \
    "f134ddcf6fdbf1ff90da19e6594d3685f81a0cebea4e2a269ff562e68b1d64cdf40b1668fc7778b2" \
    "8527972344a8ce020fd3bf29e0e9557647bf209cb3c189d772048bce249de13622c52c690e9a29bc" \
    "44b4118f37ba2bc052cbee5c235b4d10f5d7ef8d39f871cbc5a290323c90fcf58a5833d9fe01c016" \
    "5a21074d0b3080407fe543c81f6ff8fc29b4c13c5d4f4141e861cb0c51a0506cadf212d15ceec153" \
    "b523845405075d19db6dee56182123d73a8b30a20f37d542d16c093d0deec3f5553c7eaec408bba1" \
    "d5450b00b1c053d135b06e83ce1c6932317ab3384481d783c887d0ee90ee8e38df8dfdebb5fe4072" \
    "0501d57aab688185f868d76ddc73d802"
/* RFC 3526 3. */
#define PRIME                                                                          \
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22" \
    "514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6" \
    "f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3d" \
    "c2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb" \
    "9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e8603" \
    "9b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510" \
    "15728e5a8aacaa68ffffffffffffffff"

static void key_from(uint8_t first, struct modp_key **ret_key)
{
    uint8_t seed[MODP_SEED];
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)(first + i);
    assert_ok(modp_key_derive(seed, ret_key));
}

static void both_sides_agree_on_the_value_computed_elsewhere(void **state)
{
    (void)state;
    DEFER(modp_key_freep) struct modp_key *a = NULL;
    DEFER(modp_key_freep) struct modp_key *b = NULL;
    key_from(0x01, &a);
    key_from(0x21, &b);
    test_is_hex(modp_key_public(a), MODP_A);
    test_is_hex(modp_key_public(b), MODP_B);
    DEFER(buf_clear) sotto_buf ab = {0}, ba = {0};
    assert_ok(modp_agree(a, modp_key_public(b), &ab));
    assert_ok(modp_agree(b, modp_key_public(a), &ba));
    test_is_hex(buf_view(&ab), MODP_S);
    test_is_hex(buf_view(&ba), MODP_S);
    buf_clear(&ba);
}

/* 0, 1, p - 1, p, p + 1, and a member times -1, which has order 2q. */
static void values_outside_the_subgroup_are_refused(void **state)
{
    (void)state;
    DEFER(modp_key_freep) struct modp_key *key = NULL;
    key_from(0x01, &key);
    DEFER(buf_clear) sotto_buf y = {0}, shared = {0}, member = {0};
    test_hex(PRIME, &y);
    y.data[MODP_SIZE - 1] = 0xfe;
    assert_int_equal(modp_agree(key, buf_view(&y), &shared), SOTTO_E_KEY);
    y.data[MODP_SIZE - 1] = 0xff;
    assert_int_equal(modp_agree(key, buf_view(&y), &shared), SOTTO_E_KEY);
    memset(y.data, 0, MODP_SIZE);
    assert_int_equal(modp_agree(key, buf_view(&y), &shared), SOTTO_E_KEY);
    y.data[MODP_SIZE - 1] = 1;
    assert_int_equal(modp_agree(key, buf_view(&y), &shared), SOTTO_E_KEY);
    y.data[MODP_SIZE - 1] = 2;
    assert_ok(modp_public_check(buf_view(&y)));
    test_hex(PRIME, &y);
    y.data[MODP_SIZE - 1] = 0xfd; /* p - 2 = -2 */
    assert_int_equal(modp_agree(key, buf_view(&y), &shared), SOTTO_E_KEY);
    assert_int_equal(shared.len, 0);
    buf_clear(&shared);
    buf_clear(&member);
}

static void a_value_of_another_length_is_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf y = {0};
    test_hex(MODP_A "00", &y);
    for (size_t len = 0; len <= y.len; len++)
        assert_int_equal(modp_public_check(view_of(y.data, len)),
                         len == MODP_SIZE ? SOTTO_OK : SOTTO_E_KEY);
}

static void the_exponent_zero_is_refused(void **state)
{
    (void)state;
    const uint8_t seed[MODP_SEED] = {0};
    struct modp_key *key = NULL;
    assert_int_equal(modp_key_derive(seed, &key), SOTTO_E_KEY);
    assert_null(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_agree_on_the_value_computed_elsewhere),
        cmocka_unit_test(values_outside_the_subgroup_are_refused),
        cmocka_unit_test(a_value_of_another_length_is_refused),
        cmocka_unit_test(the_exponent_zero_is_refused),
    };
    return cmocka_run_group_tests_name("lab/modp", tests, NULL, NULL);
}
