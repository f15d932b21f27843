/* What the core knows of a blob. What an entry names is kept by time, as long as entries are; what the group state names is counted. */
#include "core/streams.h"

#define DAY_S 86400

sotto_err blob_row_read(view value, struct blob_row *ret_row)
{
    struct rd r = rd_of(value);
    struct blob_row row = {0};
    row.size = rd_u64(&r);
    row.account = rd_u64(&r);
    row.expires_s = rd_u64(&r);
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
    wr_u64(&w, row->expires_s);
    wr_u32(&w, row->refs);
    return wr_end(&w);
}

sotto_err blob_load(struct step *s, view hash, struct blob_row *ret_row)
{
    view value;
    TRY(row_get(s, STORE_BLOB, hash, &value));
    return row_verdict(s, blob_row_read(value, ret_row) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED);
}

static sotto_err blob_save(struct step *s, view hash, const struct blob_row *row)
{
    uint8_t bytes[32];
    sotto_buf value = BUF_ON(bytes);
    TRY(blob_row_write(row, &value));
    return row_put(s, STORE_BLOB, hash, buf_view(&value));
}

sotto_err blob_check(struct step *s, view hash, uint64_t max)
{
    struct blob_row row = {0};
    if (hash.len == 0)
        return SOTTO_OK;
    sotto_err err = blob_load(s, hash, &row);
    if (err == SOTTO_E_NOTFOUND)
        return step_refuse(s, err, 0, "the blob that this names is not here: upload it first");
    TRY(err);
    if (row.size > max)
        return step_refuse(s, SOTTO_E_QUOTA, 0, "this blob is larger than the %llu bytes allowed",
                           (unsigned long long)max);
    return SOTTO_OK;
}

sotto_err blob_extend(struct step *s, view hash, struct blob_row *row, uint64_t until_s)
{
    uint64_t before_s = row->expires_s;
    row->expires_s = until_s > before_s ? until_s : before_s;
    struct row_key before = row_key_id(before_s, hash), now = row_key_id(row->expires_s, hash);
    TRY(row_delete(s, STORE_BLOB_EXPIRY, row_key_view(&before)));
    TRY(row_put(s, STORE_BLOB_EXPIRY, row_key_view(&now), (view){0}));
    return blob_save(s, hash, row);
}

sotto_err blob_keep(struct step *s, view hash)
{
    struct blob_row row = {0};
    uint64_t kept_s = s->core->config.limits.retention_s;
    uint64_t until_s = kept_s > 0 ? step_wall_ms(s) / 1000 + kept_s + DAY_S : UINT64_MAX;
    if (hash.len == 0)
        return SOTTO_OK;
    TRY(blob_load(s, hash, &row));
    return row.expires_s >= until_s ? SOTTO_OK : blob_extend(s, hash, &row, until_s);
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
    row.refs += more ? 1 : row.refs > 0 ? UINT32_MAX : 0;
    return blob_save(s, hash, &row);
}
