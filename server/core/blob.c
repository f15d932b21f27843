/* A blob counts in the quota of one account: of who asked last for it to be kept. */
#include "core/streams.h"

static uint64_t kept_until_s(const struct step *s)
{
    uint64_t kept_s = s->core->config.limits.blob_s;
    return kept_s > 0 ? step_wall_ms(s) / 1000 + kept_s : UINT64_MAX;
}

/* An account that is gone has no quota. */
sotto_err blob_uncount(struct step *s, const struct blob_row *row)
{
    struct account *account = NULL;
    sotto_err err = account_get(s, row->account, &account);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
    account->blob_bytes -= row->size < account->blob_bytes ? row->size : account->blob_bytes;
    return account_update(s, account);
}

static sotto_err count(struct step *s, struct account *account, uint64_t size)
{
    account->blob_bytes += size;
    return account_update(s, account);
}

static sotto_err keep_again(struct step *s, struct account *account, view hash,
                            const struct blob_row *before)
{
    struct blob_row row = *before;
    uint64_t until_s = kept_until_s(s);
    row.asked_s = until_s > row.asked_s ? until_s : row.asked_s;
    row.account = account->number;
    if (before->account !=
        row.account) { /* who asked before was promised it, too, however long this account lasts */
        row.named_s = before->asked_s > row.named_s ? before->asked_s : row.named_s;
        TRY(blob_uncount(s, before));
        TRY(count(s, account, row.size));
    }
    return blob_save(s, hash, before, &row);
}

sotto_err blob_ask_again(struct step *s, struct account *account, const uint8_t *hash,
                         uint64_t size)
{
    const view key = {hash, PROTO_HASH};
    struct blob_row row = {0};
    TRY(blob_load(s, key, &row));
    if (row.size != size)
        return step_refuse(s, SOTTO_E_CONFLICT, 0, "this blob is here, and has %llu bytes",
                           (unsigned long long)row.size);
    if (row.account != account->number)
        TRY(uploads_check(s, account, hash, size));
    TRY(step_break(s, keep_again(s, account, key, &row)));
    uploads_take(s->core, account->number, hash);
    return SOTTO_OK;
}

static sotto_err store_new(struct step *s, struct account *account, const struct core_blob *blob)
{
    const struct blob_row before = {0}, row = {.size = blob->size,
                                               .account = account->number,
                                               .asked_s = kept_until_s(s)};
    TRY(count(s, account, blob->size));
    s->core->directory.counts.blobs++;
    s->core->directory.counts.blob_bytes += blob->size;
    TRY(directory_save(s));
    return blob_save(s, VIEW_OF(blob->hash), &before, &row);
}

sotto_err blob_take(struct step *s, const struct core_blob *blob)
{
    struct account *account = NULL;
    TRY(account_get(s, blob->account, &account));
    if (account->disabled)
        return SOTTO_E_DENIED;
    sotto_err err = blob_ask_again(s, account, blob->hash, blob->size);
    if (err != SOTTO_E_NOTFOUND)
        return err;
    TRY(uploads_check(s, account, blob->hash, blob->size));
    TRY(step_break(s, store_new(s, account, blob)));
    uploads_take(s->core, account->number, blob->hash);
    return SOTTO_OK;
}

/* --- tickets --- */

sotto_err blob_answer_ticket(struct step *s, const struct request *request,
                             struct blob_ticket *ticket, uint64_t have)
{
    const struct core *core = s->core;
    uint64_t life_s = core->config.limits.blob_ticket_s;
    uint8_t bytes[BLOB_TICKET_BYTES];
    sotto_buf written = BUF_ON(bytes);
    ticket->account = request->from->device->account->number;
    ticket->expires_s =
        life_s > 0 && life_s <= UINT32_MAX ? step_wall_ms(s) / 1000 + life_s : UINT64_MAX;
    TRY(blob_ticket_write(core->crypto, core->config.blob_key, ticket, &written));
    const struct proto_blob_ticket answer = {buf_view(&written), have, ticket->expires_s};
    size_t at = s->fx->bytes.len;
    fx_must(proto_blob_ticket_write(request->id, &answer, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}

sotto_err blob_check_on(struct step *s)
{
    if (s->core->config.blob_key != NULL)
        return SOTTO_OK;
    return step_refuse(s, SOTTO_E_UNSUPPORTED, 0, "this server keeps no attachments");
}
