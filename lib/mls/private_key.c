#include "mls/private_key.h"

void secret_read(struct rd *r, size_t len, struct secret *out)
{
    view bytes = rd_bytes(r, len);
    if (rd_ok(r) && secret_set(out, bytes) != SOTTO_OK)
        rd_fail(r, SOTTO_E_TOO_LARGE);
}

void secret_read_opaque(struct rd *r, struct secret *out)
{
    view bytes = rd_opaque(r, SECRET_MAX);
    if (rd_ok(r) && secret_set(out, bytes) != SOTTO_OK)
        rd_fail(r, SOTTO_E_TOO_LARGE);
}

void kem_key_write(struct wr *w, const struct kem_key *key)
{
    DEFER(secret_clear) struct secret secret = {0};
    kem_key_export(key, &secret);
    wr_opaque(w, secret_view(&secret));
}

void kem_key_read(struct rd *r, sotto_crypto *c, enum kem_id id, struct kem_key **ret_key)
{
    DEFER(secret_clear) struct secret secret = {0};
    secret_read_opaque(r, &secret);
    if (!rd_ok(r))
        return;
    sotto_err err = kem_key_import(c, id, &secret, ret_key);
    if (err != SOTTO_OK)
        rd_fail(r, err);
}

void sign_key_write(struct wr *w, const sotto_sign_key *key)
{
    DEFER(secret_clear) struct secret secret = {0};
    sign_key_export(key, &secret);
    wr_opaque(w, secret_view(&secret));
}

void sign_key_read(struct rd *r, sotto_crypto *c, enum sign_id id, sotto_sign_key **ret_key)
{
    DEFER(secret_clear) struct secret secret = {0};
    secret_read_opaque(r, &secret);
    if (!rd_ok(r))
        return;
    sotto_err err = sign_key_import(c, id, &secret, ret_key);
    if (err != SOTTO_OK)
        rd_fail(r, err);
}
