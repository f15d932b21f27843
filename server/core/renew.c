#include "core/state.h"

sotto_err renew_read(view body, union request_body *ret_body)
{
    return proto_renew_read(body, &ret_body->text);
}

/* The signature is the loop's to check; the key, the account and the name are ours. */
static sotto_err check(struct step *s, const struct account_request *request,
                       const struct account_row *row)
{
    bool same = memcmp(request->account_id, row->key.account_id, ACCOUNT_ID) == 0 &&
                memcmp(request->account_key, row->key.key, ED25519_PUBLIC) == 0;
    if (!same)
        return step_refuse(s, SOTTO_E_DENIED, 0, "this is not the account's key in force");
    if (!view_equal(request->name, row->name))
        return step_refuse(s, SOTTO_E_DENIED, 0, "the account's name here is %.*s",
                           (int)size_min(row->name.len, 200), (const char *)row->name.data);
    return SOTTO_OK;
}

/* Whether the present certificate says what it should, and is good for another third of its life. */
static sotto_err is_fresh(struct step *s, const struct account_row *row, bool *ret_fresh)
{
    const sotto_sign_key *authority = s->core->config.authority;
    int64_t now_s = (int64_t)(step_wall_ms(s) / 1000);
    uint8_t issuer[X509_KEY_ID];
    struct x509 cert;
    TRY(x509_read(s->core->crypto, X509_ACCOUNT, row->certificate, &cert));
    bool fresh = memcmp(cert.public_key, row->key.key, sizeof cert.public_key) == 0 &&
                 view_equal(cert.name, row->name) &&
                 cert.not_after_s - now_s >= (cert.not_after_s - cert.not_before_s) / 3;
    if (fresh && authority != NULL) {
        TRY(x509_key_id(s->core->crypto, sign_key_public(authority).data, issuer));
        fresh = memcmp(issuer, cert.issuer_key_id, sizeof issuer) == 0;
    }
    *ret_fresh = fresh;
    return SOTTO_OK;
}

sotto_err renew_on(struct step *s, const struct request *request)
{
    const struct account *account = request->from->device->account;
    DEFER(buf_clear) sotto_buf bytes = {0};
    DEFER(buf_clear) sotto_buf certificate = {0};
    struct account_request asked;
    struct account_row row;
    bool fresh = false;
    TRY(account_request_read(request->body.text, &asked));
    TRY(step_limit(s, RATE_CHANGE, account->number, 0, 1, "too many changes of this account"));
    step_take(s, RATE_CHANGE, account->number, 0, 1);
    TRY(account_load(s, account->number, &bytes, &row));
    TRY(check(s, &asked, &row));
    TRY(is_fresh(s, &row, &fresh));
    if (!fresh) {
        TRY(account_certify(s, &row.key, row.name, &certificate));
        row.certificate = buf_view(&certificate);
        TRY(account_save(s, account->number, &row));
    }
    return request_answer_chain(s, request, row.certificate);
}
