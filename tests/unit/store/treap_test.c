#include "unit.h"

#include "store/treap.h"

#define NUMBERS 300

static struct treap_row *number_row(unsigned number, uint32_t weight)
{
    uint8_t key[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    struct treap_row *row = treap_new(VIEW_OF(key), VIEW_LIT("v"), weight);
    assert_non_null(row);
    return row;
}

static unsigned number_of(const struct treap_row *row)
{
    return (unsigned)(row->bytes[0] << 8 | row->bytes[1]);
}

static void row_holds_copies_of_key_and_value(void **state)
{
    (void)state;
    struct treap_row *row = treap_new(VIEW_LIT("key"), VIEW_LIT("value"), 0);
    assert_non_null(row);
    assert_true(view_equal(treap_key(row), VIEW_LIT("key")));
    assert_true(view_equal(treap_value(row), VIEW_LIT("value")));
    free(row);
}

static void keys_are_in_the_order_of_bytes_and_the_shorter_one_is_first(void **state)
{
    (void)state;
    assert_true(treap_compare(VIEW_LIT("a"), VIEW_LIT("b")) < 0);
    assert_true(treap_compare(VIEW_LIT("a"), VIEW_LIT("aa")) < 0);
    assert_true(treap_compare(VIEW_LIT("b"), VIEW_LIT("aa")) > 0);
    assert_true(treap_compare(VIEW_LIT("\xff"), VIEW_LIT("\x01")) > 0);
    assert_true(treap_compare(VIEW_LIT(""), VIEW_LIT("\x00")) < 0);
    assert_int_equal(treap_compare(VIEW_LIT("ab"), VIEW_LIT("ab")), 0);
}

/* Of the numbers that are in: the first from `from` on, or NUMBERS. */
static unsigned model_seek(const bool *in, unsigned from)
{
    while (from < NUMBERS && !in[from])
        from++;
    return from;
}

static void agrees(const struct treap *treap, const bool *in)
{
    for (unsigned i = 0; i < NUMBERS; i++) {
        uint8_t key[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        const struct treap_row *row = treap_find(treap, VIEW_OF(key));
        assert_int_equal(row != NULL, in[i]);
        row = treap_seek(treap, VIEW_OF(key), false);
        assert_int_equal(row != NULL ? number_of(row) : NUMBERS, model_seek(in, i));
        row = treap_seek(treap, VIEW_OF(key), true);
        assert_int_equal(row != NULL ? number_of(row) : NUMBERS, model_seek(in, i + 1));
    }
}

/* Weights that are all alike, or rise with the keys, make a list of the tree: it must be right even so. */
static void walk(uint32_t weight_mask)
{
    struct treap treap = {0};
    bool in[NUMBERS] = {false};
    uint32_t dice = 12345;
    for (unsigned step = 0; step < 4000; step++) {
        dice = dice * 1664525 + 1013904223;
        unsigned number = (dice >> 12) % NUMBERS;
        uint8_t key[2] = {(uint8_t)(number >> 8), (uint8_t)number};
        if (in[number]) {
            struct treap_row *row = treap_find(&treap, VIEW_OF(key));
            treap_take(&treap, row);
            free(row);
        } else {
            treap_add(&treap, number_row(number, (dice >> 4) & weight_mask));
        }
        in[number] = !in[number];
        if (step % 200 == 0)
            agrees(&treap, in);
    }
    agrees(&treap, in);
    treap_clear(&treap);
    assert_null(treap_seek(&treap, VIEW_LIT(""), false));
}

static void tree_agrees_with_an_array_through_adds_and_takes(void **state)
{
    (void)state;
    walk(UINT32_MAX);
}

static void tree_agrees_with_an_array_when_all_weigh_the_same(void **state)
{
    (void)state;
    walk(0);
}

static void row_that_was_taken_out_can_be_put_back(void **state)
{
    (void)state;
    struct treap treap = {0};
    for (unsigned i = 0; i < 10; i++)
        treap_add(&treap, number_row(i, i * 77 % 10));
    uint8_t key[2] = {0, 4};
    struct treap_row *row = treap_find(&treap, VIEW_OF(key));
    treap_take(&treap, row);
    assert_null(treap_find(&treap, VIEW_OF(key)));
    treap_add(&treap, row);
    assert_ptr_equal(treap_find(&treap, VIEW_OF(key)), row);
    treap_clear(&treap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_holds_copies_of_key_and_value),
        cmocka_unit_test(keys_are_in_the_order_of_bytes_and_the_shorter_one_is_first),
        cmocka_unit_test(tree_agrees_with_an_array_through_adds_and_takes),
        cmocka_unit_test(tree_agrees_with_an_array_when_all_weigh_the_same),
        cmocka_unit_test(row_that_was_taken_out_can_be_put_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
