/* In memory, for tests and the simulator. A tree for each table and one for the log, whose keys are stream and seq; the entries of the
 * log are besides in a list, the oldest first. What a transaction changed is in a list of steps, which rollback goes back: rows that
 * were taken out are freed by the commit alone, and putting one back needs no memory.
 *
 * What it lends are copies that die with the next call, so that tests under a sanitizer find whoever keeps one. */
#include <stdlib.h>

#include "store/backend.h"
#include "store/treap.h"

#define LOG       0 /* its place among the trees; tables begin at 1 */
#define ENTRY_KEY 16

struct undo {
    struct treap_row *row;
    uint16_t tree;
    bool added; /* else taken out */
};

struct memory {
    struct store store;
    struct treap trees[STORE_TABLE_END];
    struct treap_row *oldest, *newest; /* entries of the log */
    struct undo *undo;                 /* steps of the transaction */
    size_t undo_count, undo_cap;
    uint8_t *lent;
    uint32_t random;
    uint64_t bytes;
    uint64_t fail_after; /* calls */
    sotto_err fail;
};

static struct memory *memory_of(struct store *store)
{
    return (struct memory *)(void *)store;
}

/* A test may have asked for an error at this call. */
static sotto_err memory_may_fail(struct memory *m)
{
    if (m->fail == SOTTO_OK)
        return SOTTO_OK;
    if (m->fail_after == 0)
        return m->fail;
    m->fail_after--;
    return SOTTO_OK;
}

static uint32_t memory_random(struct memory *m)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 17;
    m->random ^= m->random << 5;
    return m->random;
}

/* --- steps --- */

static sotto_err undo_reserve(struct memory *m, size_t more)
{
    if (m->undo_cap - m->undo_count >= more)
        return SOTTO_OK;
    size_t cap = m->undo_cap > 0 ? 2 * m->undo_cap : 64;
    struct undo *undo = realloc(m->undo, cap * sizeof *undo);
    if (undo == NULL)
        return SOTTO_E_NOMEM;
    m->undo = undo;
    m->undo_cap = cap;
    return SOTTO_OK;
}

static uint64_t row_size(const struct treap_row *row)
{
    return sizeof *row + row->key_len + row->value_len;
}

/* An entry goes between its neighbours, which are those that it names. */
static void list_put(struct memory *m, struct treap_row *row)
{
    *(row->older != NULL ? &row->older->newer : &m->oldest) = row;
    *(row->newer != NULL ? &row->newer->older : &m->newest) = row;
}

/* It goes on naming its neighbours: going back, they are its neighbours again. */
static void list_take(struct memory *m, struct treap_row *row)
{
    *(row->older != NULL ? &row->older->newer : &m->oldest) = row->newer;
    *(row->newer != NULL ? &row->newer->older : &m->newest) = row->older;
}

static void row_put(struct memory *m, uint16_t tree, struct treap_row *row)
{
    treap_add(&m->trees[tree], row);
    m->bytes += row_size(row);
    if (tree == LOG)
        list_put(m, row);
}

static void row_take(struct memory *m, uint16_t tree, struct treap_row *row)
{
    treap_take(&m->trees[tree], row);
    m->bytes -= row_size(row);
    if (tree == LOG)
        list_take(m, row);
}

/* The two steps that all writing is made of; there is room for them. */
static void step_add(struct memory *m, uint16_t tree, struct treap_row *row)
{
    row_put(m, tree, row);
    m->undo[m->undo_count++] = (struct undo){row, tree, true};
}

static void step_take(struct memory *m, uint16_t tree, struct treap_row *row)
{
    row_take(m, tree, row);
    m->undo[m->undo_count++] = (struct undo){row, tree, false};
}

static sotto_err memory_begin(struct store *store)
{
    return memory_may_fail(memory_of(store));
}

static sotto_err memory_commit(struct store *store)
{
    struct memory *m = memory_of(store);
    TRY(memory_may_fail(m));
    for (size_t i = 0; i < m->undo_count; i++)
        if (!m->undo[i].added)
            free(m->undo[i].row);
    m->undo_count = 0;
    return SOTTO_OK;
}

static void memory_rollback(struct store *store)
{
    struct memory *m = memory_of(store);
    while (m->undo_count > 0) {
        struct undo *step = &m->undo[--m->undo_count];
        if (step->added) {
            row_take(m, step->tree, step->row);
            free(step->row);
        } else {
            row_put(m, step->tree, step->row);
        }
    }
}

/* --- tables --- */

static void lent_end(struct memory *m)
{
    free(m->lent);
    m->lent = NULL;
}

static sotto_err row_lend(struct memory *m, const struct treap_row *row, view *ret_key,
                          view *ret_value)
{
    size_t len = row->key_len + row->value_len;
    lent_end(m);
    m->lent = malloc(len > 0 ? len : 1);
    if (m->lent == NULL)
        return SOTTO_E_NOMEM;
    memcpy(m->lent, row->bytes, len);
    *ret_key = view_of(m->lent, row->key_len);
    *ret_value = view_of(m->lent + row->key_len, row->value_len);
    return SOTTO_OK;
}

static sotto_err memory_get(struct store *store, enum store_table table, view key, view *ret_value)
{
    struct memory *m = memory_of(store);
    lent_end(m);
    const struct treap_row *row = treap_find(&m->trees[table], key);
    view same_key;
    return row != NULL ? row_lend(m, row, &same_key, ret_value) : SOTTO_E_NOTFOUND;
}

static sotto_err memory_put(struct store *store, enum store_table table, view key, view value)
{
    struct memory *m = memory_of(store);
    lent_end(m);
    TRY(memory_may_fail(m));
    TRY(undo_reserve(m, 2));
    struct treap_row *row = treap_new(key, value, memory_random(m));
    if (row == NULL)
        return SOTTO_E_NOMEM;
    struct treap_row *old = treap_find(&m->trees[table], key);
    if (old != NULL)
        step_take(m, (uint16_t)table, old);
    step_add(m, (uint16_t)table, row);
    return SOTTO_OK;
}

static sotto_err memory_remove(struct store *store, enum store_table table, view key)
{
    struct memory *m = memory_of(store);
    lent_end(m);
    TRY(memory_may_fail(m));
    TRY(undo_reserve(m, 1));
    struct treap_row *row = treap_find(&m->trees[table], key);
    if (row != NULL)
        step_take(m, (uint16_t)table, row);
    return SOTTO_OK;
}

static bool begins_with(view key, view prefix)
{
    return key.len >= prefix.len && view_equal(view_of(key.data, prefix.len), prefix);
}

static sotto_err memory_next(struct store *store, enum store_table table, view prefix, view after,
                             view *ret_key, view *ret_value)
{
    struct memory *m = memory_of(store);
    lent_end(m);
    bool before = treap_compare(after, prefix) < 0;
    const struct treap_row *row = treap_seek(&m->trees[table], before ? prefix : after, !before);
    if (row == NULL || !begins_with(treap_key(row), prefix))
        return SOTTO_E_NOTFOUND;
    return row_lend(m, row, ret_key, ret_value);
}

/* --- the log --- */

struct entry_key {
    uint8_t bytes[ENTRY_KEY];
};

static void number_write(uint8_t *out, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(number >> (56 - 8 * i));
}

static uint64_t number_read(const uint8_t *in)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | in[i];
    return number;
}

static struct entry_key entry_key(uint64_t stream, uint64_t seq)
{
    struct entry_key key;
    number_write(key.bytes, stream);
    number_write(key.bytes + 8, seq);
    return key;
}

static struct treap_row *entry_find(const struct memory *m, uint64_t stream, uint64_t seq)
{
    struct entry_key key = entry_key(stream, seq);
    return treap_find(&m->trees[LOG], VIEW_OF(key.bytes));
}

/* The first entry of the stream from `seq` to `to`. */
static struct treap_row *entry_seek(const struct memory *m, uint64_t stream, uint64_t seq,
                                    uint64_t to)
{
    struct entry_key key = entry_key(stream, seq), last = entry_key(stream, to);
    struct treap_row *row = treap_seek(&m->trees[LOG], VIEW_OF(key.bytes), false);
    return row != NULL && memcmp(row->bytes, last.bytes, ENTRY_KEY) <= 0 ? row : NULL;
}

static sotto_err entry_new(struct memory *m, uint64_t stream, uint64_t seq, view body,
                           struct treap_row **ret_row)
{
    struct entry_key key = entry_key(stream, seq);
    *ret_row = treap_new(VIEW_OF(key.bytes), body, memory_random(m));
    return *ret_row != NULL ? SOTTO_OK : SOTTO_E_NOMEM;
}

static sotto_err memory_append(struct store *store, uint64_t stream, uint64_t seq, view body)
{
    struct memory *m = memory_of(store);
    lent_end(m);
    TRY(memory_may_fail(m));
    TRY(undo_reserve(m, 1));
    if (entry_seek(m, stream, seq, UINT64_MAX) != NULL)
        return SOTTO_E_EXISTS;
    struct treap_row *row;
    TRY(entry_new(m, stream, seq, body, &row));
    row->older = m->newest;
    step_add(m, LOG, row);
    return SOTTO_OK;
}

static sotto_err memory_read(struct store *store, uint64_t stream, uint64_t from, uint64_t to,
                             log_each *each, void *user)
{
    struct memory *m = memory_of(store);
    const struct treap_row *row = entry_seek(m, stream, from, to);
    for (; row != NULL; row = from <= to ? entry_seek(m, stream, from, to) : NULL) {
        view key, body;
        TRY(row_lend(m, row, &key, &body));
        uint64_t seq = number_read(row->bytes + 8);
        if (!each(user, seq, body))
            break;
        from = seq + 1;
    }
    lent_end(m);
    return SOTTO_OK;
}

static sotto_err memory_drop(struct store *store, uint64_t stream, uint64_t to)
{
    struct memory *m = memory_of(store);
    lent_end(m);
    TRY(memory_may_fail(m));
    for (struct treap_row *row; (row = entry_seek(m, stream, 0, to)) != NULL;) {
        TRY(undo_reserve(m, 1));
        step_take(m, LOG, row);
    }
    return SOTTO_OK;
}

static sotto_err memory_replace(struct store *store, uint64_t stream, uint64_t seq, view body)
{
    struct memory *m = memory_of(store);
    lent_end(m);
    TRY(memory_may_fail(m));
    TRY(undo_reserve(m, 2));
    struct treap_row *old = entry_find(m, stream, seq), *row;
    if (old == NULL)
        return SOTTO_E_NOTFOUND;
    TRY(entry_new(m, stream, seq, body, &row));
    row->older = old->older;
    row->newer = old->newer;
    step_take(m, LOG, old);
    step_add(m, LOG, row);
    return SOTTO_OK;
}

static sotto_err memory_oldest(struct store *store, size_t max, log_oldest_each *each, void *user)
{
    struct memory *m = memory_of(store);
    const struct treap_row *row = m->oldest;
    for (size_t i = 0; i < max && row != NULL; i++, row = row->newer) {
        view key, body;
        TRY(row_lend(m, row, &key, &body));
        if (!each(user, number_read(row->bytes), number_read(row->bytes + 8), body))
            break;
    }
    lent_end(m);
    return SOTTO_OK;
}

/* --- upkeep --- */

static sotto_err memory_sizes(struct store *store, struct store_sizes *ret_sizes)
{
    const struct memory *m = memory_of(store);
    *ret_sizes = (struct store_sizes){.bytes = m->bytes,
                                      .room_bytes = m->fail == SOTTO_E_DISK_FULL ? 0 : UINT64_MAX};
    return SOTTO_OK;
}

static sotto_err memory_checkpoint(struct store *store)
{
    (void)store;
    return SOTTO_OK;
}

static sotto_err memory_backup(struct store *store, const char *path, store_progress *progress,
                               void *user)
{
    (void)store, (void)path, (void)progress, (void)user;
    return SOTTO_E_UNSUPPORTED;
}

static void memory_free(struct store *store)
{
    struct memory *m = memory_of(store);
    for (size_t i = 0; i < COUNT_OF(m->trees); i++)
        treap_clear(&m->trees[i]);
    lent_end(m);
    free(m->undo);
    free(m);
}

static const struct store_backend memory_backend = {
    .free = memory_free,
    .begin = memory_begin,
    .commit = memory_commit,
    .rollback = memory_rollback,
    .get = memory_get,
    .put = memory_put,
    .remove = memory_remove,
    .next = memory_next,
    .append = memory_append,
    .read = memory_read,
    .drop = memory_drop,
    .replace = memory_replace,
    .oldest = memory_oldest,
    .sizes = memory_sizes,
    .checkpoint = memory_checkpoint,
    .backup = memory_backup,
};

sotto_err store_memory_new(struct store **ret_store)
{
    struct memory *m = calloc(1, sizeof *m);
    if (m == NULL)
        return SOTTO_E_NOMEM;
    m->store.backend = &memory_backend;
    m->random = 2463534242;
    *ret_store = &m->store;
    return SOTTO_OK;
}

void store_memory_fail(struct store *store, sotto_err err, uint64_t after)
{
    struct memory *m = memory_of(store);
    m->fail = err;
    m->fail_after = after;
}
