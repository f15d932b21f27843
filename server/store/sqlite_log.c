/* The log. Its rows stand in the order of appending, so that what is appended falls on its last pages alone. Where a stream's entries
 * stand is said by an index, in two parts:
 *
 *   log      place 1 ... index_to           index_to + 1 ... last_place
 *            `log_at`, a table: cold        in memory: hot
 *
 * A stream falls on a page of its own in the cold part, if many others stand beside it. What is read and dropped soon never comes there:
 * only once more than HOT_MOST + HOT_STEP places are hot, all but HOT_MOST go to the table, in the order of streams, and `log_mark` says how
 * far that is. At the start the hot part is read from the log. A transaction that is undone makes it stale: it is read again. */
#include "store/sqlite.h"

#define HOT_STEP(most) ((most) / 16 + 1)

static sotto_err bind_number(sqlite3_stmt *statement, int at, uint64_t number)
{
    return sqlite_err(sqlite3_bind_int64(statement, at, (int64_t)number));
}

/* Begins a statement with its first number bound. */
static sotto_err log_begin(struct sqlite *q, enum sqlite_fixed which, uint64_t first,
                           sqlite3_stmt **ret_statement)
{
    sqlite_lent_end(q);
    TRY(sqlite_fixed(q, which, ret_statement));
    return bind_number(*ret_statement, 1, first);
}

/* With a second one, which is a range's end. */
static sotto_err log_begin_two(struct sqlite *q, enum sqlite_fixed which, uint64_t first,
                               uint64_t second, sqlite3_stmt **ret_statement)
{
    TRY(log_begin(q, which, first, ret_statement));
    return bind_number(*ret_statement, 2, second);
}

static sotto_err run_two(struct sqlite *q, enum sqlite_fixed which, uint64_t first, uint64_t second)
{
    sqlite3_stmt *statement;
    TRY(log_begin_two(q, which, first, second, &statement));
    return sqlite_run(statement);
}

/* --- the hot part --- */

static sotto_err hot_row(struct sqlite *q, sqlite3_stmt *statement)
{
    struct hot_stream *stream;
    TRY(hot_stream_get(&q->hot, (uint64_t)sqlite3_column_int64(statement, 1), &stream));
    uint64_t seq = (uint64_t)sqlite3_column_int64(statement, 2);
    const struct hot_entry *last = hot_last(stream);
    if (last != NULL && last->seq >= seq)
        return SOTTO_E_DAMAGED;
    return hot_append(&q->hot, stream, seq, sqlite3_column_int64(statement, 0));
}

static sotto_err hot_read(struct sqlite *q)
{
    sqlite3_stmt *statement;
    int code;
    TRY(sqlite_number(q->db, "SELECT place FROM log_mark", &q->index_to));
    TRY(log_begin(q, SQL_NEWEST, (uint64_t)q->index_to, &statement));
    sotto_err err = SOTTO_OK;
    while (err == SOTTO_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        err = hot_row(q, statement);
    (void)sqlite3_reset(statement);
    return err == SOTTO_OK ? sqlite_err(code) : err;
}

sotto_err sqlite_log_open(struct sqlite *q)
{
    TRY(sqlite_number(q->db, "SELECT ifnull(max(place), 0) FROM log", &q->last_place));
    TRY(hot_read(q));
    if (q->last_place <
        q->index_to) /* the last ones were dropped: their places are never used again */
        q->last_place = q->index_to;
    return SOTTO_OK;
}

static sotto_err stream_get(struct sqlite *q, uint64_t stream, struct hot_stream **ret_stream)
{
    sqlite_lent_end(q);
    if (q->hot_stale) {
        hot_clear(&q->hot);
        TRY(hot_read(q));
        q->hot_stale = false;
    }
    return hot_stream_get(&q->hot, stream, ret_stream);
}

/* Asks the table, if that was not done yet. */
static sotto_err cold_end(struct sqlite *q, struct hot_stream *stream, uint64_t *ret_end)
{
    if (!stream->cold_known) {
        sqlite3_stmt *statement;
        TRY(log_begin(q, SQL_COLD_LAST, stream->stream, &statement));
        int code = sqlite3_step(statement);
        stream->cold_end =
            code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) + 1 : 0;
        (void)sqlite3_reset(statement);
        TRY(sqlite_err(code));
        stream->cold_known = true;
    }
    *ret_end = stream->cold_end;
    return SOTTO_OK;
}

sotto_err sqlite_log_commit(struct sqlite *q)
{
    if (!q->appended || q->hot_stale ||
        q->last_place - q->index_to < q->hot_most + HOT_STEP(q->hot_most))
        return SOTTO_OK;
    int64_t to = q->last_place - q->hot_most;
    TRY(run_two(q, SQL_COOL, (uint64_t)q->index_to, (uint64_t)to));
    sqlite3_stmt *statement;
    TRY(log_begin(q, SQL_MARK, (uint64_t)to, &statement));
    TRY(sqlite_run(statement));
    hot_cool(&q->hot, to);
    q->index_to = to;
    return SOTTO_OK;
}

/* --- calls --- */

sotto_err sqlite_append(struct store *store, uint64_t number, uint64_t seq, view body)
{
    struct sqlite *q = sqlite_of(store);
    struct hot_stream *stream;
    sqlite3_stmt *statement;
    uint64_t end = 0;
    if (q->last_place == INT64_MAX)
        return SOTTO_E_DAMAGED; /* no server lives that long */
    TRY(stream_get(q, number, &stream));
    const struct hot_entry *last = hot_last(stream);
    if (last == NULL)
        TRY(cold_end(q, stream, &end));
    if (last != NULL ? seq <= last->seq : seq < end)
        return SOTTO_E_EXISTS;
    TRY(log_begin_two(q, SQL_APPEND, (uint64_t)q->last_place + 1, number, &statement));
    TRY(bind_number(statement, 3, seq));
    TRY(sqlite_bind_bytes(statement, 4, body));
    q->appended = q->hot_changed = true;
    TRY(sqlite_run(statement));
    return hot_append(&q->hot, stream, seq, ++q->last_place);
}

static sotto_err cold_each(struct sqlite *q, uint64_t stream, uint64_t from, uint64_t to,
                           log_each *each, void *user, bool *more)
{
    sqlite3_stmt *statement;
    int code = SQLITE_ROW;
    TRY(log_begin_two(q, SQL_COLD_READ, stream, from, &statement));
    TRY(bind_number(statement, 3, to));
    while (*more && (code = sqlite3_step(statement)) == SQLITE_ROW)
        *more = each(user, (uint64_t)sqlite3_column_int64(statement, 0),
                     sqlite_column_bytes(statement, 1));
    (void)sqlite3_reset(statement);
    return sqlite_err(code);
}

static sotto_err hot_each(struct sqlite *q, const struct hot_entry *entry, log_each *each,
                          void *user, bool *more)
{
    sqlite3_stmt *statement;
    TRY(log_begin(q, SQL_HOT_READ, (uint64_t)entry->place, &statement));
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *more = each(user, entry->seq, sqlite_column_bytes(statement, 0));
    (void)sqlite3_reset(statement);
    return code == SQLITE_DONE ? SOTTO_E_DAMAGED : sqlite_err(code);
}

sotto_err sqlite_read(struct store *store, uint64_t number, uint64_t from, uint64_t to,
                      log_each *each, void *user)
{
    struct sqlite *q = sqlite_of(store);
    struct hot_stream *stream;
    bool more = true;
    uint64_t end;
    TRY(stream_get(q, number, &stream));
    TRY(cold_end(q, stream, &end));
    if (from < end)
        TRY(cold_each(q, number, from, to, each, user, &more));
    const struct hot_entry *entry = hot_seek(stream, from);
    for (; more && entry != NULL && entry->seq <= to; entry = hot_after(stream, entry))
        TRY(hot_each(q, entry, each, user, &more));
    return SOTTO_OK;
}

static sotto_err cold_drop(struct sqlite *q, struct hot_stream *stream, uint64_t to)
{
    TRY(run_two(q, SQL_COLD_DROP, stream->stream, to));
    TRY(run_two(q, SQL_COLD_FORGET, stream->stream, to));
    if (to >= stream->cold_end - 1)
        stream->cold_end = 0;
    return SOTTO_OK;
}

sotto_err sqlite_drop(struct store *store, uint64_t number, uint64_t to)
{
    struct sqlite *q = sqlite_of(store);
    struct hot_stream *stream;
    const struct hot_entry *entry;
    uint64_t end;
    TRY(stream_get(q, number, &stream));
    TRY(cold_end(q, stream, &end));
    q->hot_changed = true;
    if (end > 0)
        TRY(cold_drop(q, stream, to));
    while ((entry = hot_seek(stream, 0)) != NULL && entry->seq <= to) {
        sqlite3_stmt *statement;
        TRY(log_begin(q, SQL_HOT_DROP, (uint64_t)entry->place, &statement));
        TRY(sqlite_run(statement));
        hot_take_first(&q->hot, stream);
    }
    return SOTTO_OK;
}

sotto_err sqlite_replace(struct store *store, uint64_t number, uint64_t seq, view body)
{
    struct sqlite *q = sqlite_of(store);
    struct hot_stream *stream;
    sqlite3_stmt *statement;
    TRY(stream_get(q, number, &stream));
    const struct hot_entry *entry = hot_seek(stream, seq);
    if (entry != NULL && entry->seq == seq) {
        TRY(log_begin(q, SQL_HOT_REPLACE, (uint64_t)entry->place, &statement));
        TRY(sqlite_bind_bytes(statement, 2, body));
    } else {
        TRY(log_begin_two(q, SQL_COLD_REPLACE, number, seq, &statement));
        TRY(sqlite_bind_bytes(statement, 3, body));
    }
    TRY(sqlite_run(statement));
    return sqlite3_changes(q->db) > 0 ? SOTTO_OK : SOTTO_E_NOTFOUND;
}

sotto_err sqlite_oldest(struct store *store, size_t max, log_oldest_each *each, void *user)
{
    sqlite3_stmt *statement;
    TRY(log_begin(sqlite_of(store), SQL_OLDEST, max < INT64_MAX ? max : INT64_MAX, &statement));
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW &&
           each(user, (uint64_t)sqlite3_column_int64(statement, 0),
                (uint64_t)sqlite3_column_int64(statement, 1), sqlite_column_bytes(statement, 2)))
        ;
    (void)sqlite3_reset(statement);
    return sqlite_err(code);
}
