/* back_ends.h - stores for tests. The suite runs each test on every back-end, with a store that is empty when the test begins. */
#ifndef TESTS_UNIT_STORE_BACK_ENDS_H
#define TESTS_UNIT_STORE_BACK_ENDS_H

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "store/store.h"

struct back_end {
    const char *name;
    sotto_err (*open)(struct store **ret_store);
};

static char scratch[40]; /* a directory of this run */
static char scratch_db[sizeof scratch + 4];

static inline int scratch_make(void **state)
{
    (void)state;
    snprintf(scratch, sizeof scratch, "/tmp/sotto-store-XXXXXX");
    assert_non_null(mkdtemp(scratch));
    snprintf(scratch_db, sizeof scratch_db, "%s/db", scratch);
    return 0;
}

/* In memory, where there is such a file system: nothing is synced there. */
static inline int scratch_make_fast(void **state)
{
    snprintf(scratch, sizeof scratch, "/dev/shm/sotto-store-XXXXXX");
    if (mkdtemp(scratch) == NULL)
        return scratch_make(state);
    snprintf(scratch_db, sizeof scratch_db, "%s/db", scratch);
    return 0;
}

static inline int scratch_entry_remove(const char *path, const struct stat *st, int kind,
                                       struct FTW *at)
{
    (void)st, (void)kind;
    if (at->level > 0)
        assert_int_equal(remove(path), 0);
    return 0;
}

static inline void scratch_empty(void)
{
    assert_int_equal(nftw(scratch, scratch_entry_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline int scratch_remove(void **state)
{
    (void)state;
    scratch_empty();
    assert_int_equal(rmdir(scratch), 0);
    return 0;
}

static inline sotto_err sqlite_open_scratch(struct store **ret_store)
{
    char why[256];
    sotto_err err = store_sqlite_open(&(struct store_options){.path = scratch_db}, ret_store, why);
    if (err != SOTTO_OK)
        print_message("# %s\n", why);
    return err;
}

static inline sotto_err sqlite_fresh(struct store **ret_store)
{
    scratch_empty();
    return sqlite_open_scratch(ret_store);
}

#endif
