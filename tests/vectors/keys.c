#include "keys.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/text.h"

static const struct curve {
    enum dh_id id;
    const char *wycheproof;
    const char *jwk;  /* "crv" (RFC 7518 6.2.1.1, RFC 8037 2) */
    const char *type; /* "kty" */
    int nid;
} curves[] = {
    {DH_X25519, "curve25519", "X25519", "OKP", NID_X25519},
    {DH_X448, "curve448", "X448", "OKP", NID_X448},
    {DH_P256, "secp256r1", "P-256", "EC", NID_X9_62_prime256v1},
    {DH_P384, "secp384r1", "P-384", "EC", NID_secp384r1},
    {DH_P521, "secp521r1", "P-521", "EC", NID_secp521r1},
};

static const struct curve *curve_get(enum dh_id id)
{
    size_t i = 0;
    while (curves[i].id != id)
        i++;
    return &curves[i];
}

static bool is_montgomery(enum dh_id id)
{
    return id == DH_X25519 || id == DH_X448;
}

bool curve_find(const char *name, enum dh_id *ret_id)
{
    for (size_t i = 0; i < COUNT_OF(curves); i++) {
        if (strcmp(name, curves[i].wycheproof) == 0 || strcmp(name, curves[i].jwk) == 0) {
            *ret_id = curves[i].id;
            return true;
        }
    }
    return false;
}

static view kept(struct vectors *v, const uint8_t *data, size_t len)
{
    uint8_t *copy = case_memory(v, len);
    if (len > 0)
        memcpy(copy, data, len);
    return view_of(copy, len);
}

static void pubkey_freep(X509_PUBKEY **key)
{
    X509_PUBKEY_free(*key);
}

static void p8_freep(PKCS8_PRIV_KEY_INFO **key)
{
    PKCS8_PRIV_KEY_INFO_free(*key);
}

static void pkey_freep(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void bignum_freep(BIGNUM **number)
{
    BN_clear_free(*number);
}

static void openssl_freep(uint8_t **memory)
{
    OPENSSL_free(*memory);
}

/* The reader takes BER; what it writes is DER, so only DER comes back unchanged. */
static bool pubkey_is_der(const X509_PUBKEY *key, view der)
{
    DEFER(openssl_freep) uint8_t *again = NULL;
    int len = i2d_X509_PUBKEY(key, &again);
    return len > 0 && view_equal(view_of(again, (size_t)len), der);
}

/* id-ecPublicKey with the curve as a named parameter (RFC 5480 2.1.1), or the curve itself without any (RFC 8410 3). */
static bool algorithm_is(const X509_ALGOR *algorithm, enum dh_id id)
{
    const ASN1_OBJECT *name;
    const void *parameter;
    int kind;
    X509_ALGOR_get0(&name, &kind, &parameter, algorithm);
    if (is_montgomery(id))
        return OBJ_obj2nid(name) == curve_get(id)->nid && kind == V_ASN1_UNDEF;
    return OBJ_obj2nid(name) == NID_X9_62_id_ecPublicKey && kind == V_ASN1_OBJECT &&
           OBJ_obj2nid(parameter) == curve_get(id)->nid;
}

static bool public_from_der(struct vectors *v, enum dh_id id, view der, view *ret_raw)
{
    const uint8_t *at = der.data;
    DEFER(pubkey_freep) X509_PUBKEY *key = d2i_X509_PUBKEY(NULL, &at, (long)der.len);
    ERR_clear_error();
    if (key == NULL || !pubkey_is_der(key, der))
        return false;
    const uint8_t *bytes;
    int len;
    X509_ALGOR *algorithm;
    if (X509_PUBKEY_get0_param(NULL, &bytes, &len, &algorithm, key) != 1 ||
        !algorithm_is(algorithm, id))
        return false;
    *ret_raw = kept(v, bytes, (size_t)len);
    return true;
}

static bool scalar_of(struct vectors *v, const EVP_PKEY *key, enum dh_id id, view *ret_raw)
{
    DEFER(bignum_freep) BIGNUM *number = NULL;
    int len = (int)dh_private_size(id);
    uint8_t *bytes = case_memory(v, (size_t)len);
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1 ||
        BN_bn2binpad(number, bytes, len) != len)
        return false;
    *ret_raw = view_of(bytes, (size_t)len);
    return true;
}

static bool private_of(struct vectors *v, const EVP_PKEY *key, enum dh_id id, view *ret_raw)
{
    size_t len = dh_private_size(id);
    uint8_t *bytes = case_memory(v, len);
    if (!is_montgomery(id))
        return EVP_PKEY_is_a(key, "EC") && scalar_of(v, key, id, ret_raw);
    if (!EVP_PKEY_is_a(key, curve_get(id)->jwk) ||
        EVP_PKEY_get_raw_private_key(key, bytes, &len) != 1)
        return false;
    *ret_raw = view_of(bytes, len);
    return true;
}

static bool private_from_der(struct vectors *v, enum dh_id id, view der, view *ret_raw)
{
    const uint8_t *at = der.data;
    DEFER(p8_freep) PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);
    if (info == NULL || at != der.data + der.len)
        return false;
    DEFER(pkey_freep) EVP_PKEY *key = EVP_PKCS82PKEY(info);
    ERR_clear_error();
    return key != NULL && private_of(v, key, id, ret_raw);
}

/* One block of the wanted name, without headers (RFC 7468 2). */
static bool pem_read(struct vectors *v, const json_t *value, const char *wanted, view *ret_der)
{
    if (!json_is_string(value))
        return false;
    BIO *in = BIO_new_mem_buf(json_string_value(value), (int)json_string_length(value));
    char *name = NULL, *header = NULL;
    uint8_t *data = NULL;
    long len = 0;
    bool ok = in != NULL && PEM_read_bio(in, &name, &header, &data, &len) == 1 &&
              strcmp(name, wanted) == 0 && header[0] == '\0';
    if (ok)
        *ret_der = kept(v, data, (size_t)len);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    BIO_free(in);
    ERR_clear_error();
    return ok;
}

static bool jwk_number(struct vectors *v, const json_t *jwk, const char *key, size_t len,
                       view *ret_bytes)
{
    const json_t *value = json_object_get(jwk, key);
    if (!json_is_string(value))
        return false;
    view text = view_of(json_string_value(value), json_string_length(value));
    sotto_buf bytes = {.data = case_memory(v, text.len), .cap = text.len, .fixed = true};
    if (base64url_read(text, &bytes) != SOTTO_OK)
        return false;
    v->malformed = bytes.len != len;
    *ret_bytes = buf_view(&bytes);
    return bytes.len == len;
}

static bool jwk_is(const json_t *jwk, enum dh_id id)
{
    return strcmp(text_or_empty(jwk, "kty"), curve_get(id)->type) == 0 &&
           strcmp(text_or_empty(jwk, "crv"), curve_get(id)->jwk) == 0;
}

static bool public_from_jwk(struct vectors *v, enum dh_id id, const json_t *jwk, view *ret_raw)
{
    size_t len = dh_private_size(id); /* a coordinate has the scalar's length on these curves */
    view x, y;
    if (!jwk_is(jwk, id) || !jwk_number(v, jwk, "x", len, &x))
        return false;
    if (is_montgomery(id)) {
        *ret_raw = x;
        return true;
    }
    if (!jwk_number(v, jwk, "y", len, &y))
        return false;
    uint8_t *point = case_memory(v, 1 + 2 * len);
    point[0] = 4;
    memcpy(point + 1, x.data, len);
    memcpy(point + 1 + len, y.data, len);
    *ret_raw = view_of(point, 1 + 2 * len);
    return true;
}

bool key_public(struct vectors *v, enum dh_id id, enum encoding encoding, const json_t *value,
                view *ret_raw)
{
    view der;
    switch (encoding) {
    case ENCODING_RAW:
        return hex_bytes(v, value, ret_raw);
    case ENCODING_ASN1:
        return hex_bytes(v, value, &der) && public_from_der(v, id, der, ret_raw);
    case ENCODING_PEM:
        return pem_read(v, value, "PUBLIC KEY", &der) && public_from_der(v, id, der, ret_raw);
    case ENCODING_JWK:
        return public_from_jwk(v, id, value, ret_raw);
    }
    return false;
}

/* A scalar as a hexadecimal integer may have zero bytes in front of it. */
static view scalar_trimmed(view number, size_t len)
{
    while (number.len > len && number.data[0] == 0)
        number = view_of(number.data + 1, number.len - 1);
    return number;
}

bool key_private(struct vectors *v, enum dh_id id, enum encoding encoding, const json_t *value,
                 view *ret_raw)
{
    view bytes;
    switch (encoding) {
    case ENCODING_RAW:
        if (!hex_bytes(v, value, &bytes))
            return false;
        *ret_raw = is_montgomery(id) ? bytes : scalar_trimmed(bytes, dh_private_size(id));
        return true;
    case ENCODING_ASN1:
        return hex_bytes(v, value, &bytes) && private_from_der(v, id, bytes, ret_raw);
    case ENCODING_PEM:
        return pem_read(v, value, "PRIVATE KEY", &bytes) && private_from_der(v, id, bytes, ret_raw);
    case ENCODING_JWK:
        return jwk_is(value, id) && jwk_number(v, value, "d", dh_private_size(id), ret_raw);
    }
    return false;
}
