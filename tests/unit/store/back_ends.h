/* back_ends.h - each test of the suite runs on every back-end: the group's state is the back-end, a test's state a store of it,
 * empty when the test begins. */
#ifndef TESTS_UNIT_STORE_BACK_ENDS_H
#define TESTS_UNIT_STORE_BACK_ENDS_H

#include "unit.h"

#include "store/store.h"

struct back_end {
    const char *name;
    sotto_err (*open)(struct store **ret_store);
};

static const struct back_end *back_end;

static inline int store_setup(void **state)
{
    struct store *store;
    assert_ok(back_end->open(&store));
    *state = store;
    return 0;
}

static inline int store_teardown(void **state)
{
    store_free(*state);
    return 0;
}

#endif
