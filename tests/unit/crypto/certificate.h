/* certificate.h - certificates as anybody's CA might make them, by OpenSSL. */
#ifndef TESTS_UNIT_CRYPTO_CERTIFICATE_H
#define TESTS_UNIT_CRYPTO_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "unit.h"

#include "crypto/suite.h"

static const struct certificate_kind {
    enum sign_id id;
    const char *type, *curve;
} certificate_kinds[] = {
    {SIGN_ED25519, "ED25519", NULL},  {SIGN_ED448, "ED448", NULL},
    {SIGN_ECDSA_P256, "EC", "P-256"}, {SIGN_ECDSA_P384, "EC", "P-384"},
    {SIGN_ECDSA_P521, "EC", "P-521"},
};

struct certificate {
    EVP_PKEY *key;
    sotto_buf der, public_key; /* as lib/crypto/sign.h has it */
};

static inline void certificate_clear(struct certificate *c)
{
    EVP_PKEY_free(c->key);
    buf_clear(&c->der);
    buf_clear(&c->public_key);
}

static inline EVP_PKEY *certificate_key(const struct certificate_kind *kind, bool uncompressed)
{
    EVP_PKEY *key = kind->curve != NULL ? EVP_PKEY_Q_keygen(NULL, NULL, kind->type, kind->curve)
                                        : EVP_PKEY_Q_keygen(NULL, NULL, kind->type);
    assert_non_null(key);
    if (kind->curve != NULL)
        assert_int_equal(EVP_PKEY_set_utf8_string_param(
                             key, "point-format", uncompressed ? "uncompressed" : "compressed"),
                         1);
    return key;
}

/* The end of SubjectPublicKeyInfo, whose length we know. */
static inline void certificate_public(struct certificate *c, size_t len)
{
    uint8_t *info = NULL;
    int info_len = i2d_PUBKEY(c->key, &info);
    assert_true(info_len > (int)len);
    assert_ok(buf_set(&c->public_key, view_of(info + (size_t)info_len - len, len)));
    OPENSSL_free(info);
}

/* Self-signed, of one of certificate_kinds. */
static inline struct certificate certificate_new(size_t number, bool uncompressed)
{
    static const size_t lengths[] = {32, 57, 65, 97, 133};
    struct certificate made = {.key = certificate_key(&certificate_kinds[number], uncompressed)};
    X509 *cert = X509_new();
    uint8_t *der = NULL;
    assert_non_null(cert);
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                                (const uint8_t *)"alice", -1, -1, 0),
                     1);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    assert_int_equal(X509_set_pubkey(cert, made.key), 1);
    const EVP_MD *md = certificate_kinds[number].curve != NULL ? EVP_sha256() : NULL;
    assert_true(X509_sign(cert, made.key, md) > 0);
    int len = i2d_X509(cert, &der);
    assert_true(len > 0);
    assert_ok(buf_set(&made.der, view_of(der, (size_t)len)));
    if (uncompressed)
        certificate_public(&made, lengths[number]);
    OPENSSL_free(der);
    X509_free(cert);
    return made;
}

#endif
