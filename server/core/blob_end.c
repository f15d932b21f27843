/* What time takes from blobs, and the end of an account: a bounded piece a tick, the oldest first. A row goes in one transaction with its
 * part of the quota; its file only after that is durable (CORE_BLOB_GONE). */
#include "core/streams.h"

#define PIECE    16    /* blobs in one tick */
#define PAUSE_MS 10    /* before the next piece */
#define REST_MS  60000 /* after what was undone */
#define LONG_MS  3600000

void blobs_expect(struct step *s, uint64_t over_s)
{
    uint64_t now_s = step_wall_ms(s) / 1000, wait_s = over_s > now_s ? over_s - now_s : 0;
    uint64_t due_ms = s->now_ms + (wait_s < LONG_MS / 1000 ? wait_s * 1000 : LONG_MS);
    if (due_ms < s->core->blobs_due_ms)
        s->core->blobs_due_ms = due_ms;
}

void blobs_rest(struct step *s)
{
    s->core->blobs_due_ms = s->now_ms + REST_MS;
}

/* --- what is over --- */

static sotto_err blob_end(struct step *s, view hash, const struct blob_row *row)
{
    struct directory_counts *counts = &s->core->directory.counts;
    TRY(fx_reserve(s->fx, 1, hash.len));
    TRY(blob_uncount(s, row));
    TRY(blob_delete(s, hash, row));
    counts->blobs--;
    counts->blob_bytes -= row->size;
    TRY(directory_save(s));
    fx_blob_gone(s->fx, hash);
    return SOTTO_OK;
}

/* What the group state names waits outside of the index: it comes back when that lets go of it. */
static sotto_err expire(struct step *s, uint64_t over_s, view hash)
{
    struct row_key key = row_key_id(over_s, hash);
    struct blob_row row = {0};
    TRY(blob_load(s, hash, &row));
    return row.refs > 0 ? row_delete(s, STORE_BLOB_EXPIRY, row_key_view(&key))
                        : blob_end(s, hash, &row);
}

/* NOTFOUND: nothing is due. */
static sotto_err expire_first(struct step *s)
{
    uint8_t hash[PROTO_HASH];
    view key, value;
    TRY(row_next(s, STORE_BLOB_EXPIRY, (view){0}, (view){0}, &key, &value));
    struct rd r = rd_of(key);
    uint64_t over_s = rd_u64(&r);
    rd_copy(&r, hash, sizeof hash);
    TRY(row_verdict(s, rd_end(&r) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED));
    if (over_s > step_wall_ms(s) / 1000) {
        blobs_expect(s, over_s);
        return SOTTO_E_NOTFOUND;
    }
    sotto_err err = expire(s, over_s, VIEW_OF(hash));
    return step_break(s, err == SOTTO_E_NOTFOUND ? SOTTO_E_DAMAGED : err);
}

/* --- what an account leaves behind --- */

sotto_err blobs_forsake(struct step *s, uint64_t account)
{
    struct row_key prefix = row_key_u64(account), due = due_key(DUE_BLOBS, 0, account);
    view key, value;
    sotto_err err = row_next(s, STORE_BLOB_OF, row_key_view(&prefix), (view){0}, &key, &value);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
    TRY(row_put(s, STORE_DUE, row_key_view(&due), (view){0}));
    blobs_expect(s, 0);
    return SOTTO_OK;
}

/* It is kept for those alone who need it to follow their conversation. */
static sotto_err forsake(struct step *s, view hash)
{
    struct blob_row row = {0};
    TRY(blob_load(s, hash, &row));
    const struct blob_row before = row;
    row.account = 0;
    row.asked_s = 0;
    return blob_save(s, hash, &before, &row);
}

static sotto_err forsake_first(struct step *s, uint64_t account)
{
    struct row_key prefix = row_key_u64(account), due = due_key(DUE_BLOBS, 0, account);
    uint8_t hash[PROTO_HASH];
    view key, value;
    sotto_err err = row_next(s, STORE_BLOB_OF, row_key_view(&prefix), (view){0}, &key, &value);
    if (err == SOTTO_E_NOTFOUND)
        return row_delete(s, STORE_DUE, row_key_view(&due));
    TRY(err);
    struct rd r = rd_of(key);
    rd_u64(&r);
    rd_copy(&r, hash, sizeof hash);
    TRY(row_verdict(s, rd_end(&r) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED));
    err = forsake(s, VIEW_OF(hash));
    return step_break(s, err == SOTTO_E_NOTFOUND ? SOTTO_E_DAMAGED : err);
}

/* NOTFOUND: no account has left any. */
static sotto_err forsake_some(struct step *s)
{
    uint64_t time_s, account;
    TRY(due_first(s, DUE_BLOBS, &time_s, &account));
    return forsake_first(s, account);
}

/* --- */

sotto_err blobs_tick(struct step *s)
{
    struct core *core = s->core;
    sotto_err err = SOTTO_OK;
    if (core->blobs_due_ms > s->now_ms)
        return SOTTO_OK;
    core->blobs_due_ms = s->now_ms + LONG_MS;
    for (size_t i = 0; i < PIECE && err == SOTTO_OK; i++) {
        err = forsake_some(s);
        if (err == SOTTO_E_NOTFOUND)
            err = expire_first(s);
    }
    if (err == SOTTO_OK)
        core->blobs_due_ms = s->now_ms + PAUSE_MS;
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : step_break(s, err);
}

sotto_err blobs_found(struct step *s, view hashes)
{
    struct rd r = rd_of(hashes);
    TRY(fx_reserve(s->fx, hashes.len / PROTO_HASH, hashes.len));
    while (rd_more(&r)) {
        uint8_t hash[PROTO_HASH];
        view value;
        rd_copy(&r, hash, sizeof hash);
        sotto_err err = row_get(s, STORE_BLOB, VIEW_OF(hash), &value);
        if (err == SOTTO_E_NOTFOUND)
            fx_blob_gone(s->fx, VIEW_OF(hash));
        else
            TRY(err);
    }
    return rd_end(&r);
}
