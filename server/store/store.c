/* The rules in front of each back-end. Breaking the order of calls is a mistake in the program and ends it; what depends on data is
 * an error. */
#include "store/store.h"

#include <assert.h>

#include "store/backend.h"

#define NUMBER_MAX ((uint64_t)INT64_MAX) /* of a stream, of an entry */

const char *store_table_name(enum store_table table)
{
    switch (table) {
#define STORE_TABLE_NAME(name, number, text, what) \
    case STORE_##name:                             \
        return text;
        STORE_TABLES(STORE_TABLE_NAME)
#undef STORE_TABLE_NAME
    case STORE_TABLE_END:
        break;
    }
    return NULL;
}

void store_free(struct store *store)
{
    if (store == NULL)
        return;
    store_rollback(store);
    store->backend->free(store);
}

void store_freep(struct store **store)
{
    store_free(*store);
}

/* Whether a call may be made: none of these is, from inside a function of the caller's. */
static sotto_err may_read(const struct store *store)
{
    assert(!store->busy);
    if (atomic_load_explicit(&store->ended, memory_order_relaxed))
        return SOTTO_E_IO;
    return store->broken;
}

static sotto_err may_write(const struct store *store)
{
    assert(store->open);
    return may_read(store);
}

/* Keeps in mind what must be followed by a rollback. */
static sotto_err noted(struct store *store, sotto_err err)
{
    switch (err) {
    case SOTTO_E_NOMEM:
    case SOTTO_E_IO:
    case SOTTO_E_DISK_FULL:
    case SOTTO_E_DAMAGED:
        if (store->open)
            store->broken = err;
        break;
    default:
        break;
    }
    return err;
}

sotto_err store_begin(struct store *store)
{
    assert(!store->open);
    TRY(may_read(store));
    sotto_err err = store->backend->begin(store);
    if (err == SOTTO_E_IO) /* it may have moved pages to the database */
        atomic_store(&store->ended, true);
    store->open = err == SOTTO_OK;
    return err;
}

sotto_err store_commit(struct store *store)
{
    sotto_err err = may_write(store);
    if (err == SOTTO_OK)
        err = store->backend->commit(store);
    if (err == SOTTO_E_IO)
        atomic_store(&store->ended, true);
    if (err == SOTTO_OK)
        store->open = false;
    else
        store_rollback(store);
    return err;
}

void store_rollback(struct store *store)
{
    assert(!store->busy);
    if (store->open)
        store->backend->rollback(store);
    store->open = false;
    store->broken = SOTTO_OK;
}

sotto_err store_get(struct store *store, enum store_table table, view key, view *ret_value)
{
    TRY(may_read(store));
    return noted(store, store->backend->get(store, table, key, ret_value));
}

sotto_err store_put(struct store *store, enum store_table table, view key, view value)
{
    TRY(may_write(store));
    assert(key.len > 0);
    if (key.len > STORE_KEY_MAX || value.len > STORE_VALUE_MAX)
        return SOTTO_E_TOO_LARGE;
    return noted(store, store->backend->put(store, table, key, value));
}

sotto_err store_delete(struct store *store, enum store_table table, view key)
{
    TRY(may_write(store));
    return noted(store, store->backend->remove(store, table, key));
}

sotto_err store_next(struct store *store, enum store_table table, view prefix, view after,
                     view *ret_key, view *ret_value)
{
    TRY(may_read(store));
    return noted(store, store->backend->next(store, table, prefix, after, ret_key, ret_value));
}

sotto_err log_append(struct store *store, uint64_t stream, uint64_t seq, view body)
{
    TRY(may_write(store));
    if (stream > NUMBER_MAX || seq > NUMBER_MAX || body.len > STORE_VALUE_MAX)
        return SOTTO_E_TOO_LARGE;
    return noted(store, store->backend->append(store, stream, seq, body));
}

sotto_err log_read(struct store *store, uint64_t stream, uint64_t from, uint64_t to, log_each *each,
                   void *user)
{
    TRY(may_read(store));
    if (stream > NUMBER_MAX || from > NUMBER_MAX || from > to)
        return SOTTO_OK;
    store->busy = true;
    sotto_err err =
        store->backend->read(store, stream, from, to < NUMBER_MAX ? to : NUMBER_MAX, each, user);
    store->busy = false;
    return noted(store, err);
}

sotto_err log_drop(struct store *store, uint64_t stream, uint64_t to)
{
    TRY(may_write(store));
    if (stream > NUMBER_MAX)
        return SOTTO_OK;
    return noted(store, store->backend->drop(store, stream, to < NUMBER_MAX ? to : NUMBER_MAX));
}

sotto_err log_replace(struct store *store, uint64_t stream, uint64_t seq, view body)
{
    TRY(may_write(store));
    if (body.len > STORE_VALUE_MAX)
        return SOTTO_E_TOO_LARGE;
    if (stream > NUMBER_MAX || seq > NUMBER_MAX)
        return SOTTO_E_NOTFOUND;
    return noted(store, store->backend->replace(store, stream, seq, body));
}

sotto_err log_oldest(struct store *store, size_t max, log_oldest_each *each, void *user)
{
    TRY(may_read(store));
    store->busy = true;
    sotto_err err = max > 0 ? store->backend->oldest(store, max, each, user) : SOTTO_OK;
    store->busy = false;
    return noted(store, err);
}

sotto_err store_sizes(struct store *store, struct store_sizes *ret_sizes)
{
    TRY(may_read(store));
    return noted(store, store->backend->sizes(store, ret_sizes));
}

sotto_err store_checkpoint(struct store *store)
{
    if (atomic_load(&store->ended))
        return SOTTO_E_IO;
    sotto_err err = store->backend->checkpoint(store);
    if (err == SOTTO_E_IO)
        atomic_store(&store->ended, true);
    return err;
}

sotto_err store_backup(struct store *store, const char *path, store_progress *progress, void *user)
{
    return store->backend->backup(store, path, progress, user);
}
