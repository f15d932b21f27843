/* HPKE: the vectors of RFC 9180 and of draft-ietf-hpke-pq, one array of entries each; and X-Wing's own.
 * An entry is a case. Where its KEM is ours and its KDF or AEAD is not, the KEM still runs and the rest is left out. */
#include "crypto/hpke.h"

#include "vectors.h"

#define EXPORT_MAX (255 * HASH_MAX) /* bytes: what HKDF can give at all */

struct entry {
    const json_t *json;
    struct hpke_suite suite;
    int64_t mode;
    struct kem_key *key;
    view public_key;
};

static bool kem_is_ours(int64_t id)
{
    return id == KEM_P256 || id == KEM_P384 || id == KEM_P521 || id == KEM_X25519 ||
           id == KEM_X448 || id == KEM_XWING;
}

static bool kdf_is_ours(int64_t id)
{
    return id == KDF_SHA256 || id == KDF_SHA384 || id == KDF_SHA512;
}

static bool aead_is_ours(int64_t id)
{
    return id == AEAD_AES_128_GCM || id == AEAD_AES_256_GCM || id == AEAD_CHACHA20_POLY1305 ||
           id == AEAD_EXPORT_ONLY;
}

static enum verdict key_import(struct vectors *v, enum kem_id id, view private_key,
                               struct kem_key **ret_key)
{
    DEFER(secret_clear) struct secret secret = {0};
    CHECK(outcome(v, secret_set(&secret, private_key)));
    return outcome(v, kem_key_import(v->crypto, id, &secret, ret_key));
}

/* The same scalar after RFC 7748 5 has set its bits, which every use of it does first: the file of the PQ draft gives
 * its X448 key in that form. */
static void clamp(enum kem_id id, struct secret *scalar)
{
    if (id != KEM_X25519 && id != KEM_X448)
        return;
    scalar->data[0] &= id == KEM_X448 ? 0xfc : 0xf8;
    scalar->data[scalar->len - 1] &= id == KEM_X448 ? 0xff : 0x7f;
    scalar->data[scalar->len - 1] |= id == KEM_X448 ? 0x80 : 0x40;
}

static enum verdict private_check(struct vectors *v, enum kem_id id, const struct secret *got,
                                  view expected)
{
    DEFER(secret_clear) struct secret clamped = *got;
    clamp(id, &clamped);
    if (view_equal(secret_view(&clamped), expected))
        return ACCEPTED;
    return same(v, "DeriveKeyPair's private key", secret_view(got), expected);
}

static enum verdict derive_check(struct vectors *v, enum kem_id id, view ikm, view private_key,
                                 view public_key)
{
    DEFER(kem_key_freep) struct kem_key *key = NULL;
    DEFER(secret_clear) struct secret exported = {0};
    CHECK(outcome(v, kem_key_derive(v->crypto, id, ikm, &key)));
    kem_key_export(key, &exported);
    CHECK(private_check(v, id, &exported, private_key));
    return same(v, "DeriveKeyPair's public key", kem_key_public(key), public_key);
}

static enum verdict encap_check(struct vectors *v, enum kem_id id, const struct kem_key *key,
                                view public_key, view seed, view enc, view shared)
{
    DEFER(secret_clear) struct secret sent = {0};
    DEFER(secret_clear) struct secret received = {0};
    uint8_t place[KEM_ENC_MAX];
    if (seed.len != kem_seed_size(id))
        return wrong(v, "ikmE has %zu bytes, not %zu", seed.len, kem_seed_size(id));
    CHECK(outcome(v, kem_encap(v->crypto, id, public_key, seed, place, &sent)));
    CHECK(same(v, "enc", view_of(place, kem_enc_size(id)), enc));
    CHECK(same(v, "Encap's shared secret", secret_view(&sent), shared));
    CHECK(outcome(v, kem_decap(v->crypto, key, enc, &received)));
    return same(v, "Decap's shared secret", secret_view(&received), shared);
}

static enum verdict kem_check(struct vectors *v, struct entry *e)
{
    view private_key = field_hex(v, e->json, "skRm");
    CHECK(derive_check(v, e->suite.kem, field_hex(v, e->json, "ikmR"), private_key, e->public_key));
    if (field_has(e->json, "skEm")) /* Encap's own key pair; X-Wing has none */
        CHECK(derive_check(v, e->suite.kem, field_hex(v, e->json, "ikmE"),
                           field_hex(v, e->json, "skEm"), field_hex(v, e->json, "pkEm")));
    CHECK(key_import(v, e->suite.kem, private_key, &e->key));
    CHECK(same(v, "the private key's public key", kem_key_public(e->key), e->public_key));
    return encap_check(v, e->suite.kem, e->key, e->public_key, field_hex(v, e->json, "ikmE"),
                       field_hex(v, e->json, "enc"), field_hex(v, e->json, "shared_secret"));
}

static enum verdict info_make(struct vectors *v, const struct entry *e, struct hpke_info *ret_info)
{
    view info = field_hex(v, e->json, "info");
    if (e->mode == 0)
        return outcome(v, hpke_info_base(v->crypto, e->suite, info, ret_info));
    return outcome(v, hpke_info_psk(v->crypto, e->suite, info, field_hex(v, e->json, "psk"),
                                    field_hex(v, e->json, "psk_id"), ret_info));
}

static enum verdict context_check(struct vectors *v, const struct entry *e,
                                  const struct hpke_context *x)
{
    CHECK(same(v, "exporter_secret", secret_view(&x->exporter),
               field_hex(v, e->json, "exporter_secret")));
    if (e->suite.aead == AEAD_EXPORT_ONLY)
        return ACCEPTED;
    CHECK(same(v, "key", secret_view(&x->key), field_hex(v, e->json, "key")));
    return same(v, "base_nonce", VIEW_OF(x->base_nonce), field_hex(v, e->json, "base_nonce"));
}

/* Not every file has every number: the nonce says which one it is (RFC 9180 5.2). */
static enum verdict sequence_of(struct vectors *v, const struct hpke_context *x, view nonce,
                                uint64_t *ret_seq)
{
    if (nonce.len != AEAD_NONCE || memcmp(nonce.data, x->base_nonce, AEAD_NONCE - 8) != 0)
        return wrong(v, "nonce does not belong to base_nonce");
    uint64_t seq = 0;
    for (size_t i = AEAD_NONCE - 8; i < AEAD_NONCE; i++)
        seq = seq << 8 | (uint64_t)(nonce.data[i] ^ x->base_nonce[i]);
    *ret_seq = seq;
    return ACCEPTED;
}

/* Both sides count by themselves; only over numbers that the file leaves out are they moved. */
static enum verdict message_check(struct vectors *v, const json_t *message,
                                  struct hpke_context *sender, struct hpke_context *receiver)
{
    view aad = field_hex(v, message, "aad"), cipher = field_hex(v, message, "ct"),
         plain = field_hex(v, message, "pt");
    uint64_t seq = 0;
    CHECK(sequence_of(v, sender, field_hex(v, message, "nonce"), &seq));
    if (seq > sender->seq)
        sender->seq = receiver->seq = seq;
    DEFER(buf_clear) sotto_buf sealed = {0};
    DEFER(buf_clear) sotto_buf opened = {0};
    CHECK(outcome(v, hpke_context_seal(v->crypto, sender, aad, plain, &sealed)));
    CHECK(same(v, "ct", buf_view(&sealed), cipher));
    CHECK(outcome(v, hpke_context_open(v->crypto, receiver, aad, cipher, &opened)));
    return same(v, "pt", buf_view(&opened), plain);
}

static enum verdict messages_check(struct vectors *v, const struct entry *e,
                                   struct hpke_context *sender, struct hpke_context *receiver)
{
    const json_t *messages = json_object_get(e->json, "encryptions");
    if (e->suite.aead == AEAD_EXPORT_ONLY) {
        DEFER(buf_clear) sotto_buf sealed = {0};
        sotto_err err = hpke_context_seal(v->crypto, sender, VIEW_LIT(""), VIEW_LIT("x"), &sealed);
        return err == SOTTO_OK ? wrong(v, "an export-only context seals") : ACCEPTED;
    }
    if (json_array_size(messages) == 0)
        return wrong(v, "no encryptions");
    for (size_t i = 0; i < json_array_size(messages); i++) {
        enum verdict verdict = message_check(v, json_array_get(messages, i), sender, receiver);
        if (verdict != ACCEPTED) {
            char why[sizeof v->why];
            memcpy(why, v->why, sizeof why);
            return wrong(v, "encryption %zu: %.200s", i, why);
        }
    }
    return ACCEPTED;
}

static enum verdict exports_check(struct vectors *v, const struct entry *e,
                                  const struct hpke_context *x)
{
    const json_t *exports = json_object_get(e->json, "exports");
    for (size_t i = 0; i < json_array_size(exports); i++) {
        const json_t *row = json_array_get(exports, i);
        size_t len = (size_t)field_number(v, row, "L");
        if (len > EXPORT_MAX)
            return wrong(v, "L is too large");
        uint8_t *out = case_memory(v, len);
        CHECK(outcome(
            v, hpke_context_export(v->crypto, x, field_hex(v, row, "exporter_context"), len, out)));
        CHECK(same(v, "exported_value", view_of(out, len), field_hex(v, row, "exported_value")));
    }
    return ACCEPTED;
}

static enum verdict schedule_check(struct vectors *v, struct entry *e)
{
    DEFER(hpke_info_clear) struct hpke_info info = {0};
    DEFER(hpke_context_clear) struct hpke_context sender = {0};
    DEFER(hpke_context_clear) struct hpke_context receiver = {0};
    view enc = field_hex(v, e->json, "enc");
    uint8_t place[KEM_ENC_MAX];
    CHECK(info_make(v, e, &info));
    if (field_has(e->json, "key_schedule_context"))
        CHECK(same(v, "key_schedule_context", view_of(info.context, info.context_len),
                   field_hex(v, e->json, "key_schedule_context")));
    CHECK(outcome(v, hpke_setup_sender(v->crypto, &info, e->public_key,
                                       field_hex(v, e->json, "ikmE"), place, &sender)));
    CHECK(same(v, "the sender's enc", view_of(place, kem_enc_size(e->suite.kem)), enc));
    CHECK(outcome(v, hpke_setup_receiver(v->crypto, &info, e->key, enc, &receiver)));
    CHECK(context_check(v, e, &sender));
    CHECK(context_check(v, e, &receiver));
    CHECK(messages_check(v, e, &sender, &receiver));
    CHECK(exports_check(v, e, &sender));
    return exports_check(v, e, &receiver);
}

static void entry_run(struct vectors *v, const json_t *json, size_t number)
{
    int64_t mode = field_number(v, json, "mode"), kem = field_number(v, json, "kem_id");
    int64_t kdf = field_number(v, json, "kdf_id"), aead = field_number(v, json, "aead_id");
    struct entry e = {
        json, {(enum kem_id)kem, (enum kdf_id)kdf, (enum aead_id)aead}, mode, NULL, {0}};
    bool schedule_is_ours = kdf_is_ours(kdf) && aead_is_ours(aead);
    if (mode != 0 && mode != 1) {
        count_left_out(v, 1, "authenticated modes");
        return;
    }
    if (!kem_is_ours(kem)) {
        count_left_out(v, 1, "KEM 0x%04llx", (unsigned long long)kem);
        return;
    }
    e.public_key = field_hex(v, json, "pkRm");
    enum verdict verdict = kem_check(v, &e);
    if (verdict == ACCEPTED && schedule_is_ours)
        verdict = schedule_check(v, &e);
    kem_key_free(e.key);
    count(v, verdict, "entry %zu (mode %lld, KEM 0x%04llx, KDF %lld, AEAD %lld)", number,
          (long long)mode, (unsigned long long)kem, (long long)kdf, (long long)aead);
    if (!schedule_is_ours)
        count_left_out(v, 1, "key schedule with KDF 0x%04llx", (unsigned long long)kdf);
}

bool hpke_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "kem_id") && field_has(first, "kdf_id") && field_has(first, "aead_id");
}

bool hpke_on_curve(const json_t *root)
{
    for (size_t i = 0; i < json_array_size(root); i++) {
        json_int_t kem = json_integer_value(json_object_get(json_array_get(root, i), "kem_id"));
        if (kem == KEM_X25519 || kem == KEM_XWING)
            return true;
    }
    return false;
}

void hpke_run(struct vectors *v, const json_t *root)
{
    for (size_t i = 0; i < json_array_size(root); i++)
        entry_run(v, json_array_get(root, i), i);
}

static enum verdict xwing_case(struct vectors *v, const json_t *json)
{
    DEFER(kem_key_freep) struct kem_key *key = NULL;
    DEFER(secret_clear) struct secret exported = {0};
    view public_key = field_hex(v, json, "pk"), private_key = field_hex(v, json, "sk");
    CHECK(same(v, "sk against seed", private_key, field_hex(v, json, "seed")));
    CHECK(key_import(v, KEM_XWING, private_key, &key));
    CHECK(same(v, "pk", kem_key_public(key), public_key));
    kem_key_export(key, &exported);
    CHECK(same(v, "the exported key", secret_view(&exported), private_key));
    return encap_check(v, KEM_XWING, key, public_key, field_hex(v, json, "eseed"),
                       field_hex(v, json, "ct"), field_hex(v, json, "ss"));
}

bool xwing_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "eseed") && field_has(first, "pk") && field_has(first, "ct") &&
           field_has(first, "ss");
}

bool xwing_on_curve(const json_t *root)
{
    (void)root;
    return true;
}

void xwing_run(struct vectors *v, const json_t *root)
{
    for (size_t i = 0; i < json_array_size(root); i++)
        count(v, xwing_case(v, json_array_get(root, i)), "entry %zu", i);
}
