#include "identity/form.h"
#include "proto/branch.h"

#define LABEL "0c736f74746f206272616e6368"
#define SEQ   "0000000000000102"
#define GOOD  "0000000000000304"
#define TAIL  X32("33") X32("44") X16("55") X64("66")

static sotto_err rewrite(view bytes, sotto_buf *out)
{
    struct branch branch = {0};
    TRY(branch_read(bytes, &branch));
    return branch_write(&branch, out);
}

static void branch_is_read_and_written(void **state)
{
    (void)state;
    struct branch branch = {0};
    sotto_buf bytes = unhex(LABEL "01" X16("11") SEQ GOOD X16("22") TAIL);
    assert_int_equal(bytes.len, BRANCH_SIZE);
    form_holds(rewrite, LABEL "01" X16("11") SEQ GOOD X16("22") TAIL);
    form_holds(rewrite, LABEL "01" X16("11") "0000000000000001"
                                             "0000000000000000" X16("22") TAIL);
    assert_ok(branch_read(buf_view(&bytes), &branch));
    assert_bytes(VIEW_OF(branch.stream), X16("11"));
    assert_int_equal(branch.bad_seq, 0x102);
    assert_int_equal(branch.good_epoch, 0x304);
    assert_bytes(VIEW_OF(branch.new_stream), X16("22"));
    assert_bytes(VIEW_OF(branch.group_info_hash), X32("33"));
    assert_bytes(VIEW_OF(branch.account_id), X32("44"));
    assert_bytes(VIEW_OF(branch.device_id), X16("55"));
    buf_clear(&bytes);
}

static void branch_of_another_label_or_version_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite,
                 "0c736f74746f206272616e6369"
                 "01" X16("11") SEQ GOOD X16("22") TAIL,
                 SOTTO_E_VALUE);
    form_refuses(rewrite, LABEL "02" X16("11") SEQ GOOD X16("22") TAIL, SOTTO_E_VERSION);
}

static void branch_from_no_entry_or_into_the_same_stream_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite, LABEL "01" X16("11") "0000000000000000" GOOD X16("22") TAIL,
                 SOTTO_E_VALUE);
    form_refuses(rewrite, LABEL "01" X16("11") SEQ GOOD X16("11") TAIL, SOTTO_E_VALUE);
}

static void a_branch_that_could_not_be_read_is_not_written(void **state)
{
    sotto_crypto *c = *state;
    struct branch branch = {.bad_seq = 1};
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    sotto_buf out = {0};
    assert_err(branch_write(&branch, &out), VALUE);
    assert_err(branch_sign(c, key, &branch), VALUE);
    assert_int_equal(out.len, 0);
    buf_clear(&out);
}

static void every_bit_of_a_branch_counts(void **state)
{
    sotto_crypto *c = *state;
    struct branch branch = {.bad_seq = 5, .good_epoch = 3, .new_stream = {1}}, changed = {0};
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    const uint8_t *public_key = sign_key_public(key).data;
    sotto_buf bytes = {0};
    assert_ok(branch_sign(c, key, &branch));
    assert_ok(branch_verify(c, &branch, public_key));
    assert_ok(branch_write(&branch, &bytes));
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sotto_err err = branch_read(buf_view(&bytes), &changed);
        if (err == SOTTO_OK)
            err = branch_verify(c, &changed, public_key);
        assert_int_not_equal(err, SOTTO_OK);
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_clear(&bytes);
}

static void another_device_did_not_sign_it(void **state)
{
    sotto_crypto *c = *state;
    struct branch branch = {.bad_seq = 5, .new_stream = {1}};
    uint8_t other[ED25519_PUBLIC];
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    public_of(c, 2, other);
    assert_ok(branch_sign(c, key, &branch));
    assert_err(branch_verify(c, &branch, other), SIGNATURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(branch_is_read_and_written),
        cmocka_unit_test(branch_of_another_label_or_version_is_refused),
        cmocka_unit_test(branch_from_no_entry_or_into_the_same_stream_is_refused),
        cmocka_unit_test(a_branch_that_could_not_be_read_is_not_written),
        cmocka_unit_test(every_bit_of_a_branch_counts),
        cmocka_unit_test(another_device_did_not_sign_it),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
