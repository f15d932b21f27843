/* Addresses: what they owe is remembered when their connections are gone, in bounded memory. */
#include "unit.h"

#include "core/state.h"

static struct core *core_with_limits(void)
{
    struct limits limits = limits_default();
    struct core *core = NULL;
    assert_ok(core_new(&(struct core_config){.limits = limits}, 0, &core));
    return core;
}

static struct core_address address_of(uint32_t number, uint8_t family)
{
    return (struct core_address){{(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                                  (uint8_t)(number >> 8), (uint8_t)number, [15] = family}};
}

static struct origin *visit(struct core *core, uint32_t number, uint64_t now_ms)
{
    struct core_address address = address_of(number, 4);
    struct origin *origin = NULL;
    assert_ok(origin_get(core, &address, now_ms, &origin));
    origin_enter(core, origin);
    return origin;
}

static void address_is_the_same_row_while_it_has_connections(void **state)
{
    (void)state;
    struct core *core = core_with_limits();
    struct origin *first = visit(core, 1, 0);
    assert_ptr_equal(visit(core, 1, 0), first);
    assert_int_equal(first->connections, 2);
    assert_ptr_not_equal(visit(core, 2, 0), first);
    core_free(core);
}

static void families_do_not_mix(void **state)
{
    (void)state;
    struct core *core = core_with_limits();
    struct core_address v4 = address_of(0x20010db8, 4), v6 = address_of(0x20010db8, 6);
    struct origin *a = NULL, *b = NULL;
    assert_ok(origin_get(core, &v4, 0, &a));
    origin_enter(core, a);
    assert_ok(origin_get(core, &v6, 0, &b));
    assert_ptr_not_equal(a, b);
    core_free(core);
}

static void address_that_owes_nothing_is_forgotten_at_once(void **state)
{
    (void)state;
    struct core *core = core_with_limits();
    origin_leave(core, visit(core, 1, 0), 0);
    assert_int_equal(core->origins.count, 0);
    core_free(core);
}

static void debt_is_remembered_until_it_has_leaked(void **state)
{
    (void)state;
    struct core *core = core_with_limits();
    struct origin *origin = visit(core, 1, 0);
    bucket_take(&origin->wrong, &core->wrong_rate, 1, 0);
    origin_leave(core, origin, 0);
    assert_int_equal(core->origins.count, 1);
    origin_leave(core, visit(core, 2, 299999), 299999);
    assert_int_equal(core->origins.count, 1);
    visit(core, 2, 300000); /* whoever comes looks at the oldest */
    assert_int_equal(core->origins.count, 1);
    core_free(core);
}

static void memory_for_debts_is_bounded(void **state)
{
    (void)state;
    struct core *core = core_with_limits();
    for (uint32_t number = 0; number < ORIGIN_LINGER_MAX + 1000; number++) {
        struct origin *origin = visit(core, number, number);
        bucket_take(&origin->openings, &core->opening_rate, 1, number);
        bucket_take(&origin->wrong, &core->wrong_rate, 5, number);
        origin_leave(core, origin, number);
        assert_true(core->origins.count <= ORIGIN_LINGER_MAX);
    }
    assert_int_equal(core->origins.count, ORIGIN_LINGER_MAX);
    core_free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_is_the_same_row_while_it_has_connections),
        cmocka_unit_test(families_do_not_mix),
        cmocka_unit_test(address_that_owes_nothing_is_forgotten_at_once),
        cmocka_unit_test(debt_is_remembered_until_it_has_leaked),
        cmocka_unit_test(memory_for_debts_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
