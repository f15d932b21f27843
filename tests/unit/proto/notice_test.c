#include "proto/notice.h"

#include "identity/form.h"

#define LABEL  "0c736f74746f206e6f74696365"
#define SEQ    "0000000000000102"
#define DEVICE X16("22") X32("33")

static sotto_err rewrite(view bytes, sotto_buf *out)
{
    struct notice notice = {0};
    TRY(notice_read(bytes, &notice));
    return notice_write(&notice, out);
}

static void notice_is_read_and_written(void **state)
{
    (void)state;
    struct notice notice = {0};
    sotto_buf bytes = unhex(LABEL "01" X16("11") SEQ DEVICE X64("66"));
    assert_int_equal(bytes.len, NOTICE_SIZE);
    form_holds(rewrite, LABEL "01" X16("11") SEQ DEVICE X64("66"));
    assert_ok(notice_read(buf_view(&bytes), &notice));
    assert_int_equal(notice.seq, 0x102);
    assert_bytes(VIEW_OF(notice.stream), X16("11"));
    assert_bytes(VIEW_OF(notice.device_id), X16("22"));
    assert_bytes(VIEW_OF(notice.account_id), X32("33"));
    buf_clear(&bytes);
}

static void notice_of_another_label_version_or_of_no_entry_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite,
                 "0c736f74746f206e6f74696366"
                 "01" X16("11") SEQ DEVICE X64("66"),
                 SOTTO_E_VALUE);
    form_refuses(rewrite, LABEL "02" X16("11") SEQ DEVICE X64("66"), SOTTO_E_VERSION);
    form_refuses(rewrite, LABEL "01" X16("11") "0000000000000000" DEVICE X64("66"), SOTTO_E_VALUE);
}

static void every_bit_of_a_notice_counts(void **state)
{
    sotto_crypto *c = *state;
    struct notice notice = {.seq = 5}, changed = {0};
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    sotto_buf bytes = {0};
    assert_ok(notice_sign(c, key, &notice));
    assert_ok(notice_verify(c, &notice, sign_key_public(key).data));
    assert_ok(notice_write(&notice, &bytes));
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sotto_err err = notice_read(buf_view(&bytes), &changed);
        if (err == SOTTO_OK)
            err = notice_verify(c, &changed, sign_key_public(key).data);
        assert_int_not_equal(err, SOTTO_OK);
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notice_is_read_and_written),
        cmocka_unit_test(notice_of_another_label_version_or_of_no_entry_is_refused),
        cmocka_unit_test(every_bit_of_a_notice_counts),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
