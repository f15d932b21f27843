/* Intermediates, each from when it made an account's certificate until it ends: another one may have taken its place meanwhile, and what
 * it made must still chain. No certificate of an account outlives the one above it, so none is missed after that. */
#include "core/directory.h"
#include "core/state.h"

static view prefix(void)
{
    return VIEW_LIT("issuer ");
}

static struct row_key key_of(const uint8_t id[X509_KEY_ID])
{
    struct row_key key = {.len = prefix().len + X509_KEY_ID};
    memcpy(key.bytes, prefix().data, prefix().len);
    memcpy(key.bytes + prefix().len, id, X509_KEY_ID);
    return key;
}

/* Those that have ended go. */
static sotto_err sweep(struct step *s, int64_t now_s)
{
    struct row_key at = {0};
    for (;;) {
        struct x509 cert;
        view key, der;
        sotto_err err = row_next(s, STORE_META, prefix(), row_key_view(&at), &key, &der);
        if (err == SOTTO_E_NOTFOUND)
            return SOTTO_OK;
        TRY(err);
        at.len = size_min(key.len, sizeof at.bytes);
        memcpy(at.bytes, key.data, at.len);
        TRY(row_verdict(s, x509_read(s->core->crypto, X509_INTERMEDIATE, der, &cert)));
        if (cert.not_after_s < now_s)
            TRY(row_delete(s, STORE_META, row_key_view(&at)));
    }
}

static sotto_err keep(struct step *s, const struct x509 *cert, view der, int64_t now_s)
{
    uint8_t id[X509_KEY_ID];
    view found;
    TRY(x509_key_id(s->core->crypto, cert->public_key, id));
    const struct row_key key = key_of(id);
    sotto_err err = row_get(s, STORE_META, row_key_view(&key), &found);
    if (err != SOTTO_E_NOTFOUND)
        return err;
    TRY(sweep(s, now_s));
    return row_put(s, STORE_META, row_key_view(&key), der);
}

sotto_err issuer_keep(struct step *s, int64_t now_s, int64_t *ret_not_after_s)
{
    const struct core_config *config = &s->core->config;
    struct x509 cert = {.not_after_s = X509_FOREVER_S};
    if (!config->authority_is_root) {
        TRY(x509_read(s->core->crypto, X509_INTERMEDIATE, config->chain[0], &cert));
        if (cert.not_after_s > now_s)
            TRY(keep(s, &cert, config->chain[0], now_s));
    }
    *ret_not_after_s = cert.not_after_s;
    return SOTTO_OK;
}

sotto_err issuer_chain(struct step *s, view certificate, sotto_buf *above, struct chain *ret_chain)
{
    const struct core_config *config = &s->core->config;
    struct chain chain = {.list = {certificate}, .count = 1};
    struct x509 cert;
    view found;
    TRY(row_verdict(s, x509_read(s->core->crypto, X509_ACCOUNT, certificate, &cert)));
    if (cert.issuer == X509_INTERMEDIATE) {
        const struct row_key key = key_of(cert.issuer_key_id);
        sotto_err err = row_get(s, STORE_META, row_key_view(&key), &found);
        if (err == SOTTO_OK)
            err = buf_set(above, found);
        if (err == SOTTO_OK)
            chain.list[chain.count++] = buf_view(above);
        else if (err != SOTTO_E_NOTFOUND)
            return err;
    }
    chain.list[chain.count++] = config->chain[config->chain_count - 1];
    *ret_chain = chain;
    return SOTTO_OK;
}
