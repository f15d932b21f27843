/* struct { uint8 version = 1; uint64 created_s; uint64 due_s; uint64 taken_by; uint32 tries; uint8 flags; uint64 ttl_s; opaque to<V>; opaque name<V>; } mail;
 * What waits to be sent. It holds no password: that is drawn when the mail is taken to be sent, and stored hashed. */
#include "core/state.h"

#define ROW_VERSION 1
#define RETRY_MAX_S 3600

sotto_err mail_row_read(view bytes, struct mail_row *ret_row)
{
    struct rd r = rd_of(bytes);
    struct mail_row row = {0};
    if (rd_u8(&r) != ROW_VERSION)
        rd_fail(&r, SOTTO_E_DAMAGED);
    row.created_s = rd_u64(&r);
    row.due_s = rd_u64(&r);
    row.taken_by = rd_u64(&r);
    row.tries = rd_u32(&r);
    row.flags = rd_u8(&r);
    row.ttl_s = rd_u64(&r);
    row.to = rd_opaque(&r, ACCOUNT_MAIL_MAX);
    row.name = rd_opaque(&r, X509_NAME_MAX);
    if (rd_end(&r) != SOTTO_OK || row.to.len == 0)
        return SOTTO_E_DAMAGED;
    *ret_row = row;
    return SOTTO_OK;
}

sotto_err mail_row_write(const struct mail_row *row, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u8(&w, ROW_VERSION);
    wr_u64(&w, row->created_s);
    wr_u64(&w, row->due_s);
    wr_u64(&w, row->taken_by);
    wr_u32(&w, row->tries);
    wr_u8(&w, row->flags);
    wr_u64(&w, row->ttl_s);
    wr_opaque(&w, row->to);
    wr_opaque(&w, row->name);
    return wr_end(&w);
}

static sotto_err mail_save(struct step *s, uint64_t number, const struct mail_row *row)
{
    const struct row_key key = row_key_u64(number);
    DEFER(buf_clear) sotto_buf bytes = {0};
    TRY(mail_row_write(row, &bytes));
    return row_put(s, STORE_MAIL, row_key_view(&key), buf_view(&bytes));
}

static sotto_err mail_delete(struct step *s, uint64_t number)
{
    const struct row_key key = row_key_u64(number);
    TRY(row_delete(s, STORE_MAIL, row_key_view(&key)));
    s->core->directory.counts.mails--;
    return directory_save(s);
}

sotto_err mail_put(struct step *s, const struct mail_row *row)
{
    struct directory_counts *counts = &s->core->directory.counts;
    struct mail_row mail = *row;
    if (limit_reached(counts->mails, s->core->config.limits.mails_waiting))
        return step_bound(s, BOUND_MAILS_WAITING, SOTTO_E_FULL,
                          "as many mails wait to be sent as may wait");
    mail.created_s = mail.due_s = step_wall_ms(s) / 1000;
    TRY(mail_save(s, counts->next_mail, &mail));
    counts->next_mail++;
    counts->mails++;
    TRY(directory_save(s));
    fx_mail(s->fx);
    return SOTTO_OK;
}

/* Whether it is of use still: neither too old, nor for a name that somebody has by now. */
static sotto_err mail_is_wanted(struct step *s, const struct mail_row *row, bool *ret_wanted)
{
    uint64_t owner = 0;
    if (row->name.len > 0)
        TRY(account_by_name(s, row->name, &owner));
    *ret_wanted = owner == 0 && step_wall_ms(s) / 1000 < row->created_s + MAIL_LIFE_S;
    return SOTTO_OK;
}

static sotto_err mail_next(struct step *s, uint64_t after, sotto_buf *bytes, uint64_t *ret_number,
                           struct mail_row *ret_row)
{
    const struct row_key from = row_key_u64(after);
    view key, value;
    TRY(row_next(s, STORE_MAIL, (view){0}, row_key_view(&from), &key, &value));
    struct rd r = rd_of(key);
    uint64_t number = rd_u64(&r);
    if (rd_end(&r) != SOTTO_OK)
        return row_verdict(s, SOTTO_E_DAMAGED);
    TRY(buf_set(bytes, value));
    TRY(row_verdict(s, mail_row_read(buf_view(bytes), ret_row)));
    *ret_number = number;
    return SOTTO_OK;
}

/* Who was to send it went with the server that it was given out by. */
static bool mail_is_orphan(const struct step *s, const struct mail_row *row)
{
    return row->taken_by != 0 && row->taken_by != s->core->run;
}

sotto_err mail_take(struct step *s, sotto_buf *bytes, uint64_t *ret_number,
                    struct mail_row *ret_row, uint64_t *ret_due_s)
{
    uint64_t number = 0, due_s = 0, now_s = step_wall_ms(s) / 1000;
    struct mail_row row;
    sotto_err err;
    while ((err = mail_next(s, number, bytes, &number, &row)) == SOTTO_OK) {
        bool wanted = false;
        TRY(mail_is_wanted(s, &row, &wanted));
        if (!wanted) {
            TRY(fx_reserve(s->fx, 1, FX_LOG_MAX));
            fx_log(s->fx, "mail", 0, "mail %llu is given up: nobody waits for it any more",
                   (unsigned long long)number);
            TRY(mail_delete(s, number));
            s->core->counts.mails_given_up_total++;
        } else if (row.due_s <= now_s || mail_is_orphan(s, &row)) {
            row.due_s = now_s + ADMIN_MAIL_LEASE_S;
            row.taken_by = s->core->run;
            row.tries++;
            TRY(mail_save(s, number, &row));
            *ret_number = number;
            *ret_row = row;
            return SOTTO_OK;
        } else if (due_s == 0 || row.due_s < due_s) {
            due_s = row.due_s;
        }
    }
    *ret_due_s = due_s;
    return err;
}

static uint64_t retry_wait_s(const struct limits *limits, uint32_t tries)
{
    uint64_t wait_s = limits->mail_retry_ms > 1000 ? limits->mail_retry_ms / 1000 : 1;
    for (uint32_t i = 1; i < tries && wait_s < RETRY_MAX_S; i++)
        wait_s *= 2;
    return wait_s < RETRY_MAX_S ? wait_s : RETRY_MAX_S;
}

sotto_err mail_finish(struct step *s, uint64_t number, bool again)
{
    const struct row_key key = row_key_u64(number);
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct mail_row row;
    view value;
    TRY(row_get(s, STORE_MAIL, row_key_view(&key), &value));
    if (!again)
        return mail_delete(s, number);
    TRY(buf_set(&bytes, value));
    TRY(row_verdict(s, mail_row_read(buf_view(&bytes), &row)));
    row.taken_by = 0;
    row.due_s = step_wall_ms(s) / 1000 + retry_wait_s(&s->core->config.limits, row.tries);
    return mail_save(s, number, &row);
}

/* Given out by this run, and not yet told of. */
static bool mail_is_out(const struct step *s, const struct mail_row *row)
{
    return row->taken_by == s->core->run && step_wall_ms(s) / 1000 < row->due_s;
}

/* Looks at limits.mails_waiting rows at most. */
sotto_err mail_revoke(struct step *s, view to, size_t *ret_count, bool *ret_out)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    uint64_t number = 0;
    size_t count = 0;
    bool out = false;
    struct mail_row row;
    sotto_err err;
    while ((err = mail_next(s, number, &bytes, &number, &row)) == SOTTO_OK) {
        if (!view_equal(row.to, to))
            continue;
        out = out || mail_is_out(s, &row);
        TRY(mail_delete(s, number));
        count++;
    }
    if (err != SOTTO_E_NOTFOUND)
        return err;
    *ret_count = count;
    *ret_out = out;
    return SOTTO_OK;
}
