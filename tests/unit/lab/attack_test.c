#include "lab/attack.h"

#include "lab/sha1.h"
#include "lab/suite.h"
#include "lab_unit.h"

/* Verdicts as docs/lab.md prints them: F fell, S stopped, - nothing to attack. Columns: mitm, mitm with a key known beforehand,
 * flip-bit, replay, reorder, sha1, sha1 with SHA-256 in its place. */
static const struct {
    const struct lab_suite *suite;
    const char *verdicts;
} table[] = {
    {&suite_x25519_cbc, "FSSFF--"}, {&suite_elgamal_cfb, "FSSFFFS"}, {&suite_rsa_cbc, "FSSSS--"},
    {&suite_modp_gcm, "FSSFF--"},   {&suite_hkdf_gcm, "FSSSS--"},
};
static const struct {
    enum attack_id attack;
    bool guarded;
} columns[] = {
    {ATTACK_MITM, false},    {ATTACK_MITM, true},  {ATTACK_FLIP_BIT, false}, {ATTACK_REPLAY, false},
    {ATTACK_REORDER, false}, {ATTACK_SHA1, false}, {ATTACK_SHA1, true},
};

static struct attack_verdict run(enum attack_id attack, const struct lab_suite *suite, bool guarded)
{
    const uint8_t seed[LAB_SEED] = {3};
    sotto_crypto *c = NULL;
    struct attack_verdict verdict = {0};
    assert_ok(crypto_new(&c));
    assert_ok(attack_run(c, attack, suite, guarded, seed, NULL, NULL, &verdict));
    crypto_free(c);
    assert_non_null(verdict.check);
    assert_true(verdict.check[0] != '\0');
    return verdict;
}

static void each_verdict_is_the_documented_one(void **state)
{
    (void)state;
    for (size_t row = 0; row < COUNT_OF(table); row++) {
        char got[COUNT_OF(columns) + 1] = {0};
        for (size_t i = 0; i < COUNT_OF(columns); i++) {
            struct attack_verdict v = run(columns[i].attack, table[row].suite, columns[i].guarded);
            got[i] = !v.applies ? '-' : v.fell ? 'F' : 'S';
            if (got[i] == 'S')
                assert_int_not_equal(v.err, SOTTO_OK);
        }
        assert_string_equal(got, table[row].verdicts);
    }
}

static void the_check_that_stops_is_named(void **state)
{
    (void)state;
    assert_string_equal(run(ATTACK_FLIP_BIT, &suite_x25519_cbc, false).check,
                        "HMAC-SHA256 over IV and ciphertext");
    assert_string_equal(run(ATTACK_FLIP_BIT, &suite_elgamal_cfb, false).check,
                        "ElGamal signature over the text");
    assert_string_equal(run(ATTACK_REPLAY, &suite_hkdf_gcm, false).check, "number of the message");
    assert_int_equal(run(ATTACK_REPLAY, &suite_hkdf_gcm, false).err, SOTTO_E_REPLAYED);
    assert_int_equal(run(ATTACK_REORDER, &suite_hkdf_gcm, false).err, SOTTO_E_MISSING);
    assert_string_equal(run(ATTACK_MITM, &suite_elgamal_cfb, true).check,
                        "fingerprint of the other side's key");
    assert_int_equal(run(ATTACK_MITM, &suite_modp_gcm, true).err, SOTTO_E_DECRYPT);
    assert_int_equal(run(ATTACK_SHA1, &suite_elgamal_cfb, true).err, SOTTO_E_SIGNATURE);
}

/* The digest that both published files have after these bytes. */
static void the_two_documents_have_one_sha1(void **state)
{
    (void)state;
    uint8_t a[ATTACK_DOCUMENT], b[ATTACK_DOCUMENT], digest[SHA1_SIZE];
    attack_documents(a, b);
    assert_memory_not_equal(a, b, ATTACK_DOCUMENT);
    assert_ok(sha1(VIEW_OF(a), digest));
    test_is_hex(VIEW_OF(digest), "f92d74e3874587aaf443d1db961d4e26dde13e9c");
    assert_ok(sha1(VIEW_OF(b), digest));
    test_is_hex(VIEW_OF(digest), "f92d74e3874587aaf443d1db961d4e26dde13e9c");
}

static void attacks_are_found_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ATTACKS; i++) {
        enum attack_id found;
        assert_ok(attack_find(view_str(attack_name((enum attack_id)i)), &found));
        assert_int_equal(found, i);
    }
    enum attack_id none = ATTACKS;
    assert_int_equal(attack_find(VIEW_LIT("magic"), &none), SOTTO_E_NOTFOUND);
    assert_int_equal(none, ATTACKS);
}

static void count_lines(void *data, const char *line)
{
    assert_true(strlen(line) > 10);
    (*(unsigned *)data)++;
}

static void each_attack_says_what_it_does(void **state)
{
    (void)state;
    const uint8_t seed[LAB_SEED] = {4};
    sotto_crypto *c = NULL;
    struct attack_verdict verdict;
    assert_ok(crypto_new(&c));
    for (size_t i = 0; i < ATTACKS; i++) {
        unsigned lines = 0;
        const struct lab_suite *suite = i == ATTACK_SHA1 ? &suite_elgamal_cfb : &suite_x25519_cbc;
        assert_ok(
            attack_run(c, (enum attack_id)i, suite, false, seed, count_lines, &lines, &verdict));
        assert_true(lines >= 2);
    }
    crypto_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verdict_is_the_documented_one),
        cmocka_unit_test(the_check_that_stops_is_named),
        cmocka_unit_test(the_two_documents_have_one_sha1),
        cmocka_unit_test(attacks_are_found_by_name),
        cmocka_unit_test(each_attack_says_what_it_does),
    };
    return cmocka_run_group_tests_name("lab/attack", tests, NULL, NULL);
}
