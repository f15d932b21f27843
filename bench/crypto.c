/* Each primitive through our layer, and the same by the library alone: own keys, fetched algorithms and contexts prepared
 * beforehand; what comes from a peer as bytes (a public key) is parsed on both sides, since nobody can prepare that.
 * The floor of an HKDF-Expand is its four SHA-256 compressions: two digests of prepared blocks on a reused context.
 * Curve25519 is timed on every back-end of the build, the one in use first. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_LIB25519
#include <lib25519.h>
#endif

#include "bench.h"

#include "crypto/aead.h"
#include "crypto/dh.h"
#include "crypto/hkdf.h"
#include "crypto/hpke.h"
#include "crypto/mlkem.h"
#include "crypto/rng.h"
#include "crypto/sign.h"

#define TEXT_MAX    16384
#define MESSAGE_LEN 200 /* bytes that are signed: about what an MLS message has to sign */

/* All that the operations touch, prepared; the bare ones read the same inputs. */
static struct {
    sotto_crypto *c;
    const char *section;
    size_t n; /* bytes of text */
    uint8_t text[TEXT_MAX], out[TEXT_MAX + AEAD_TAG], sealed[TEXT_MAX + AEAD_TAG];

    enum aead_id aead;
    EVP_CIPHER_CTX *seal_ctx, *open_ctx;
    struct secret key, result;
    uint8_t nonce[AEAD_NONCE], aad[32];

    EVP_MD_CTX *md_ctx;
    uint8_t inner[64 + 48 + 1], outer[64 + 32];
    struct rng rng;

    enum dh_id dh_id;
    struct dh_key *dh_key, *dh_peer;
    EVP_PKEY_CTX *derive_ctx;

    enum sign_id sign_id;
    sotto_sign_key *sign_key;
    sotto_buf signature;
    EVP_PKEY *pkey;
    EVP_MD_CTX *sign_ctx;
    uint8_t raw_secret[64]; /* seed || public key, or a scalar */
    uint8_t raw_public[32], raw_peer[32];

    struct mlkem_key *mlkem;
    EVP_PKEY_CTX *decap_ctx;
    uint8_t ciphertext[MLKEM_CIPHERTEXT_MAX];

    struct hpke_info hpke_info;
    struct kem_key *kem_key;
    uint8_t enc[KEM_ENC_MAX], kem_seed[64];
} s;

/* One row of the section at hand, for s.n bytes. */
static bool timed(struct bench *b, const char *op, const char *unit, bench_op *ours, bench_op *bare,
                  void *context)
{
    struct bench_case t = {
        .section = s.section, .op = op, .n = s.n, .unit = unit, .ours = ours, .bare = bare};
    return bench_time(b, &t, context);
}

static view text(void)
{
    return view_of(s.text, s.n);
}

/* AEAD: a new key and nonce each time, which is what MLS and the rooms do. */

static bool seal_ours(void *x)
{
    (void)x;
    return aead_seal(s.c, s.aead, &s.key, s.nonce, VIEW_OF(s.aad), text(), s.out) == SOTTO_OK;
}

static bool seal_bare(void *x)
{
    (void)x;
    int len = 0;
    return EVP_EncryptInit_ex2(s.seal_ctx, NULL, s.key.data, s.nonce, NULL) == 1 &&
           EVP_EncryptUpdate(s.seal_ctx, NULL, &len, s.aad, sizeof s.aad) == 1 &&
           EVP_EncryptUpdate(s.seal_ctx, s.out, &len, s.text, (int)s.n) == 1 &&
           EVP_EncryptFinal_ex(s.seal_ctx, s.out + s.n, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(s.seal_ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG, s.out + s.n) == 1;
}

static bool open_ours(void *x)
{
    (void)x;
    return aead_open(s.c, s.aead, &s.key, s.nonce, VIEW_OF(s.aad),
                     view_of(s.sealed, s.n + AEAD_TAG), s.out) == SOTTO_OK;
}

static bool open_bare(void *x)
{
    (void)x;
    int len = 0;
    return EVP_DecryptInit_ex2(s.open_ctx, NULL, s.key.data, s.nonce, NULL) == 1 &&
           EVP_CIPHER_CTX_ctrl(s.open_ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG, s.sealed + s.n) == 1 &&
           EVP_DecryptUpdate(s.open_ctx, NULL, &len, s.aad, sizeof s.aad) == 1 &&
           EVP_DecryptUpdate(s.open_ctx, s.out, &len, s.sealed, (int)s.n) == 1 &&
           EVP_DecryptFinal_ex(s.open_ctx, s.out + s.n, &len) == 1;
}

static bool bench_aead(struct bench *b, enum aead_id id, const char *cipher, const char *seal_name,
                       const char *open_name)
{
    static const size_t sizes[] = {64, 1024, 16384};
    EVP_CIPHER *fetched = EVP_CIPHER_fetch(NULL, cipher, NULL);
    s.aead = id;
    s.seal_ctx = EVP_CIPHER_CTX_new();
    s.open_ctx = EVP_CIPHER_CTX_new();
    secret_resize(&s.key, aead_key_size(id));
    bool ok = EVP_EncryptInit_ex2(s.seal_ctx, fetched, NULL, NULL, NULL) == 1 &&
              EVP_DecryptInit_ex2(s.open_ctx, fetched, NULL, NULL, NULL) == 1;
    for (size_t i = 0; ok && i < COUNT_OF(sizes); i++) {
        s.n = sizes[i];
        ok = aead_seal(s.c, id, &s.key, s.nonce, VIEW_OF(s.aad), text(), s.sealed) == SOTTO_OK &&
             timed(b, seal_name, "ns", seal_ours, seal_bare, NULL) &&
             timed(b, open_name, "ns", open_ours, open_bare, NULL);
    }
    EVP_CIPHER_CTX_free(s.seal_ctx);
    EVP_CIPHER_CTX_free(s.open_ctx);
    EVP_CIPHER_free(fetched);
    return ok;
}

/* Hashes and what is made of them. */

static bool digest_bare(const uint8_t *in, size_t len, uint8_t *out)
{
    return EVP_DigestInit_ex2(s.md_ctx, NULL, NULL) == 1 &&
           EVP_DigestUpdate(s.md_ctx, in, len) == 1 && EVP_DigestFinal_ex(s.md_ctx, out, NULL) == 1;
}

static bool hash_ours(void *x)
{
    (void)x;
    return hash(s.c, HASH_SHA256, text(), s.out) == SOTTO_OK;
}

static bool hash_bare(void *x)
{
    (void)x;
    return digest_bare(s.text, s.n, s.out);
}

/* The two digests of an HMAC over `n` bytes, with the blocks made beforehand. */
static bool hmac_bare(void *x)
{
    (void)x;
    return digest_bare(s.inner, 64 + s.n, s.out) && digest_bare(s.outer, sizeof s.outer, s.out);
}

static bool hmac_ours(void *x)
{
    (void)x;
    view in = text();
    return hmac(s.c, HASH_SHA256, secret_view(&s.key), &in, 1, s.out) == SOTTO_OK;
}

static bool extract_ours(void *x)
{
    (void)x;
    return hkdf_extract(s.c, KDF_SHA256, secret_view(&s.key), text(), &s.result) == SOTTO_OK;
}

static bool expand_ours(void *x)
{
    (void)x;
    return hkdf_expand(s.c, KDF_SHA256, &s.key, text(), 32, &s.result) == SOTTO_OK;
}

static bool expand_bare(void *x)
{
    (void)x;
    return digest_bare(s.inner, sizeof s.inner, s.out) &&
           digest_bare(s.outer, sizeof s.outer, s.out);
}

static bool rng_ours(void *x)
{
    (void)x;
    rng_bytes(&s.rng, s.out, s.n);
    return true;
}

static bool rng_bare(void *x)
{
    (void)x;
    return crypto_stream_chacha20_ietf(s.out, 64 + s.n, s.nonce, s.rng.key) == 0;
}

static bool bench_hashes(struct bench *b)
{
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    s.md_ctx = EVP_MD_CTX_new();
    secret_resize(&s.key, 32);
    bool ok = EVP_DigestInit_ex2(s.md_ctx, md, NULL) == 1;
    s.n = 64;
    ok = ok && timed(b, "sha256", "ns", hash_ours, hash_bare, NULL);
    s.n = 1024;
    ok = ok && timed(b, "sha256", "ns", hash_ours, hash_bare, NULL);
    s.n = 48;
    ok = ok && timed(b, "hmac-sha256", "ns", hmac_ours, hmac_bare, NULL) &&
         timed(b, "hkdf-sha256-extract", "ns", extract_ours, hmac_bare, NULL) &&
         timed(b, "hkdf-sha256-expand", "ns", expand_ours, expand_bare, NULL);
    EVP_MD_CTX_free(s.md_ctx);
    EVP_MD_free(md);
    return ok;
}

/* Curve25519: what stands bare differs by back-end. */

static bool public_ours(void *x)
{
    (void)x;
    struct dh_key *key = NULL;
    bool ok = dh_key_import(s.c, s.dh_id, &s.key, &key) == SOTTO_OK;
    dh_key_free(key);
    return ok;
}

static bool dh_ours(void *x)
{
    (void)x;
    return dh(s.c, s.dh_key, dh_key_public(s.dh_peer), &s.result) == SOTTO_OK;
}

static bool sign_ours(void *x)
{
    (void)x;
    return sign(s.c, s.sign_key, text(), &s.signature) == SOTTO_OK;
}

static bool verify_ours(void *x)
{
    (void)x;
    return verify(s.c, s.sign_id, sign_key_public(s.sign_key), text(), buf_view(&s.signature)) ==
           SOTTO_OK;
}

#ifdef HAVE_LIB25519
static bool public_lib25519(void *x)
{
    (void)x;
    lib25519_nG_montgomery25519(s.out, s.raw_secret);
    return true;
}

static bool dh_lib25519(void *x)
{
    (void)x;
    lib25519_dh_x25519(s.out, s.raw_peer, s.raw_secret);
    return true;
}

static bool sign_lib25519(void *x)
{
    (void)x;
    long long len = 0;
    lib25519_sign_ed25519(s.out, &len, s.text, (long long)s.n, s.raw_secret);
    return true;
}

static bool verify_lib25519(void *x)
{
    (void)x;
    long long len = 0;
    return lib25519_sign_ed25519_open(s.out, &len, s.sealed, (long long)s.n + 64, s.raw_public) ==
           0;
}
#endif

static bool public_sodium(void *x)
{
    (void)x;
    return crypto_scalarmult_curve25519_base(s.out, s.raw_secret) == 0;
}

static bool dh_sodium(void *x)
{
    (void)x;
    return crypto_scalarmult_curve25519(s.out, s.raw_secret, s.raw_peer) == 0;
}

static bool sign_sodium(void *x)
{
    (void)x;
    return crypto_sign_ed25519_detached(s.out, NULL, s.text, s.n, s.raw_secret) == 0;
}

static bool verify_sodium(void *x)
{
    (void)x;
    return crypto_sign_ed25519_verify_detached(s.sealed, s.text, s.n, s.raw_public) == 0;
}

static bool public_openssl(void *x)
{
    (void)x;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, s.raw_secret, 32);
    size_t len = 32;
    bool ok = key != NULL && EVP_PKEY_get_raw_public_key(key, s.out, &len) == 1;
    EVP_PKEY_free(key);
    return ok;
}

static bool derive_bare(EVP_PKEY *peer)
{
    size_t len = SECRET_MAX;
    bool ok = peer != NULL && EVP_PKEY_derive_set_peer_ex(s.derive_ctx, peer, 0) == 1 &&
              EVP_PKEY_derive(s.derive_ctx, s.out, &len) == 1;
    EVP_PKEY_free(peer);
    return ok;
}

static bool dh_openssl(void *x)
{
    (void)x;
    return derive_bare(EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, s.raw_peer, 32));
}

/* For every key that OpenSSL holds. */
static bool sign_openssl(void *x)
{
    const char *digest = x;
    unsigned deterministic = 1;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint(OSSL_SIGNATURE_PARAM_NONCE_TYPE, &deterministic),
        OSSL_PARAM_construct_end(),
    };
    size_t len = SIGNATURE_MAX;
    return EVP_DigestSignInit_ex(s.sign_ctx, NULL, digest, NULL, NULL, s.pkey,
                                 digest != NULL ? params : NULL) == 1 &&
           EVP_DigestSign(s.sign_ctx, s.out, &len, s.text, s.n) == 1;
}

static bool verify_pkey(EVP_PKEY *key, const char *digest)
{
    EVP_MD_CTX_reset(s.sign_ctx); /* or it keeps the key it had */
    bool ok = key != NULL &&
              EVP_DigestVerifyInit_ex(s.sign_ctx, NULL, digest, NULL, NULL, key, NULL) == 1 &&
              EVP_DigestVerify(s.sign_ctx, s.signature.data, s.signature.len, s.text, s.n) == 1;
    EVP_PKEY_free(key);
    return ok;
}

static bool verify_openssl(void *x)
{
    (void)x;
    return verify_pkey(EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, s.raw_public, 32),
                       NULL);
}

static const struct {
    enum curve_backend id;
    bench_op *x25519_public, *x25519, *sign, *verify;
} backends[] = {
#ifdef HAVE_LIB25519
    {CURVE_LIB25519, public_lib25519, dh_lib25519, sign_lib25519, verify_lib25519},
#endif
    {CURVE_SODIUM, public_sodium, dh_sodium, sign_sodium, verify_sodium},
    {CURVE_OPENSSL, public_openssl, dh_openssl, sign_openssl, verify_openssl},
};

static bool prepare_x25519(void)
{
    s.dh_id = DH_X25519;
    secret_resize(&s.key, 32);
    s.key.data[0] = 0x48;
    if (dh_key_import(s.c, DH_X25519, &s.key, &s.dh_peer) != SOTTO_OK)
        return false;
    s.key.data[0] = 0x50;
    if (dh_key_import(s.c, DH_X25519, &s.key, &s.dh_key) != SOTTO_OK)
        return false;
    memcpy(s.raw_secret, s.key.data, 32);
    memcpy(s.raw_peer, dh_key_public(s.dh_peer).data, 32);
    s.pkey = EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, s.raw_secret, 32);
    s.derive_ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s.pkey, NULL);
    return EVP_PKEY_derive_init(s.derive_ctx) == 1;
}

/* Seed and public key one behind the other, as both libraries with a raw interface want them; and signature and message. */
static bool prepare_ed25519(void)
{
    s.sign_id = SIGN_ED25519;
    s.n = MESSAGE_LEN;
    if (sign_key_derive(s.c, s.sign_id, secret_view(&s.key), &s.sign_key) != SOTTO_OK ||
        sign(s.c, s.sign_key, text(), &s.signature) != SOTTO_OK)
        return false;
    memcpy(s.raw_public, sign_key_public(s.sign_key).data, 32);
    memcpy(s.raw_secret, s.key.data, 32);
    memcpy(s.raw_secret + 32, s.raw_public, 32);
    memcpy(s.sealed, s.signature.data, 64);
    memcpy(s.sealed + 64, s.text, s.n);
    s.pkey = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, s.raw_secret, 32);
    s.sign_ctx = EVP_MD_CTX_new();
    return s.pkey != NULL && s.sign_ctx != NULL;
}

static void drop_keys(void)
{
    dh_key_free(s.dh_key);
    dh_key_free(s.dh_peer);
    sign_key_free(s.sign_key);
    EVP_PKEY_free(s.pkey);
    EVP_PKEY_CTX_free(s.derive_ctx);
    EVP_MD_CTX_free(s.sign_ctx);
    s.dh_key = s.dh_peer = NULL;
    s.sign_key = NULL;
    s.pkey = NULL;
    s.derive_ctx = NULL;
    s.sign_ctx = NULL;
}

static bool bench_25519(struct bench *b, size_t i)
{
    static char section[64];
    b->backend = curve_backend_name(backends[i].id);
    b->section = NULL;
    snprintf(section, sizeof section, "Curve25519 by %s%s", b->backend,
             backends[i].id == curve_backend_default() ? " (in use)" : "");
    s.section = section;
    s.n = 32;
    bool ok = crypto_use_curve(s.c, backends[i].id) == SOTTO_OK && prepare_x25519() &&
              timed(b, "x25519-public", "us", public_ours, backends[i].x25519_public, NULL) &&
              timed(b, "x25519", "us", dh_ours, backends[i].x25519, NULL);
    drop_keys();
    ok = ok && prepare_ed25519() &&
         timed(b, "ed25519-sign", "us", sign_ours, backends[i].sign, NULL) &&
         timed(b, "ed25519-verify", "us", verify_ours, backends[i].verify, NULL);
    drop_keys();
    return ok;
}

/* The other curves. */

static const struct {
    enum dh_id id;
    const char *op, *type, *group;
} agreements[] = {
    {DH_X448, "x448", "X448", NULL},
    {DH_P256, "ecdh-p256", "EC", "P-256"},
    {DH_P384, "ecdh-p384", "EC", "P-384"},
    {DH_P521, "ecdh-p521", "EC", "P-521"},
};

/* A public key of any kind from its bytes, by the cheapest way that OpenSSL has. */
static EVP_PKEY *pkey_public(EVP_PKEY_CTX *ctx, const char *group, view bytes)
{
    OSSL_PARAM params[3] = {OSSL_PARAM_construct_octet_string(
                                OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)bytes.data, bytes.len),
                            OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
    if (group != NULL)
        params[1] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                     (char *)(uintptr_t)group, 0);
    EVP_PKEY *key = NULL;
    return EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1 ? key : NULL;
}

/* A private key of a curve that OpenSSL holds: it makes one of its own, whose value does not matter here. */
static EVP_PKEY *pkey_new(const char *type, const char *group)
{
    return group != NULL ? EVP_PKEY_Q_keygen(NULL, NULL, type, group)
                         : EVP_PKEY_Q_keygen(NULL, NULL, type);
}

struct import {
    EVP_PKEY_CTX *ctx;
    const char *group, *digest;
};

static bool derive_openssl(void *x)
{
    const struct import *import = x;
    return derive_bare(pkey_public(import->ctx, import->group, dh_key_public(s.dh_peer)));
}

static bool verify_any_openssl(void *x)
{
    const struct import *import = x;
    return verify_pkey(pkey_public(import->ctx, import->group, sign_key_public(s.sign_key)),
                       import->digest);
}

static bool sign_any_openssl(void *x)
{
    const struct import *import = x;
    return sign_openssl((void *)(uintptr_t)import->digest);
}

static bool bench_agreement(struct bench *b, size_t i)
{
    struct import import = {EVP_PKEY_CTX_new_from_name(NULL, agreements[i].type, NULL),
                            agreements[i].group, NULL};
    s.dh_id = agreements[i].id;
    s.n = dh_public_size(s.dh_id);
    secret_resize(&s.key, dh_private_size(s.dh_id));
    memset(s.key.data + 1, 0x51, s.key.len - 1U);
    s.pkey = pkey_new(agreements[i].type, agreements[i].group);
    s.derive_ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s.pkey, NULL);
    bool ok = EVP_PKEY_fromdata_init(import.ctx) == 1 && EVP_PKEY_derive_init(s.derive_ctx) == 1 &&
              dh_key_import(s.c, s.dh_id, &s.key, &s.dh_key) == SOTTO_OK &&
              dh_key_import(s.c, s.dh_id, &s.key, &s.dh_peer) == SOTTO_OK &&
              timed(b, agreements[i].op, "us", dh_ours, derive_openssl, &import);
    drop_keys();
    EVP_PKEY_CTX_free(import.ctx);
    return ok;
}

static const struct {
    enum sign_id id;
    const char *sign, *verify, *type, *group, *digest;
} signatures[] = {
    {SIGN_ED448, "ed448-sign", "ed448-verify", "ED448", NULL, NULL},
    {SIGN_ECDSA_P256, "ecdsa-p256-sign", "ecdsa-p256-verify", "EC", "P-256", "SHA2-256"},
    {SIGN_ECDSA_P384, "ecdsa-p384-sign", "ecdsa-p384-verify", "EC", "P-384", "SHA2-384"},
    {SIGN_ECDSA_P521, "ecdsa-p521-sign", "ecdsa-p521-verify", "EC", "P-521", "SHA2-512"},
};

static bool bench_signature(struct bench *b, size_t i)
{
    struct import import = {EVP_PKEY_CTX_new_from_name(NULL, signatures[i].type, NULL),
                            signatures[i].group, signatures[i].digest};
    s.sign_id = signatures[i].id;
    s.n = MESSAGE_LEN;
    s.pkey = pkey_new(signatures[i].type, signatures[i].group);
    s.sign_ctx = EVP_MD_CTX_new();
    bool ok = EVP_PKEY_fromdata_init(import.ctx) == 1 && s.pkey != NULL &&
              sign_key_derive(s.c, s.sign_id, view_of(s.text, sign_seed_size(s.sign_id)),
                              &s.sign_key) == SOTTO_OK &&
              timed(b, signatures[i].sign, "us", sign_ours, sign_any_openssl, &import) &&
              timed(b, signatures[i].verify, "us", verify_ours, verify_any_openssl, &import);
    drop_keys();
    EVP_PKEY_CTX_free(import.ctx);
    return ok;
}

/* ML-KEM and HPKE. */

static bool encap_ours(void *x)
{
    (void)x;
    return mlkem_encap(s.c, MLKEM_768, mlkem_key_public(s.mlkem), s.kem_seed, s.ciphertext,
                       &s.result) == SOTTO_OK;
}

static bool encap_bare(void *x)
{
    const struct import *import = x;
    EVP_PKEY *peer = pkey_public(import->ctx, NULL, mlkem_key_public(s.mlkem));
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, peer, NULL);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KEM_PARAM_IKME, s.kem_seed, MLKEM_ENTROPY),
        OSSL_PARAM_construct_end(),
    };
    size_t len = sizeof s.ciphertext;
    size_t shared_len = MLKEM_SHARED;
    bool ok = EVP_PKEY_encapsulate_init(ctx, params) == 1 &&
              EVP_PKEY_encapsulate(ctx, s.ciphertext, &len, s.out, &shared_len) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    return ok;
}

static bool decap_ours(void *x)
{
    (void)x;
    return mlkem_decap(s.c, s.mlkem, view_of(s.ciphertext, mlkem_ciphertext_size(MLKEM_768)),
                       &s.result) == SOTTO_OK;
}

static bool decap_bare(void *x)
{
    (void)x;
    size_t len = MLKEM_SHARED;
    return EVP_PKEY_decapsulate(s.decap_ctx, s.out, &len, s.ciphertext,
                                mlkem_ciphertext_size(MLKEM_768)) == 1;
}

static bool bench_mlkem(struct bench *b)
{
    struct import import = {EVP_PKEY_CTX_new_from_name(NULL, "ML-KEM-768", NULL), NULL, NULL};
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ML-KEM-768");
    s.decap_ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    secret_resize(&s.key, MLKEM_SEED);
    s.n = mlkem_public_size(MLKEM_768);
    bool ok = EVP_PKEY_fromdata_init(import.ctx) == 1 &&
              EVP_PKEY_decapsulate_init(s.decap_ctx, NULL) == 1 &&
              mlkem_key_derive(s.c, MLKEM_768, &s.key, &s.mlkem) == SOTTO_OK &&
              timed(b, "ml-kem-768-encap", "us", encap_ours, encap_bare, &import) &&
              timed(b, "ml-kem-768-decap", "us", decap_ours, decap_bare, NULL);
    mlkem_key_free(s.mlkem);
    EVP_PKEY_CTX_free(s.decap_ctx);
    EVP_PKEY_CTX_free(import.ctx);
    EVP_PKEY_free(key);
    return ok;
}

static bool hpke_seal_ours(void *x)
{
    (void)x;
    return hpke_seal(s.c, &s.hpke_info, kem_key_public(s.kem_key),
                     view_of(s.kem_seed, kem_seed_size(s.hpke_info.suite.kem)), (view){0}, text(),
                     s.enc, s.sealed) == SOTTO_OK;
}

static bool hpke_open_ours(void *x)
{
    (void)x;
    return hpke_open(s.c, &s.hpke_info, s.kem_key,
                     view_of(s.enc, kem_enc_size(s.hpke_info.suite.kem)), (view){0},
                     view_of(s.sealed, s.n + AEAD_TAG), s.out) == SOTTO_OK;
}

static bool bench_hpke(struct bench *b, enum kem_id kem, const char *seal_name,
                       const char *open_name)
{
    s.n = 32;
    bool ok = hpke_info_base(s.c, (struct hpke_suite){kem, KDF_SHA256, AEAD_AES_128_GCM},
                             VIEW_LIT("bench"), &s.hpke_info) == SOTTO_OK &&
              kem_key_derive(s.c, kem, view_of(s.text, 32), &s.kem_key) == SOTTO_OK &&
              timed(b, seal_name, "us", hpke_seal_ours, NULL, NULL) &&
              timed(b, open_name, "us", hpke_open_ours, NULL, NULL);
    kem_key_free(s.kem_key);
    s.kem_key = NULL;
    hpke_info_clear(&s.hpke_info);
    return ok;
}

static void section(struct bench *b, const char *title, const char *backend)
{
    s.section = title;
    b->backend = backend;
}

static bool bench_aeads(struct bench *b)
{
    section(b, "AEAD, new key and nonce each time", "OpenSSL");
    return bench_aead(b, AEAD_AES_128_GCM, "AES-128-GCM", "aes-128-gcm-seal", "aes-128-gcm-open") &&
           bench_aead(b, AEAD_AES_256_GCM, "AES-256-GCM", "aes-256-gcm-seal", "aes-256-gcm-open") &&
           bench_aead(b, AEAD_CHACHA20_POLY1305, "ChaCha20-Poly1305", "chacha20-poly1305-seal",
                      "chacha20-poly1305-open");
}

static bool bench_curves(struct bench *b)
{
    bool ok = true;
    for (size_t i = 0; ok && i < COUNT_OF(backends); i++)
        ok = bench_25519(b, i);
    ok = ok && crypto_use_curve(s.c, curve_backend_default()) == SOTTO_OK;
    section(b, "Other curves", "OpenSSL");
    for (size_t i = 0; ok && i < COUNT_OF(agreements); i++)
        ok = bench_agreement(b, i);
    for (size_t i = 0; ok && i < COUNT_OF(signatures); i++)
        ok = bench_signature(b, i);
    return ok;
}

static bool bench_kems(struct bench *b)
{
    section(b, "ML-KEM-768", "OpenSSL");
    if (!bench_mlkem(b))
        return false;
    section(b, "HPKE of 32 bytes: HKDF-SHA256, AES-128-GCM (no floor)",
            curve_backend_name(crypto_curve(s.c)));
    return bench_hpke(b, KEM_X25519, "hpke-x25519-seal", "hpke-x25519-open") &&
           bench_hpke(b, KEM_XWING, "hpke-x-wing-seal", "hpke-x-wing-open");
}

static bool bench_all(struct bench *b)
{
    if (!bench_aeads(b))
        return false;
    section(b, "Hashes and HKDF", "OpenSSL");
    if (!bench_hashes(b))
        return false;
    section(b, "Random bytes from a seed", "libsodium");
    s.n = 32;
    return timed(b, "random", "ns", rng_ours, rng_bare, NULL) && bench_curves(b) && bench_kems(b);
}

int bench_crypto(struct bench *b, int argc, char **argv)
{
    (void)argv;
    if (argc > 0) {
        fprintf(stderr, "sotto-bench: crypto takes no options but --json\n");
        return 2;
    }
    if (crypto_new(&s.c) != SOTTO_OK)
        return 1;
    static const uint8_t seed[RNG_SEED];
    s.rng = rng_from(seed);
    rng_bytes(&s.rng, s.text, sizeof s.text);
    if (!b->json)
        printf("Curve25519 comes from %s; \"over\" is what our layer adds.\n",
               curve_backend_name(crypto_curve(s.c)));
    bool ok = bench_all(b);
    buf_clear(&s.signature);
    crypto_free(s.c);
    return ok ? 0 : 1;
}
