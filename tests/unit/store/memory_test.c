/* What is the memory back-end's alone: errors on demand. */
#include "unit.h"

#include "store/store.h"

static struct store *fresh(void)
{
    struct store *store;
    assert_ok(store_memory_new(&store));
    return store;
}

static void error_comes_after_so_many_calls_and_until_it_is_called_off(void **state)
{
    (void)state;
    DEFER(store_freep) struct store *s = fresh();
    struct store_sizes sizes;
    view value;
    store_memory_fail(s, SOTTO_E_DISK_FULL, 3);
    assert_ok(store_begin(s));
    assert_ok(store_put(s, STORE_META, VIEW_LIT("a"), VIEW_LIT("1")));
    assert_ok(log_append(s, 1, 1, VIEW_LIT("x")));
    assert_err(store_put(s, STORE_META, VIEW_LIT("b"), VIEW_LIT("1")), DISK_FULL);
    assert_err(store_sizes(s, &sizes), DISK_FULL);
    store_rollback(s);
    assert_ok(store_sizes(s, &sizes));
    assert_int_equal(sizes.room_bytes, 0);
    assert_err(store_get(s, STORE_META, VIEW_LIT("a"), &value), NOTFOUND);
    assert_err(store_begin(s), DISK_FULL);
    store_memory_fail(s, SOTTO_E_DISK_FULL, 1);
    assert_ok(store_begin(s));
    assert_err(store_commit(s), DISK_FULL);
    store_memory_fail(s, SOTTO_OK, 0);
    assert_ok(store_begin(s));
    assert_ok(store_put(s, STORE_META, VIEW_LIT("a"), VIEW_LIT("1")));
    assert_ok(store_commit(s));
    assert_ok(store_get(s, STORE_META, VIEW_LIT("a"), &value));
}

static void after_an_error_only_rollback_helps(void **state)
{
    (void)state;
    DEFER(store_freep) struct store *s = fresh();
    view value;
    assert_ok(store_begin(s));
    assert_ok(store_put(s, STORE_META, VIEW_LIT("a"), VIEW_LIT("1")));
    store_memory_fail(s, SOTTO_E_NOMEM, 0);
    assert_err(store_delete(s, STORE_META, VIEW_LIT("a")), NOMEM);
    store_memory_fail(s, SOTTO_OK, 0);
    assert_err(store_put(s, STORE_META, VIEW_LIT("b"), VIEW_LIT("1")), NOMEM);
    assert_err(store_get(s, STORE_META, VIEW_LIT("a"), &value), NOMEM);
    assert_err(store_commit(s), NOMEM);
    assert_err(store_get(s, STORE_META, VIEW_LIT("a"), &value), NOTFOUND);
}

static void after_io_from_commit_nothing_goes_on(void **state)
{
    (void)state;
    DEFER(store_freep) struct store *s = fresh();
    view value;
    assert_ok(store_begin(s));
    assert_ok(store_put(s, STORE_META, VIEW_LIT("a"), VIEW_LIT("1")));
    store_memory_fail(s, SOTTO_E_IO, 0);
    assert_err(store_commit(s), IO);
    store_memory_fail(s, SOTTO_OK, 0);
    assert_err(store_begin(s), IO);
    assert_err(store_get(s, STORE_META, VIEW_LIT("a"), &value), IO);
    assert_err(store_checkpoint(s), IO);
}

static void backup_of_memory_is_not_supported(void **state)
{
    (void)state;
    DEFER(store_freep) struct store *s = fresh();
    assert_err(store_backup(s, "nowhere", NULL, NULL), UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_comes_after_so_many_calls_and_until_it_is_called_off),
        cmocka_unit_test(after_an_error_only_rollback_helps),
        cmocka_unit_test(after_io_from_commit_nothing_goes_on),
        cmocka_unit_test(backup_of_memory_is_not_supported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
