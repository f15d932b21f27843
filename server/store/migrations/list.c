/* All changes of the schema, the oldest first. What was released is never changed: a new table is a new version, with a file of its
 * own here. */
#include "store/migrations/list.h"

const struct migration sqlite_migrations[] = {
    {1, migration_1},
};
const size_t sqlite_migration_count = COUNT_OF(sqlite_migrations);
