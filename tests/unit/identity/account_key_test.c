#include "form.h"

static void an_account_begins_with_the_key_of_its_genesis(void **state)
{
    sotto_crypto *c = *state;
    struct genesis genesis = genesis_of(c, 1, 2);
    struct account_key key = {0};
    uint8_t id[ACCOUNT_ID];
    assert_ok(account_key_begin(c, &genesis, &key));
    assert_ok(genesis_id(c, &genesis, id));
    assert_memory_equal(key.account_id, id, sizeof id);
    assert_memory_equal(key.key, genesis.account_key, sizeof key.key);
    assert_memory_equal(key.recovery_hash, genesis.recovery_hash, sizeof key.recovery_hash);
    assert_int_equal(key.n, 0);
}

static void an_account_whose_key_is_none_does_not_begin(void **state)
{
    sotto_crypto *c = *state;
    struct genesis genesis = {0};
    struct account_key key = {.n = 7};
    assert_err(account_key_begin(c, &genesis, &key), KEY);
    assert_int_equal(key.n, 7);
}

static void rotations_change_the_key_and_never_the_id(void **state)
{
    sotto_crypto *c = *state;
    struct genesis genesis = genesis_of(c, 1, 2);
    struct account_key key = {0};
    uint8_t id[ACCOUNT_ID], last[ED25519_PUBLIC];
    assert_ok(account_key_begin(c, &genesis, &key));
    memcpy(id, key.account_id, sizeof id);
    for (uint8_t n = 1; n <= ROTATIONS_MAX; n++) {
        uint8_t recovery = n == 1 ? 2 : (uint8_t)(100 + n);
        struct rotation rotation =
            rotation_of(c, &key, (uint8_t)(2 + n), recovery, (uint8_t)(101 + n));
        assert_ok(account_key_rotate(c, &rotation, &key));
        assert_int_equal(key.n, n);
        assert_memory_equal(key.account_id, id, sizeof id);
    }
    public_of(c, 2 + ROTATIONS_MAX, last);
    assert_memory_equal(key.key, last, sizeof last);
}

static void a_rotation_out_of_order_changes_nothing(void **state)
{
    sotto_crypto *c = *state;
    struct genesis genesis = genesis_of(c, 1, 2);
    struct account_key key = {0}, later;
    assert_ok(account_key_begin(c, &genesis, &key));
    struct rotation first = rotation_of(c, &key, 3, 2, 4);
    later = key;
    assert_ok(account_key_rotate(c, &first, &later));
    struct rotation second = rotation_of(c, &later, 5, 4, 6);
    struct account_key before = key;
    assert_err(account_key_rotate(c, &second, &key), CONFLICT);
    assert_memory_equal(&key, &before, sizeof key);
    assert_ok(account_key_rotate(c, &first, &key));
    before = key;
    assert_err(account_key_rotate(c, &first, &key), CONFLICT); /* again */
    assert_memory_equal(&key, &before, sizeof key);
}

/* The account key alone, however it was come by, can't take the account over. */
static void the_account_key_can_not_rotate(void **state)
{
    sotto_crypto *c = *state;
    struct genesis genesis = genesis_of(c, 1, 2);
    struct account_key key = {0};
    assert_ok(account_key_begin(c, &genesis, &key));
    struct rotation rotation = rotation_of(c, &key, 3, 1, 4);
    assert_err(account_key_rotate(c, &rotation, &key), SIGNATURE);
    assert_int_equal(key.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_begins_with_the_key_of_its_genesis),
        cmocka_unit_test(an_account_whose_key_is_none_does_not_begin),
        cmocka_unit_test(rotations_change_the_key_and_never_the_id),
        cmocka_unit_test(a_rotation_out_of_order_changes_nothing),
        cmocka_unit_test(the_account_key_can_not_rotate),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
