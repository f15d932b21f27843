#include "unit.h"

#include "crypto/record.h"

#define LABEL VIEW_LIT("sotto test")
#define HEAD                 \
    "0a736f74746f2074657374" \
    "01"

static int setup(void **state)
{
    sotto_crypto *c = NULL;
    assert_ok(crypto_new(&c));
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    crypto_free(*state);
    return 0;
}

static sotto_err head_read(const char *hex)
{
    DEFER(buf_clear) sotto_buf bytes = unhex(hex);
    struct rd r = rd_of(buf_view(&bytes));
    record_read_head(&r, LABEL);
    return rd_end(&r);
}

static void a_record_begins_with_its_label_and_version(void **state)
{
    (void)state;
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    record_write_head(&w, LABEL);
    assert_ok(wr_end(&w));
    assert_bytes(buf_view(&out), HEAD);
    assert_ok(head_read(HEAD));
    buf_clear(&out);
}

static void another_label_or_version_is_refused(void **state)
{
    (void)state;
    assert_err(head_read("0a736f74746f2074657375"
                         "01"),
               VALUE);
    assert_err(head_read("09736f74746f20746573"
                         "01"),
               VALUE);
    assert_err(head_read("0a736f74746f2074657374"
                         "02"),
               VERSION);
    assert_err(head_read("0a736f74746f2074657374"), TRUNCATED);
    assert_err(head_read("21"
                         "0a736f74746f2074657374"
                         "01"),
               TOO_LARGE);
}

static void what_is_signed_is_verified_and_nothing_else(void **state)
{
    sotto_crypto *c = *state;
    uint8_t seed[32] = {1}, signature[ED25519_SIGNATURE];
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    assert_ok(sign_key_derive(c, SIGN_ED25519, VIEW_OF(seed), &key));
    const uint8_t *public_key = sign_key_public(key).data;
    assert_ok(record_sign(c, key, VIEW_LIT("a record"), signature));
    assert_ok(record_verify(c, public_key, VIEW_LIT("a record"), signature));
    assert_err(record_verify(c, public_key, VIEW_LIT("a rekord"), signature), SIGNATURE);
    signature[63] ^= 1;
    assert_err(record_verify(c, public_key, VIEW_LIT("a record"), signature), SIGNATURE);
}

static void what_is_no_key_verifies_nothing(void **state)
{
    uint8_t none[ED25519_PUBLIC] = {0}, signature[ED25519_SIGNATURE] = {0};
    assert_err(record_verify(*state, none, VIEW_LIT("a record"), signature), SIGNATURE);
}

static void another_kind_of_key_does_not_sign(void **state)
{
    sotto_crypto *c = *state;
    uint8_t seed[57] = {1}, signature[ED25519_SIGNATURE] = {7};
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    assert_ok(sign_key_derive(c, SIGN_ED448, VIEW_OF(seed), &key));
    assert_err(record_sign(c, key, VIEW_LIT("a record"), signature), USAGE);
    assert_int_equal(signature[0], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_begins_with_its_label_and_version),
        cmocka_unit_test(another_label_or_version_is_refused),
        cmocka_unit_test(what_is_signed_is_verified_and_nothing_else),
        cmocka_unit_test(what_is_no_key_verifies_nothing),
        cmocka_unit_test(another_kind_of_key_does_not_sign),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
