#include "identity/form.h"
#include "proto/commit_header.h"

#define LABEL  "13736f74746f20636f6d6d697420686561646572"
#define EPOCH  "0000000000000102"
#define HASHES X32("22") X32("33")
#define REST   "0000000000000304" X16("44") X32("55") X64("66")

static sotto_err rewrite(view bytes, sotto_buf *out)
{
    struct commit_header header = {0};
    TRY(commit_header_read(bytes, &header));
    return commit_header_write(&header, out);
}

static void commit_header_is_read_and_written(void **state)
{
    (void)state;
    struct commit_header header = {0};
    sotto_buf bytes = unhex(LABEL "01" X16("11") EPOCH HASHES REST);
    assert_int_equal(bytes.len, COMMIT_HEADER_SIZE);
    form_holds(rewrite, LABEL "01" X16("11") EPOCH HASHES REST);
    form_holds(rewrite, LABEL "01" X16("11") "0000000000000001" X32("00") X32("33") REST);
    assert_ok(commit_header_read(buf_view(&bytes), &header));
    assert_int_equal(header.epoch, 0x102);
    assert_int_equal(header.op, 0x304);
    assert_bytes(VIEW_OF(header.stream), X16("11"));
    assert_bytes(VIEW_OF(header.previous_hash), X32("22"));
    assert_bytes(VIEW_OF(header.commit_hash), X32("33"));
    assert_bytes(VIEW_OF(header.device_id), X16("44"));
    assert_bytes(VIEW_OF(header.account_id), X32("55"));
    buf_clear(&bytes);
}

static void commit_header_of_another_label_version_or_of_no_epoch_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite,
                 "13736f74746f20636f6d6d697420686561646573"
                 "01" X16("11") EPOCH HASHES REST,
                 SOTTO_E_VALUE);
    form_refuses(rewrite, LABEL "02" X16("11") EPOCH HASHES REST, SOTTO_E_VERSION);
    form_refuses(rewrite, LABEL "01" X16("11") "0000000000000000" HASHES REST, SOTTO_E_VALUE);
}

static void a_header_that_could_not_be_read_is_not_written(void **state)
{
    sotto_crypto *c = *state;
    struct commit_header header = {0};
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    sotto_buf out = {0};
    assert_err(commit_header_write(&header, &out), VALUE);
    assert_err(commit_header_sign(c, key, &header), VALUE);
    assert_int_equal(out.len, 0);
    buf_clear(&out);
}

static void every_bit_of_a_commit_header_counts(void **state)
{
    sotto_crypto *c = *state;
    struct commit_header header = {.epoch = 5, .op = 9}, changed = {0};
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    const uint8_t *public_key = sign_key_public(key).data;
    sotto_buf bytes = {0};
    assert_ok(commit_header_sign(c, key, &header));
    assert_ok(commit_header_verify(c, &header, public_key));
    assert_ok(commit_header_write(&header, &bytes));
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sotto_err err = commit_header_read(buf_view(&bytes), &changed);
        if (err == SOTTO_OK)
            err = commit_header_verify(c, &changed, public_key);
        assert_int_not_equal(err, SOTTO_OK);
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_clear(&bytes);
}

static void another_device_did_not_sign_it(void **state)
{
    sotto_crypto *c = *state;
    struct commit_header header = {.epoch = 5};
    uint8_t other[ED25519_PUBLIC];
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    public_of(c, 2, other);
    assert_ok(commit_header_sign(c, key, &header));
    assert_err(commit_header_verify(c, &header, other), SIGNATURE);
}

static void headers_are_chained_by_their_hashes(void **state)
{
    sotto_crypto *c = *state;
    struct commit_header header = {.epoch = 5};
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    uint8_t want[COMMIT_HEADER_HASH], got[COMMIT_HEADER_HASH];
    sotto_buf bytes = {0};
    assert_ok(commit_header_sign(c, key, &header));
    assert_ok(commit_header_write(&header, &bytes));
    assert_ok(hash(c, HASH_SHA256, buf_view(&bytes), want));
    assert_ok(commit_header_hash(c, &header, got));
    assert_memory_equal(got, want, sizeof got);
    header.signature[0] ^= 1; /* the signature counts too */
    assert_ok(commit_header_hash(c, &header, got));
    assert_memory_not_equal(got, want, sizeof got);
    buf_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commit_header_is_read_and_written),
        cmocka_unit_test(commit_header_of_another_label_version_or_of_no_epoch_is_refused),
        cmocka_unit_test(a_header_that_could_not_be_read_is_not_written),
        cmocka_unit_test(every_bit_of_a_commit_header_counts),
        cmocka_unit_test(another_device_did_not_sign_it),
        cmocka_unit_test(headers_are_chained_by_their_hashes),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
