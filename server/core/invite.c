/* struct { uint8 version = 1; uint64 account; uint8 kind; uint8 flags; uint32 uses_left; uint32 uses; uint64 created_s; uint64 expires_s;
 *          opaque name<V>; } invite;
 * A second table names the invites of each account, so that they can be listed. */
#include "core/state.h"

#define ROW_VERSION 1

sotto_err invite_row_read(view bytes, struct invite_row *ret_row)
{
    struct rd r = rd_of(bytes);
    struct invite_row row = {0};
    if (rd_u8(&r) != ROW_VERSION)
        rd_fail(&r, SOTTO_E_DAMAGED);
    row.account = rd_u64(&r);
    row.kind = rd_u8(&r);
    row.flags = rd_u8(&r);
    row.uses_left = rd_u32(&r);
    row.uses = rd_u32(&r);
    row.created_s = rd_u64(&r);
    row.expires_s = rd_u64(&r);
    row.name = rd_opaque(&r, X509_NAME_MAX);
    if (rd_end(&r) != SOTTO_OK || row.uses == 0 || row.uses_left > row.uses)
        return SOTTO_E_DAMAGED;
    *ret_row = row;
    return SOTTO_OK;
}

sotto_err invite_row_write(const struct invite_row *row, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u8(&w, ROW_VERSION);
    wr_u64(&w, row->account);
    wr_u8(&w, row->kind);
    wr_u8(&w, row->flags);
    wr_u32(&w, row->uses_left);
    wr_u32(&w, row->uses);
    wr_u64(&w, row->created_s);
    wr_u64(&w, row->expires_s);
    wr_opaque(&w, row->name);
    return wr_end(&w);
}

sotto_err invite_load(struct step *s, const uint8_t token_hash[IDENTITY_HASH], sotto_buf *bytes,
                      struct invite_row *ret_row)
{
    view value;
    TRY(row_get(s, STORE_INVITE, view_of(token_hash, IDENTITY_HASH), &value));
    TRY(buf_set(bytes, value));
    return row_verdict(s, invite_row_read(buf_view(bytes), ret_row));
}

sotto_err invite_save(struct step *s, const uint8_t token_hash[IDENTITY_HASH],
                      const struct invite_row *row)
{
    const struct row_key invited = row_key_id(row->account, view_of(token_hash, IDENTITY_HASH));
    DEFER(buf_clear) sotto_buf bytes = {0};
    TRY(invite_row_write(row, &bytes));
    TRY(row_put(s, STORE_INVITE, view_of(token_hash, IDENTITY_HASH), buf_view(&bytes)));
    return row_put(s, STORE_INVITED, row_key_view(&invited), (view){0});
}

sotto_err invite_delete(struct step *s, uint64_t account, const uint8_t token_hash[IDENTITY_HASH])
{
    const struct row_key invited = row_key_id(account, view_of(token_hash, IDENTITY_HASH));
    TRY(row_delete(s, STORE_INVITE, view_of(token_hash, IDENTITY_HASH)));
    return row_delete(s, STORE_INVITED, row_key_view(&invited));
}

sotto_err invite_next(struct step *s, uint64_t account, uint8_t token_hash[IDENTITY_HASH],
                      sotto_buf *bytes, struct invite_row *ret_row)
{
    const struct row_key prefix = row_key_u64(account);
    const struct row_key after = row_key_id(account, view_of(token_hash, IDENTITY_HASH));
    view key, value;
    TRY(row_next(s, STORE_INVITED, row_key_view(&prefix), row_key_view(&after), &key, &value));
    struct rd r = rd_of(key);
    uint8_t found[IDENTITY_HASH];
    (void)rd_u64(&r);
    rd_copy(&r, found, sizeof found);
    if (rd_end(&r) != SOTTO_OK)
        return row_verdict(s, SOTTO_E_DAMAGED);
    sotto_err err = invite_load(s, found, bytes, ret_row);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? row_verdict(s, SOTTO_E_DAMAGED) : err;
    memcpy(token_hash, found, sizeof found);
    return SOTTO_OK;
}

sotto_err invites_sweep(struct step *s, uint64_t account, uint64_t *ret_open)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct invite_row row;
    uint8_t hash[IDENTITY_HASH] = {0};
    uint64_t now_s = step_wall_ms(s) / 1000, open = 0;
    sotto_err err;
    while ((err = invite_next(s, account, hash, &bytes, &row)) == SOTTO_OK) {
        if (row.expires_s <= now_s)
            TRY(invite_delete(s, account, hash));
        else
            open += row.uses_left > 0;
    }
    if (err != SOTTO_E_NOTFOUND)
        return err;
    *ret_open = open;
    return SOTTO_OK;
}
