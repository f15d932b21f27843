/* Always answered with ok, and at once: whether a mail follows, only who reads that mail learns. */
#include "base/text.h"
#include "core/state.h"
#include "crypto/hash.h"

sotto_err password_request_read(view body, union request_body *ret_body)
{
    return proto_password_request_read(body, &ret_body->text);
}

/* Where the domain begins; a mail address has one '@'. */
static size_t domain_at(view mail)
{
    size_t at = 0;
    while (at < mail.len && mail.data[at] != '@')
        at++;
    return at + 1;
}

static bool is_served(const struct core_config *config, view mail)
{
    size_t at = domain_at(mail);
    for (size_t i = 0; i < config->mail_domain_count; i++)
        if (view_equal(view_of(mail.data + at, mail.len - at), config->mail_domains[i]))
            return true;
    return false;
}

/* The only name that such a password is good for: the part before the '@', here. NOTFOUND: that is no name. */
static sotto_err name_of(const struct step *s, view mail, sotto_buf *name)
{
    TRY(buf_append(name, view_of(mail.data, domain_at(mail))));
    TRY(buf_append(name, s->core->config.host));
    return x509_name_valid(buf_view(name)) ? SOTTO_OK : SOTTO_E_NOTFOUND;
}

static sotto_err mail_number(struct step *s, view mail, uint64_t *ret_number)
{
    uint8_t digest[32];
    TRY(hash(s->core->crypto, HASH_SHA256, mail, digest));
    memcpy(ret_number, digest, sizeof *ret_number);
    return SOTTO_OK;
}

static sotto_err mail_order(struct step *s, view mail)
{
    DEFER(buf_clear) sotto_buf name = {0};
    uint64_t number = 0;
    if (!is_served(&s->core->config, mail))
        return SOTTO_E_NOTFOUND;
    TRY(name_of(s, mail, &name));
    TRY(mail_number(s, mail, &number));
    TRY(step_limit(s, RATE_MAIL, number, 0, 1, "too many mails"));
    step_take(s, RATE_MAIL, number, 0, 1);
    const struct mail_row row = {.to = mail, .name = buf_view(&name)};
    return mail_put(s, &row);
}

sotto_err password_request_on(struct step *s, const struct request *request)
{
    DEFER(buf_clear) sotto_buf mail = {0};
    uint64_t origin = request->from->origin->number;
    TRY(check_space(s));
    TRY(step_limit(s, RATE_PASSWORD_REQUEST, origin, 0, 1,
                   "too many passwords asked for from your address"));
    step_take(s, RATE_PASSWORD_REQUEST, origin, 0, 1);
    TRY(buf_append(&mail, request->body.text));
    text_lower(mail.data, mail.len);
    sotto_err err = mail_order(s, buf_view(&mail));
    if (err == SOTTO_E_NOMEM || s->broken)
        return err;
    s->detail[0] = '\0';
    request_answer_ok(s, request);
    return SOTTO_OK;
}
