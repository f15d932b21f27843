/* Chains up to a pinned root. Each certificate must be exactly the template of its place before anything else is asked: that
 * alone keeps an account's certificate, which is a CA for devices, from standing in for an intermediate or a server. */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "crypto/x509.h"

/* The templates that may stand at each place, leaf first, for a chain with and without an intermediate. */
static const enum x509_kind server_kinds[2][X509_CHAIN_MAX] = {
    {X509_SERVER, X509_ROOT},
    {X509_SERVER, X509_INTERMEDIATE, X509_ROOT},
};
static const enum x509_kind name_kinds[2][X509_CHAIN_MAX] = {
    {X509_DEVICE, X509_ACCOUNT, X509_ROOT},
    {X509_DEVICE, X509_ACCOUNT, X509_INTERMEDIATE, X509_ROOT},
};

static sotto_err chain_read(sotto_crypto *c, const enum x509_kind *kinds, const view *chain,
                            size_t count, struct x509 *ret_certs)
{
    for (size_t i = 0; i < count; i++)
        TRY(x509_read(c, kinds[i], chain[i], &ret_certs[i]));
    return SOTTO_OK;
}

/* The root by its own key, each other by the one above it. */
static sotto_err chain_verify(sotto_crypto *c, const struct x509 *certs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct x509 *above = &certs[size_min(i + 1, count - 1)];
        if (certs[i].issuer != above->kind)
            return SOTTO_E_CERTIFICATE;
        TRY(x509_verify(c, &certs[i], above->public_key));
    }
    return SOTTO_OK;
}

/* Which pin the root has, and whether it is the one that we know. */
static sotto_err pin_check(sotto_crypto *c, const struct x509 *root, const uint8_t *pin,
                           uint8_t ret_pin[X509_PIN])
{
    uint8_t found[X509_PIN];
    TRY(x509_pin(c, root->public_key, found));
    if (pin != NULL && !view_equal(VIEW_OF(found), view_of(pin, X509_PIN)))
        return SOTTO_E_PIN;
    memcpy(ret_pin, found, X509_PIN);
    return SOTTO_OK;
}

static sotto_err time_check(const struct x509 *certs, size_t count, int64_t now_s)
{
    for (size_t i = 0; i < count; i++)
        if (certs[i].kind != X509_DEVICE &&
            (now_s < certs[i].not_before_s || now_s > certs[i].not_after_s))
            return SOTTO_E_EXPIRED;
    return SOTTO_OK;
}

sotto_err x509_verify_server_chain(sotto_crypto *c, const view *chain, size_t count,
                                   const uint8_t *pin, int64_t now_s,
                                   uint8_t ret_server_key[ED25519_PUBLIC],
                                   uint8_t ret_pin[X509_PIN])
{
    struct x509 certs[X509_CHAIN_MAX];
    uint8_t found[X509_PIN];
    if (count < 2 || count > 3)
        return SOTTO_E_CERTIFICATE;
    TRY(chain_read(c, server_kinds[count - 2], chain, count, certs));
    TRY(pin_check(c, &certs[count - 1], pin, found));
    TRY(chain_verify(c, certs, count));
    TRY(time_check(certs, count, now_s));
    memcpy(ret_server_key, certs[0].public_key, ED25519_PUBLIC);
    memcpy(ret_pin, found, X509_PIN);
    return SOTTO_OK;
}

/* ---- the name path ---- */

static void cert_freep(X509 **cert)
{
    X509_free(*cert);
}

static void certs_freep(STACK_OF(X509) * *certs)
{
    sk_X509_pop_free(*certs, X509_free);
}

static void store_freep(X509_STORE **store)
{
    X509_STORE_free(*store);
}

static void store_ctx_freep(X509_STORE_CTX **ctx)
{
    X509_STORE_CTX_free(*ctx);
}

static sotto_err cert_parse(view der, X509 **ret_cert)
{
    const uint8_t *at = der.data;
    X509 *cert =
        d2i_X509(NULL, &at, (long)der.len); /* der.len is at most X509_MAX: it was read before */
    if (cert == NULL)
        return SOTTO_E_CERTIFICATE;
    *ret_cert = cert;
    return SOTTO_OK;
}

static sotto_err certs_push(STACK_OF(X509) * certs, view der)
{
    DEFER(cert_freep) X509 *cert = NULL;
    TRY(cert_parse(der, &cert));
    if (sk_X509_push(certs, cert) <= 0)
        return SOTTO_E_NOMEM;
    cert = NULL; /* the stack's */
    return SOTTO_OK;
}

static sotto_err store_new(view root, X509_STORE **ret_store)
{
    DEFER(store_freep) X509_STORE *store = X509_STORE_new();
    DEFER(cert_freep) X509 *cert = NULL;
    if (store == NULL)
        return SOTTO_E_NOMEM;
    TRY(cert_parse(root, &cert));
    if (X509_STORE_add_cert(store, cert) != 1) /* takes a reference of its own */
        return SOTTO_E_NOMEM;
    *ret_store = MOVE(store);
    return SOTTO_OK;
}

static sotto_err verdict(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return SOTTO_E_EXPIRED;
    case X509_V_ERR_OUT_OF_MEM:
        return SOTTO_E_NOMEM;
    default:
        return SOTTO_E_CERTIFICATE;
    }
}

/* X509_verify_cert over this chain and nothing else: no other trusted certificate, no other time, no CRL. The purpose of the
 * leaf is one that OpenSSL has no number for; the template fixed it. */
static sotto_err store_verify(const view *chain, size_t count, int64_t now_s)
{
    DEFER(store_freep) X509_STORE *store = NULL;
    DEFER(cert_freep) X509 *leaf = NULL;
    DEFER(certs_freep) STACK_OF(X509) *between = sk_X509_new_null();
    DEFER(store_ctx_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (between == NULL || ctx == NULL)
        return SOTTO_E_NOMEM;
    TRY(store_new(chain[count - 1], &store));
    TRY(cert_parse(chain[0], &leaf));
    for (size_t i = 1; i + 1 < count; i++)
        TRY(certs_push(between, chain[i]));
    if (X509_STORE_CTX_init(ctx, store, leaf, between) != 1)
        return SOTTO_E_NOMEM;
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)now_s);
    X509_VERIFY_PARAM_set_depth(param, X509_CHAIN_MAX - 2); /* certificates between leaf and root */
    if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT) != 1)
        return SOTTO_E_CRYPTO;
    int result = X509_verify_cert(ctx);
    return result == 1 ? SOTTO_OK : verdict(X509_STORE_CTX_get_error(ctx));
}

/* Leaves OpenSSL's error queue as it was: a refusal here is no news for the next TLS call on this thread. */
static sotto_err openssl_verify(const view *chain, size_t count, int64_t now_s)
{
    ERR_set_mark();
    sotto_err err = store_verify(chain, count, now_s);
    ERR_pop_to_mark();
    return err;
}

sotto_err x509_verify_name_path(sotto_crypto *c, const view *chain, size_t count,
                                const uint8_t pin[X509_PIN], int64_t now_s,
                                struct x509 *ret_account, struct x509 *ret_device)
{
    struct x509 certs[X509_CHAIN_MAX];
    uint8_t found[X509_PIN];
    if (count < 3 || count > X509_CHAIN_MAX)
        return SOTTO_E_CERTIFICATE;
    TRY(chain_read(c, name_kinds[count - 3], chain, count, certs));
    TRY(pin_check(c, &certs[count - 1], pin, found));
    TRY(chain_verify(c, certs, count));
    if (!view_equal(VIEW_OF(certs[0].account_id), VIEW_OF(certs[1].account_id)))
        return SOTTO_E_CERTIFICATE;
    TRY(openssl_verify(chain, count, now_s));
    *ret_account = certs[1];
    *ret_device = certs[0];
    return SOTTO_OK;
}
