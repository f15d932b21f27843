/* The signature in DER (X.690): Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }. r and s are positive and at most as
 * long as the curve's order, so a length needs one byte, or 0x81 and one byte for P-521. */
#include "crypto/ecdsa.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/ct.h"
#include "base/rd.h"
#include "base/wr.h"
#include "crypto/crypto_local.h"
#include "crypto/sign_local.h"

#define DER_SEQUENCE 0x30
#define DER_INTEGER  0x02
#define DER_LONG     0x81 /* the length follows in one byte, and is 128 or more */

static const char *const digest_names[HASH_COUNT] = {
    [HASH_SHA256] = "SHA2-256",
    [HASH_SHA384] = "SHA2-384",
    [HASH_SHA512] = "SHA2-512",
    [HASH_SHA3_256] = "SHA3-256",
};

static void read_tag(struct rd *r, uint8_t tag)
{
    if (rd_u8(r) != tag)
        rd_fail(r, SOTTO_E_VALUE);
}

static size_t read_length(struct rd *r)
{
    uint8_t first = rd_u8(r);
    if (first < 0x80)
        return first;
    uint8_t second = rd_u8(r);
    if (first != DER_LONG || second < 0x80)
        rd_fail(r, SOTTO_E_VALUE);
    return second;
}

/* A positive number in its shortest form, right-aligned into `size` bytes. */
static void read_integer(struct rd *r, uint8_t *out, size_t size)
{
    read_tag(r, DER_INTEGER);
    view number = rd_bytes(r, read_length(r));
    if (!rd_ok(r) || number.len == 0 || number.data[0] >= 0x80) {
        rd_fail(r, SOTTO_E_VALUE);
        return;
    }
    if (number.data[0] == 0) { /* allowed only to keep the number from looking negative */
        number = view_of(number.data + 1, number.len - 1);
        if (number.len == 0 || number.data[0] < 0x80)
            rd_fail(r, SOTTO_E_VALUE);
    }
    if (!rd_ok(r) || number.len > size) {
        rd_fail(r, SOTTO_E_VALUE);
        return;
    }
    memset(out, 0, size - number.len);
    memcpy(out + size - number.len, number.data, number.len);
}

sotto_err ecdsa_rs_from_der(enum ec_id id, view der, sotto_buf *ret_rs)
{
    size_t size = ec_scalar_size(id);
    uint8_t rs[ECDSA_RS_MAX];
    struct rd r = rd_of(der);
    read_tag(&r, DER_SEQUENCE);
    struct rd numbers = rd_of(rd_bytes(&r, read_length(&r)));
    read_integer(&numbers, rs, size);
    read_integer(&numbers, rs + size, size);
    rd_join(&r, &numbers);
    if (rd_end(&r) != SOTTO_OK)
        return SOTTO_E_SIGNATURE;
    return buf_set(ret_rs, view_of(rs, 2 * size));
}

static void write_integer(struct wr *w, view number)
{
    while (number.len > 0 && number.data[0] == 0)
        number = view_of(number.data + 1, number.len - 1);
    if (number.len == 0) {
        wr_fail(w, SOTTO_E_SIGNATURE);
        return;
    }
    bool looks_negative = number.data[0] >= 0x80;
    wr_u8(w, DER_INTEGER);
    wr_u8(w, (uint8_t)(number.len + looks_negative)); /* at most 67 */
    if (looks_negative)
        wr_u8(w, 0);
    wr_bytes(w, number);
}

sotto_err ecdsa_der_from_rs(enum ec_id id, view rs, sotto_buf *ret_der)
{
    size_t size = ec_scalar_size(id);
    if (rs.len != 2 * size)
        return SOTTO_E_SIGNATURE;
    uint8_t content[ECDSA_DER_MAX];
    sotto_buf numbers = BUF_ON(content);
    struct wr w = wr_to(&numbers);
    write_integer(&w, view_of(rs.data, size));
    write_integer(&w, view_of(rs.data + size, size));
    TRY(wr_end(&w));

    uint8_t whole[ECDSA_DER_MAX];
    sotto_buf der = BUF_ON(whole);
    w = wr_to(&der);
    wr_u8(&w, DER_SEQUENCE);
    if (numbers.len >= 0x80)
        wr_u8(&w, DER_LONG);
    wr_u8(&w, (uint8_t)numbers.len); /* at most 138 */
    wr_bytes(&w, buf_view(&numbers));
    TRY(wr_end(&w));
    return buf_set(ret_der, buf_view(&der));
}

/* OpenSSL writes DER as we read it. */
sotto_err ecdsa_sign(const EVP_PKEY *key, enum hash_id hash, view message, sotto_buf *ret_signature)
{
    DEFER(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL)
        return SOTTO_E_NOMEM;
    unsigned deterministic = 1; /* RFC 6979 */
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint(OSSL_SIGNATURE_PARAM_NONCE_TYPE, &deterministic),
        OSSL_PARAM_construct_end(),
    };
    uint8_t signature[ECDSA_DER_MAX];
    size_t len = sizeof signature;
    if (EVP_DigestSignInit_ex(ctx, NULL, digest_names[hash], NULL, NULL, (EVP_PKEY *)(uintptr_t)key,
                              params) != 1 ||
        EVP_DigestSign(ctx, signature, &len, message.data, message.len) != 1)
        return SOTTO_E_CRYPTO;
    CT_PUBLIC(&len, sizeof len); /* a signature is for everybody */
    CT_PUBLIC(signature, len);
    return buf_set(ret_signature, view_of(signature, len));
}

sotto_err ecdsa_verify(sotto_crypto *c, enum ec_id id, enum hash_id hash, view public_key,
                       view message, view signature)
{
    DEFER(pkey_freep) EVP_PKEY *key = NULL;
    TRY(ec_public_import(c, id, public_key, &key));
    uint8_t numbers[ECDSA_RS_MAX];
    sotto_buf rs = BUF_ON(numbers);
    TRY(ecdsa_rs_from_der(id, signature, &rs));
    DEFER(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL)
        return SOTTO_E_NOMEM;
    if (EVP_DigestVerifyInit_ex(ctx, NULL, digest_names[hash], NULL, NULL, key, NULL) != 1)
        return SOTTO_E_CRYPTO;
    return EVP_DigestVerify(ctx, signature.data, signature.len, message.data, message.len) == 1
               ? SOTTO_OK
               : SOTTO_E_SIGNATURE;
}

/* The family: each curve with the hash of its strength (RFC 8446 4.2.3). */

struct ecdsa_pair {
    enum ec_id curve;
    enum hash_id hash;
};

static struct ecdsa_pair pair_of(enum sign_id id)
{
    if (id == SIGN_ECDSA_P256)
        return (struct ecdsa_pair){EC_P256, HASH_SHA256};
    if (id == SIGN_ECDSA_P384)
        return (struct ecdsa_pair){EC_P384, HASH_SHA384};
    return (struct ecdsa_pair){EC_P521, HASH_SHA512};
}

static sotto_err private_from_seed(sotto_crypto *c, enum sign_id id, view seed,
                                   struct secret *ret_private)
{
    return ec_scalar_from_seed(c, pair_of(id).curve, seed, ret_private);
}

static sotto_err import(sotto_crypto *c, view private_key, sotto_sign_key *key)
{
    enum ec_id curve = pair_of(key->id).curve;
    key->public_len = ec_point_size(curve);
    return ec_private_import(c, curve, private_key, &key->private_key, key->public_key, &key->pkey);
}

static sotto_err family_sign(sotto_crypto *c, const sotto_sign_key *key, view message,
                             sotto_buf *ret_signature)
{
    (void)c;
    return ecdsa_sign(key->pkey, pair_of(key->id).hash, message, ret_signature);
}

static sotto_err family_verify(sotto_crypto *c, enum sign_id id, view public_key, view message,
                               view signature)
{
    struct ecdsa_pair pair = pair_of(id);
    return ecdsa_verify(c, pair.curve, pair.hash, public_key, message, signature);
}

static sotto_err public_check(sotto_crypto *c, enum sign_id id, view public_key)
{
    DEFER(pkey_freep) EVP_PKEY *key = NULL;
    return ec_public_import(c, pair_of(id).curve, public_key, &key);
}

const struct sign_family sign_ecdsa = {
    .private_from_seed = private_from_seed,
    .import = import,
    .sign = family_sign,
    .verify = family_verify,
    .public_check = public_check,
};
