#include "form.h"

#define LABEL "0e736f74746f20726f746174696f6e"
#define TAIL  X32("22") X32("33") X32("44") X64("55")

static sotto_err rewrite(view bytes, sotto_buf *out)
{
    struct rotation rotation = {0};
    TRY(rotation_read(bytes, &rotation));
    return rotation_write(&rotation, out);
}

static void rotation_is_read_and_written(void **state)
{
    (void)state;
    form_holds(rewrite, LABEL "01" X32("11") "00000001" TAIL);
    form_holds(rewrite, LABEL "01" X32("11") "00000040" TAIL);
}

static void rotation_of_another_label_version_or_number_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite,
                 "0d736f74746f2067656e65736973"
                 "01" X32("11") "00000001" TAIL,
                 SOTTO_E_VALUE);
    form_refuses(rewrite, LABEL "02" X32("11") "00000001" TAIL, SOTTO_E_VERSION);
    form_refuses(rewrite, LABEL "01" X32("11") "00000000" TAIL, SOTTO_E_VALUE);
    form_refuses(rewrite, LABEL "01" X32("11") "00000041" TAIL, SOTTO_E_VALUE);
}

static void what_could_not_be_read_is_not_written(void **state)
{
    (void)state;
    struct rotation rotation = {.n = 0};
    sotto_buf out = {0};
    assert_err(rotation_write(&rotation, &out), VALUE);
    rotation.n = ROTATIONS_MAX + 1;
    assert_err(rotation_write(&rotation, &out), VALUE);
    assert_int_equal(out.len, 0);
    buf_clear(&out);
}

static struct account_key begun(sotto_crypto *c)
{
    struct genesis genesis = genesis_of(c, 1, 2);
    struct account_key key = {0};
    assert_ok(account_key_begin(c, &genesis, &key));
    return key;
}

static void rotation_signed_by_the_promised_key_follows(void **state)
{
    sotto_crypto *c = *state;
    struct account_key key = begun(c);
    struct rotation rotation = rotation_of(c, &key, 3, 2, 4);
    uint8_t revealed[ED25519_PUBLIC];
    public_of(c, 2, revealed);
    assert_memory_equal(rotation.recovery_key, revealed, sizeof revealed);
    assert_ok(rotation_verify(c, &rotation, key.account_id, 0, key.recovery_hash));
}

static void rotation_by_another_key_does_not_follow(void **state)
{
    sotto_crypto *c = *state;
    struct account_key key = begun(c);
    struct rotation rotation = rotation_of(c, &key, 3, 9, 4);
    assert_err(rotation_verify(c, &rotation, key.account_id, 0, key.recovery_hash), SIGNATURE);
}

static void rotation_of_another_account_or_place_does_not_follow(void **state)
{
    sotto_crypto *c = *state;
    struct account_key key = begun(c), other = key;
    struct rotation rotation = rotation_of(c, &key, 3, 2, 4);
    other.account_id[31] ^= 1;
    assert_err(rotation_verify(c, &rotation, other.account_id, 0, key.recovery_hash), SIGNATURE);
    assert_err(rotation_verify(c, &rotation, key.account_id, 1, key.recovery_hash), CONFLICT);
    rotation.n = 0;
    assert_err(rotation_verify(c, &rotation, key.account_id, UINT32_MAX, key.recovery_hash),
               CONFLICT);
}

/* Each bit of the record as written; those of the label are refused by the reader. */
static void every_bit_of_a_rotation_counts(void **state)
{
    sotto_crypto *c = *state;
    struct account_key key = begun(c);
    struct rotation rotation = rotation_of(c, &key, 3, 2, 4);
    sotto_buf bytes = {0};
    assert_ok(rotation_write(&rotation, &bytes));
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        struct rotation changed = {0};
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sotto_err err = rotation_read(buf_view(&bytes), &changed);
        if (err == SOTTO_OK)
            err = rotation_verify(c, &changed, key.account_id, 0, key.recovery_hash);
        assert_int_not_equal(err, SOTTO_OK);
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_clear(&bytes);
}

static void rotation_to_what_is_no_key_is_refused(void **state)
{
    sotto_crypto *c = *state;
    struct account_key key = begun(c);
    struct rotation rotation = rotation_of(c, &key, 3, 2, 4);
    DEFER(sign_key_freep) sotto_sign_key *recovery_key = key_of(c, 2);
    memset(rotation.account_key, 0, sizeof rotation.account_key); /* of small order */
    assert_ok(rotation_sign(c, recovery_key, &rotation));
    assert_err(rotation_verify(c, &rotation, key.account_id, 0, key.recovery_hash), KEY);
}

static void only_ed25519_signs(void **state)
{
    sotto_crypto *c = *state;
    struct rotation rotation = {.n = 1}, before = rotation;
    uint8_t seed[57] = {1};
    DEFER(sign_key_freep) sotto_sign_key *ed448 = NULL;
    assert_ok(sign_key_derive(c, SIGN_ED448, VIEW_OF(seed), &ed448));
    assert_err(rotation_sign(c, ed448, &rotation), USAGE);
    assert_memory_equal(&rotation, &before, sizeof rotation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rotation_is_read_and_written),
        cmocka_unit_test(rotation_of_another_label_version_or_number_is_refused),
        cmocka_unit_test(what_could_not_be_read_is_not_written),
        cmocka_unit_test(rotation_signed_by_the_promised_key_follows),
        cmocka_unit_test(rotation_by_another_key_does_not_follow),
        cmocka_unit_test(rotation_of_another_account_or_place_does_not_follow),
        cmocka_unit_test(every_bit_of_a_rotation_counts),
        cmocka_unit_test(rotation_to_what_is_no_key_is_refused),
        cmocka_unit_test(only_ed25519_signs),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
