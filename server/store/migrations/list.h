/* list.h - the texts of the migrations, a file each. */
#ifndef STORE_MIGRATIONS_LIST_H
#define STORE_MIGRATIONS_LIST_H

#include "store/sqlite.h"

extern const char migration_1[];

#endif
