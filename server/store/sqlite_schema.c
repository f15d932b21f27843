/* The file says who made it (application_id) and in which version (user_version). Both are written with the tables, in one
 * transaction: a file that has neither and no table is one that nothing was ever in. */
#include <stdio.h>
#include <unistd.h>

#include "store/files.h"
#include "store/sqlite.h"

sotto_err sqlite_version(sqlite3 *db, int newest, int *ret_version, char why[WHY_MAX])
{
    int64_t app_id, version, tables;
    TRY(sqlite_number(db, "PRAGMA application_id", &app_id));
    TRY(sqlite_number(db, "PRAGMA user_version", &version));
    TRY(sqlite_number(db, "SELECT count(*) FROM sqlite_schema", &tables));
    if (app_id == 0 && version == 0 && tables == 0) {
        *ret_version = 0;
        return SOTTO_OK;
    }
    if (app_id != SQL_APP_ID || version < 1)
        return sqlite_say(why, SOTTO_E_DAMAGED, "%s is not a database of sottod",
                          sqlite3_db_filename(db, "main"));
    if (version > newest)
        return sqlite_say(why, SOTTO_E_NEWER,
                          "%s was made by a newer sottod (schema %lld, this one knows %d)",
                          sqlite3_db_filename(db, "main"), (long long)version, newest);
    *ret_version = (int)version;
    return SOTTO_OK;
}

int store_schema(void)
{
    return sqlite_migrations[sqlite_migration_count - 1].version;
}

/* --- the copy before a migration --- */

static sotto_err copy_check(const char *path, char why[WHY_MAX])
{
    DEFER(sqlite_closep) sqlite3 *copy = NULL;
    TRY(sqlite_connect(path, NULL, &copy));
    return sqlite_check(copy, why);
}

/* Under another name until it is whole and was read again. */
static sotto_err copy_make(sqlite3 *db, const char *part, const char *name, char why[WHY_MAX])
{
    (void)unlink(part);
    TRY(sqlite_copy(db, part, NULL, NULL));
    TRY(copy_check(part, why));
    if (rename(part, name) != 0)
        return SOTTO_E_IO;
    return file_sync_directory(name);
}

static sotto_err copy_take(sqlite3 *db, const char *path, int version, char why[WHY_MAX])
{
    char *name = sqlite3_mprintf("%s.before-%d", path, version + 1);
    char *part = sqlite3_mprintf("%s.before-%d.part", path, version + 1);
    sotto_err err = SOTTO_E_NOMEM;
    if (name != NULL && part != NULL) {
        err = copy_make(db, part, name, why);
        if (err != SOTTO_OK)
            (void)unlink(part);
        if (err != SOTTO_OK && why[0] == 0)
            sqlite_say(why, err, "cannot copy the database to %s before it is changed", name);
    }
    sqlite3_free(name);
    sqlite3_free(part);
    return err;
}

/* --- migration --- */

static sotto_err steps_run(sqlite3 *db, const struct migration *list, size_t count, int from)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].version > from)
            TRY(sqlite_exec(db, list[i].sql));
    char sql[100];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", SQL_APP_ID,
             list[count - 1].version);
    return sqlite_exec(db, sql);
}

sotto_err sqlite_migrate(sqlite3 *db, const char *path, const struct migration *list, size_t count,
                         char why[WHY_MAX])
{
    int newest = list[count - 1].version, version = 0;
    TRY(sqlite_version(db, newest, &version, why));
    if (version == newest)
        return SOTTO_OK;
    if (version > 0)
        TRY(copy_take(db, path, version, why));
    TRY(sqlite_exec(db, "BEGIN IMMEDIATE"));
    sotto_err err = steps_run(db, list, count, version);
    if (err == SOTTO_OK)
        err = sqlite_exec(db, "COMMIT");
    if (err != SOTTO_OK)
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    if (err != SOTTO_OK && version > 0)
        sqlite_say(why, err, "cannot bring %s from schema %d to %d; it is as it was", path, version,
                   newest);
    return err;
}

sotto_err sqlite_check_tables(sqlite3 *db, char why[WHY_MAX])
{
    for (int t = STORE_META; t < STORE_TABLE_END; t++) {
        const char *name = store_table_name((enum store_table)t);
        int code =
            sqlite3_table_column_metadata(db, "main", name, "value", NULL, NULL, NULL, NULL, NULL);
        if (code == SQLITE_ERROR)
            return sqlite_say(why, SOTTO_E_DAMAGED, "%s has no table %s",
                              sqlite3_db_filename(db, "main"), name);
        TRY(sqlite_err(code));
    }
    return SOTTO_OK;
}
