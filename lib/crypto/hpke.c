/* The key schedule (RFC 9180 5.1) in two halves: hpke_info is what comes from suite, info and PSK, and the rest follows from
 * the shared secret of one encapsulation. A single-shot seal with a ready hpke_info costs five KDF calls: two in the KEM,
 * secret, key and nonce here; the exporter secret is left out, since nobody could ask for it. */
#include "crypto/hpke.h"

#include "base/ct.h"
#include "crypto/labeled.h"

#define MODE_BASE 0
#define MODE_PSK  1
#define PSK_MIN   32 /* bytes (RFC 9180 9.5) */

static bool suite_known(struct hpke_suite suite)
{
    bool kdf = suite.kdf == KDF_SHA256 || suite.kdf == KDF_SHA384 || suite.kdf == KDF_SHA512;
    bool aead = suite.aead == AEAD_EXPORT_ONLY || aead_key_size(suite.aead) > 0;
    return kdf && aead && kem_private_size(suite.kem) > 0;
}

/* key_schedule_context: mode || psk_id_hash || info_hash */
static sotto_err info_set(sotto_crypto *c, struct hpke_suite suite, uint8_t mode, const view *info,
                          size_t count, view psk_id, struct hpke_info *out)
{
    if (!suite_known(suite))
        return SOTTO_E_UNSUPPORTED;
    const struct labeled l = labeled_hpke(c, suite);
    size_t hash_len = kdf_size(suite.kdf);
    out->suite = suite;
    out->mode = out->context[0] = mode;
    out->context_len = 1 + 2 * hash_len;
    TRY(labeled_extract(&l, (view){0}, VIEW_LIT("psk_id_hash"), psk_id, out->context + 1));
    return labeled_extract_parts(&l, (view){0}, VIEW_LIT("info_hash"), info, count,
                                 out->context + 1 + hash_len);
}

sotto_err hpke_info_base(sotto_crypto *c, struct hpke_suite suite, view info,
                         struct hpke_info *ret_info)
{
    return hpke_info_base_parts(c, suite, &info, 1, ret_info);
}

sotto_err hpke_info_base_parts(sotto_crypto *c, struct hpke_suite suite, const view *info,
                               size_t count, struct hpke_info *ret_info)
{
    struct hpke_info made = {0};
    TRY(info_set(c, suite, MODE_BASE, info, count, (view){0}, &made));
    *ret_info = made;
    return SOTTO_OK;
}

sotto_err hpke_info_psk(sotto_crypto *c, struct hpke_suite suite, view info, view psk, view psk_id,
                        struct hpke_info *ret_info)
{
    struct hpke_info made = {0};
    if (psk.len < PSK_MIN || psk_id.len == 0)
        return SOTTO_E_USAGE;
    TRY(info_set(c, suite, MODE_PSK, &info, 1, psk_id, &made));
    TRY(buf_set(&made.psk, psk));
    *ret_info = made;
    return SOTTO_OK;
}

void hpke_info_clear(struct hpke_info *info)
{
    if (info == NULL)
        return;
    buf_clear(&info->psk);
    *info = (struct hpke_info){0};
}

void hpke_context_clear(struct hpke_context *x)
{
    if (x != NULL)
        ct_wipe(x, sizeof *x);
}

/* ---- the key schedule ---- */

/* What the key schedule is asked for. */
enum want { WANT_ONE_MESSAGE, WANT_CONTEXT };

static sotto_err schedule(sotto_crypto *c, const struct hpke_info *info,
                          const struct secret *shared, enum want want, struct hpke_context *x)
{
    const struct labeled l = labeled_hpke(c, info->suite);
    const view context = {info->context, info->context_len};
    DEFER(secret_clear) struct secret secret = {.len = (uint8_t)kdf_size(info->suite.kdf)};
    x->suite = info->suite;
    TRY(labeled_extract(&l, secret_view(shared), VIEW_LIT("secret"), buf_view(&info->psk),
                        secret.data));
    if (info->suite.aead != AEAD_EXPORT_ONLY) {
        secret_resize(&x->key, aead_key_size(info->suite.aead));
        TRY(labeled_expand(&l, &secret, VIEW_LIT("key"), &context, 1, x->key.data, x->key.len));
        TRY(labeled_expand(&l, &secret, VIEW_LIT("base_nonce"), &context, 1, x->base_nonce,
                           AEAD_NONCE));
    }
    if (want == WANT_ONE_MESSAGE)
        return SOTTO_OK;
    secret_resize(&x->exporter, secret.len);
    return labeled_expand(&l, &secret, VIEW_LIT("exp"), &context, 1, x->exporter.data,
                          x->exporter.len);
}

static sotto_err sender(sotto_crypto *c, const struct hpke_info *info, view public_key, view seed,
                        enum want want, uint8_t *ret_enc, struct hpke_context *x)
{
    DEFER(secret_clear) struct secret shared = {0};
    TRY(kem_encap(c, info->suite.kem, public_key, seed, ret_enc, &shared));
    return schedule(c, info, &shared, want, x);
}

static sotto_err receiver(sotto_crypto *c, const struct hpke_info *info, const struct kem_key *key,
                          view enc, enum want want, struct hpke_context *x)
{
    DEFER(secret_clear) struct secret shared = {0};
    if (kem_key_id(key) != info->suite.kem)
        return SOTTO_E_USAGE;
    TRY(kem_decap(c, key, enc, &shared));
    return schedule(c, info, &shared, want, x);
}

sotto_err hpke_setup_sender(sotto_crypto *c, const struct hpke_info *info, view public_key,
                            view seed, uint8_t *ret_enc, struct hpke_context *ret_context)
{
    DEFER(hpke_context_clear) struct hpke_context x = {0};
    TRY(sender(c, info, public_key, seed, WANT_CONTEXT, ret_enc, &x));
    *ret_context = x;
    return SOTTO_OK;
}

sotto_err hpke_setup_receiver(sotto_crypto *c, const struct hpke_info *info,
                              const struct kem_key *key, view enc, struct hpke_context *ret_context)
{
    DEFER(hpke_context_clear) struct hpke_context x = {0};
    TRY(receiver(c, info, key, enc, WANT_CONTEXT, &x));
    *ret_context = x;
    return SOTTO_OK;
}

/* ---- messages ---- */

/* base_nonce XOR the sequence number, big-endian (RFC 9180 5.2). */
static void nonce_of(const struct hpke_context *x, uint8_t ret_nonce[AEAD_NONCE])
{
    memcpy(ret_nonce, x->base_nonce, AEAD_NONCE);
    for (size_t i = 0; i < sizeof x->seq; i++)
        ret_nonce[AEAD_NONCE - 1 - i] ^= (uint8_t)(x->seq >> (8 * i));
}

/* The number of the last message stays unused, so that the count never starts again. */
static sotto_err ready(const struct hpke_context *x)
{
    if (x->suite.aead == AEAD_EXPORT_ONLY)
        return SOTTO_E_UNSUPPORTED;
    return x->seq == UINT64_MAX ? SOTTO_E_TOO_LARGE : SOTTO_OK;
}

static sotto_err message_seal(sotto_crypto *c, const struct hpke_context *x, view aad, view plain,
                              uint8_t *ret_sealed)
{
    uint8_t nonce[AEAD_NONCE];
    TRY(ready(x));
    nonce_of(x, nonce);
    return aead_seal(c, x->suite.aead, &x->key, nonce, aad, plain, ret_sealed);
}

static sotto_err message_open(sotto_crypto *c, const struct hpke_context *x, view aad, view sealed,
                              uint8_t *ret_plain)
{
    uint8_t nonce[AEAD_NONCE];
    TRY(ready(x));
    if (sealed.len < AEAD_TAG)
        return SOTTO_E_DECRYPT;
    nonce_of(x, nonce);
    return aead_open(c, x->suite.aead, &x->key, nonce, aad, sealed, ret_plain);
}

sotto_err hpke_context_seal(sotto_crypto *c, struct hpke_context *x, view aad, view plain,
                            sotto_buf *out)
{
    uint8_t *place = NULL;
    if (plain.len > SIZE_MAX - AEAD_TAG)
        return SOTTO_E_TOO_LARGE;
    TRY(buf_extend(out, plain.len + AEAD_TAG, &place));
    sotto_err err = message_seal(c, x, aad, plain, place);
    if (err == SOTTO_OK)
        x->seq++;
    else
        out->len -= plain.len + AEAD_TAG;
    return err;
}

sotto_err hpke_context_open(sotto_crypto *c, struct hpke_context *x, view aad, view sealed,
                            sotto_buf *out)
{
    uint8_t *place = NULL;
    if (sealed.len < AEAD_TAG)
        return SOTTO_E_DECRYPT;
    TRY(buf_extend(out, sealed.len - AEAD_TAG, &place));
    sotto_err err = message_open(c, x, aad, sealed, place);
    if (err == SOTTO_OK)
        x->seq++;
    else
        out->len -= sealed.len - AEAD_TAG;
    return err;
}

sotto_err hpke_context_export(sotto_crypto *c, const struct hpke_context *x, view exporter_context,
                              size_t len, uint8_t *ret_out)
{
    const struct labeled l = labeled_hpke(c, x->suite);
    if (len > 255 * kdf_size(x->suite.kdf))
        return SOTTO_E_TOO_LARGE;
    return labeled_expand(&l, &x->exporter, VIEW_LIT("sec"), &exporter_context, 1, ret_out, len);
}

sotto_err hpke_seal(sotto_crypto *c, const struct hpke_info *info, view public_key, view seed,
                    view aad, view plain, uint8_t *ret_enc, uint8_t *ret_sealed)
{
    DEFER(hpke_context_clear) struct hpke_context x = {.suite = info->suite};
    TRY(ready(&x)); /* before ret_enc is written */
    TRY(sender(c, info, public_key, seed, WANT_ONE_MESSAGE, ret_enc, &x));
    return message_seal(c, &x, aad, plain, ret_sealed);
}

sotto_err hpke_open(sotto_crypto *c, const struct hpke_info *info, const struct kem_key *key,
                    view enc, view aad, view sealed, uint8_t *ret_plain)
{
    DEFER(hpke_context_clear) struct hpke_context x = {0};
    TRY(receiver(c, info, key, enc, WANT_ONE_MESSAGE, &x));
    return message_open(c, &x, aad, sealed, ret_plain);
}
