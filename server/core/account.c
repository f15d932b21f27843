/* struct { uint8 version = 1; opaque account_id[32]; opaque key[32]; opaque recovery_hash[32]; uint32 rotations; uint64 list_number;
 *          opaque list_hash[32]; uint8 flags; uint64 created_s; uint64 invited_by; uint64 blob_bytes; uint64 quota_bytes;
 *          opaque redeemed[32]; opaque genesis<V>; opaque name<V>; opaque list<V>; opaque certificate<V>; } account; */
#include "core/directory.h"
#include "core/state.h"

#define ROW_VERSION  1
#define CLOCK_SKEW_S 3600 /* a certificate begins before now, for clocks that are behind */
#define FLAGS_KNOWN  (ACCOUNT_DISABLED | ACCOUNT_ADMIN)
#define RECORD_MAX   DEVICE_LIST_MAX

sotto_err account_row_read(view bytes, struct account_row *ret_row)
{
    struct rd r = rd_of(bytes);
    struct account_row row = {0};
    if (rd_u8(&r) != ROW_VERSION)
        rd_fail(&r, SOTTO_E_DAMAGED);
    rd_copy(&r, row.key.account_id, sizeof row.key.account_id);
    rd_copy(&r, row.key.key, sizeof row.key.key);
    rd_copy(&r, row.key.recovery_hash, sizeof row.key.recovery_hash);
    row.key.n = rd_u32(&r);
    row.list_number = rd_u64(&r);
    rd_copy(&r, row.list_hash, sizeof row.list_hash);
    row.flags = rd_u8(&r);
    row.created_s = rd_u64(&r);
    row.invited_by = rd_u64(&r);
    row.blob_bytes = rd_u64(&r);
    row.quota_bytes = rd_u64(&r);
    rd_copy(&r, row.redeemed, sizeof row.redeemed);
    row.genesis = rd_opaque(&r, RECORD_MAX);
    row.name = rd_opaque(&r, X509_NAME_MAX);
    row.list = rd_opaque(&r, RECORD_MAX);
    row.certificate = rd_opaque(&r, X509_MAX);
    if (rd_end(&r) != SOTTO_OK || (row.flags & ~FLAGS_KNOWN) != 0)
        return SOTTO_E_DAMAGED;
    *ret_row = row;
    return SOTTO_OK;
}

sotto_err account_row_write(const struct account_row *row, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u8(&w, ROW_VERSION);
    wr_bytes(&w, VIEW_OF(row->key.account_id));
    wr_bytes(&w, VIEW_OF(row->key.key));
    wr_bytes(&w, VIEW_OF(row->key.recovery_hash));
    wr_u32(&w, row->key.n);
    wr_u64(&w, row->list_number);
    wr_bytes(&w, VIEW_OF(row->list_hash));
    wr_u8(&w, row->flags);
    wr_u64(&w, row->created_s);
    wr_u64(&w, row->invited_by);
    wr_u64(&w, row->blob_bytes);
    wr_u64(&w, row->quota_bytes);
    wr_bytes(&w, VIEW_OF(row->redeemed));
    wr_opaque(&w, row->genesis);
    wr_opaque(&w, row->name);
    wr_opaque(&w, row->list);
    wr_opaque(&w, row->certificate);
    return wr_end(&w);
}

sotto_err account_load(struct step *s, uint64_t number, sotto_buf *bytes,
                       struct account_row *ret_row)
{
    const struct row_key key = row_key_u64(number);
    view value;
    TRY(row_get(s, STORE_ACCOUNT, row_key_view(&key), &value));
    TRY(buf_set(bytes, value));
    return row_verdict(s, account_row_read(buf_view(bytes), ret_row));
}

sotto_err account_save(struct step *s, uint64_t number, const struct account_row *row)
{
    const struct row_key key = row_key_u64(number);
    DEFER(buf_clear) sotto_buf bytes = {0};
    TRY(account_row_write(row, &bytes));
    TRY(row_put(s, STORE_ACCOUNT, row_key_view(&key), buf_view(&bytes)));
    account_refresh(s->core, number, row);
    return SOTTO_OK;
}

sotto_err account_update(struct step *s, const struct account *account)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct account_row row;
    TRY(account_load(s, account->number, &bytes, &row));
    row.blob_bytes = account->blob_bytes;
    row.quota_bytes = account->quota_bytes;
    row.flags = (uint8_t)((account->disabled ? ACCOUNT_DISABLED : 0) |
                          (account->admin ? ACCOUNT_ADMIN : 0));
    return account_save(s, account->number, &row);
}

static sotto_err number_put(struct step *s, enum store_table table, view key, uint64_t number)
{
    const struct row_key value = row_key_u64(number);
    return row_put(s, table, key, row_key_view(&value));
}

sotto_err account_add(struct step *s, const struct account_row *row, uint64_t *ret_number)
{
    struct directory_counts *counts = &s->core->directory.counts;
    uint64_t number = counts->next_account;
    TRY(account_save(s, number, row));
    counts->next_account++;
    counts->accounts++;
    TRY(number_put(s, STORE_ACCOUNT_BY_ID, VIEW_OF(row->key.account_id), number));
    TRY(number_put(s, STORE_ACCOUNT_BY_NAME, row->name, number));
    *ret_number = number;
    return directory_save(s);
}

sotto_err account_rename(struct step *s, uint64_t number, view name)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct account_row row;
    TRY(account_load(s, number, &bytes, &row));
    TRY(row_delete(s, STORE_ACCOUNT_BY_NAME, row.name));
    TRY(number_put(s, STORE_ACCOUNT_BY_NAME, name, number));
    row.name = name;
    return account_save(s, number, &row);
}

static sotto_err rotations_erase(struct step *s, uint64_t account, uint32_t count)
{
    for (uint32_t n = 1; n <= count; n++) {
        const struct row_key key = row_key_two(account, n);
        TRY(row_delete(s, STORE_ROTATION, row_key_view(&key)));
    }
    return SOTTO_OK;
}

static sotto_err invites_erase(struct step *s, uint64_t account)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct invite_row row;
    for (;;) {
        uint8_t hash[IDENTITY_HASH] = {0};
        sotto_err err = invite_next(s, account, hash, &bytes, &row);
        if (err == SOTTO_E_NOTFOUND)
            return SOTTO_OK;
        TRY(err);
        TRY(invite_delete(s, account, hash));
    }
}

static sotto_err devices_remove(struct step *s, const struct account *account, const char *why)
{
    uint8_t id[DEVICE_ID] = {0};
    struct device *device = NULL;
    sotto_err err;
    while ((err = device_next(s, account, id, true, &device)) == SOTTO_OK)
        TRY(device_remove(s, device, why));
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

sotto_err account_erase(struct step *s, struct account *account, const char *why)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct account_row row;
    const struct row_key key = row_key_u64(account->number);
    TRY(account_load(s, account->number, &bytes, &row));
    TRY(devices_remove(s, account, why));
    TRY(rotations_erase(s, account->number, row.key.n));
    TRY(invites_erase(s, account->number));
    TRY(blobs_forsake(s, account->number));
    TRY(row_delete(s, STORE_ACCOUNT_BY_ID, VIEW_OF(row.key.account_id)));
    TRY(row_delete(s, STORE_ACCOUNT_BY_NAME, row.name));
    TRY(row_delete(s, STORE_ACCOUNT, row_key_view(&key)));
    map_take(&s->core->directory.accounts, account->number);
    s->core->directory.counts.accounts--;
    return directory_save(s);
}

static sotto_err nobody_certifies(struct step *s)
{
    return step_refuse(s, SOTTO_E_NOT_NOW, 0,
                       "nobody can sign certificates at this time: the server's root key is "
                       "elsewhere; ask the admin");
}

sotto_err account_certify(struct step *s, const struct account_key *key, view name, sotto_buf *out)
{
    const struct core_config *config = &s->core->config;
    int64_t now_s = (int64_t)(step_wall_ms(s) / 1000), issuer_end_s;
    if (config->authority == NULL)
        return nobody_certifies(s);
    TRY(issuer_keep(s, now_s, &issuer_end_s));
    if (issuer_end_s <= now_s)
        return nobody_certifies(s);
    struct x509 fields = {
        .kind = X509_ACCOUNT,
        .not_before_s = now_s - CLOCK_SKEW_S,
        .not_after_s = now_s + ACCOUNT_TTL_S < issuer_end_s ? now_s + ACCOUNT_TTL_S : issuer_end_s,
        .issuer = config->authority_is_root ? X509_ROOT : X509_INTERMEDIATE,
        .name = name,
    };
    memcpy(fields.public_key, key->key, sizeof fields.public_key);
    memcpy(fields.account_id, key->account_id, sizeof fields.account_id);
    return x509_issue(s->core->crypto, &fields, config->authority, out);
}
