#include "crypto/x509_key.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "crypto/sign.h"

/* subjectPublicKeyInfo (RFC 5280 4.1.2.7): Edwards curves are algorithms without parameters (RFC 8410), the others are parameters
 * of one algorithm (RFC 5480). */
static const struct kind {
    enum sign_id id;
    int algorithm, curve; /* numbers of OpenSSL's; 0: no parameters */
    size_t len;           /* bytes */
} kinds[] = {
    {SIGN_ED25519, NID_ED25519, 0, 32},
    {SIGN_ED448, NID_ED448, 0, 57},
    {SIGN_ECDSA_P256, NID_X9_62_id_ecPublicKey, NID_X9_62_prime256v1, 65},
    {SIGN_ECDSA_P384, NID_X9_62_id_ecPublicKey, NID_secp384r1, 97},
    {SIGN_ECDSA_P521, NID_X9_62_id_ecPublicKey, NID_secp521r1, 133},
};

static void cert_freep(X509 **cert)
{
    X509_free(*cert);
}

static bool parameters_are(const X509_ALGOR *algorithm, int curve)
{
    int type = V_ASN1_UNDEF;
    const void *value = NULL;
    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (curve == 0)
        return type == V_ASN1_UNDEF;
    return type == V_ASN1_OBJECT && OBJ_obj2nid(value) == curve;
}

static bool key_is(const struct kind *kind, const X509_ALGOR *algorithm, view key)
{
    const ASN1_OBJECT *name = NULL;
    X509_ALGOR_get0(&name, NULL, NULL, algorithm);
    return OBJ_obj2nid(name) == kind->algorithm && parameters_are(algorithm, kind->curve) &&
           key.len == kind->len && (kind->curve == 0 || key.data[0] == 4);
}

/* The bit string as it stands in the certificate: no key is made from it. */
static sotto_err key_take(const X509 *cert, enum sign_id id, sotto_buf *ret_key)
{
    const uint8_t *data = NULL;
    int len = 0;
    X509_ALGOR *algorithm = NULL;
    const X509_PUBKEY *key = X509_get_X509_PUBKEY(cert);
    if (key == NULL || X509_PUBKEY_get0_param(NULL, &data, &len, &algorithm, key) != 1 || len < 0)
        return SOTTO_E_CERTIFICATE;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i].id == id && key_is(&kinds[i], algorithm, view_of(data, (size_t)len)))
            return buf_set(ret_key, view_of(data, (size_t)len));
    return SOTTO_E_CERTIFICATE;
}

static sotto_err cert_key(view der, enum sign_id id, sotto_buf *ret_key)
{
    const uint8_t *at = der.data;
    DEFER(cert_freep) X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    if (cert == NULL && ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
        return SOTTO_E_NOMEM;
    if (cert == NULL || at != der.data + der.len)
        return SOTTO_E_CERTIFICATE;
    return key_take(cert, id, ret_key);
}

/* Leaves OpenSSL's error queue as it was: a refusal here is no news for the next TLS call on this thread. */
sotto_err x509_public_key(view der, enum sign_id id, sotto_buf *ret_key)
{
    if (der.len == 0 || der.len > X509_KEY_DER_MAX)
        return SOTTO_E_CERTIFICATE;
    ERR_set_mark();
    sotto_err err = cert_key(der, id, ret_key);
    ERR_pop_to_mark();
    return err;
}
