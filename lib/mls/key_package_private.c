/* A format of our own:
 *     uint8 version = 1; opaque init_key<V>; opaque leaf_key<V>; opaque sign_key<V>; opaque key_package<V>;
 * The public keys are made from the private ones again when it is read, and must be those of the KeyPackage. */
#include "mls/key_package_private.h"

#include "mls/private_key.h"

#define PRIVATE_VERSION 1

void key_package_private_clear(struct key_package_private *p)
{
    kem_key_free(p->init_key);
    kem_key_free(p->leaf_key);
    sign_key_free(p->sign_key);
    buf_clear(&p->encoded);
    *p = (struct key_package_private){0};
}

void key_package_private_write(struct wr *w, const struct kem_key *init_key,
                               const struct kem_key *leaf_key, const sotto_sign_key *sign_key,
                               view package)
{
    wr_u8(w, PRIVATE_VERSION);
    kem_key_write(w, init_key);
    kem_key_write(w, leaf_key);
    sign_key_write(w, sign_key);
    wr_opaque(w, package);
}

struct private_secrets {
    struct secret init_key, leaf_key, sign_key;
};

static void private_secrets_clear(struct private_secrets *s)
{
    secret_clear(&s->init_key);
    secret_clear(&s->leaf_key);
    secret_clear(&s->sign_key);
}

static sotto_err private_parse(view bytes, struct private_secrets *secrets, view *ret_package)
{
    struct rd r = rd_of(bytes);
    if (rd_u8(&r) != PRIVATE_VERSION)
        rd_fail(&r, SOTTO_E_VERSION);
    secret_read_opaque(&r, &secrets->init_key);
    secret_read_opaque(&r, &secrets->leaf_key);
    secret_read_opaque(&r, &secrets->sign_key);
    *ret_package = rd_opaque(&r, MLS_MESSAGE_MAX);
    return rd_end(&r);
}

static sotto_err private_import(sotto_crypto *c, const struct private_secrets *secrets,
                                struct key_package_private *p)
{
    struct rd r = rd_of(buf_view(&p->encoded));
    key_package_read(&r, &p->package);
    TRY(rd_end(&r));
    p->suite = mls_suite_find(p->package.cipher_suite);
    if (p->suite == NULL)
        return SOTTO_E_UNSUPPORTED;
    TRY(kem_key_import(c, p->suite->hpke.kem, &secrets->init_key, &p->init_key));
    TRY(kem_key_import(c, p->suite->hpke.kem, &secrets->leaf_key, &p->leaf_key));
    TRY(sign_key_import(c, p->suite->sign, &secrets->sign_key, &p->sign_key));
    if (!view_equal(kem_key_public(p->init_key), p->package.init_key) ||
        !view_equal(kem_key_public(p->leaf_key), p->package.leaf_node.encryption_key) ||
        !view_equal(sign_key_public(p->sign_key), p->package.leaf_node.signature_key))
        return SOTTO_E_KEY;
    return SOTTO_OK;
}

sotto_err key_package_private_read(sotto_crypto *c, view bytes,
                                   struct key_package_private *ret_private)
{
    DEFER(private_secrets_clear) struct private_secrets secrets = {0};
    DEFER(key_package_private_clear) struct key_package_private p = {0};
    view package;
    TRY(private_parse(bytes, &secrets, &package));
    TRY(buf_set(&p.encoded, package));
    TRY(private_import(c, &secrets, &p));
    key_package_private_clear(ret_private);
    *ret_private = p;
    p = (struct key_package_private){0};
    return SOTTO_OK;
}
