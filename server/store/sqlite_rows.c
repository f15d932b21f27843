/* Rows of tables. No statement walks over more rows than it gives or takes. What is bound is borrowed: a statement is run and reset
 * before the call returns, but for one whose row is lent. */
#include "store/sqlite.h"

void sqlite_lent_end(struct sqlite *q)
{
    if (q->lent != NULL)
        (void)sqlite3_reset(q->lent);
    q->lent = NULL;
}

sotto_err sqlite_bind_bytes(sqlite3_stmt *statement, int at, view bytes)
{
    const void *data = bytes.len > 0 ? (const void *)bytes.data : ""; /* NULL would be no blob */
    return sqlite_err(sqlite3_bind_blob64(statement, at, data, bytes.len, SQLITE_STATIC));
}

view sqlite_column_bytes(sqlite3_stmt *statement, int at)
{
    const void *data = sqlite3_column_blob(statement, at);
    return view_of(data, (size_t)sqlite3_column_bytes(statement, at));
}

/* --- tables --- */

/* Begins a call on a table, with the key bound. */
static sotto_err table_begin(struct store *store, enum store_table table,
                             enum sqlite_of_table which, view key, sqlite3_stmt **ret_statement)
{
    struct sqlite *q = sqlite_of(store);
    sqlite_lent_end(q);
    TRY(sqlite_of_table(q, table, which, ret_statement));
    return sqlite_bind_bytes(*ret_statement, 1, key);
}

/* Steps to a row and lends it. NOTFOUND. */
static sotto_err row_lend(struct store *store, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        sqlite_of(store)->lent = statement;
        return SOTTO_OK;
    }
    (void)sqlite3_reset(statement);
    return code == SQLITE_DONE ? SOTTO_E_NOTFOUND : sqlite_err(code);
}

sotto_err sqlite_get(struct store *store, enum store_table table, view key, view *ret_value)
{
    sqlite3_stmt *statement;
    TRY(table_begin(store, table, SQL_GET, key, &statement));
    TRY(row_lend(store, statement));
    *ret_value = sqlite_column_bytes(statement, 0);
    return SOTTO_OK;
}

sotto_err sqlite_put(struct store *store, enum store_table table, view key, view value)
{
    sqlite3_stmt *statement;
    TRY(table_begin(store, table, SQL_PUT, key, &statement));
    TRY(sqlite_bind_bytes(statement, 2, value));
    return sqlite_run(statement);
}

sotto_err sqlite_remove(struct store *store, enum store_table table, view key)
{
    sqlite3_stmt *statement;
    TRY(table_begin(store, table, SQL_REMOVE, key, &statement));
    return sqlite_run(statement);
}

/* Whether a walk that begins behind `after` begins before all keys with this prefix. */
static bool comes_before(view after, view prefix)
{
    size_t len = size_min(after.len, prefix.len);
    int order = len > 0 ? memcmp(after.data, prefix.data, len) : 0;
    return order != 0 ? order < 0 : after.len < prefix.len;
}

static bool begins_with(view key, view prefix)
{
    return key.len >= prefix.len && view_equal(view_of(key.data, prefix.len), prefix);
}

sotto_err sqlite_next(struct store *store, enum store_table table, view prefix, view after,
                      view *ret_key, view *ret_value)
{
    sqlite3_stmt *statement;
    bool first = comes_before(after, prefix);
    TRY(table_begin(store, table, first ? SQL_FROM : SQL_AFTER, first ? prefix : after,
                    &statement));
    TRY(row_lend(store, statement));
    view key = sqlite_column_bytes(statement, 0);
    if (!begins_with(key, prefix))
        return SOTTO_E_NOTFOUND;
    *ret_key = key;
    *ret_value = sqlite_column_bytes(statement, 1);
    return SOTTO_OK;
}
