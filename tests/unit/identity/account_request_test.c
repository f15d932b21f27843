#include "form.h"

#define LABEL "15736f74746f206163636f756e742072657175657374"
#define NAME  "11616c696365406578616d706c652e6f7267" /* alice@example.org */
#define KEYS  X32("11") X32("22")
#define TAIL  X8("33") "33333333333333" X32("44") X64("55")

static sotto_err rewrite(view bytes, sotto_buf *out)
{
    struct account_request request = {0};
    TRY(account_request_read(bytes, &request));
    return account_request_write(&request, out);
}

static void account_request_is_read_and_written(void **state)
{
    (void)state;
    form_holds(rewrite, LABEL "01" KEYS NAME TAIL);
    form_holds(rewrite, LABEL "01" KEYS "03614062" TAIL);
}

static void account_request_of_another_label_or_version_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite,
                 "15736f74746f206163636f756e742072657175657375"
                 "01" KEYS NAME TAIL,
                 SOTTO_E_VALUE);
    form_refuses(rewrite, LABEL "00" KEYS NAME TAIL, SOTTO_E_VERSION);
}

static void a_name_that_is_none_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite, LABEL "01" KEYS "00" TAIL, SOTTO_E_VALUE);
    form_refuses(rewrite, LABEL "01" KEYS "03414062" TAIL, SOTTO_E_VALUE); /* A@b */
    form_refuses(rewrite, LABEL "01" KEYS "0461400062" TAIL, SOTTO_E_VALUE);
    form_refuses(rewrite, LABEL "01" KEYS "4003614062" TAIL, SOTTO_E_VARINT);
}

static void a_name_may_be_as_long_as_a_certificate_allows(void **state)
{
    sotto_crypto *c = *state;
    char name[X509_NAME_MAX + 1];
    memset(name, 'a', sizeof name);
    name[64] = '@';
    struct account_request request = {.name = view_of(name, X509_NAME_MAX)}, back = {0};
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    sotto_buf out = {0};
    assert_ok(account_request_sign(c, key, &request));
    assert_ok(account_request_write(&request, &out));
    assert_ok(account_request_read(buf_view(&out), &back));
    assert_ok(account_request_verify(c, &back));
    buf_reset(&out);
    request.name.len++;
    assert_err(account_request_write(&request, &out), VALUE);
    assert_err(account_request_sign(c, key, &request), VALUE);
    assert_err(account_request_verify(c, &request), VALUE);
    assert_int_equal(out.len, 0);
    buf_clear(&out);
    sotto_buf longer = unhex(LABEL "01" KEYS "413f"); /* 319 */
    assert_ok(buf_append(&longer, view_of(name, X509_NAME_MAX + 1)));
    sotto_buf tail = unhex(TAIL);
    assert_ok(buf_append(&longer, buf_view(&tail)));
    form_refused(rewrite, buf_view(&longer), SOTTO_E_TOO_LARGE);
    buf_clear(&longer);
    buf_clear(&tail);
}

static void every_bit_of_a_request_counts(void **state)
{
    sotto_crypto *c = *state;
    struct account_request request = {.name = VIEW_LIT("alice@example.org")};
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    sotto_buf bytes = {0};
    assert_ok(account_request_sign(c, key, &request));
    assert_memory_equal(request.account_key, sign_key_public(key).data, ED25519_PUBLIC);
    assert_ok(account_request_verify(c, &request));
    assert_ok(account_request_write(&request, &bytes));
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        struct account_request changed = {0};
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sotto_err err = account_request_read(buf_view(&bytes), &changed);
        if (err == SOTTO_OK)
            err = account_request_verify(c, &changed);
        assert_int_not_equal(err, SOTTO_OK);
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_clear(&bytes);
}

static void only_ed25519_signs(void **state)
{
    sotto_crypto *c = *state;
    struct account_request request = {.name = VIEW_LIT("alice@example.org")};
    uint8_t seed[57] = {1}, zero[ED25519_PUBLIC] = {0};
    DEFER(sign_key_freep) sotto_sign_key *ed448 = NULL;
    assert_ok(sign_key_derive(c, SIGN_ED448, VIEW_OF(seed), &ed448));
    assert_err(account_request_sign(c, ed448, &request), USAGE);
    assert_memory_equal(request.account_key, zero, sizeof zero);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(account_request_is_read_and_written),
        cmocka_unit_test(account_request_of_another_label_or_version_is_refused),
        cmocka_unit_test(a_name_that_is_none_is_refused),
        cmocka_unit_test(a_name_may_be_as_long_as_a_certificate_allows),
        cmocka_unit_test(every_bit_of_a_request_counts),
        cmocka_unit_test(only_ed25519_signs),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
