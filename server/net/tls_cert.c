#include "net/tls_cert.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define BACK_S   (24L * 3600)            /* for clocks that are behind */
#define LIFE_S   (10L * 365 * 24 * 3600) /* nobody looks at it */
#define SAN_TEXT 300

static void bio_freep(BIO **bio)
{
    BIO_free_all(*bio);
}

static void pkey_freep(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void x509_freep(X509 **cert)
{
    X509_free(*cert);
}

static bool extension_add(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool added = e != NULL && X509_add_ext(cert, e, -1) == 1;
    X509_EXTENSION_free(e);
    return added;
}

static bool serial_set(X509 *cert)
{
    uint64_t serial;
    return RAND_bytes((uint8_t *)&serial, sizeof serial) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1 | 1) == 1;
}

static bool cert_fill(X509 *cert, const char *host, EVP_PKEY *key)
{
    char san[SAN_TEXT];
    if (snprintf(san, sizeof san, "DNS:%s", host) >= (int)sizeof san)
        return false;
    X509_NAME *name = X509_get_subject_name(cert);
    return X509_set_version(cert, X509_VERSION_3) == 1 && serial_set(cert) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), -BACK_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(cert), LIFE_S) != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)host, -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(cert, name) == 1 && X509_set_pubkey(cert, key) == 1 &&
           extension_add(cert, NID_subject_alt_name, san) &&
           extension_add(cert, NID_basic_constraints, "critical,CA:FALSE") &&
           extension_add(cert, NID_key_usage, "critical,digitalSignature") &&
           X509_sign(cert, key, EVP_sha256()) > 0;
}

static sotto_err bio_take(BIO *bio, sotto_buf *ret_out)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    return len > 0 ? buf_set(ret_out, view_of(data, (size_t)len)) : SOTTO_E_CRYPTO;
}

sotto_err tls_cert_make(const char *host, sotto_buf *ret_pem)
{
    DEFER(pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    DEFER(x509_freep) X509 *cert = X509_new();
    DEFER(bio_freep) BIO *out = BIO_new(BIO_s_secmem()); /* wiped when it is freed */
    if (key == NULL || cert == NULL || out == NULL)
        return SOTTO_E_NOMEM;
    bool made = cert_fill(cert, host, key) &&
                PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1 &&
                PEM_write_bio_X509(out, cert) == 1;
    ERR_clear_error();
    if (!made)
        return SOTTO_E_CRYPTO;
    return bio_take(out, ret_pem);
}
