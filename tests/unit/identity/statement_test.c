#include "form.h"

#define LABEL "0e736f74746f206964656e74697479"
/* As in the tests of the parts. */
#define GENESIS                    \
    "0d736f74746f2067656e65736973" \
    "01"                           \
    "01" X32("aa") X32("bb")
#define ROTATION(n)                  \
    "40d4"                           \
    "0e736f74746f20726f746174696f6e" \
    "01" X32("11") n X32("22") X32("33") X32("44") X64("55")
#define LIST                                                       \
    "0d736f74746f2064657669636573"                                 \
    "01" X32("11") "00000000"                                      \
                   "0000000000000001" X32("00") "0000000065000000" \
                                                "0000000065278d00" \
                                                "31" X16("01") X32("77") "01" X64("55")

static sotto_err rewrite(view bytes, sotto_buf *out)
{
    struct statement *statement = calloc(1, sizeof *statement);
    assert_non_null(statement);
    sotto_err err = statement_read(bytes, statement);
    if (err == SOTTO_OK)
        err = statement_write(statement, out);
    free(statement);
    return err;
}

static void statement_is_read_and_written(void **state)
{
    (void)state;
    form_holds(rewrite, LABEL "01"
                              "4050" GENESIS "00"
                              "40dd" LIST);
    form_holds(rewrite,
               LABEL "01"
                     "4050" GENESIS "41ac" ROTATION("00000001") ROTATION("00000002") "40dd" LIST);
}

static void statement_of_another_label_or_version_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite,
                 "0e736f74746f206964656e74697478"
                 "01"
                 "4050" GENESIS "00"
                 "40dd" LIST,
                 SOTTO_E_VALUE);
    form_refuses(rewrite,
                 LABEL "02"
                       "4050" GENESIS "00"
                       "40dd" LIST,
                 SOTTO_E_VERSION);
}

static void a_part_that_is_broken_or_padded_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite,
                 LABEL "01"
                       "00"
                       "00"
                       "40dd" LIST,
                 SOTTO_E_TRUNCATED);
    form_refuses(rewrite,
                 LABEL "01"
                       "4051" GENESIS "00"
                       "00"
                       "40dd" LIST,
                 SOTTO_E_TOO_LARGE);
    form_refuses(rewrite,
                 LABEL "01"
                       "4050" GENESIS "40d6" ROTATION("00000000") "40dd" LIST,
                 SOTTO_E_VALUE);
    form_refuses(rewrite,
                 LABEL "01"
                       "4050" GENESIS "01"
                       "00"
                       "40dd" LIST,
                 SOTTO_E_TRUNCATED);
    form_refuses(rewrite,
                 LABEL "01"
                       "4050" GENESIS "00"
                       "00",
                 SOTTO_E_TRUNCATED);
    form_refuses(rewrite,
                 LABEL "01"
                       "4050" GENESIS "00"
                       "40de" LIST "00",
                 SOTTO_E_TRAILING);
}

/* ---- accounts that are signed for real ---- */

#define ISSUED INT64_C(1694498816)

/* Who has account key 1, then 3, 4 …: `rotations` of them, and a list number `number` of one device, whose key is 200. */
static struct statement *statement_of(sotto_crypto *c, uint8_t rotations, uint64_t number)
{
    struct statement *s = calloc(1, sizeof *s);
    struct account_key key = {0};
    assert_non_null(s);
    s->genesis = genesis_of(c, 1, 100);
    assert_ok(account_key_begin(c, &s->genesis, &key));
    for (uint8_t n = 1; n <= rotations; n++) {
        s->rotations[n - 1] =
            rotation_of(c, &key, (uint8_t)(2 + n), (uint8_t)(99 + n), (uint8_t)(100 + n));
        assert_ok(account_key_rotate(c, &s->rotations[n - 1], &key));
    }
    s->rotation_count = rotations;
    memcpy(s->list.account_id, key.account_id, ACCOUNT_ID);
    s->list.rotation = rotations;
    s->list.number = number;
    s->list.previous_hash[0] = number > 1;
    s->list.issued_s = ISSUED;
    s->list.expires_s = ISSUED + DEVICE_LIST_TTL_S;
    s->list.device_count = 1;
    memset(s->list.devices[0].id, 0xde, DEVICE_ID);
    public_hash_of(c, 200, s->list.devices[0].key_hash);
    s->list.devices[0].state = DEVICE_ACTIVE;
    return s;
}

static void list_sign(sotto_crypto *c, struct statement *s)
{
    DEFER(sign_key_freep)
    sotto_sign_key *account_key =
        key_of(c, s->rotation_count == 0 ? 1 : (uint8_t)(2 + s->rotation_count));
    assert_ok(device_list_sign(c, account_key, &s->list));
}

static struct statement *signed_of(sotto_crypto *c, uint8_t rotations, uint64_t number)
{
    struct statement *s = statement_of(c, rotations, number);
    list_sign(c, s);
    return s;
}

static void the_largest_statement_there_can_be_is_read_and_written(void **state)
{
    sotto_crypto *c = *state;
    struct statement *s = statement_of(c, ROTATIONS_MAX, 2), *back = calloc(1, sizeof *back);
    struct account_key key = {0};
    sotto_buf bytes = {0};
    assert_non_null(back);
    s->list.device_count = DEVICES_MAX;
    for (size_t i = 0; i < DEVICES_MAX; i++) {
        memset(s->list.devices[i].id, (int)i, DEVICE_ID);
        s->list.devices[i].state = DEVICE_REVOKED;
    }
    list_sign(c, s);
    assert_ok(statement_write(s, &bytes));
    assert_int_equal(bytes.len, 17107);
    assert_true(bytes.len <= STATEMENT_MAX);
    assert_ok(statement_read(buf_view(&bytes), back));
    assert_ok(statement_verify(c, back, &key));
    assert_int_equal(key.n, ROTATIONS_MAX);
    assert_int_equal(statement_compare(s, back), STATEMENT_SAME);
    size_t len = bytes.len;
    s->rotation_count++;
    assert_err(statement_write(s, &bytes), TOO_LARGE);
    assert_int_equal(bytes.len, len);
    buf_clear(&bytes);
    free(back);
    free(s);
}

static void a_statement_gives_the_key_in_force(void **state)
{
    sotto_crypto *c = *state;
    for (uint8_t rotations = 0; rotations < 3; rotations++) {
        struct statement *s = signed_of(c, rotations, 1);
        struct account_key key = {0};
        uint8_t last[ED25519_PUBLIC], id[ACCOUNT_ID];
        public_of(c, rotations == 0 ? 1 : (uint8_t)(2 + rotations), last);
        assert_ok(genesis_id(c, &s->genesis, id));
        assert_ok(statement_verify(c, s, &key));
        assert_memory_equal(key.key, last, sizeof last);
        assert_memory_equal(key.account_id, id, sizeof id);
        assert_int_equal(key.n, rotations);
        free(s);
    }
}

static void a_statement_with_a_rotation_left_out_or_moved_is_refused(void **state)
{
    sotto_crypto *c = *state;
    struct statement *s = signed_of(c, 2, 1);
    struct account_key key = {.n = 77};
    s->rotation_count = 1; /* the list was signed after two */
    assert_err(statement_verify(c, s, &key), CONFLICT);
    s->rotation_count = 2;
    struct rotation first = s->rotations[0];
    s->rotations[0] = s->rotations[1];
    assert_err(statement_verify(c, s, &key), CONFLICT);
    s->rotations[0] = first;
    s->rotations[1] = first;
    assert_err(statement_verify(c, s, &key), CONFLICT);
    assert_int_equal(key.n, 77);
    free(s);
}

static void parts_of_two_accounts_make_no_statement(void **state)
{
    sotto_crypto *c = *state;
    struct statement *s = signed_of(c, 1, 1);
    struct account_key key = {0};
    struct genesis other = genesis_of(c, 9, 100), right = s->genesis;
    s->genesis = other;
    assert_err(statement_verify(c, s, &key), SIGNATURE);
    s->genesis = right;
    s->list.account_id[0] ^= 1;
    assert_err(statement_verify(c, s, &key), SIGNATURE);
    free(s);
}

static void every_byte_of_a_statement_counts(void **state)
{
    sotto_crypto *c = *state;
    struct statement *s = signed_of(c, 1, 1), *changed = calloc(1, sizeof *changed);
    struct account_key right = {0};
    sotto_buf bytes = {0};
    assert_non_null(changed);
    assert_ok(statement_verify(c, s, &right));
    assert_ok(statement_write(s, &bytes));
    for (size_t at = 0; at < bytes.len; at++) {
        struct account_key key = {0};
        bytes.data[at] ^= 0x01;
        sotto_err err = statement_read(buf_view(&bytes), changed);
        if (err == SOTTO_OK)
            err = statement_verify(c, changed, &key);
        assert_int_not_equal(err, SOTTO_OK);
        bytes.data[at] ^= 0x01;
    }
    buf_clear(&bytes);
    free(changed);
    free(s);
}

/* ---- which of two counts ---- */

static void assert_order(struct statement *a, struct statement *b, enum statement_order order)
{
    assert_int_equal(statement_compare(a, b), order);
    assert_int_equal(statement_compare(b, a),
                     order == STATEMENT_FORKED ? STATEMENT_FORKED : -(int)order);
}

static void rotations_count_before_list_numbers(void **state)
{
    sotto_crypto *c = *state;
    struct statement *low = signed_of(c, 0, 1), *lists = signed_of(c, 0, 900),
                     *rotated = signed_of(c, 1, 2);
    assert_order(low, low, STATEMENT_SAME);
    assert_order(low, lists, STATEMENT_LOWER);
    assert_order(lists, rotated, STATEMENT_LOWER);
    assert_order(rotated, low, STATEMENT_HIGHER);
    free(low);
    free(lists);
    free(rotated);
}

static void two_lists_of_one_number_are_a_fork(void **state)
{
    sotto_crypto *c = *state;
    struct statement *a = signed_of(c, 1, 2), *b = statement_of(c, 1, 2);
    b->list.issued_s++;
    b->list.expires_s++;
    list_sign(c, b);
    assert_order(a, b, STATEMENT_FORKED);
    free(b);
    b = signed_of(c, 1, 2);
    assert_order(a, b, STATEMENT_SAME);
    b->list.signature[0] ^= 1;
    assert_order(a, b, STATEMENT_FORKED);
    free(a);
    free(b);
}

static void two_rotations_of_one_number_are_a_fork(void **state)
{
    sotto_crypto *c = *state;
    struct statement *a = signed_of(c, 2, 2), *b = signed_of(c, 2, 2);
    b->rotations[0].next_recovery_hash[5] ^= 1;
    assert_order(a, b, STATEMENT_FORKED);
    free(a);
    free(b);
}

/* ---- devices ---- */

/* A device certificate for signature key `device`, signed by account key `account`. */
static sotto_buf certificate_of(sotto_crypto *c, const uint8_t account_id[ACCOUNT_ID], uint8_t id,
                                uint8_t device, uint8_t account)
{
    struct x509 fields = {.kind = X509_DEVICE};
    DEFER(sign_key_freep) sotto_sign_key *account_key = key_of(c, account);
    sotto_buf der = {0};
    memcpy(fields.account_id, account_id, ACCOUNT_ID);
    memset(fields.device_id, id, DEVICE_ID);
    public_of(c, device, fields.public_key);
    assert_ok(x509_issue(c, &fields, account_key, &der));
    return der;
}

/* What statement_check_device() says of the certificate, which it clears. */
static sotto_err checked(sotto_crypto *c, const struct statement *s, sotto_buf der)
{
    struct account_key key = {0};
    struct x509 device = {.kind = X509_KINDS};
    assert_ok(statement_verify(c, s, &key));
    sotto_err err = statement_check_device(c, s, &key, buf_view(&der), &device);
    assert_int_equal(device.kind, err == SOTTO_OK ? X509_DEVICE : X509_KINDS);
    buf_clear(&der);
    return err;
}

static void a_listed_device_belongs(void **state)
{
    sotto_crypto *c = *state;
    struct statement *s = signed_of(c, 0, 1);
    assert_ok(checked(c, s, certificate_of(c, s->list.account_id, 0xde, 200, 1)));
    free(s);
}

static void a_device_that_is_not_listed_or_revoked_does_not_belong(void **state)
{
    sotto_crypto *c = *state;
    struct statement *s = signed_of(c, 0, 1);
    assert_err(checked(c, s, certificate_of(c, s->list.account_id, 0xdf, 200, 1)), NOTFOUND);
    s->list.devices[0].state = DEVICE_REVOKED;
    list_sign(c, s);
    assert_err(checked(c, s, certificate_of(c, s->list.account_id, 0xde, 200, 1)), DENIED);
    free(s);
}

static void a_device_with_another_key_account_or_signer_does_not_belong(void **state)
{
    sotto_crypto *c = *state;
    struct statement *s = signed_of(c, 0, 1);
    uint8_t other[ACCOUNT_ID] = {7};
    assert_err(checked(c, s, certificate_of(c, s->list.account_id, 0xde, 201, 1)), CERTIFICATE);
    assert_err(checked(c, s, certificate_of(c, other, 0xde, 200, 1)), CERTIFICATE);
    assert_err(checked(c, s, certificate_of(c, s->list.account_id, 0xde, 200, 9)), CERTIFICATE);
    assert_err(checked(c, s, (sotto_buf){0}), CERTIFICATE);
    free(s);
}

/* A certificate by the key that was replaced is worth nothing: the device needs one by the new key. */
static void a_rotation_ends_the_certificates_of_the_old_key(void **state)
{
    sotto_crypto *c = *state;
    struct statement *s = signed_of(c, 1, 2);
    assert_err(checked(c, s, certificate_of(c, s->list.account_id, 0xde, 200, 1)), CERTIFICATE);
    assert_ok(checked(c, s, certificate_of(c, s->list.account_id, 0xde, 200, 3)));
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statement_is_read_and_written),
        cmocka_unit_test(statement_of_another_label_or_version_is_refused),
        cmocka_unit_test(a_part_that_is_broken_or_padded_is_refused),
        cmocka_unit_test(the_largest_statement_there_can_be_is_read_and_written),
        cmocka_unit_test(a_statement_gives_the_key_in_force),
        cmocka_unit_test(a_statement_with_a_rotation_left_out_or_moved_is_refused),
        cmocka_unit_test(parts_of_two_accounts_make_no_statement),
        cmocka_unit_test(every_byte_of_a_statement_counts),
        cmocka_unit_test(rotations_count_before_list_numbers),
        cmocka_unit_test(two_lists_of_one_number_are_a_fork),
        cmocka_unit_test(two_rotations_of_one_number_are_a_fork),
        cmocka_unit_test(a_listed_device_belongs),
        cmocka_unit_test(a_device_that_is_not_listed_or_revoked_does_not_belong),
        cmocka_unit_test(a_device_with_another_key_account_or_signer_does_not_belong),
        cmocka_unit_test(a_rotation_ends_the_certificates_of_the_old_key),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
