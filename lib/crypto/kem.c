/* Two families behind one table. DHKEM (RFC 9180 4.1): an ephemeral key pair, one Diffie-Hellman, HKDF over the result and both
 * public keys. X-Wing: ML-KEM-768 and X25519 side by side, SHA3-256 over both results and the X25519 half of the transcript
 * (the ML-KEM half is bound by ML-KEM itself).
 * X25519, which conversations use, goes past dh.h straight to the curve: an encapsulation is one base multiplication, one
 * Diffie-Hellman and four KDF calls, without heap. */
#include "crypto/kem.h"

#include <stdlib.h>

#include "base/ct.h"
#include "crypto/crypto_local.h"
#include "crypto/dh.h"
#include "crypto/labeled.h"
#include "crypto/mlkem.h"

#define X25519_SIZE    32
#define XWING_SEED     32                            /* the private key */
#define XWING_ENTROPY  (MLKEM_ENTROPY + X25519_SIZE) /* for one encapsulation */
#define XWING_EXPANDED (MLKEM_SEED + X25519_SIZE)    /* SHAKE256 of it: both private keys */

_Static_assert(KEM_PUBLIC_MAX == MLKEM768_PUBLIC + X25519_SIZE, "X-Wing public key");
_Static_assert(KEM_ENC_MAX == MLKEM768_CIPHERTEXT + X25519_SIZE, "X-Wing encapsulation");

struct kem_key {
    enum kem_id id;
    struct secret private_key; /* as exported: scalar, or X-Wing's seed */
    uint8_t public_key[KEM_PUBLIC_MAX];
    struct dh_key *dh;       /* NIST curves and X448 */
    struct secret x25519;    /* X25519 and X-Wing */
    struct mlkem_key *mlkem; /* X-Wing */
};

/* A row for each KEM. `mask` clears the top bits of a candidate scalar (RFC 9180 7.1.3); 0: no rejection sampling. */
static const struct kem {
    enum kem_id id;
    uint16_t private_size, public_size, enc_size;
    uint8_t shared_size, seed_size, mask;
    enum kdf_id kdf;
    enum dh_id dh;
} kems[] = {
    {KEM_X25519, 32, 32, 32, 32, 32, 0, KDF_SHA256, DH_X25519},
    {KEM_XWING, XWING_SEED, KEM_PUBLIC_MAX, KEM_ENC_MAX, 32, XWING_ENTROPY, 0, KDF_SHA256,
     DH_X25519},
    {KEM_P256, 32, 65, 65, 32, 32, 0xff, KDF_SHA256, DH_P256},
    {KEM_P384, 48, 97, 97, 48, 48, 0xff, KDF_SHA384, DH_P384},
    {KEM_P521, 66, 133, 133, 64, 66, 0x01, KDF_SHA512, DH_P521},
    {KEM_X448, 56, 56, 56, 64, 56, 0, KDF_SHA512, DH_X448},
};

static const struct kem *kem_find(enum kem_id id)
{
    for (size_t i = 0; i < COUNT_OF(kems); i++)
        if (kems[i].id == id)
            return &kems[i];
    return NULL;
}

size_t kem_private_size(enum kem_id id)
{
    const struct kem *kem = kem_find(id);
    return kem != NULL ? kem->private_size : 0;
}

size_t kem_public_size(enum kem_id id)
{
    const struct kem *kem = kem_find(id);
    return kem != NULL ? kem->public_size : 0;
}

size_t kem_enc_size(enum kem_id id)
{
    const struct kem *kem = kem_find(id);
    return kem != NULL ? kem->enc_size : 0;
}

size_t kem_shared_size(enum kem_id id)
{
    const struct kem *kem = kem_find(id);
    return kem != NULL ? kem->shared_size : 0;
}

size_t kem_seed_size(enum kem_id id)
{
    const struct kem *kem = kem_find(id);
    return kem != NULL ? kem->seed_size : 0;
}

/* ---- X25519 on bare bytes ---- */

static sotto_err x25519(sotto_crypto *c, const uint8_t private_key[X25519_SIZE],
                        const uint8_t public_key[X25519_SIZE], const uint8_t peer[X25519_SIZE],
                        struct secret *ret_shared)
{
    DEFER(secret_clear) struct secret shared = {.len = X25519_SIZE};
    TRY(c->curve->x25519(c, private_key, public_key, peer, shared.data));
    if (ct_is_zero(shared.data, X25519_SIZE)) /* RFC 9180 7.1.4 */
        return SOTTO_E_KEY;
    *ret_shared = shared;
    return SOTTO_OK;
}

/* ---- DHKEM ---- */

/* ExtractAndExpand (RFC 9180 4.1); the context is enc || public key. */
static sotto_err extract_and_expand(sotto_crypto *c, const struct kem *kem, const struct secret *dh,
                                    view enc, view public_key, struct secret *ret_shared)
{
    const struct labeled l = labeled_kem(c, kem->id, kem->kdf);
    const view context[] = {enc, public_key};
    DEFER(secret_clear) struct secret prk = {.len = (uint8_t)kdf_size(kem->kdf)};
    DEFER(secret_clear) struct secret shared = {.len = kem->shared_size};
    TRY(labeled_extract(&l, (view){0}, VIEW_LIT("eae_prk"), secret_view(dh), prk.data));
    TRY(labeled_expand(&l, &prk, VIEW_LIT("shared_secret"), context, COUNT_OF(context), shared.data,
                       shared.len));
    *ret_shared = shared;
    return SOTTO_OK;
}

/* The private key of DeriveKeyPair for X25519 and X448; for the NIST curves the candidate of this number. */
static sotto_err candidate(const struct labeled *l, const struct kem *kem, const struct secret *prk,
                           uint8_t counter, struct secret *ret_private)
{
    const view number = {&counter, 1};
    DEFER(secret_clear) struct secret scalar = {.len = (uint8_t)kem->private_size};
    if (kem->mask == 0)
        TRY(labeled_expand(l, prk, VIEW_LIT("sk"), NULL, 0, scalar.data, scalar.len));
    else
        TRY(labeled_expand(l, prk, VIEW_LIT("candidate"), &number, 1, scalar.data, scalar.len));
    if (kem->mask != 0)
        scalar.data[0] &= kem->mask;
    *ret_private = scalar;
    return SOTTO_OK;
}

static sotto_err dkp_prk(const struct labeled *l, view ikm, struct secret *ret_prk)
{
    secret_resize(ret_prk, kdf_size(l->kdf));
    return labeled_extract(l, (view){0}, VIEW_LIT("dkp_prk"), ikm, ret_prk->data);
}

/* DeriveKeyPair (RFC 9180 7.1.3). Candidates that are no scalar of the curve are left out: one in 2^32 of P-256, less elsewhere. */
static sotto_err dhkem_derive(sotto_crypto *c, const struct kem *kem, view ikm,
                              struct secret *ret_private, struct dh_key **ret_key)
{
    const struct labeled l = labeled_kem(c, kem->id, kem->kdf);
    DEFER(secret_clear) struct secret prk = {0};
    DEFER(secret_clear) struct secret scalar = {0};
    TRY(dkp_prk(&l, ikm, &prk));
    for (unsigned counter = 0; counter <= 0xff; counter++) {
        TRY(candidate(&l, kem, &prk, (uint8_t)counter, &scalar));
        sotto_err err = dh_key_import(c, kem->dh, &scalar, ret_key);
        if (err == SOTTO_OK)
            *ret_private = scalar;
        if (err != SOTTO_E_KEY || kem->mask == 0)
            return err;
    }
    return SOTTO_E_KEY;
}

static sotto_err x25519_derive(sotto_crypto *c, const struct kem *kem, view ikm,
                               struct secret *ret_private)
{
    const struct labeled l = labeled_kem(c, kem->id, kem->kdf);
    DEFER(secret_clear) struct secret prk = {0};
    TRY(dkp_prk(&l, ikm, &prk));
    return candidate(&l, kem, &prk, 0, ret_private);
}

static sotto_err x25519_encap(sotto_crypto *c, const struct kem *kem, view public_key, view seed,
                              uint8_t *ret_enc, struct secret *ret_shared)
{
    DEFER(secret_clear) struct secret private_key = {0};
    DEFER(secret_clear) struct secret dh_shared = {0};
    TRY(x25519_derive(c, kem, seed, &private_key));
    TRY(c->curve->x25519_public(c, private_key.data, ret_enc));
    TRY(x25519(c, private_key.data, ret_enc, public_key.data, &dh_shared));
    return extract_and_expand(c, kem, &dh_shared, view_of(ret_enc, X25519_SIZE), public_key,
                              ret_shared);
}

static sotto_err dhkem_encap(sotto_crypto *c, const struct kem *kem, view public_key, view seed,
                             uint8_t *ret_enc, struct secret *ret_shared)
{
    DEFER(dh_key_freep) struct dh_key *ephemeral = NULL;
    DEFER(secret_clear) struct secret private_key = {0};
    DEFER(secret_clear) struct secret dh_shared = {0};
    TRY(dhkem_derive(c, kem, seed, &private_key, &ephemeral));
    TRY(dh(c, ephemeral, public_key, &dh_shared));
    view enc = dh_key_public(ephemeral);
    memcpy(ret_enc, enc.data, enc.len);
    return extract_and_expand(c, kem, &dh_shared, enc, public_key, ret_shared);
}

static sotto_err dhkem_decap(sotto_crypto *c, const struct kem *kem, const struct kem_key *key,
                             view enc, struct secret *ret_shared)
{
    DEFER(secret_clear) struct secret dh_shared = {0};
    if (kem->id == KEM_X25519)
        TRY(x25519(c, key->x25519.data, key->public_key, enc.data, &dh_shared));
    else
        TRY(dh(c, key->dh, enc, &dh_shared));
    return extract_and_expand(c, kem, &dh_shared, enc, kem_key_public(key), ret_shared);
}

/* ---- X-Wing (draft-connolly-cfrg-xwing-kem 5) ---- */

static sotto_err xwing_combine(sotto_crypto *c, const struct secret *mlkem_shared,
                               const struct secret *x25519_shared, view x25519_enc,
                               view x25519_public, struct secret *ret_shared)
{
    const view parts[] = {
        secret_view(mlkem_shared),
        secret_view(x25519_shared),
        x25519_enc,
        x25519_public,
        VIEW_LIT("\\./"
                 "/^\\"),
    };
    DEFER(secret_clear) struct secret shared = {.len = 32};
    TRY(hash_parts(c, HASH_SHA3_256, parts, COUNT_OF(parts), shared.data));
    *ret_shared = shared;
    return SOTTO_OK;
}

/* The X25519 half of a public key or of an encapsulation. */
static view xwing_tail(view bytes)
{
    return view_of(bytes.data + bytes.len - X25519_SIZE, X25519_SIZE);
}

/* seed: 32 bytes for ML-KEM, 32 bytes that are the ephemeral X25519 key. */
static sotto_err xwing_encap(sotto_crypto *c, view public_key, view seed, uint8_t *ret_enc,
                             struct secret *ret_shared)
{
    DEFER(secret_clear) struct secret mlkem_shared = {0};
    DEFER(secret_clear) struct secret x25519_shared = {0};
    const uint8_t *ephemeral = seed.data + MLKEM_ENTROPY;
    uint8_t *x25519_enc = ret_enc + MLKEM768_CIPHERTEXT;
    view mlkem_public = {public_key.data, MLKEM768_PUBLIC};
    TRY(mlkem_encap(c, MLKEM_768, mlkem_public, seed.data, ret_enc, &mlkem_shared));
    TRY(c->curve->x25519_public(c, ephemeral, x25519_enc));
    TRY(x25519(c, ephemeral, x25519_enc, xwing_tail(public_key).data, &x25519_shared));
    return xwing_combine(c, &mlkem_shared, &x25519_shared, view_of(x25519_enc, X25519_SIZE),
                         xwing_tail(public_key), ret_shared);
}

static sotto_err xwing_decap(sotto_crypto *c, const struct kem_key *key, view enc,
                             struct secret *ret_shared)
{
    DEFER(secret_clear) struct secret mlkem_shared = {0};
    DEFER(secret_clear) struct secret x25519_shared = {0};
    view x25519_public = xwing_tail(kem_key_public(key)), x25519_enc = xwing_tail(enc);
    view mlkem_enc = {enc.data, MLKEM768_CIPHERTEXT};
    TRY(mlkem_decap(c, key->mlkem, mlkem_enc, &mlkem_shared));
    TRY(x25519(c, key->x25519.data, x25519_public.data, x25519_enc.data, &x25519_shared));
    return xwing_combine(c, &mlkem_shared, &x25519_shared, x25519_enc, x25519_public, ret_shared);
}

/* DeriveKeyPair for 0x647a (draft-ietf-hpke-pq): a seed from SHAKE256.LabeledDerive(ikm, "DeriveKeyPair", "", 32). */
static sotto_err xwing_derive(sotto_crypto *c, view ikm, struct secret *ret_private)
{
    const view parts[] = {
        ikm,
        VIEW_LIT("HPKE-v1KEM\x64\x7a"),
        VIEW_LIT("\x00\x0d" /* the label's length */
                 "DeriveKeyPair"),
        VIEW_LIT("\x00\x20" /* XWING_SEED */),
    };
    secret_resize(ret_private, XWING_SEED);
    return shake256(c, parts, COUNT_OF(parts), ret_private->data, XWING_SEED);
}

static sotto_err xwing_expand(sotto_crypto *c, struct kem_key *key)
{
    uint8_t expanded[XWING_EXPANDED];
    const view seed = secret_view(&key->private_key);
    DEFER(secret_clear) struct secret mlkem_seed = {.len = MLKEM_SEED};
    TRY(shake256(c, &seed, 1, expanded, sizeof expanded));
    memcpy(mlkem_seed.data, expanded, MLKEM_SEED);
    secret_resize(&key->x25519, X25519_SIZE);
    memcpy(key->x25519.data, expanded + MLKEM_SEED, X25519_SIZE);
    ct_wipe(expanded, sizeof expanded);
    TRY(mlkem_key_derive(c, MLKEM_768, &mlkem_seed, &key->mlkem));
    memcpy(key->public_key, mlkem_key_public(key->mlkem).data, MLKEM768_PUBLIC);
    return c->curve->x25519_public(c, key->x25519.data, key->public_key + MLKEM768_PUBLIC);
}

/* ---- keys ---- */

/* Makes a key complete whose private_key is set, and for the curves of dh.h the dh key too. */
static sotto_err key_complete(sotto_crypto *c, struct kem_key *key)
{
    if (key->id == KEM_XWING)
        return xwing_expand(c, key);
    if (key->id == KEM_X25519) {
        key->x25519 = key->private_key;
        return c->curve->x25519_public(c, key->x25519.data, key->public_key);
    }
    view public_key = dh_key_public(key->dh);
    memcpy(key->public_key, public_key.data, public_key.len);
    dh_key_export(key->dh, &key->private_key); /* the full length */
    return SOTTO_OK;
}

static sotto_err private_derive(sotto_crypto *c, const struct kem *kem, view ikm,
                                struct kem_key *key)
{
    if (kem->id == KEM_XWING)
        return xwing_derive(c, ikm, &key->private_key);
    if (kem->id == KEM_X25519)
        return x25519_derive(c, kem, ikm, &key->private_key);
    return dhkem_derive(c, kem, ikm, &key->private_key, &key->dh);
}

static sotto_err private_import(sotto_crypto *c, const struct kem *kem,
                                const struct secret *private_key, struct kem_key *key)
{
    if (kem->id != KEM_XWING && kem->id != KEM_X25519)
        return dh_key_import(c, kem->dh, private_key, &key->dh);
    if (private_key->len != kem->private_size)
        return SOTTO_E_KEY;
    key->private_key = *private_key;
    return SOTTO_OK;
}

static sotto_err key_new(const struct kem *kem, struct kem_key **ret_key)
{
    if (kem == NULL)
        return SOTTO_E_UNSUPPORTED;
    struct kem_key *key = calloc(1, sizeof *key);
    if (key == NULL)
        return SOTTO_E_NOMEM;
    key->id = kem->id;
    *ret_key = key;
    return SOTTO_OK;
}

sotto_err kem_key_derive(sotto_crypto *c, enum kem_id id, view ikm, struct kem_key **ret_key)
{
    const struct kem *kem = kem_find(id);
    DEFER(kem_key_freep) struct kem_key *key = NULL;
    TRY(key_new(kem, &key));
    TRY(private_derive(c, kem, ikm, key));
    TRY(key_complete(c, key));
    *ret_key = MOVE(key);
    return SOTTO_OK;
}

sotto_err kem_key_import(sotto_crypto *c, enum kem_id id, const struct secret *private_key,
                         struct kem_key **ret_key)
{
    const struct kem *kem = kem_find(id);
    DEFER(kem_key_freep) struct kem_key *key = NULL;
    TRY(key_new(kem, &key));
    TRY(private_import(c, kem, private_key, key));
    TRY(key_complete(c, key));
    *ret_key = MOVE(key);
    return SOTTO_OK;
}

enum kem_id kem_key_id(const struct kem_key *key)
{
    return key->id;
}

view kem_key_public(const struct kem_key *key)
{
    return view_of(key->public_key, kem_public_size(key->id));
}

void kem_key_export(const struct kem_key *key, struct secret *ret_private)
{
    *ret_private = key->private_key;
}

void kem_key_free(struct kem_key *key)
{
    if (key == NULL)
        return;
    secret_clear(&key->private_key);
    secret_clear(&key->x25519);
    dh_key_free(key->dh);
    mlkem_key_free(key->mlkem);
    free(key);
}

void kem_key_freep(struct kem_key **key)
{
    kem_key_free(*key);
}

/* ---- encapsulation ---- */

static sotto_err encap(sotto_crypto *c, const struct kem *kem, view public_key, view seed,
                       uint8_t *ret_enc, struct secret *ret_shared)
{
    if (kem->id == KEM_XWING)
        return xwing_encap(c, public_key, seed, ret_enc, ret_shared);
    if (kem->id == KEM_X25519)
        return x25519_encap(c, kem, public_key, seed, ret_enc, ret_shared);
    return dhkem_encap(c, kem, public_key, seed, ret_enc, ret_shared);
}

sotto_err kem_encap(sotto_crypto *c, enum kem_id id, view public_key, view seed, uint8_t *ret_enc,
                    struct secret *ret_shared)
{
    const struct kem *kem = kem_find(id);
    uint8_t enc[KEM_ENC_MAX];
    if (kem == NULL)
        return SOTTO_E_UNSUPPORTED;
    if (seed.len != kem->seed_size)
        return SOTTO_E_USAGE;
    if (public_key.len != kem->public_size)
        return SOTTO_E_KEY;
    TRY(encap(c, kem, public_key, seed, enc, ret_shared));
    memcpy(ret_enc, enc, kem->enc_size);
    return SOTTO_OK;
}

sotto_err kem_decap(sotto_crypto *c, const struct kem_key *key, view enc, struct secret *ret_shared)
{
    const struct kem *kem = kem_find(key->id);
    if (enc.len != kem->enc_size)
        return SOTTO_E_VALUE;
    if (kem->id == KEM_XWING)
        return xwing_decap(c, key, enc, ret_shared);
    return dhkem_decap(c, kem, key, enc, ret_shared);
}

static sotto_err point_check(sotto_crypto *c, enum ec_id curve, view point)
{
    DEFER(pkey_freep) EVP_PKEY *pkey = NULL;
    return ec_public_import(c, curve, point, &pkey);
}

/* For X25519 and X448 any bytes will do: those that give zero are found when they are used (RFC 9180 7.1.4). */
sotto_err kem_public_check(sotto_crypto *c, enum kem_id id, view public_key)
{
    if (kem_find(id) == NULL)
        return SOTTO_E_UNSUPPORTED;
    if (public_key.len != kem_public_size(id))
        return SOTTO_E_KEY;
    switch (id) {
    case KEM_P256:
        return point_check(c, EC_P256, public_key);
    case KEM_P384:
        return point_check(c, EC_P384, public_key);
    case KEM_P521:
        return point_check(c, EC_P521, public_key);
    case KEM_XWING:
        return mlkem_public_check(c, MLKEM_768, view_of(public_key.data, MLKEM768_PUBLIC));
    case KEM_X25519:
    case KEM_X448:
        break;
    }
    return SOTTO_OK;
}
