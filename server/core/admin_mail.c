#include "core/state.h"

sotto_err admin_mail_done_body(view body, union request_body *ret_body)
{
    return admin_mail_done_read(body, &ret_body->mail_done);
}

static sotto_err answer(struct step *s, const struct request *request,
                        const struct admin_mail *mail)
{
    TRY(fx_reserve(s->fx, STEP_EFFECTS, STEP_BYTES + ACCOUNT_MAIL_MAX + X509_NAME_MAX + 64));
    size_t at = s->fx->bytes.len;
    TRY(admin_mail_write(request->id, mail, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}

sotto_err admin_mail_take_on(struct step *s, const struct request *request)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    DEFER(secret_clear) struct secret password = {0};
    struct admin_mail mail = {0};
    struct mail_row row;
    sotto_err err = mail_take(s, &bytes, &mail.number, &row, &mail.due_s);
    if (err == SOTTO_E_NOTFOUND)
        return answer(s, request, &mail);
    TRY(err);
    const struct password_for what = {
        .key = row.to, .name = row.name, .flags = row.flags, .ttl_s = row.ttl_s};
    TRY(password_make(s, &what, &password, &mail.expires_s));
    mail.to = row.to;
    mail.name = row.name;
    mail.password = secret_view(&password);
    return answer(s, request, &mail);
}

sotto_err admin_mail_done_on(struct step *s, const struct request *request)
{
    const struct admin_mail_done *done = &request->body.mail_done;
    sotto_err err = mail_finish(s, done->number, done->result == MAIL_RETRY);
    if (err == SOTTO_E_NOTFOUND)
        return step_refuse(s, err, 0, "no such mail waits");
    TRY(err);
    struct core_counts *counts = &s->core->counts;
    counts->mails_sent_total += done->result == MAIL_SENT;
    counts->mails_failed_total += done->result != MAIL_SENT;
    counts->mails_given_up_total += done->result == MAIL_REFUSED;
    return admin_answer_done(s, request, "noted");
}
