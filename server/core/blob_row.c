/* What the core knows of a blob. What an entry names is kept by time, as long as entries are; what the group state names is counted.
 *
 *   BLOB          hash -> the row
 *   BLOB_EXPIRY   by the time at which it may go; without those of the group state, once that time is over
 *   BLOB_OF       by the account in whose quota it counts */
#include "core/streams.h"

#define DAY_S 86400

sotto_err blob_row_read(view value, struct blob_row *ret_row)
{
    struct rd r = rd_of(value);
    struct blob_row row = {0};
    row.size = rd_u64(&r);
    row.account = rd_u64(&r);
    row.asked_s = rd_u64(&r);
    row.named_s = rd_u64(&r);
    row.refs = rd_u32(&r);
    TRY(rd_end(&r));
    *ret_row = row;
    return SOTTO_OK;
}

sotto_err blob_row_write(const struct blob_row *row, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u64(&w, row->size);
    wr_u64(&w, row->account);
    wr_u64(&w, row->asked_s);
    wr_u64(&w, row->named_s);
    wr_u32(&w, row->refs);
    return wr_end(&w);
}

sotto_err blob_load(struct step *s, view hash, struct blob_row *ret_row)
{
    view value;
    TRY(row_get(s, STORE_BLOB, hash, &value));
    return row_verdict(s, blob_row_read(value, ret_row) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED);
}

static sotto_err index_move(struct step *s, enum store_table table, uint64_t from, uint64_t to,
                            view hash)
{
    struct row_key before = row_key_id(from, hash), now = row_key_id(to, hash);
    if (from != to)
        TRY(row_delete(s, table, row_key_view(&before)));
    return row_put(s, table, row_key_view(&now), (view){0});
}

sotto_err blob_save(struct step *s, view hash, const struct blob_row *before,
                    const struct blob_row *row)
{
    uint8_t bytes[40];
    sotto_buf value = BUF_ON(bytes);
    TRY(blob_row_write(row, &value));
    TRY(index_move(s, STORE_BLOB_EXPIRY, blob_over_s(before), blob_over_s(row), hash));
    TRY(index_move(s, STORE_BLOB_OF, before->account, row->account, hash));
    blobs_expect(s, blob_over_s(row));
    return row_put(s, STORE_BLOB, hash, buf_view(&value));
}

sotto_err blob_delete(struct step *s, view hash, const struct blob_row *row)
{
    struct row_key over = row_key_id(blob_over_s(row), hash), of = row_key_id(row->account, hash);
    TRY(row_delete(s, STORE_BLOB_EXPIRY, row_key_view(&over)));
    TRY(row_delete(s, STORE_BLOB_OF, row_key_view(&of)));
    return row_delete(s, STORE_BLOB, hash);
}

sotto_err blob_check(struct step *s, view hash, uint64_t max, uint64_t *ret_size)
{
    struct blob_row row = {0};
    if (hash.len == 0) {
        *ret_size = 0;
        return SOTTO_OK;
    }
    sotto_err err = blob_load(s, hash, &row);
    if (err == SOTTO_E_NOTFOUND)
        return step_refuse(s, err, 0, "the blob that this names is not here: upload it first");
    TRY(err);
    if (row.size > max)
        return step_refuse(s, SOTTO_E_QUOTA, 0, "this blob is larger than the %llu bytes allowed",
                           (unsigned long long)max);
    *ret_size = row.size;
    return SOTTO_OK;
}

sotto_err blob_keep(struct step *s, view hash)
{
    struct blob_row row = {0};
    uint64_t kept_s = s->core->config.limits.retention_s;
    uint64_t until_s = kept_s > 0 ? step_wall_ms(s) / 1000 + kept_s + DAY_S : UINT64_MAX;
    if (hash.len == 0)
        return SOTTO_OK;
    TRY(blob_load(s, hash, &row));
    const struct blob_row before = row;
    if (row.named_s >= until_s)
        return SOTTO_OK;
    row.named_s = until_s;
    return blob_save(s, hash, &before, &row);
}

sotto_err blob_refer(struct step *s, view hash, bool more)
{
    struct blob_row row = {0};
    if (hash.len == 0)
        return SOTTO_OK;
    sotto_err err = blob_load(s, hash, &row);
    if (err == SOTTO_E_NOTFOUND && !more)
        return SOTTO_OK;
    TRY(err);
    const struct blob_row before = row;
    row.refs += more ? 1 : row.refs > 0 ? UINT32_MAX : 0;
    return blob_save(s, hash, &before, &row);
}
