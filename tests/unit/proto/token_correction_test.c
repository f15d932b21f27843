#include "proto/token_correction.h"

#include "identity/form.h"

#define LABEL "0b736f74746f20746f6b656e"
#define EPOCH "0000000000000102"
#define REST  X32("22") "0000000000000304" X16("44") X32("55") X64("66")

static sotto_err rewrite(view bytes, sotto_buf *out)
{
    struct token_correction correction = {0};
    TRY(token_correction_read(bytes, &correction));
    return token_correction_write(&correction, out);
}

static void token_correction_is_read_and_written(void **state)
{
    (void)state;
    struct token_correction correction = {0};
    sotto_buf bytes = unhex(LABEL "01" X16("11") EPOCH REST);
    assert_int_equal(bytes.len, TOKEN_CORRECTION_SIZE);
    form_holds(rewrite, LABEL "01" X16("11") EPOCH REST);
    assert_ok(token_correction_read(buf_view(&bytes), &correction));
    assert_int_equal(correction.epoch, 0x102);
    assert_int_equal(correction.op, 0x304);
    assert_bytes(VIEW_OF(correction.stream), X16("11"));
    assert_bytes(VIEW_OF(correction.token_hash), X32("22"));
    assert_bytes(VIEW_OF(correction.device_id), X16("44"));
    assert_bytes(VIEW_OF(correction.account_id), X32("55"));
    buf_clear(&bytes);
}

static void token_correction_of_another_label_or_version_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite,
                 "0b736f74746f20746f6b656f"
                 "01" X16("11") EPOCH REST,
                 SOTTO_E_VALUE);
    form_refuses(rewrite, LABEL "02" X16("11") EPOCH REST, SOTTO_E_VERSION);
}

static void every_bit_of_a_token_correction_counts(void **state)
{
    sotto_crypto *c = *state;
    struct token_correction correction = {.epoch = 5, .op = 9}, changed = {0};
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    sotto_buf bytes = {0};
    assert_ok(token_correction_sign(c, key, &correction));
    assert_ok(token_correction_verify(c, &correction, sign_key_public(key).data));
    assert_ok(token_correction_write(&correction, &bytes));
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sotto_err err = token_correction_read(buf_view(&bytes), &changed);
        if (err == SOTTO_OK)
            err = token_correction_verify(c, &changed, sign_key_public(key).data);
        assert_int_not_equal(err, SOTTO_OK);
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_correction_is_read_and_written),
        cmocka_unit_test(token_correction_of_another_label_or_version_is_refused),
        cmocka_unit_test(every_bit_of_a_token_correction_counts),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
