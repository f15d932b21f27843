#include "lab/rsa.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* A key is OpenSSL's, of type RSA or RSA-PSS. */
struct rsa_key {
    EVP_PKEY *pkey;
};

#define RSA_DER_MAX       65536
#define RSA_CERT_MAX      8192 /* bytes of DER that are looked at */
#define RSA_CERT_BITS_MIN 2048
#define RSA_CERT_BITS_MAX 4096

static void rsa_pkey_freep(EVP_PKEY **pkey)
{
    EVP_PKEY_free(*pkey);
}

static void rsa_context_freep(EVP_PKEY_CTX **x)
{
    EVP_PKEY_CTX_free(*x);
}

static void rsa_digest_freep(EVP_MD_CTX **x)
{
    EVP_MD_CTX_free(*x);
}

static void rsa_x509_freep(X509 **cert)
{
    X509_free(*cert);
}

static void rsa_openssl_freep(unsigned char **bytes)
{
    OPENSSL_free(*bytes);
}

static void rsa_info_freep(PKCS8_PRIV_KEY_INFO **info)
{
    PKCS8_PRIV_KEY_INFO_free(*info);
}

void rsa_key_free(struct rsa_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

void rsa_key_freep(struct rsa_key **key)
{
    rsa_key_free(*key);
}

/* Takes the pkey over if it is one that we work with. */
static sotto_err rsa_key_wrap(EVP_PKEY **pkey, struct rsa_key **ret_key)
{
    if (!EVP_PKEY_is_a(*pkey, "RSA") && !EVP_PKEY_is_a(*pkey, "RSA-PSS"))
        return SOTTO_E_KEY;
    int bits = EVP_PKEY_get_bits(*pkey);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return SOTTO_E_KEY;
    struct rsa_key *key = calloc(1, sizeof *key);
    if (key == NULL)
        return SOTTO_E_NOMEM;
    key->pkey = MOVE(*pkey);
    *ret_key = key;
    return SOTTO_OK;
}

sotto_err rsa_key_generate(unsigned bits, struct rsa_key **ret_key)
{
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return SOTTO_E_USAGE;
    DEFER(rsa_pkey_freep) EVP_PKEY *pkey = EVP_RSA_gen(bits);
    if (pkey == NULL)
        return SOTTO_E_CRYPTO;
    return rsa_key_wrap(&pkey, ret_key);
}

/* OpenSSL's decoder for PKCS#8 takes a bare RSAPrivateKey as well; so the outer structure is read by itself first. */
sotto_err rsa_key_read_private(view der, struct rsa_key **ret_key)
{
    if (der.len == 0 || der.len > RSA_DER_MAX)
        return SOTTO_E_KEY;
    const unsigned char *at = der.data;
    DEFER(rsa_info_freep)
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);
    if (info == NULL || at != der.data + der.len)
        return SOTTO_E_KEY;
    DEFER(rsa_pkey_freep) EVP_PKEY *pkey = EVP_PKCS82PKEY(info);
    if (pkey == NULL)
        return SOTTO_E_KEY;
    return rsa_key_wrap(&pkey, ret_key);
}

sotto_err rsa_key_read_public(view der, struct rsa_key **ret_key)
{
    if (der.len == 0 || der.len > RSA_DER_MAX)
        return SOTTO_E_KEY;
    const unsigned char *at = der.data;
    DEFER(rsa_pkey_freep) EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)der.len);
    if (pkey == NULL || at != der.data + der.len)
        return SOTTO_E_KEY;
    return rsa_key_wrap(&pkey, ret_key);
}

/* Appends what an i2d function gave and releases it. */
static sotto_err rsa_append(unsigned char *bytes, int len, sotto_err otherwise, sotto_buf *out)
{
    DEFER(rsa_openssl_freep) unsigned char *owned = bytes;
    if (len <= 0)
        return otherwise;
    sotto_err err = buf_append(out, view_of(owned, (size_t)len));
    OPENSSL_cleanse(owned, (size_t)len);
    return err;
}

static bool rsa_key_has_private(const struct rsa_key *key)
{
    DEFER(rsa_context_freep) EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    return x != NULL && EVP_PKEY_private_check(x) == 1;
}

sotto_err rsa_key_write_private(const struct rsa_key *key, sotto_buf *out)
{
    if (!rsa_key_has_private(key))
        return SOTTO_E_KEY;
    DEFER(rsa_info_freep) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
    if (info == NULL)
        return SOTTO_E_CRYPTO;
    unsigned char *der = NULL;
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    return rsa_append(der, len, SOTTO_E_CRYPTO, out);
}

sotto_err rsa_key_write_public(const struct rsa_key *key, sotto_buf *out)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key->pkey, &der);
    return rsa_append(der, len, SOTTO_E_CRYPTO, out);
}

size_t rsa_key_size(const struct rsa_key *key)
{
    return (size_t)EVP_PKEY_get_size(key->pkey);
}

static bool rsa_digest_known(const char *name)
{
    EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
    EVP_MD_free(md);
    return md != NULL;
}

static bool rsa_hash_known(struct rsa_hash hash)
{
    return rsa_digest_known(hash.digest) && rsa_digest_known(hash.mgf);
}

/* The library takes the label over, so it gets a copy; NULL stands for the empty one. */
static bool rsa_oaep_label(EVP_PKEY_CTX *x, view label)
{
    if (label.len == 0)
        return true;
    void *copy = OPENSSL_memdup(label.data, label.len);
    if (copy == NULL)
        return false;
    if (EVP_PKEY_CTX_set0_rsa_oaep_label(x, copy, (int)label.len) > 0)
        return true;
    OPENSSL_free(copy);
    return false;
}

static sotto_err rsa_oaep_setup(EVP_PKEY_CTX *x, struct rsa_hash hash, view label)
{
    if (!rsa_hash_known(hash))
        return SOTTO_E_UNSUPPORTED;
    if (label.len > INT_MAX)
        return SOTTO_E_TOO_LARGE;
    if (EVP_PKEY_CTX_set_rsa_padding(x, RSA_PKCS1_OAEP_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_rsa_oaep_md_name(x, hash.digest, NULL) <= 0 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md_name(x, hash.mgf, NULL) <= 0 || !rsa_oaep_label(x, label))
        return SOTTO_E_CRYPTO;
    return SOTTO_OK;
}

static size_t rsa_oaep_room(const struct rsa_key *key, struct rsa_hash hash)
{
    EVP_MD *md = EVP_MD_fetch(NULL, hash.digest, NULL);
    size_t digest = md != NULL ? (size_t)EVP_MD_get_size(md) : 0;
    EVP_MD_free(md);
    size_t size = rsa_key_size(key), overhead = 2 * digest + 2;
    return size > overhead ? size - overhead : 0;
}

sotto_err rsa_oaep_seal(const struct rsa_key *key, struct rsa_hash hash, view label, view plain,
                        sotto_buf *out)
{
    DEFER(rsa_context_freep) EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (x == NULL)
        return SOTTO_E_NOMEM;
    if (EVP_PKEY_encrypt_init(x) <= 0)
        return SOTTO_E_KEY; /* an RSA-PSS key */
    TRY(rsa_oaep_setup(x, hash, label));
    if (plain.len > rsa_oaep_room(key, hash))
        return SOTTO_E_TOO_LARGE;
    size_t len = rsa_key_size(key);
    uint8_t *place;
    TRY(buf_extend(out, len, &place));
    if (EVP_PKEY_encrypt(x, place, &len, plain.data, plain.len) <= 0) {
        out->len -= rsa_key_size(key);
        return SOTTO_E_CRYPTO;
    }
    return SOTTO_OK;
}

sotto_err rsa_oaep_open(const struct rsa_key *key, struct rsa_hash hash, view label, view sealed,
                        sotto_buf *out)
{
    DEFER(rsa_context_freep) EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (x == NULL)
        return SOTTO_E_NOMEM;
    if (EVP_PKEY_decrypt_init(x) <= 0)
        return SOTTO_E_KEY;
    TRY(rsa_oaep_setup(x, hash, label));
    if (sealed.len != rsa_key_size(key))
        return SOTTO_E_DECRYPT;
    DEFER(buf_clear) sotto_buf work = {0};
    uint8_t *place;
    size_t len = rsa_key_size(key);
    TRY(buf_extend(&work, len, &place));
    if (EVP_PKEY_decrypt(x, place, &len, sealed.data, sealed.len) <= 0)
        return SOTTO_E_DECRYPT;
    return buf_append(out, view_of(place, len));
}

/* `x` belongs to the digest context. */
static sotto_err rsa_pss_setup(EVP_PKEY_CTX *x, struct rsa_hash hash, size_t salt)
{
    if (salt > RSA_BITS_MAX / 8)
        return SOTTO_E_TOO_LARGE;
    if (EVP_PKEY_CTX_set_rsa_padding(x, RSA_PKCS1_PSS_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md_name(x, hash.mgf, NULL) <= 0 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(x, (int)salt) <= 0)
        return SOTTO_E_UNSUPPORTED;
    return SOTTO_OK;
}

sotto_err rsa_pss_sign(const struct rsa_key *key, struct rsa_hash hash, size_t salt, view message,
                       sotto_buf *out)
{
    if (!rsa_hash_known(hash))
        return SOTTO_E_UNSUPPORTED;
    DEFER(rsa_digest_freep) EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *x = NULL;
    if (md == NULL)
        return SOTTO_E_NOMEM;
    if (EVP_DigestSignInit_ex(md, &x, hash.digest, NULL, NULL, key->pkey, NULL) <= 0)
        return SOTTO_E_CRYPTO;
    TRY(rsa_pss_setup(x, hash, salt));
    size_t len = rsa_key_size(key);
    uint8_t *place;
    TRY(buf_extend(out, len, &place));
    if (EVP_DigestSign(md, place, &len, message.data, message.len) <= 0) {
        out->len -= rsa_key_size(key);
        return SOTTO_E_CRYPTO;
    }
    return SOTTO_OK;
}

sotto_err rsa_pss_verify(const struct rsa_key *key, struct rsa_hash hash, size_t salt, view message,
                         view signature)
{
    if (!rsa_hash_known(hash))
        return SOTTO_E_UNSUPPORTED;
    DEFER(rsa_digest_freep) EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *x = NULL;
    if (md == NULL)
        return SOTTO_E_NOMEM;
    if (EVP_DigestVerifyInit_ex(md, &x, hash.digest, NULL, NULL, key->pkey, NULL) <= 0)
        return SOTTO_E_UNSUPPORTED; /* an RSA-PSS key that allows another digest alone */
    TRY(rsa_pss_setup(x, hash, salt));
    bool valid =
        EVP_DigestVerify(md, signature.data, signature.len, message.data, message.len) == 1;
    return valid ? SOTTO_OK : SOTTO_E_SIGNATURE;
}

/* The times are fixed, since nothing here has a clock: from the first year that a certificate can name to "no end"
 * (RFC 5280 4.1.2.5). The serial number is 1: there is one certificate a key. */
static bool rsa_cert_fill(X509 *cert, EVP_PKEY *pkey, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(cert);
    return X509_set_version(cert, X509_VERSION_3) &&
           ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
           ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), "19700101000000Z") &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), "99991231235959Z") &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
                                      -1, 0) &&
           X509_set_issuer_name(cert, subject) && X509_set_pubkey(cert, pkey) &&
           X509_sign(cert, pkey, EVP_sha256()) > 0;
}

sotto_err rsa_cert_write(const struct rsa_key *key, const char *name, sotto_buf *out)
{
    DEFER(rsa_x509_freep) X509 *cert = X509_new();
    if (cert == NULL)
        return SOTTO_E_NOMEM;
    if (!rsa_cert_fill(cert, key->pkey, name))
        return SOTTO_E_CRYPTO;
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    return rsa_append(der, len, SOTTO_E_CRYPTO, out);
}

static bool rsa_cert_key_fits(EVP_PKEY *pkey)
{
    BIGNUM *e = NULL;
    bool fits = EVP_PKEY_is_a(pkey, "RSA") && EVP_PKEY_get_bits(pkey) >= RSA_CERT_BITS_MIN &&
                EVP_PKEY_get_bits(pkey) <= RSA_CERT_BITS_MAX &&
                EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
                BN_is_word(e, RSA_F4);
    BN_free(e);
    return fits;
}

sotto_err rsa_cert_read(view der, struct rsa_key **ret_key)
{
    if (der.len == 0 || der.len > RSA_CERT_MAX)
        return SOTTO_E_CERTIFICATE;
    const unsigned char *at = der.data;
    DEFER(rsa_x509_freep) X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    if (cert == NULL || at != der.data + der.len)
        return SOTTO_E_CERTIFICATE;
    DEFER(rsa_pkey_freep) EVP_PKEY *pkey = X509_get_pubkey(cert);
    if (pkey == NULL || !rsa_cert_key_fits(pkey) || X509_verify(cert, pkey) != 1)
        return SOTTO_E_CERTIFICATE;
    return rsa_key_wrap(&pkey, ret_key);
}
