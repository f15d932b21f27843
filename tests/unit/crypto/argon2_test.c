#include "crypto/handle.h"

#include "crypto/argon2.h"

/* The reference implementation's test of version 0x13: Argon2id, t = 2, m = 256 KiB, p = 1 and 2 */
static void keys_match_the_reference(void **state)
{
    struct secret key = {0};
    assert_ok(argon2id(*state, VIEW_LIT("password"), VIEW_LIT("somesalt"),
                       (struct argon2_cost){256, 2, 1}, 32, &key));
    assert_bytes(secret_view(&key),
                 "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe");
    assert_ok(argon2id(*state, VIEW_LIT("password"), VIEW_LIT("somesalt"),
                       (struct argon2_cost){256, 2, 2}, 32, &key));
    assert_bytes(secret_view(&key),
                 "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037");
}

static void an_empty_passphrase_is_one(void **state)
{
    struct secret key = {0};
    struct secret other = {0};
    struct argon2_cost least = {8, 1, 1};
    assert_ok(argon2id(*state, (view){0}, VIEW_LIT("somesalt"), least, 16, &key));
    assert_ok(argon2id(*state, VIEW_LIT("x"), VIEW_LIT("somesalt"), least, 16, &other));
    assert_int_equal(key.len, 16);
    assert_false(secret_equal(&key, &other));
}

static void parameters_out_of_range_are_refused(void **state)
{
    static const struct {
        size_t salt;
        struct argon2_cost cost;
        size_t len;
    } wrong[] = {
        {7, {8, 1, 1}, 16},  {8, {7, 1, 1}, 16}, {8, {8, 0, 1}, 16}, {8, {8, 1, 0}, 16},
        {8, {15, 1, 2}, 16}, {8, {8, 1, 1}, 15}, {8, {8, 1, 1}, 67}, {8, {8, 1, UINT32_MAX}, 16},
    };
    struct secret key = {.len = 1, .data = {7}};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_err(argon2id(*state, VIEW_LIT("x"), view_of("12345678", wrong[i].salt),
                            wrong[i].cost, wrong[i].len, &key),
                   USAGE);
    assert_int_equal(key.len, 1);
    assert_int_equal(key.data[0], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_match_the_reference),
        cmocka_unit_test(an_empty_passphrase_is_one),
        cmocka_unit_test(parameters_out_of_range_are_refused),
    };
    return cmocka_run_group_tests_name("crypto/argon2", tests, handle_setup, handle_teardown);
}
