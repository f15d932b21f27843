#include "form.h"

#define KEY   X32("aa")
#define HASH  X32("bb")
#define LABEL "0d736f74746f2067656e65736973"

static sotto_err rewrite(view bytes, sotto_buf *out)
{
    struct genesis genesis = {0};
    TRY(genesis_read(bytes, &genesis));
    return genesis_write(&genesis, out);
}

static void genesis_is_read_and_written(void **state)
{
    (void)state;
    form_holds(rewrite, LABEL "01"
                              "01" KEY HASH);
}

static void genesis_of_another_label_version_or_algorithm_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite,
                 "0d736f74746f2067656e65736974"
                 "01"
                 "01" KEY HASH,
                 SOTTO_E_VALUE);
    form_refuses(rewrite,
                 "00"
                 "01"
                 "01" KEY HASH,
                 SOTTO_E_VALUE);
    form_refuses(rewrite,
                 LABEL "00"
                       "01" KEY HASH,
                 SOTTO_E_VERSION);
    form_refuses(rewrite,
                 LABEL "02"
                       "01" KEY HASH,
                 SOTTO_E_VERSION);
    form_refuses(rewrite,
                 LABEL "01"
                       "00" KEY HASH,
                 SOTTO_E_VALUE);
    form_refuses(rewrite,
                 LABEL "01"
                       "02" KEY HASH,
                 SOTTO_E_VALUE);
    form_refuses(rewrite,
                 "400d736f74746f2067656e65736973"
                 "01"
                 "01" KEY HASH,
                 SOTTO_E_VARINT);
}

/* SHA-256 of the bytes above, by another program. */
static void account_id_is_the_hash_of_the_record(void **state)
{
    struct genesis genesis = {0};
    uint8_t id[ACCOUNT_ID];
    memset(genesis.account_key, 0xaa, sizeof genesis.account_key);
    memset(genesis.recovery_hash, 0xbb, sizeof genesis.recovery_hash);
    assert_ok(genesis_id(*state, &genesis, id));
    assert_bytes(VIEW_OF(id), "1f4b9d574ebb0cb6d99b8a7ed56df525ca329427097f4fe37cb1c355d3aa5aa9");
}

static void a_full_buffer_gets_nothing(void **state)
{
    (void)state;
    struct genesis genesis = {0};
    uint8_t room[79];
    sotto_buf out = BUF_ON(room);
    assert_err(genesis_write(&genesis, &out), TOO_LARGE);
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(genesis_is_read_and_written),
        cmocka_unit_test(genesis_of_another_label_version_or_algorithm_is_refused),
        cmocka_unit_test(account_id_is_the_hash_of_the_record),
        cmocka_unit_test(a_full_buffer_gets_nothing),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
