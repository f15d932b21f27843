/* The rows of accounts as they stand in the store, byte by byte from docs/store.md: read and written again they are the same; cut
 * anywhere, or with a byte to spare, they are damage. */
#include "unit.h"

#include "core/state.h"

#define X8(b)  b b b b b b b b
#define X16(b) X8(b) X8(b)
#define X32(b) X16(b) X16(b)

typedef sotto_err rewrite_fn(view bytes, sotto_buf *out);

static sotto_err rewrite_account(view bytes, sotto_buf *out)
{
    struct account_row row;
    TRY(account_row_read(bytes, &row));
    return account_row_write(&row, out);
}

static sotto_err rewrite_device(view bytes, sotto_buf *out)
{
    struct device_row row;
    TRY(device_row_read(bytes, &row));
    return device_row_write(&row, out);
}

static sotto_err rewrite_invite(view bytes, sotto_buf *out)
{
    struct invite_row row;
    TRY(invite_row_read(bytes, &row));
    return invite_row_write(&row, out);
}

static sotto_err rewrite_password(view bytes, sotto_buf *out)
{
    struct password_row row;
    TRY(password_row_read(bytes, &row));
    return password_row_write(&row, out);
}

static sotto_err rewrite_mail(view bytes, sotto_buf *out)
{
    struct mail_row row;
    TRY(mail_row_read(bytes, &row));
    return mail_row_write(&row, out);
}

static void refuses(rewrite_fn *rewrite, view bytes)
{
    sotto_buf out = {0};
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1); /* exactly as long, for the sanitizers */
    assert_non_null(copy);
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    assert_err(rewrite(view_of(copy, bytes.len), &out), DAMAGED);
    assert_int_equal(out.len, 0);
    free(copy);
}

static void refuses_hex(rewrite_fn *rewrite, const char *hex)
{
    DEFER(buf_clear) sotto_buf bytes = unhex(hex);
    refuses(rewrite, buf_view(&bytes));
}

static void holds(rewrite_fn *rewrite, const char *hex)
{
    DEFER(buf_clear) sotto_buf bytes = unhex(hex);
    DEFER(buf_clear) sotto_buf again = {0};
    assert_ok(rewrite(buf_view(&bytes), &again));
    assert_true(view_equal(buf_view(&bytes), buf_view(&again)));
    for (size_t len = 0; len < bytes.len; len++)
        refuses(rewrite, view_of(bytes.data, len));
    assert_ok(buf_append(&bytes, VIEW_LIT("\0")));
    refuses(rewrite, buf_view(&bytes));
    bytes.len--;
    bytes.data[0] = 2; /* a version that there is not */
    refuses(rewrite, buf_view(&bytes));
}

#define ACCOUNT_HEAD                                                                        \
    "01" X32("aa") X32("bb") X32("cc") "00000002" X8("00") X32("dd") "03" X8("11") X8("00") \
        X8("22") X8("33") X32("ee")
#define ACCOUNT_TAIL "0367656e 03614068 046c697374 0463657274"

static void account_row_is_as_the_document_says(void **state)
{
    (void)state;
    holds(rewrite_account, ACCOUNT_HEAD ACCOUNT_TAIL);
    refuses_hex(rewrite_account, /* flag 4 */
                "01" X32("aa") X32("bb") X32("cc") "00000002" X8("00") X32("dd") "04" X8("11")
                    X8("00") X8("22") X8("33") X32("ee") ACCOUNT_TAIL);
}

#define DEVICE_HEAD "01" X8("11") X16("aa") X32("bb") X8("22")

static void device_row_is_as_the_document_says(void **state)
{
    (void)state;
    holds(rewrite_device,
          DEVICE_HEAD "0000000000000003 0000000000000005 01" X32("cc") "0463657274");
    refuses_hex(rewrite_device,
                DEVICE_HEAD "0000000000000005 0000000000000003 01" X32("cc") "0463657274");
    refuses_hex(rewrite_device,
                DEVICE_HEAD "0000000000000003 0000000000000005 02" X32("cc") "0463657274");
}

static void invite_row_is_as_the_document_says(void **state)
{
    (void)state;
    holds(rewrite_invite, "01" X8("11") "02 01 00000002 00000003" X8("22") X8("33") "03614068");
    refuses_hex(rewrite_invite,
                "01" X8("11") "02 01 00000004 00000003" X8("22") X8("33") "03614068");
    refuses_hex(rewrite_invite,
                "01" X8("11") "02 01 00000000 00000000" X8("22") X8("33") "03614068");
}

static void password_row_is_as_the_document_says(void **state)
{
    (void)state;
    holds(rewrite_password, "01" X16("aa") X32("bb") "05 00" X8("11") "03614068");
}

static void mail_row_is_as_the_document_says(void **state)
{
    (void)state;
    holds(rewrite_mail, "01" X8("11") X8("22") X8("33") "00000003 01" X8("44") "03614062 03614068");
    refuses_hex(rewrite_mail, "01" X8("11") X8("22") X8("33") "00000003 01" X8("44") "00 03614068");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(account_row_is_as_the_document_says),
        cmocka_unit_test(device_row_is_as_the_document_says),
        cmocka_unit_test(invite_row_is_as_the_document_says),
        cmocka_unit_test(password_row_is_as_the_document_says),
        cmocka_unit_test(mail_row_is_as_the_document_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
