#include "unit.h"

#include "base/map.h"

#define NUMBERS 5000

/* What the values point at: value i of number i, so that a mix-up shows. */
static char values[NUMBERS];

static void put(struct map *m, uint64_t number)
{
    assert_ok(map_reserve(m, 1));
    map_put(m, number, &values[number]);
}

static void empty_map_has_nothing(void **state)
{
    (void)state;
    struct map m = {0};
    size_t cursor = 0;
    assert_null(map_find(&m, 0));
    assert_null(map_take(&m, 0));
    assert_null(map_next(&m, &cursor));
    map_clear(&m);
}

static void put_replaces_what_was_there(void **state)
{
    (void)state;
    DEFER(map_clear) struct map m = {0};
    put(&m, 7);
    map_put(&m, 7, &values[8]);
    assert_int_equal(m.count, 1);
    assert_ptr_equal(map_find(&m, 7), &values[8]);
}

static void any_number_may_be_in_it(void **state)
{
    (void)state;
    DEFER(map_clear) struct map m = {0};
    static const uint64_t numbers[] = {0, 1, UINT32_MAX, (uint64_t)1 << 32, UINT64_MAX};
    assert_ok(map_reserve(&m, COUNT_OF(numbers)));
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        map_put(&m, numbers[i], &values[i]);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        assert_ptr_equal(map_find(&m, numbers[i]), &values[i]);
    assert_null(map_find(&m, 2));
}

/* Against a plain array, through many puts and takes in an order that mixes them. */
static void map_agrees_with_an_array_through_puts_and_takes(void **state)
{
    (void)state;
    DEFER(map_clear) struct map m = {.key = "some random key"};
    bool in[NUMBERS] = {false};
    size_t count = 0;
    uint32_t dice = 1;
    for (int round = 0; round < 200000; round++) {
        dice = dice * 1664525 + 1013904223;
        size_t i = dice >> 8 & 4095;
        assert_ptr_equal(map_find(&m, i), in[i] ? &values[i] : NULL);
        if (in[i]) {
            assert_ptr_equal(map_take(&m, i), &values[i]);
            count--;
        } else if (count < 3000) {
            put(&m, i);
            count++;
        } else {
            continue;
        }
        in[i] = !in[i];
        assert_int_equal(m.count, count);
    }
    for (size_t i = 0; i < 4096; i++)
        assert_ptr_equal(map_find(&m, i), in[i] ? &values[i] : NULL);
}

static void walk_meets_each_value_once(void **state)
{
    (void)state;
    DEFER(map_clear) struct map m = {0};
    bool met[NUMBERS] = {false};
    for (size_t i = 0; i < NUMBERS; i++)
        put(&m, i);
    size_t cursor = 0, count = 0;
    for (char *value; (value = map_next(&m, &cursor)) != NULL; count++) {
        assert_false(met[value - values]);
        met[value - values] = true;
    }
    assert_int_equal(count, NUMBERS);
}

static void reserve_of_too_many_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    DEFER(map_clear) struct map m = {0};
    put(&m, 3);
    assert_err(map_reserve(&m, SIZE_MAX / 2), NOMEM);
    assert_ptr_equal(map_find(&m, 3), &values[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_map_has_nothing),
        cmocka_unit_test(put_replaces_what_was_there),
        cmocka_unit_test(any_number_may_be_in_it),
        cmocka_unit_test(map_agrees_with_an_array_through_puts_and_takes),
        cmocka_unit_test(walk_meets_each_value_once),
        cmocka_unit_test(reserve_of_too_many_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
